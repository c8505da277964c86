"""Running one process within its limits."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grove.sandbox import ChildDied, ChildTimeout, Command, ExecutableMissing, Finished, Limits, Stop, run, spawn, start

ENV = {"PATH": "/usr/bin:/bin"}


def shell(
    script: str, *, stdin: bytes | None = None, limits: Limits | None = None, env: dict[str, str] = ENV
) -> Command:
    return Command(
        argv=["/bin/sh", "-c", script], env=env, cwd=Path("/"), stdin=stdin, limits=limits or Limits(seconds_max=20)
    )


def python(program: str, limits: Limits) -> Finished:
    return run(Command(argv=[sys.executable, "-I", "-c", program], env=ENV, cwd=Path("/"), limits=limits))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


class TestRun:
    def test_gives_output_complaints_and_exit_code(self) -> None:
        finished = run(shell("cat; echo no >&2; exit 3", stdin=b"hello"))
        assert (finished.exit_code, finished.stdout, finished.stderr, finished.stopped) == (3, b"hello", b"no\n", None)

    def test_passes_nothing_on_from_our_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_OF_OURS", "x")
        assert b"SECRET" not in run(shell("env")).stdout

    def test_gives_nothing_to_read_by_default(self) -> None:
        assert run(shell("cat")).stdout == b""

    def test_moves_much_in_both_directions(self) -> None:
        content = os.urandom(3_000_000)
        assert run(shell("cat", stdin=content)).stdout == content

    def test_bears_a_child_that_does_not_read(self) -> None:
        assert run(shell("exit 0", stdin=b"x" * 1_000_000)).exit_code == 0

    def test_keeps_the_tail_of_the_complaints(self) -> None:
        finished = run(shell("yes x | head -c 500000 >&2; echo end >&2", limits=Limits(stderr_bytes_kept=100)))
        assert len(finished.stderr) == 100
        assert finished.stderr.endswith(b"end\n")

    def test_tells_complaints_as_they_come(self) -> None:
        heard: list[bytes] = []
        run(Command(argv=["/bin/sh", "-c", "echo a >&2"], env=ENV, cwd=Path("/"), on_stderr=heard.append))
        assert heard == [b"a\n"]

    def test_refuses_a_missing_program(self) -> None:
        with pytest.raises(ExecutableMissing):
            run(Command(argv=["/nowhere/git"], env=ENV, cwd=Path("/")))

    def test_is_quick(self) -> None:
        began = time.monotonic()
        for _ in range(20):
            run(shell(":"))
        assert time.monotonic() - began < 2


class TestManyThreads:
    def test_run_beside_each_other_and_leave_nothing_open(self) -> None:
        before = len(list(Path("/proc/self/fd").iterdir()))
        with ThreadPoolExecutor(8) as threads:
            finished = list(threads.map(lambda number: run(shell(f"echo {number}; sleep 0.05")), range(40)))
        assert [int(each.stdout) for each in finished] == list(range(40))
        assert len(list(Path("/proc/self/fd").iterdir())) == before


class TestLimits:
    def test_ends_the_whole_group_on_time_out(self) -> None:
        finished = run(shell("sleep 100 & echo $!; wait", limits=Limits(seconds_max=0.3)))
        assert finished.stopped is Stop.TIMEOUT
        assert finished.seconds < 2

    def test_kills_what_does_not_want_to_end(self, tmp_path: Path) -> None:
        pid_file = tmp_path / "pid"
        finished = run(
            shell(f"trap '' TERM; echo $$ > {pid_file}; sleep 100; sleep 100", limits=Limits(seconds_max=0.2))
        )
        assert finished.stopped is Stop.TIMEOUT
        assert not is_alive(int(pid_file.read_text()))

    def test_ends_on_cancellation_within_a_moment(self) -> None:
        asked = threading.Event()
        threading.Timer(0.2, asked.set).start()
        began = time.monotonic()
        assert run(shell("sleep 100"), cancelled=asked.is_set).stopped is Stop.CANCELLED
        assert time.monotonic() - began < 0.6

    def test_stops_at_too_much_output(self) -> None:
        finished = run(shell("yes", limits=Limits(stdout_bytes_max=100_000)))
        assert finished.stopped is Stop.OUTPUT
        assert len(finished.stdout) <= 100_000

    def test_does_not_wait_for_a_descendant_that_holds_the_pipes(self) -> None:
        finished = run(shell("sleep 100 & echo done"))
        assert (finished.stdout, finished.stopped) == (b"done\n", None)
        assert finished.seconds < 2

    def test_bounds_memory(self) -> None:
        finished = python("x = b'x' * 10**9", Limits(memory_bytes_max=300 * 1024**2))
        assert b"MemoryError" in finished.stderr

    def test_bounds_the_size_of_files(self, tmp_path: Path) -> None:
        big = tmp_path / "big"
        finished = run(shell(f"exec head -c 1000000 /dev/zero > {big}", limits=Limits(file_bytes_max=10_000)))
        assert finished.exit_code == -signal.SIGXFSZ
        assert big.stat().st_size <= 10_240

    def test_bounds_processor_time(self) -> None:
        finished = python("while True: pass", Limits(cpu_seconds_max=1, seconds_max=20))
        assert finished.exit_code in {-signal.SIGXCPU, -signal.SIGKILL}

    def test_bounds_open_files_and_leaves_no_core(self) -> None:
        finished = run(shell("ulimit -n; ulimit -c; umask", limits=Limits(open_files_max=50)))
        assert finished.stdout.split() == [b"50", b"0", b"0077"]


class TestRunning:
    def test_answers_question_after_question(self) -> None:
        with start(shell('while read x; do echo "<$x>"; done')) as running:
            for word in (b"a", b"b"):
                running.write(word + b"\n")
                assert running.read_until(b"\n", bytes_max=100) == b"<" + word + b">"
            running.write(b"cd\n", last=True)
            assert running.read_exactly(2) == b"<c"
            assert running.read_until(b"\n", bytes_max=100) == b"d>"
            assert running.read_until(b"\n", bytes_max=100) is None

    def test_says_when_no_answer_comes(self) -> None:
        with start(shell("sleep 100", limits=Limits(seconds_max=0.2))) as running, pytest.raises(ChildTimeout):
            running.read_exactly(1)

    def test_says_when_it_died(self) -> None:
        with start(shell("printf abc; echo why >&2")) as running:
            with pytest.raises(ChildDied):
                running.read_exactly(4)
            assert running.close() == 0

    def test_refuses_an_endless_answer(self) -> None:
        with start(shell("yes")) as running, pytest.raises(ChildDied):
            running.read_until(b"\0", bytes_max=1000)

    def test_hears_complaints_while_it_waits(self) -> None:
        with start(shell("yes no | head -c 300000 >&2; echo ok")) as running:
            assert running.read_until(b"\n", bytes_max=10) == b"ok"
            assert b"no\n" in running.complaints

    def test_ends_with_its_block(self) -> None:
        with start(shell("sleep 100")) as running:
            assert is_alive(running.pid)
        assert not is_alive(running.pid)


class TestWorker:
    def test_lives_until_it_is_asked_to_finish(self) -> None:
        worker = spawn(["/bin/sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"], ENV)
        assert worker.poll() is None
        time.sleep(0.2)
        assert worker.stop() == 7
        assert worker.poll() == 7

    def test_is_killed_when_it_does_not_listen(self) -> None:
        worker = spawn(["/bin/sh", "-c", "trap '' TERM; sleep 100; sleep 100"], ENV)
        time.sleep(0.1)
        assert worker.stop(0.2) == -signal.SIGKILL
        assert not is_alive(worker.pid)


class TestLifeline:
    @pytest.mark.parametrize("how", ["run", "start", "spawn"])
    def test_ends_every_child_when_we_die(self, how: str, tmp_path: Path) -> None:
        pid_file = tmp_path / "pid"
        script = f"sleep 100 & echo $$ $! > {pid_file}; wait"
        program = f"""
import sys; sys.path[:] = {sys.path!r}
import threading, time
from pathlib import Path
from grove.sandbox import Command, run, spawn, start
argv = ["/bin/sh", "-c", {script!r}]
command = Command(argv=argv, env={ENV!r}, cwd=Path("/"))
act = {{"run": lambda: run(command), "start": lambda: start(command), "spawn": lambda: spawn(argv, {ENV!r})}}[{how!r}]
threading.Thread(target=act, daemon=True).start()
time.sleep(60)
"""
        parent = spawn([sys.executable, "-c", program], ENV)
        try:
            assert eventually(lambda: pid_file.exists() and len(pid_file.read_text().split()) == 2)
            pids = [int(pid) for pid in pid_file.read_text().split()]
            assert all(map(is_alive, pids))
            os.kill(parent.pid, signal.SIGKILL)
            assert eventually(lambda: not any(map(is_alive, pids)))
        finally:
            parent.kill()
