"""The inputs of a job are signed when it is queued, and are what was signed when it is begun, or it is not done."""

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from grove.jobs.model import JobState
from grove.jobs.tables import JobRow
from grove.kit.signing import Signer
from grove.kit.transactions import Transaction

INPUTS: Final = ("id", "tenant_id", "kind", "target_id", "requested_by", "arguments", "attempts_max")


def message_of(inputs: Mapping[str, Any]) -> bytes:
    """What is signed of a job: which it is, for whom, on whose behalf, and all that it is to do."""
    return json.dumps({name: inputs[name] for name in INPUTS}, sort_keys=True, separators=(",", ":")).encode("ascii")


def signature_of(signer: Signer, row: JobRow) -> str:
    """The signature of a job's inputs."""
    return signer.sign(_message(row))


def is_as_signed(signer: Signer, row: JobRow) -> bool:
    """Whether a job's inputs are as they were when it was queued."""
    return signer.is_signed(_message(row), row.signature)


def sign_again(tx: Transaction, *, signer: Signer, count_max: int) -> int:
    """Sign up to `count_max` jobs of all tenants that may be done yet with the current key; how many there were.

    What is not as it was signed loses its signature: nobody can make it good by a new key.
    """
    waiting = select(JobRow).where(
        JobRow.state != JobState.SUCCEEDED,
        JobRow.signature != "",
        JobRow.signature.not_like(f"{signer.key_id}:%"),
    )
    rows = tx.session.scalars(waiting.order_by(JobRow.id).limit(count_max).with_for_update()).all()
    for row in rows:
        row.signature = signature_of(signer, row) if is_as_signed(signer, row) else ""
    return len(rows)


def signing_keys_in_use(tx: Transaction) -> frozenset[str]:
    """The ids of the keys that have signed jobs which may be done yet."""
    signed = select(JobRow.signature).where(JobRow.state != JobState.SUCCEEDED, JobRow.signature != "")
    return frozenset(signature.partition(":")[0] for signature in tx.session.scalars(signed))


def _message(row: JobRow) -> bytes:
    return message_of({name: getattr(row, name) for name in INPUTS})
