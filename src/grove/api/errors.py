"""What can go wrong at the door, before a capability is asked."""

from grove.kit.errors import GroveError, Kind


class BodyMalformed(GroveError):
    """The body is JSON in which a name stands twice, or a number is none."""

    code = "body_malformed"


class KeyMalformed(GroveError):
    """An Idempotency-Key has 1 to 255 visible ASCII characters."""

    code = "idempotency_key_malformed"


class CsrfTokenMissing(GroveError):
    """Whoever is known by a cookie shows `X-CSRF-Token` with what changes something; `GET /api/v1/session` tells it."""

    kind = Kind.DENIED
    code = "csrf_token_missing"


class FormStale(GroveError):
    """This form is too old, or not one of ours; open the page again."""

    kind = Kind.DENIED
    code = "form_stale"


class ProviderAbsent(GroveError):
    """This server knows no OpenID provider; GROVE_OIDC_ISSUER names one."""

    kind = Kind.NOT_FOUND
    code = "oidc_absent"


class CursorInvalid(GroveError):
    """The cursor is not one that this list gave out."""

    code = "list_cursor_invalid"


class TooBusy(GroveError):
    """Too many requests of this sort are under way; try again in a moment."""

    kind = Kind.UNAVAILABLE
    code = "too_busy"
    transient = True


class MeasuresOfOthers(GroveError):
    """The measures are of every tenant of this server; they are read from its own machine, without a token."""

    kind = Kind.DENIED
    code = "measures_of_others"


class MirrorReadOnly(GroveError):
    """A mirror cannot be pushed to; open a workspace by `grove ws create`, and push to that."""

    kind = Kind.DENIED
    code = "mirror_read_only"


class SandboxForAnother(GroveError):
    """A sandbox is a workspace of whoever opens it; `user_id` is your own id or name, or left out."""

    kind = Kind.DENIED
    code = "sandbox_for_another"
