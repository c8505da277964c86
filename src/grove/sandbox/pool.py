"""A pool of killable child processes that run one function on hostile data."""

import io
import pickle
import queue
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar, cast

from grove.sandbox.answering import LENGTH, RAISED, frame
from grove.sandbox.errors import ChildDied, ChildFailure, ChildRaised
from grove.sandbox.model import MIB, Command, Limits
from grove.sandbox.running import Running, start

_START_SECONDS_MAX: Final = 60.0
_ANSWER_BYTES_MAX: Final = 256 * MIB
_ANSWERS_PER_CHILD_MAX: Final = 20_000

Argument = TypeVar("Argument")
Result = TypeVar("Result")


@dataclass(slots=True)
class _Member:
    running: Running
    answers_left: int = _ANSWERS_PER_CHILD_MAX


class ChildPool(Generic[Argument, Result]):
    """Runs a function in child processes, each with its own memory, and each call within its time.

    The function is importable by name and its argument can be pickled. A child is not believed: what it answers may
    only consist of plain values (numbers, texts, bytes, lists, tuples, sets, dictionaries) and `result_types`.
    A child that dies or hangs is replaced. Any number of threads may call; each call takes one child.
    """

    def __init__(
        self,
        function: Callable[[Argument], Result],
        *,
        children: int,
        memory_bytes_max: int,
        call_seconds_max: float,
        result_types: Sequence[type] = (),
    ) -> None:
        self._greeting = frame(pickle.dumps(function))
        self._command = Command(
            argv=[sys.executable, "-IB", "-c", _program()],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            cwd=Path("/"),
            limits=Limits(memory_bytes_max=memory_bytes_max, seconds_max=call_seconds_max, file_bytes_max=0),
        )
        self._result_types = {(kind.__module__, kind.__qualname__): kind for kind in result_types}
        self._children = children
        self._idle: queue.LifoQueue[_Member | None] = queue.LifoQueue()
        for _ in range(children):
            self._idle.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, argument: Argument) -> Result:
        """Run the function on one argument.

        :raises ChildTimeout: if it took too long.
        :raises ChildDied: if the child ended, or used more memory than it may.
        :raises ChildRaised: if the function raised.
        """
        (outcome,) = self.call_each([argument])
        if isinstance(outcome, ChildFailure):
            raise outcome
        return outcome

    def call_each(self, arguments: Sequence[Argument]) -> list[Result | ChildFailure]:
        """Run the function on each argument, in one child; one that fails takes no other with it."""
        outcomes: list[Result | ChildFailure] = []
        while len(outcomes) < len(arguments):
            outcomes += self._attempt(arguments[len(outcomes) :])
        return outcomes

    def close(self) -> None:
        """Wait for the calls under way and end every child; nothing once that was done."""
        left, self._children = self._children, 0
        for _ in range(left):
            member = self._idle.get()
            if member is not None:
                member.running.kill()

    def _attempt(self, arguments: Sequence[Argument]) -> list[Result | ChildFailure]:
        """The outcomes of the first arguments: of all, or up to the first at which the child failed."""
        member = self._idle.get()
        outcomes: list[Result | ChildFailure] = []
        try:
            member = member or self._start()
            self._ask(member, arguments, outcomes)
        except BaseException:
            member = self._retire(member)
            raise
        finally:
            self._idle.put(member if member and member.answers_left > 0 else self._retire(member))
        return outcomes

    def _ask(self, member: _Member, arguments: Sequence[Argument], outcomes: list[Result | ChildFailure]) -> None:
        try:
            member.running.write(frame(pickle.dumps(list(arguments))))
            outcomes.extend(self._outcome(_receive(member.running)) for _ in arguments)
            member.answers_left -= len(arguments)
        except ChildFailure as failure:
            outcomes.append(failure)
            member.answers_left = 0

    def _start(self) -> _Member:
        running = start(self._command)
        running.write(self._greeting)
        try:
            _receive(running, seconds_max=_START_SECONDS_MAX)
        except ChildFailure:
            running.kill()
            raise
        return _Member(running)

    @staticmethod
    def _retire(member: _Member | None) -> None:
        if member is not None:
            member.running.kill()

    def _outcome(self, answer: bytes) -> Result | ChildFailure:
        if answer[:1] == RAISED:
            return ChildRaised(exception=answer[1:].decode(errors="replace"))
        try:
            return cast("Result", _Reader(answer[1:], self._result_types).load())
        except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError) as error:
            raise ChildDied(reason="answer refused") from error


class _Reader(pickle.Unpickler):
    """Reads what a child answered, without making anything but plain values and the types that were named."""

    def __init__(self, content: bytes, allowed: dict[tuple[str, str], type]) -> None:
        super().__init__(io.BytesIO(content))
        self._allowed = allowed

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return self._allowed[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is not expected here") from None


def _receive(running: Running, *, seconds_max: float | None = None) -> bytes:
    (length,) = LENGTH.unpack(running.read_exactly(LENGTH.size, seconds_max=seconds_max))
    if not 0 < length <= _ANSWER_BYTES_MAX:
        raise ChildDied(reason="answer refused", bytes=length)
    return running.read_exactly(length)


def _program() -> str:
    return f"import sys; sys.path[:] = {sys.path!r}; from grove.sandbox.answering import serve; serve()"
