"""A filter of system calls, as the kernel takes it: what no confined command needs, and what Landlock leaves open.

Made as bytes here, and loaded by bubblewrap or by the warden. Numbers are the kernel's own and never change.
"""

import platform
import struct
from collections.abc import Sequence
from typing import Final

_LOAD_WORD: Final = 0x20
_JUMP_IF_EQUAL: Final = 0x15
_JUMP_IF_AT_LEAST: Final = 0x35
_JUMP_IF_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ANSWER: Final = 0x00050000
_EPERM: Final = 1
_ENOSYS: Final = 38
_NUMBER_AT: Final = 0
_MACHINE_AT: Final = 4
_ARGUMENTS_AT: Final = 16
_ARGUMENT_BYTES: Final = 8
_OTHER_ABI: Final = 0x40000000
_NAMESPACES: Final = 0x7E020080
"""Every CLONE_NEW… flag that `clone` takes."""
_INTERNET: Final = (2, 10)
_NAMESPACED: Final = (1, 2, 10, 16)
"""The families of sockets that a network namespace holds: Unix, IP and netlink; a virtual machine's host is in none."""

_MACHINES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""The kernel's name of a machine, and its column in the tables below."""

_NEVER: Final[tuple[tuple[int | None, int], ...]] = (
    (101, 117),  # ptrace
    (310, 270),  # process_vm_readv
    (311, 271),  # process_vm_writev
    (438, 438),  # pidfd_getfd
    (312, 272),  # kcmp
    (165, 40),  # mount
    (166, 39),  # umount2
    (155, 41),  # pivot_root
    (161, 51),  # chroot
    *((each, each) for each in (428, 429, 430, 431, 432, 433, 442, 467)),  # the newer calls that mount
    (272, 97),  # unshare
    (308, 268),  # setns
    (321, 280),  # bpf
    (298, 241),  # perf_event_open
    (323, 282),  # userfaultfd
    (248, 217),  # add_key
    (249, 218),  # request_key
    (250, 219),  # keyctl
    *((each, each) for each in (425, 426, 427)),  # io_uring, which does what it is told past this filter
    (303, 264),  # name_to_handle_at
    (304, 265),  # open_by_handle_at
    (175, 105),  # init_module
    (313, 273),  # finit_module
    (246, 104),  # kexec_load
    (320, 294),  # kexec_file_load
)
_LEFT_OPEN_BY_LANDLOCK: Final[tuple[tuple[int | None, int | None], ...]] = (
    (90, None),  # chmod
    (268, 53),  # fchmodat
    (452, 452),  # fchmodat2
    (92, None),  # chown
    (94, None),  # lchown
    (260, 54),  # fchownat
    (188, 5),  # setxattr
    (189, 6),  # lsetxattr
    (197, 14),  # removexattr
    (198, 15),  # lremovexattr
    *((each, each) for each in (463, 466, 469)),  # setxattrat, removexattrat, file_setattr
    (132, None),  # utime
    (235, None),  # utimes
    (261, None),  # futimesat
    (29, 194),  # shmget
    (30, 196),  # shmat
    (68, 186),  # msgget
    (64, 190),  # semget
    (240, 180),  # mq_open
    (141, 140),  # setpriority
    (251, 30),  # ioprio_set
    (256, 238),  # migrate_pages
    (279, 239),  # move_pages
)
_OF_ITSELF_ONLY: Final = (
    (302, 261),  # prlimit64
    (203, 122),  # sched_setaffinity
    (144, 119),  # sched_setscheduler
    (142, 118),  # sched_setparam
    (314, 274),  # sched_setattr
)
_CLONE: Final = (56, 220)
_CLONE3: Final = (435, 435)
_SOCKET: Final = (41, 198)
_UTIMENSAT: Final = (280, 88)
_SET_IDS: Final = 0o6000
"""Bits of a mode by which a program runs as its owner: a file with them outlives the confinement, and is ours."""
_MODE_AT: Final[tuple[tuple[tuple[int | None, int | None], int], ...]] = (
    ((90, None), 1),  # chmod
    ((91, 52), 1),  # fchmod
    ((268, 53), 2),  # fchmodat
    ((452, 452), 2),  # fchmodat2
    ((85, None), 1),  # creat
    ((133, None), 1),  # mknod
    ((259, 33), 2),  # mknodat
)
_OPENING: Final[tuple[tuple[tuple[int | None, int | None], int], ...]] = (((2, None), 1), ((257, 56), 2))
"""open and openat, and where their flags are; the mode follows, and counts only when a file is made."""
_MAKING: Final = 0x400040
_OPENAT2: Final = (437, 437)
_GROUPS: Final = ((112, 157), (109, 154))
"""setsid and setpgid."""

Step = tuple[int, int, int, int]


def is_known_machine() -> bool:
    """Whether there is a filter for this machine's processor."""
    return platform.machine() in _MACHINES


def syscall_filter(*, with_landlock: bool, network: bool) -> bytes:
    """The filter of this machine; with Landlock it also holds what namespaces would have held."""
    machine, column = _MACHINES[platform.machine()]
    steps: list[Step] = [
        (_LOAD_WORD, 0, 0, _MACHINE_AT),
        (_JUMP_IF_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
        (_JUMP_IF_AT_LEAST, 0, 1, _OTHER_ABI),
        (_RETURN, 0, 0, _ANSWER | _ENOSYS),
    ]
    for pair in _NEVER:
        steps += _answer(pair[column], _EPERM)
    # What clone3 is asked for lies in memory, where a filter cannot look; libraries then use clone.
    steps += _answer(_CLONE3[column], _ENOSYS)
    steps += _when(_CLONE[column], 0, [(_JUMP_IF_ANY_BIT, 0, 1, _NAMESPACES), (_RETURN, 0, 0, _ANSWER | _EPERM)])
    steps += _without_set_ids(column)
    if with_landlock:
        steps += _beside_landlock(column, network=network)
    else:
        steps += _when(_SOCKET[column], 0, _unless_equal(_NAMESPACED))
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _without_set_ids(column: int) -> list[Step]:
    """Refuse to make a program that runs as its owner."""
    refusing = [(_JUMP_IF_ANY_BIT, 0, 1, _SET_IDS), (_RETURN, 0, 0, _ANSWER | _EPERM)]
    steps: list[Step] = []
    for pair, argument in _MODE_AT:
        number = pair[column]
        steps += [] if number is None else _when(number, argument, refusing)
    for pair, argument in _OPENING:
        number = pair[column]
        load_mode = (_LOAD_WORD, 0, 0, _ARGUMENTS_AT + _ARGUMENT_BYTES * (argument + 1))
        checks = [(_JUMP_IF_ANY_BIT, 0, 1 + len(refusing), _MAKING), load_mode, *refusing]
        steps += [] if number is None else _when(number, argument, checks)
    # What it is asked for lies in memory; programs then use openat.
    return steps + _answer(_OPENAT2[column], _ENOSYS)


def _beside_landlock(column: int, *, network: bool) -> list[Step]:
    steps: list[Step] = []
    for pair in _LEFT_OPEN_BY_LANDLOCK:
        steps += _answer(pair[column], _EPERM)
    for of_itself in _OF_ITSELF_ONLY:
        steps += _when(of_itself[column], 0, _unless_equal((0,)))
    # A path of zero means an open file, which was checked when it was opened.
    steps += _when(_UTIMENSAT[column], 1, _unless_equal((0,)))
    steps += _when(_SOCKET[column], 0, _unless_equal(_INTERNET if network else ()))
    # Said to be done and not done: all stay in one process group, which the kernel ends at one blow.
    for group in _GROUPS:
        steps += _answer(group[column], 0)
    return steps


def _answer(number: int | None, error: int) -> list[Step]:
    """Answer a call with an error instead of doing it."""
    if number is None:
        return []
    return [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ANSWER | error)]


def _when(number: int, argument: int, checks: Sequence[Step]) -> list[Step]:
    """Look at the lower half of an argument of a call, then go on with the number of the call as before."""
    at = _ARGUMENTS_AT + _ARGUMENT_BYTES * argument
    inner = [(_LOAD_WORD, 0, 0, at), *checks, (_LOAD_WORD, 0, 0, _NUMBER_AT)]
    return [(_JUMP_IF_EQUAL, 0, len(inner), number), *inner]


def _unless_equal(values: Sequence[int]) -> list[Step]:
    """Refuse, unless the argument is one of these."""
    compared = [(_JUMP_IF_EQUAL, len(values) - place, 0, value) for place, value in enumerate(values)]
    return [*compared, (_RETURN, 0, 0, _ANSWER | _EPERM)]
