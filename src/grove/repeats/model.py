"""A request with a key, and the answer that is kept for it. Pure."""

from dataclasses import dataclass, field

KEPT_HOURS = 24
UNDER_WAY_SECONDS_MAX = 300
"""After that long without an answer, whoever was to give it is taken for dead."""
ANSWER_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """Who asked, under which key; `digest` tells one request from another."""

    tenant_id: str
    principal_id: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it was given; it may hold a secret that is shown once."""

    status: int
    location: str | None
    body: bytes = field(repr=False)
