"""What a process of Grove holds is for itself: another process of the same user looks at it, and sees nothing."""

import subprocess
import sys

import pytest

LOOK = """
import contextlib, ctypes, os, signal, sys
from grove.launch.main import main

libc, nobody = ctypes.CDLL(None, use_errno=True), 65_534
held = ctypes.create_string_buffer(b"canary-0123456789")

def become_nobody():
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(nobody)
        os.setuid(nobody)
    libc.prctl(4, 1, 0, 0, 0)  # as a program is that such a user starts

def hold():
    become_nobody()
    if sys.argv[1] == "grove":
        sys.argv[1:] = ["--version"]
        with contextlib.suppress(SystemExit):
            main()
    os.write(ready, b"!")
    signal.pause()

def memory(pid):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        file.seek(ctypes.addressof(held))
        return file.read(17)

def attach(pid):
    if libc.ptrace(0x4206, pid, 0, 0):  # PTRACE_SEIZE
        raise OSError(ctypes.get_errno(), "seized")
    libc.ptrace(17, pid, 0, 0)
    return b"attached"

def read(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()

def look(pid):
    become_nobody()
    looks = {
        "environ": lambda: read(pid, "environ"),
        "maps": lambda: read(pid, "maps"),
        "mem": lambda: memory(pid),
        "fd": lambda: os.listdir(f"/proc/{pid}/fd"),
        "ptrace": lambda: attach(pid),
    }
    for name, act in looks.items():
        try:
            act()
            print(name, "seen", flush=True)
        except PermissionError:
            print(name, "refused", flush=True)

told, ready = os.pipe()
pid = os.fork()
if pid == 0:
    hold()
os.read(told, 1)
looker = os.fork()
if looker == 0:
    try:
        look(pid)
    finally:
        os._exit(0)
os.waitpid(looker, 0)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
"""


def looks_at(process: str) -> dict[str, str]:
    """What another process of the same user sees of one, and what it is refused."""
    looked = subprocess.run(
        [sys.executable, "-c", LOOK, process], check=True, capture_output=True, text=True, timeout=60
    )
    return dict(line.split() for line in looked.stdout.splitlines() if line.count(" ") == 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hides a process from others of its user")
class TestAProcess:
    def test_shows_nothing_to_others_of_its_user(self) -> None:
        seen = looks_at("grove")

        assert {seen[name] for name in ("environ", "maps", "mem", "fd", "ptrace")} == {"refused"}

    def test_of_another_program_shows_its_environment(self) -> None:
        """The look itself works: so it is Grove that hides."""
        assert looks_at("other")["environ"] == "seen"
