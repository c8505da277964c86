"""How far a fetch is, read from what git says on standard error."""

import re
import time
from collections.abc import Callable
from typing import Final

from grove.git.model import FetchPhase, FetchProgress

_LINE_BYTES_MAX: Final = 4096
_REPORT_SECONDS_MIN: Final = 0.2
_LINE: Final = re.compile(
    rb"^(?:remote: )?(Enumerating objects|Counting objects|Compressing objects|Receiving objects|Resolving deltas): +"
    rb"(?:\d+% \((\d{1,15})/(\d{1,15})\)|(\d{1,15}))"
    rb"(?:, ([\d.]{1,15}) (bytes|KiB|MiB|GiB)(?: \| ([\d.]{1,15}) (bytes|KiB|MiB|GiB)/s)?)?"
)
_PHASES: Final = {
    b"Enumerating objects": FetchPhase.COUNTING,
    b"Counting objects": FetchPhase.COUNTING,
    b"Compressing objects": FetchPhase.COMPRESSING,
    b"Receiving objects": FetchPhase.RECEIVING,
    b"Resolving deltas": FetchPhase.RESOLVING,
}
_UNITS: Final = {b"bytes": 1, b"KiB": 1024, b"MiB": 1024**2, b"GiB": 1024**3}


class ProgressReader:
    """Takes chunks of standard error and tells of progress: each new phase, and then at most five times a second."""

    def __init__(self, on_progress: Callable[[FetchProgress], None]) -> None:
        self._on_progress = on_progress
        self._pending = b""
        self._phase = FetchPhase.CONNECTING
        self._phase_began = time.monotonic()
        self._told_at = 0.0
        on_progress(FetchProgress(phase=self._phase))

    def __call__(self, chunk: bytes) -> None:
        """Take the next chunk."""
        *lines, rest = re.split(rb"[\r\n]", self._pending + chunk)
        self._pending = rest[-_LINE_BYTES_MAX:]
        for line in lines:
            if (found := _LINE.match(line)) is not None:
                self._tell(found)

    def _tell(self, found: "re.Match[bytes]") -> None:
        phase, now = _PHASES[found[1]], time.monotonic()
        done, total = int(found[2] or found[4]), int(found[3] or 0)
        if phase is not self._phase:
            self._phase, self._phase_began = phase, now
        elif done != total and now - self._told_at < _REPORT_SECONDS_MIN:
            return
        self._told_at = now
        elapsed = now - self._phase_began
        self._on_progress(
            FetchProgress(
                phase=phase,
                done=done,
                total=total,
                bytes_received=_bytes(found[5], found[6]),
                bytes_per_second=_bytes(found[7], found[8]),
                seconds_left=elapsed * (total - done) / done if done and total else None,
            )
        )


def _bytes(number: bytes | None, unit: bytes | None) -> int:
    if number is None or unit is None:
        return 0
    try:
        return int(float(number) * _UNITS[unit])
    except ValueError:
        return 0
