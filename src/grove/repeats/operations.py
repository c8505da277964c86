"""Beginning a request with a key, keeping its answer, and forgetting it when it came to nothing."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from grove.credentials import CredentialUnreadable, Keyring, open_sealed, seal_counted
from grove.kit.clocks import CLOCKS_APART_MAX
from grove.kit.ids import new_id
from grove.kit.transactions import Transaction
from grove.repeats.errors import KeyReused, OutcomeUnknown, RequestUnderWay
from grove.repeats.model import ANSWER_BYTES_MAX, KEPT_HOURS, UNDER_WAY_SECONDS_MAX, KeptAnswer, KeyedRequest
from grove.repeats.tables import KeyedRequestRow


def begin(tx: Transaction, request: KeyedRequest, *, keyring: Keyring, now: datetime) -> KeptAnswer | None:
    """The answer that was given to this request before; None when it is the first, which is noted.

    :raises KeyReused: if the key was used for another request.
    :raises RequestUnderWay: if the first one is not answered yet.
    :raises OutcomeUnknown: if the server stopped while it answered the first one, or the answer cannot be unsealed.
    """
    tx.session.execute(delete(KeyedRequestRow).where(KeyedRequestRow.began_at < now - timedelta(hours=KEPT_HOURS)))
    row = _row(tx, request)
    if row is None:
        tx.session.add(
            KeyedRequestRow(
                id=new_id(),
                tenant_id=request.tenant_id,
                principal_id=request.principal_id,
                key=request.key,
                digest=request.digest,
                began_at=now,
                kid="",
                wrapped_key=b"",
                ciphertext=b"",
            )
        )
        return None
    if row.digest != request.digest:
        raise KeyReused(key=request.key)
    if row.status is not None:
        try:
            body = open_sealed(keyring, row.sealed, row.binding)
        except CredentialUnreadable as error:
            raise OutcomeUnknown(key=request.key) from error
        return KeptAnswer(status=row.status, location=row.location, body=body)
    if now - timedelta(seconds=UNDER_WAY_SECONDS_MAX) < row.began_at <= now + CLOCKS_APART_MAX:
        raise RequestUnderWay(key=request.key)
    raise OutcomeUnknown(key=request.key)


def keep(tx: Transaction, request: KeyedRequest, answer: KeptAnswer, *, keyring: Keyring) -> None:
    """Keep the answer for whoever makes the request again; one that is too large is forgotten with its key."""
    row = _row(tx, request)
    if row is None:
        return
    if len(answer.body) > ANSWER_BYTES_MAX:
        tx.session.delete(row)
        return
    row.status, row.location = answer.status, answer.location
    row.sealed = seal_counted(tx, keyring, answer.body, row.binding)


def forget(tx: Transaction, request: KeyedRequest) -> None:
    """Let the key be used again: the request failed, and nothing was done."""
    tx.session.execute(
        delete(KeyedRequestRow).where(
            KeyedRequestRow.principal_id == request.principal_id, KeyedRequestRow.key == request.key
        )
    )


def _row(tx: Transaction, request: KeyedRequest) -> KeyedRequestRow | None:
    chosen = select(KeyedRequestRow).where(
        KeyedRequestRow.principal_id == request.principal_id, KeyedRequestRow.key == request.key
    )
    return tx.session.scalar(chosen.with_for_update())
