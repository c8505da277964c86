"""What the processes of a command use together, read from the kernel's list of processes."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

_STATE, _PARENT, _GROUP = 0, 1, 2
_DEAD: Final = {b"Z", b"X"}
_TIMES: Final = slice(11, 15)
_THREADS: Final = 17
_PAGES: Final = 21
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class _Process(NamedTuple):
    state: bytes
    parent: int
    group: int
    cpu_ticks: int
    threads: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What some processes use together."""

    processes: int
    threads: int
    memory_bytes: int
    cpu_seconds: float


def usage_of(leader: int) -> Usage:
    """What a process uses together with all that descend from it or are in its group."""
    everyone = {int(name): process for name in _names() if name.isdigit() and (process := _read(name))}
    members = {pid for pid, process in everyone.items() if process.group == leader} | ({leader} & everyone.keys())
    children: dict[int, list[int]] = {}
    for pid, process in everyone.items():
        children.setdefault(process.parent, []).append(pid)
    waiting = list(members)
    while waiting:
        born = [pid for pid in children.get(waiting.pop(), ()) if pid not in members]
        members.update(born)
        waiting += born
    found = [everyone[pid] for pid in members]
    return Usage(
        processes=len(found),
        threads=sum(each.threads for each in found),
        memory_bytes=_PAGE_BYTES * sum(each.pages for each in found),
        cpu_seconds=sum(each.cpu_ticks for each in found) / _TICKS,
    )


def is_alive(pid: int) -> bool:
    """Whether a process can still do anything."""
    process = _read(str(pid))
    return process is not None and process.state not in _DEAD


def is_group_alive(leader: int) -> bool:
    """Whether any process of a group can still do anything."""
    everyone = (process for name in _names() if name.isdigit() and (process := _read(name)))
    return any(process.group == leader and process.state not in _DEAD for process in everyone)


def threads_of_user(user: int) -> int:
    """How many threads a user has, which is what the kernel counts against the user's limit of processes."""
    total = 0
    for name in _names():
        try:
            if name.isdigit() and Path("/proc", name).stat().st_uid == user and (process := _read(name)):
                total += process.threads
        except FileNotFoundError:
            continue  # it ended
    return total


def _names() -> list[str]:
    return os.listdir("/proc")  # noqa: PTH208 - twenty times a second: paths would be made for nothing


def _read(name: str) -> _Process | None:
    try:
        with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - thousands at a time: Path.open is slow
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return _Process(
        state=fields[_STATE],
        parent=int(fields[_PARENT]),
        group=int(fields[_GROUP]),
        cpu_ticks=sum(map(int, fields[_TIMES])),
        threads=int(fields[_THREADS]),
        pages=int(fields[_PAGES]),
    )
