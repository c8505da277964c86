"""What was used lately, within a limit of bytes."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class SizedCache(Generic[Value]):
    """Keeps values while they fit together; those not used for longest make room. Safe to share between threads."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._values: OrderedDict[tuple[str, object], tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, object]) -> Value | None:
        """The value, if it is still there."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: tuple[str, object], value: Value, size_bytes: int) -> None:
        """Keep a value, unless it is larger than all that may be kept."""
        if size_bytes > self._bytes_max:
            return
        with self._lock:
            _, replaced = self._values.pop(key, (None, 0))
            self._values[key] = (value, size_bytes)
            self._bytes += size_bytes - replaced
            while self._bytes > self._bytes_max:
                _, (_, dropped) = self._values.popitem(last=False)
                self._bytes -= dropped
