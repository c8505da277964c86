"""Numbers as people read them."""

from datetime import UTC, datetime

NOTHING = "\N{EN DASH}"
"""What stands where there is nothing to show."""

_BYTES_STEP = 1024
_DIGITS_FROM = 10
"""From here on, no digit after the point is needed."""
_MINUTE = 60
_DAY_HOURS = 24
_DAYS_FROM_HOURS = 48
_AGES = ((86_400, "d"), (3_600, "h"), (60, "m"))


def shown_bytes(count: float | None) -> str:
    """A number of bytes: `212 MB`."""
    if count is None:
        return NOTHING
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < _BYTES_STEP:
            return f"{count:.{0 if unit == 'bytes' or count >= _DIGITS_FROM else 1}f} {unit}"
        count /= _BYTES_STEP
    return f"{count:,.1f} TB"


def shown_seconds(seconds: float) -> str:
    """A duration: `8s`, `3m 20s`, `2h 5m`, `3d 4h`."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    minutes, rest = divmod(whole, _MINUTE)
    if minutes < _MINUTE:
        return f"{minutes}m {rest}s"
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}h {minutes}m" if hours < _DAYS_FROM_HOURS else f"{hours // _DAY_HOURS}d {hours % _DAY_HOURS}h"


def shown_age(moment: str | None, *, now: datetime | None = None) -> str:
    """How long ago a moment in ISO 8601 was: `2m ago`."""
    if not moment:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds()
    if seconds < 0:
        return f"in {shown_seconds(-seconds)}"
    for length, unit in _AGES:
        if seconds >= length:
            return f"{int(seconds // length)}{unit} ago"
    return "just now"


def counted(count: int, one: str, many: str = "") -> str:
    """A number of things: `1 file`, `1,204 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
