"""The program between the server and a confined command; run by its path, with nothing but the standard library.

It stays outside of the confinement and in the command's process group: it holds the lifeline, which the command must
not reach, ends the group when the lifeline tells it to, and passes the exit code on.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from typing import Any, Final

CONFINED: Final = b"confined"
FAILED: Final = b", and not started"

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_BELOW_PATH: Final = 1
_ASK_VERSION: Final = 1
_READ: Final = 0b1101  # execute, read files, read folders
_FILE: Final = 0b110  # write and read a file
_ALL: Final = 0xFFFF
_WRITE: Final = _ALL & ~(1 << 6 | 1 << 11 | 1 << 15)  # no devices: neither made nor controlled
_OF_FILES: Final = 0b111 | 1 << 14
_TCP: Final = 0b11
_SCOPES: Final = 0b11  # abstract sockets and signals of others
_SET_PARENT_DEATH_SIGNAL: Final = 1
_SET_SECCOMP: Final = 22
_DROP_FROM_BOUNDING_SET: Final = 24
_SET_NO_NEW_PRIVILEGES: Final = 38
_SECCOMP_FILTER: Final = 2
_CAPABILITIES_VERSION: Final = 0x20080522
_CAPABILITIES_MAX: Final = 64
_NICENESS: Final = 5
_STEP_BYTES: Final = 8
_SIGNALLED: Final = 128
_CANNOT: Final = 125

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    """Run the command that is described in the file of the first argument; its exit code."""
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        spec = json.load(file)
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    if spec["entrance"] is not None:
        with open(spec["entrance"], "w") as entrance:  # noqa: PTH123 - pathlib is slow to load
            entrance.write("0")
    command = os.fork()
    if not command:
        _become(spec)
    _, status = os.waitpid(command, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else _SIGNALLED + os.WTERMSIG(status)


def _become(spec: dict[str, Any]) -> None:
    try:
        for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):  # two of them Python ignores
            signal.signal(number, signal.SIG_DFL)
        _call("prctl", _SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        _close_all_but({0, 1, 2, *spec["fds"]})
        os.nice(_NICENESS)
        for name, value in spec["limits"]:
            resource.setrlimit(getattr(resource, name), (value, value))
        for fd in spec["fds"]:
            os.set_inheritable(fd, spec["landlock"] is None)
        if spec["landlock"] is not None:
            _confine(spec)
        os.execve(spec["argv"][0], spec["argv"], spec["env"])  # noqa: S606 - an argument list
    except (OSError, ValueError) as error:
        os.write(2, f"warden: {error}\n".encode())
    finally:  # whatever it was: the command must not run unconfined
        os.write(spec["fds"][0], FAILED)
        os._exit(_CANNOT)


def _confine(spec: dict[str, Any]) -> None:
    rules = spec["landlock"]
    os.chdir(spec["cwd"])
    ruleset = _syscall(_CREATE_RULESET, struct.pack("=QQQ", _ALL, 0 if rules["network"] else _TCP, _SCOPES), 24, 0)
    for access, paths in ((_READ, rules["readable"]), (_WRITE, rules["writable"]), (_FILE, rules["devices"])):
        for path in paths:
            _allow(ruleset, path, access)
    for capability in range(_CAPABILITIES_MAX):
        _libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)
    _call("capset", struct.pack("=Ii", _CAPABILITIES_VERSION, 0), bytes(24))
    _call("prctl", _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    os.write(spec["fds"][0], CONFINED)
    program = bytes.fromhex(rules["filter"])
    steps = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // _STEP_BYTES, ctypes.addressof(steps))
    _call("prctl", _SET_SECCOMP, _SECCOMP_FILTER, described, 0, 0)


def _allow(ruleset: int, path: str, access: int) -> None:
    """Allow some access below a path; what the system lacks needs no rule."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    is_folder = os.path.isdir(path)  # noqa: PTH112 - pathlib is slow to load
    _syscall(
        _ADD_RULE, ruleset, _BELOW_PATH, struct.pack("=Qi", access if is_folder else access & _OF_FILES, opened), 0
    )
    os.close(opened)


def landlock_version() -> int:
    """Which version of Landlock the kernel has; 0 for none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)))


def _close_all_but(kept: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - pathlib is slow to load
        if int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                continue  # it was that of the listing


def _call(name: str, *arguments: Any) -> int:
    return _checked(name, getattr(_libc, name)(*arguments))


def _syscall(number: int, *arguments: Any) -> int:
    return _checked(f"system call {number}", _libc.syscall(number, *arguments))


def _checked(name: str, result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
    return result


if __name__ == "__main__":
    sys.exit(main())
