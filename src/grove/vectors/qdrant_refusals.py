"""What Qdrant's client raises, in Grove's words: away, a wrong key, a missing collection, vectors of another size.

The client raises an answer with its status, a wrapper around what its transport raised, or, in its local mode, a
ValueError with the same words that the server uses.
"""

import json
from typing import Final

from grove.vectors.errors import (
    VectorStoreCollectionMissing,
    VectorStoreDimensionsDiffer,
    VectorStoreFailed,
    VectorStoreKeyRefused,
    VectorStoreRefused,
    VectorStoreUnavailable,
)

REASON_CHARACTERS_MAX: Final = 200
_UNAUTHORIZED: Final = (401, 403)
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_DIMENSIONS: Final = ("dimension", "not aligned")
"""The second is what numpy says to the client's local mode."""


def refusal_of(error: Exception, *, store: str) -> VectorStoreFailed:
    """The error that says what is wrong, and what to do where something can be done."""
    status = getattr(error, "status_code", None)
    reason = _reason(error)
    if isinstance(status, int):
        return _of_status(status, reason, store=store)
    if isinstance(error, ValueError):
        return _of_reason(reason, store=store)
    cause = getattr(error, "source", error)
    if isinstance(cause, ValueError):  # an answer that is none of Qdrant's: something else listens there
        return VectorStoreRefused(store=store, reason="the answer is not one of Qdrant's")
    after = getattr(error, "retry_after_s", None)
    named = {} if after is None else {"retry_after_seconds": float(after)}
    return VectorStoreUnavailable(store=store, reason=type(cause).__name__, **named)


def _of_status(status: int, reason: str, *, store: str) -> VectorStoreFailed:
    if status in _UNAUTHORIZED:
        return VectorStoreKeyRefused(store=store, status=status)
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return VectorStoreUnavailable(store=store, status=status)
    if status == _NOT_FOUND:
        return VectorStoreCollectionMissing(store=store, status=status, reason=reason)
    return _of_reason(reason, store=store)


def _of_reason(reason: str, *, store: str) -> VectorStoreFailed:
    told = reason.lower()
    if any(word in told for word in _DIMENSIONS):
        return VectorStoreDimensionsDiffer(store=store, reason=reason)
    if "not found" in told or "doesn't exist" in told:
        return VectorStoreCollectionMissing(store=store, reason=reason)
    return VectorStoreRefused(store=store, reason=reason)


def _reason(error: Exception) -> str:
    """What the server says is wrong; nothing of what was sent is in it."""
    content = getattr(error, "content", None)
    if not isinstance(content, bytes):
        return str(error)[:REASON_CHARACTERS_MAX]
    try:
        told = json.loads(content)["status"]["error"]
    except (ValueError, KeyError, TypeError):
        told = ""
    return str(told)[:REASON_CHARACTERS_MAX]
