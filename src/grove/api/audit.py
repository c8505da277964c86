"""`/api/v1/audit`: the trail of who did what, and the proof that it is whole."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime, StringConstraints

from grove import activity
from grove.activity import AuditQuestion
from grove.api.caller import CallerOf
from grove.api.errors import CursorInvalid
from grove.api.routing import needs, router_at
from grove.api.shapes import Cursor, Page, Shown, decode_cursor, page_of, whole

ENTRIES_MAX: Final = 1_000
SEQUENCE_DIGITS_MAX: Final = 18

router = router_at("/api/v1/audit", tag="audit")

Asked = Annotated[str | None, Query(max_length=200), AfterValidator(lambda text: text and whole(text))]
Noted = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}:[0-9a-f]{64}$")]


class AuditOut(Shown):
    """One thing that was done; `digest` covers all that stands here, `previous` among it."""

    sequence: int
    at: datetime
    actor_id: UUID
    actor_name: str
    source: str
    action: str
    target_kind: str
    target_id: str
    facts: dict[str, Any]
    previous: str
    digest: str


class TrailOut(Shown):
    """Whether the trail is whole; if not, the first entry that is not as it was written, and why."""

    is_whole: bool
    entry_count: int
    digest: str
    broken_at: int | None
    reason: str


def _question(
    *,
    actor: Asked = None,
    action: Asked = None,
    target: Asked = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> AuditQuestion:
    return AuditQuestion(actor=actor, action=action, target_id=target, since=since, until=until)


@router.get("", openapi_extra=needs("audit.list"))
def list_audit(
    caller: CallerOf,
    question: Annotated[AuditQuestion, Depends(_question)],
    *,
    order: Literal["newest", "oldest"] = "newest",
    limit: Annotated[int, Query(ge=1, le=ENTRIES_MAX)] = 100,
    cursor: Cursor = "",
) -> Page[AuditOut]:
    """The trail, or what one `actor` (id or name) did, an `action` (`token.*`: all that begin so), to a `target` id."""
    beyond = _sequence(decode_cursor(cursor))
    with caller.reading() as tx:
        found = activity.list_entries(
            tx,
            actor=caller.actor,
            question=question,
            oldest_first=order == "oldest",
            beyond=beyond,
            limit=limit + 1,
        )
    return page_of(found, AuditOut.model_validate, limit=limit, position=lambda entry: str(entry.sequence))


@router.get("/verification", openapi_extra=needs("audit.verify"))
def verify_audit(caller: CallerOf, known: Noted | None = None) -> TrailOut:
    """Look at every entry of the trail; `known` is `sequence:digest` of an entry as it was noted elsewhere."""
    number, _, digest = (known or "").partition(":")
    with caller.reading() as tx:
        report = activity.verify_trail(tx, actor=caller.actor, known=(int(number), digest) if known else None)
    return TrailOut.model_validate(report)


def _sequence(position: str) -> int | None:
    if not position:
        return None
    if not position.isdecimal() or len(position) > SEQUENCE_DIGITS_MAX:
        raise CursorInvalid
    return int(position)
