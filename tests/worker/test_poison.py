"""Jobs that kill whoever does them, in real processes: they are set aside, and the others are done (row J2)."""

import subprocess
import sys
from pathlib import Path

import pytest

from grove import jobs
from grove.jobs import JobState
from tests.support.git_repositories import Repository
from tests.support.grove import house
from tests.support.sources import connect, now_of

WORKER = """
import ctypes, os, resource, signal, sys
from dataclasses import replace
from pathlib import Path
from grove.settings import Settings
from grove.wiring import build
from grove.worker import Worker

def crash():
    ctypes.string_at(0)

def exhaust():
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    held = []
    while True:
        held.append(bytearray(2**24))

def loop():
    while True:
        pass

def fill():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        Path(sys.argv[1], "filled").write_bytes(b"x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

data, folder, name, act = sys.argv[1:]
hours = 3 / 3600 if act == "loop" else 1
grove = build(Settings(data_dir=data, local_roots=(folder,), lease_seconds=0.5, retry_seconds=0, job_hours_max=hours))
poison = replace(grove.jobs["index.verify"], work=lambda _grove, _run: globals()[act]())
worker = Worker(replace(grove, jobs={**grove.jobs, "index.verify": poison}), name=name, on_stuck=lambda: os._exit(70))
while worker.run_one():
    pass
"""


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository.new(tmp_path / "upstream.git")
    made.commit({"a.py": "def a():\n    pass\n"})
    return made


class TestAJobThat:
    @pytest.mark.parametrize("act", ["crash", "exhaust", "loop", "fill"])
    def test_kills_its_worker_is_set_aside_and_the_others_are_done(
        self, tmp_path: Path, upstream: Repository, act: str
    ) -> None:
        data = tmp_path / "data"
        with house(data, local_roots=(tmp_path,)) as made:
            with made.grove.database.transaction() as tx:
                poison = jobs.enqueue(
                    tx,
                    tenant_id=made.admin.tenant_id,
                    kind="index.verify",
                    target_id=made.admin.tenant_id,
                    requested_by=made.admin.id,
                    now=made.now,
                )
            repository = connect(made, str(upstream.path))
            for number in range(20):
                name = f"w{number}"
                argv = [sys.executable, "-c", WORKER, str(data), str(tmp_path), name, act]
                subprocess.run(argv, check=False, capture_output=True, timeout=120)
                with made.grove.database.transaction() as tx:  # as the supervisor does
                    jobs.recover_workers(tx, is_dead=name.__eq__, now=made.now)
                with made.grove.database.reading() as tx:
                    job = jobs.get_job(tx, actor=made.admin, job_id=poison.id)
                if job.state is JobState.FAILED:
                    break

            assert job.state is JobState.FAILED
            assert job.error is not None
            assert job.error["code"] in {"worker_lost", "job_failed", "storage_low"}
            made.work()
            assert now_of(made, repository).index == "ready"
