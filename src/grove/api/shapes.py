"""The forms that requests and answers have in common: strict bodies, pages, cursors."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from grove.api.errors import CursorInvalid

LIMIT_MAX: Final = 200
SECRET_CHARACTERS_MAX: Final = 4_096
BRANCH_PATTERNS_MAX: Final = 50
LINE_NUMBER_MAX: Final = 2**31

Item = TypeVar("Item")
Shape = TypeVar("Shape", bound=BaseModel)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


def whole(text: str) -> str:
    """The text, if every database can keep it.

    :raises ValueError: if it holds NUL or half of a character.
    """
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("must be text without NUL")
    return text


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
"""One line of printable characters."""
Branches = Annotated[
    list[Line],
    Field(
        min_length=1,
        max_length=BRANCH_PATTERNS_MAX,
        description="Patterns of branches to index; the default branch is always indexed.",
    ),
]
Address = Annotated[str, StringConstraints(min_length=1, max_length=2048), AfterValidator(_printable)]
"""The address of a repository."""
Words = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(whole)]
"""Some sentences."""
Password = Annotated[SecretStr, StringConstraints(min_length=1, max_length=SECRET_CHARACTERS_MAX)]
"""A secret; it is never shown again."""
PathText = Annotated[str, Query(max_length=4_096), AfterValidator(whole)]
LineNumber = Annotated[int, Query(ge=1, le=LINE_NUMBER_MAX)]
Revision = Annotated[str, Query(max_length=1_024, description="Branch, tag or commit."), AfterValidator(whole)]
Wanted = Annotated[str, Query(max_length=300), AfterValidator(whole)]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="How many items a page has at most.")]
Cursor = Annotated[str, Query(max_length=2_048, description="The `next_cursor` of the page before.")]


class Received(BaseModel):
    """A body that we receive: what it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shown(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Page(Shown, Generic[Item]):
    """A part of a list; `next_cursor` asks for what follows."""

    items: list[Item]
    next_cursor: str | None = None
    has_more: bool = False


def page_of(
    found: Sequence[Item], show: Callable[[Item], Shape], *, limit: int, position: Callable[[Item], str]
) -> Page[Shape]:
    """A page out of one item more than it may have; `position` says from where to go on after an item."""
    items = found[:limit]
    has_more = len(found) > limit
    cursor = encode_cursor(position(items[-1])) if has_more else None
    return Page(items=[show(item) for item in items], next_cursor=cursor, has_more=has_more)


def encode_cursor(position: str) -> str:
    """The position as text that nobody should read into."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The position that a cursor stands for; empty for none.

    :raises CursorInvalid: if it stands for none.
    """
    try:
        return whole(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (binascii.Error, ValueError) as error:
        raise CursorInvalid from error
