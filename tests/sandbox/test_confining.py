"""Hostile commands, each in every confinement that this machine can do."""

import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grove.sandbox import (
    Bounds,
    Confinement,
    ConfinementFailed,
    ConfinementUnavailable,
    Confiner,
    Method,
    Outcome,
    Stop,
    Trial,
    spawn,
)

MIB = 1024 * 1024
SYSTEM_PYTHON = next(
    (path for path in map(Path, ("/usr/bin/python3", "/usr/local/bin/python3")) if path.exists()), None
)
needs_python = pytest.mark.skipif(SYSTEM_PYTHON is None, reason="the system has no Python of its own in /usr")


@pytest.fixture(scope="module", params=list(Method))
def confiner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Confiner:
    made = Confiner(tmp_path_factory.mktemp("scratch"), methods=[request.param])
    if made.method is None:
        pytest.skip(f"{request.param} does not work here: {made.trials[0].problem}; {made.trials[0].solution}")
    return made


class Bench:
    """A folder that the command may write to, one it may read, and one it must not know of."""

    def __init__(self, confiner: Confiner, folder: Path) -> None:
        self.confiner = confiner
        self.work, self.given, self.secret = folder / "work", folder / "given", folder / "data"
        for each in (self.work, self.given, self.secret):
            each.mkdir()
        (self.given / "note").write_text("to be read")
        (self.secret / "master.key").write_text("SECRET")
        self.base = Confinement(
            argv=[], cwd=self.work, readable=[self.given], writable=[self.work], bounds=Bounds(seconds_max=20)
        )

    def shell(self, script: str, **changes: object) -> Outcome:
        return self.run(["/bin/sh", "-c", script], **changes)

    def python(self, program: str, **changes: object) -> Outcome:
        return self.run([str(SYSTEM_PYTHON), "-c", program], **changes)

    def run(self, argv: list[str], **changes: object) -> Outcome:
        return self.confiner.confine(replace(self.base, argv=argv, **changes))  # type: ignore[arg-type]


@pytest.fixture
def bench(confiner: Confiner, tmp_path: Path) -> Bench:
    return Bench(confiner, tmp_path)


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def running(mark: str) -> list[int]:
    """The processes that have a mark among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark in (entry / "cmdline").read_bytes().decode(errors="replace").split("\0"):
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


class TestOutcome:
    def test_gives_output_last_words_and_exit_code(self, bench: Bench) -> None:
        outcome = bench.shell("cat; echo no >&2; exit 3", stdin=b"hello")
        assert (outcome.exit_code, outcome.stdout, outcome.stderr, outcome.stopped) == (3, b"hello", b"no\n", None)
        assert outcome.method is bench.confiner.method

    def test_tells_a_signal_as_shells_do(self, bench: Bench) -> None:
        assert bench.shell("kill -TERM $$").exit_code == 128 + signal.SIGTERM

    def test_refuses_a_program_that_is_not_there(self, bench: Bench) -> None:
        with pytest.raises(ConfinementFailed):
            bench.run(["/usr/bin/there-is-no-such-program"])

    def test_is_cancelled_at_once(self, bench: Bench) -> None:
        asked = threading.Event()
        threading.Timer(0.3, asked.set).start()
        command = replace(bench.base, argv=["/bin/sh", "-c", "sleep 100"])
        outcome = bench.confiner.confine(command, cancelled=asked.is_set)
        assert outcome.stopped is Stop.CANCELLED
        assert outcome.seconds < 3

    @pytest.mark.parametrize(
        "changes",
        [
            {"argv": ["sh"]},
            {"argv": ["/bin/sh", "a\0--bind\0/\0/"]},
            {"env": {"A": "x\0--share-net"}},
            {"env": {"A=B": "x"}},
            {"cwd": Path("here")},
            {"readable": [Path("/there/is/none")]},
            {"writable": [Path("relative")]},
        ],
    )
    def test_refuses_what_makes_no_sense(self, bench: Bench, changes: dict[str, object]) -> None:
        with pytest.raises(ConfinementFailed):
            bench.confiner.confine(replace(bench.base, **{"argv": ["/bin/true"], **changes}))  # type: ignore[arg-type]

    def test_refuses_a_folder_that_is_a_link(self, bench: Bench) -> None:
        (bench.work / "link").symlink_to(bench.secret)
        with pytest.raises(ConfinementFailed):
            bench.shell("true", readable=[bench.work / "link"])


class TestSight:
    def test_is_what_was_given(self, bench: Bench) -> None:
        outcome = bench.shell(f"cat {bench.given}/note && echo new > {bench.work}/made && cat made")
        assert outcome.stdout == b"to be readnew\n", outcome.stderr
        assert (bench.work / "made").read_text() == "new\n"

    def test_has_no_writing_where_reading_was_given(self, bench: Bench) -> None:
        note = bench.given / "note"
        assert bench.shell(f"echo x > {bench.given}/new").exit_code != 0
        assert bench.shell(f"echo x >> {note}").exit_code != 0
        assert bench.shell(f"rm {note}").exit_code != 0
        assert bench.shell(f"ln {note} hard && echo x >> hard").exit_code != 0
        assert bench.shell(f"chmod 777 {note}").exit_code != 0
        assert note.read_text() == "to be read"
        assert list(bench.given.iterdir()) == [note]

    @pytest.mark.parametrize("act", ["cat", "ls -l", "rm -f", "chmod 777", "touch", "truncate -s 0"])
    def test_has_nothing_of_the_servers_data(self, bench: Bench, act: str) -> None:
        key = bench.secret / "master.key"
        before = key.stat()
        outcome = bench.shell(f"{act} {key}; {act} {bench.secret}; ls {bench.secret}")
        assert b"SECRET" not in outcome.stdout
        assert (key.read_text(), key.stat().st_mode, key.stat().st_mtime) == ("SECRET", before.st_mode, before.st_mtime)

    def test_is_not_widened_by_links(self, bench: Bench) -> None:
        (bench.work / "out").symlink_to(bench.secret)
        script = f"ln -s {bench.secret}/master.key key; cat key out/master.key ../data/master.key; echo x > out/new"
        outcome = bench.shell(script)
        assert b"SECRET" not in outcome.stdout
        assert [path.name for path in bench.secret.iterdir()] == ["master.key"]

    def test_has_no_environment_of_ours(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GROVE_MASTER_KEY", "SECRET")
        script = (
            f"env; cat /proc/1/environ /proc/{os.getpid()}/environ /proc/self/environ /proc/*/environ | tr '\\0' '\\n'"
        )
        outcome = bench.shell(script, env={"NAMED": "yes"})
        assert b"NAMED=yes" in outcome.stdout
        assert b"SECRET" not in outcome.stdout
        assert b"GROVE" not in outcome.stdout

    def test_has_no_home_of_ours(self, bench: Bench) -> None:
        outcome = bench.shell(f'echo x > "$HOME/a" && echo x > "$TMPDIR/b" && ls -A "$HOME"; ls -A {Path.home()} /root')
        assert outcome.stdout == b"a\n"
        assert list(bench.confiner.scratch.iterdir()) == []

    def test_has_none_of_our_open_files(self, bench: Bench) -> None:
        held = os.open(bench.secret / "master.key", os.O_RDONLY)
        os.set_inheritable(held, True)
        try:
            outcome = bench.shell("for n in 3 4 5 6 7 8 9; do cat <&$n; done; ls -l /proc/self/fd")
        finally:
            os.close(held)
        assert b"SECRET" not in outcome.stdout
        assert b"memfd" not in outcome.stdout

    def test_has_no_devices(self, bench: Bench) -> None:
        assert bench.shell("mknod made b 8 0 || mknod made c 1 1").exit_code != 0
        assert bench.shell("head -c 1 /dev/vda || head -c 1 /dev/sda || head -c 1 /dev/mem").exit_code != 0

    def test_loads_no_library_before_it_is_confined(self, bench: Bench) -> None:
        library = bench.work / "evil.so"
        library.write_bytes(b"")
        outcome = bench.shell("true", env={"LD_PRELOAD": str(library), "PYTHONSTARTUP": str(library)})
        assert b"warden" not in outcome.stderr


class TestPower:
    def test_does_not_reach_other_processes(self, bench: Bench) -> None:
        victim = spawn(["/bin/sleep", "100"], {})
        try:
            bench.shell(f"kill -KILL {victim.pid}; kill -STOP {os.getppid()} {os.getpid()}; kill -KILL -1")
            assert victim.poll() is None
        finally:
            victim.kill()

    @needs_python
    @pytest.mark.parametrize(
        "act",
        [
            "libc.ptrace(16, {pid}, 0, 0)",
            "libc.process_vm_readv({pid}, buffer, 1, buffer, 1, 0)",
            "libc.syscall(302, {pid}, 0, struct.pack('QQ', 1, 1), None)",
            "libc.syscall(438, libc.syscall(434, {pid}, 0), 0, 0)",
            "libc.setpriority(0, {pid}, 19)",
            "libc.unshare(0x10000000)",
            "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
            "libc.syscall(425, 8, buffer)",
            "libc.syscall(250, 0, -4, 0)",
            "libc.syscall(321, 0, buffer, 16)",
            "libc.syscall(0x40000000 + 39)",
            "libc.chroot(b'.')",
        ],
    )
    def test_makes_no_dangerous_call(self, bench: Bench, act: str) -> None:
        if os.uname().machine != "x86_64":
            pytest.skip("the numbers of these calls are those of x86_64")
        victim = spawn(["/bin/sleep", "100"], {})
        program = (
            "import ctypes, struct; libc = ctypes.CDLL(None, use_errno=True); buffer = bytes(256); "
            f"print(({act.format(pid=victim.pid)}) >= 0)"
        )
        try:
            assert bench.python(program).stdout == b"False\n"
            assert victim.poll() is None
        finally:
            victim.kill()

    @needs_python
    def test_reaches_no_network(self, bench: Bench) -> None:
        with (
            socket.create_server(("127.0.0.1", 0)) as server,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard,
        ):
            heard.bind(("127.0.0.1", 0))
            ports = (server.getsockname()[1], heard.getsockname()[1])
            outcome = bench.python(
                "import socket\n"
                "try:\n"
                f"    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {ports[1]}))\n"
                "except OSError as error: print(type(error).__name__)\n"
                f"socket.create_connection(('127.0.0.1', {ports[0]}), 2); print('REACHED')"
            )
            heard.settimeout(0.2)
            with pytest.raises(TimeoutError):
                heard.recv(1)
        assert b"REACHED" not in outcome.stdout
        assert outcome.exit_code != 0

    @needs_python
    def test_reaches_no_socket_of_this_machine(self, bench: Bench) -> None:
        path, name = bench.work / "socket", f"\0grove-{os.getpid()}"
        with socket.socket(socket.AF_UNIX) as by_path, socket.socket(socket.AF_UNIX) as by_name:
            by_path.bind(str(bench.secret / "s"))
            by_name.bind(name)
            for server in (by_path, by_name):
                server.listen()
            for address in (str(bench.secret / "s"), name):
                outcome = bench.python(
                    f"import socket; socket.socket(socket.AF_UNIX).connect({address!r}); print('IN')"
                )
                assert b"IN" not in outcome.stdout
        assert not path.exists()

    @needs_python
    def test_reaches_the_network_where_it_is_allowed(self, bench: Bench) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            program = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5); print('REACHED')"
            assert bench.python(program, network=True).stdout == b"REACHED\n"

    @needs_python
    @pytest.mark.parametrize("family", [17, 38, 40])
    def test_reaches_no_network_beside_the_usual(self, bench: Bench, family: int) -> None:
        """Packets as they are, the kernel's ciphers, and the host of a virtual machine."""
        outcome = bench.python(f"import socket; socket.socket({family}, 1 if {family} == 40 else 3, 0); print('MADE')")
        assert b"MADE" not in outcome.stdout

    @needs_python
    def test_changes_nothing_of_the_kernel(self, bench: Bench) -> None:
        """As root too: files of /proc/sys ask for root's number, and not for its powers."""
        pattern = Path("/proc/sys/kernel/core_pattern")
        before = pattern.read_text()
        program = (
            f"import os; file = os.open('{pattern}', os.O_WRONLY); os.write(file, {before!r}.encode()); print('WROTE')"
        )
        assert b"WROTE" not in bench.python(program).stdout
        assert pattern.read_text() == before

    def test_has_no_capabilities(self, bench: Bench) -> None:
        outcome = bench.shell(
            "while read name value; do case $name in CapEff:) echo $value;; esac; done < /proc/self/status"
        )
        assert outcome.stdout in {b"0000000000000000\n", b""}
        assert bench.shell("chown 65534 .").exit_code != 0

    def test_gains_no_privileges(self, bench: Bench) -> None:
        outcome = bench.shell("su -c id nobody; mount -t tmpfs none /tmp; chown 1 . ; umount /usr")
        assert outcome.exit_code != 0
        assert bench.work.stat().st_uid == os.getuid()


class TestBounds:
    def test_end_what_takes_too_long(self, bench: Bench) -> None:
        outcome = bench.shell("trap '' TERM INT; sleep 100; sleep 100", bounds=Bounds(seconds_max=0.5))
        assert outcome.stopped is Stop.TIMEOUT
        assert outcome.seconds < 4

    def test_end_what_starts_too_many_processes(self, bench: Bench) -> None:
        mark = f"bomb-{os.getpid()}-{bench.confiner.method}"
        # They do not multiply: a superuser's processes are bounded by looks alone, and tests share the machine.
        (bench.work / "bomb").write_text("n=0; while [ $n -lt 200 ]; do sleep 100 & n=$((n+1)); done; wait")
        outcome = bench.shell(f"/bin/sh bomb {mark}; sleep 100", bounds=Bounds(processes_max=30, seconds_max=20))
        assert outcome.stopped is Stop.PROCESSES or b"fork" in outcome.stderr
        assert eventually(lambda: not running(mark))

    @needs_python
    def test_end_a_bomb_of_threads(self, bench: Bench) -> None:
        program = "import threading, time\nfor _ in range(200): threading.Thread(target=time.sleep, args=(60,)).start()"
        outcome = bench.python(program, bounds=Bounds(processes_max=4, seconds_max=20))
        assert outcome.stopped is Stop.PROCESSES or b"can't start new thread" in outcome.stderr

    @needs_python
    def test_end_what_takes_too_much_memory(self, bench: Bench) -> None:
        outcome = bench.python("x = b'x' * 10**9", bounds=Bounds(memory_bytes_max=200 * MIB))
        assert b"MemoryError" in outcome.stderr or outcome.stopped is Stop.MEMORY

    @needs_python
    def test_end_many_that_take_too_much_memory_together(self, bench: Bench) -> None:
        program = "import os, time\nfor _ in range(8): os.fork() or (bytearray(b'x') * (60 * 2**20), time.sleep(30))\n"
        outcome = bench.python(program + "time.sleep(30)", bounds=Bounds(memory_bytes_max=200 * MIB, seconds_max=20))
        assert outcome.stopped is Stop.MEMORY

    @needs_python
    def test_end_what_computes_too_long(self, bench: Bench) -> None:
        outcome = bench.python("while True: pass", bounds=Bounds(cpu_seconds_max=1, seconds_max=30))
        assert outcome.stopped is Stop.CPU or outcome.exit_code in {128 + signal.SIGXCPU, 128 + signal.SIGKILL}

    def test_end_what_writes_too_large_a_file(self, bench: Bench) -> None:
        outcome = bench.shell("exec head -c 9000000 /dev/zero > big", bounds=Bounds(file_bytes_max=MIB))
        assert outcome.exit_code == 128 + signal.SIGXFSZ
        assert (bench.work / "big").stat().st_size <= MIB

    def test_end_what_says_too_much(self, bench: Bench) -> None:
        outcome = bench.shell("yes", bounds=Bounds(stdout_bytes_max=10_000))
        assert outcome.stopped is Stop.OUTPUT
        assert len(outcome.stdout) <= 10_000

    def test_end_what_fills_the_disk(self, bench: Bench) -> None:
        outcome = bench.shell("sleep 100", bounds=Bounds(disk_free_bytes_min=2**60, seconds_max=10))
        assert outcome.stopped is Stop.DISK

    def test_bound_open_files(self, bench: Bench) -> None:
        assert bench.shell("ulimit -n; ulimit -c", bounds=Bounds(open_files_max=50)).stdout.split() == [b"50", b"0"]


class TestEnd:
    @pytest.mark.parametrize(
        "way", ["sleep 98765.{n} &", "setsid sleep 98765.{n} &", "(setsid nohup sleep 98765.{n} &) &"]
    )
    def test_takes_all_with_it(self, bench: Bench, way: str) -> None:
        number = f"{os.getpid()}{len(way)}{len(str(bench.confiner.method))}"
        outcome = bench.shell(way.format(n=number) + " sleep 0.2; echo done")
        assert outcome.stdout == b"done\n"
        assert not running(f"98765.{number}")

    @pytest.mark.parametrize("way", ["exec sleep {n}", "trap '' TERM; (setsid sleep {n} &) & sleep {n}; sleep {n}"])
    def test_comes_with_the_death_of_the_server(self, bench: Bench, way: str) -> None:
        number = f"87654.{os.getpid()}{len(way)}{len(str(bench.confiner.method))}"
        program = f"""
import sys; sys.path[:] = {sys.path!r}
from pathlib import Path
from grove.sandbox import Confinement, Confiner, Method
confiner = Confiner(Path({str(bench.confiner.scratch)!r}), methods=[Method({str(bench.confiner.method)!r})])
confiner.confine(Confinement(argv=["/bin/sh", "-c", {way.format(n=number)!r}], cwd=Path("/")))
"""
        server = spawn([sys.executable, "-c", program], {})
        try:
            assert eventually(lambda: bool(running(number)))
            os.kill(server.pid, signal.SIGKILL)
            assert eventually(lambda: not running(number))
        finally:
            server.kill()
            for left in bench.confiner.scratch.iterdir():
                shutil.rmtree(left)

    def test_leaves_nothing_of_the_home(self, bench: Bench) -> None:
        deep = 'cd "$HOME"; for n in $(seq 1500); do mkdir d && cd d; done; mkdir -m 000 closed'
        assert bench.shell(deep).exit_code == 0
        assert list(bench.confiner.scratch.iterdir()) == []

    def test_leaves_no_file_open(self, bench: Bench) -> None:
        bench.shell("true")
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            bench.shell("true")
        assert len(list(Path("/proc/self/fd").iterdir())) == before


class TestProbe:
    def test_takes_the_first_method_that_works(self, confiner: Confiner) -> None:
        assert confiner.trials == [Trial(method=confiner.trials[0].method, problem=None)]

    def test_refuses_all_where_none_is_allowed(self, tmp_path: Path) -> None:
        confiner = Confiner(tmp_path, methods=[])
        with pytest.raises(ConfinementUnavailable):
            confiner.confine(Confinement(argv=["/bin/true"], cwd=Path("/")))

    def test_says_what_to_do_where_none_works(self, tmp_path: Path) -> None:
        confiner = Confiner(tmp_path / "none", methods=[Method.LANDLOCK])
        with pytest.raises(ConfinementUnavailable) as refused:
            confiner.confine(Confinement(argv=["/bin/true"], cwd=Path("/")))
        assert "Linux 6.12" in str(refused.value.facts["landlock"])


class TestSetUserId:
    """Files outlive the confinement and are the server's: none may run as its owner for whoever finds it."""

    def test_no_mode_is_changed_so(self, bench: Bench) -> None:
        outcome = bench.shell(
            "touch f; mkdir d; chmod 4755 f; chmod 2755 f; chmod g+s d; chmod 755 f; cp /bin/sh s; true"
        )
        assert outcome.exit_code == 0
        assert [path.name for path in bench.work.iterdir() if path.stat().st_mode & 0o6000] == []

    @needs_python
    def test_no_file_is_made_so_and_others_are_as_ever(self, bench: Bench) -> None:
        outcome = bench.python(
            "import os, ctypes, stat\n"
            "os.umask(0)\n"
            "def refused(call, *given):\n"
            "    try: call(*given)\n"
            "    except PermissionError: return True\n"
            "made = os.open('good', os.O_CREAT | os.O_WRONLY, 0o755)\n"
            "os.close(os.open('good', os.O_RDONLY, 0o4755))\n"
            "assert refused(os.open, 'bad', os.O_CREAT | os.O_WRONLY, 0o4755)\n"
            "assert refused(os.open, '.', os.O_TMPFILE | os.O_WRONLY, 0o4755)\n"
            "assert refused(os.fchmod, made, 0o2755)\n"
            "assert refused(os.mknod, 'odd', stat.S_IFREG | 0o4755)\n"
            "how = (ctypes.c_uint64 * 3)(os.O_CREAT | os.O_WRONLY, 0o4755, 0)\n"
            "assert ctypes.CDLL(None).syscall(437, -100, b'two', how, 24) < 0\n"
        )
        assert outcome.exit_code == 0, outcome.stderr
        assert [path.name for path in bench.work.iterdir()] == ["good"]
