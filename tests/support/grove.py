"""A whole Grove for a test: its own data folder, a database, an administrator, and workers that run when asked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grove import accounts, jobs
from grove.kit.gate import Actor, Source
from grove.settings import Settings
from grove.wiring import Grove, build
from grove.worker import Worker
from tests.support.schema import lay_schema

ADMIN_TOKEN = "grove_test-administrator-0123456789abcdef"
JOBS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A Grove that is set up."""

    grove: Grove
    admin: Actor

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def worker(self) -> Worker:
        """A worker, to be asked for one job after the other."""
        return Worker(self.grove, name=f"{self.grove.node}/test")

    def work(self) -> int:
        """Do every job that is due; how many there were."""
        worker = self.worker()
        for count in range(JOBS_MAX):
            if not worker.run_one():
                return count
        raise AssertionError("the jobs never end")

    def has_ended(self, kind: str) -> bool:
        """Whether a job of that kind has succeeded."""
        with self.grove.database.reading() as tx:
            done = jobs.list_jobs(tx, actor=self.admin, state=jobs.JobState.SUCCEEDED)
        return any(job.kind == kind for job in done)

    def work_until_idle(self) -> None:
        """Do every job, also those that wait for their next try."""
        for _ in range(JOBS_MAX):
            self.work()
            with self.grove.database.reading() as tx:
                waiting = jobs.list_jobs(tx, actor=self.admin, state=jobs.JobState.QUEUED)
            if not waiting:
                return
            time.sleep(0.02)
        raise AssertionError("the jobs never end")

    def actor(self, role: accounts.Role, *, name: str = "") -> tuple[Actor, str]:
        """A further user of that role, with the secret of a token of theirs."""
        with self.grove.database.transaction() as tx:
            user = accounts.create_principal(
                tx,
                actor=self.admin,
                kind=accounts.PrincipalKind.USER,
                name=name or f"{role} {self.now.timestamp()}",
                role=role,
                email=None,
                now=self.now,
            )
            tx.session.flush()
            issued = accounts.issue_token(
                tx,
                actor=self.admin,
                principal_id=user.id,
                name="test",
                scopes=frozenset(accounts.Scope),
                now=self.now,
            )
            actor = accounts.authenticate(tx, secret=issued.secret, source=Source.API, now=self.now)
        return actor, issued.secret


def settings_for(data: Path, **settings: Any) -> Settings:
    """Settings for a data folder, whatever the environment says."""
    return Settings(data_dir=data, log_level="ERROR", retry_seconds=0.01, **settings)


@contextmanager
def house(data: Path, **settings: Any) -> Iterator[House]:
    """A Grove on a data folder, with an administrator."""
    grove = build(settings_for(data, **settings))
    lay_schema(grove.database.engine)
    now = datetime.now(UTC)
    with grove.database.transaction() as tx:
        administrator = accounts.NewAdministrator(name="admin", email="admin@example.org")
        accounts.set_up(tx, administrator=administrator, now=now, token_secret=ADMIN_TOKEN)
        admin = accounts.authenticate(tx, secret=ADMIN_TOKEN, source=Source.API, now=now)
    try:
        yield House(grove=grove, admin=admin)
    finally:
        grove.close()
