"""What policies cost: `python -m benchmarks.policies [--repositories 10000]`.

One check is timed as operations make it: a transaction is opened, the version in force is read, and the decision taken
for a repository drawn by lot. Then all repositories are listed for a search, as one decision for each row would do it
and as it is done. Times are of the processor. Prints tables in Markdown.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from grove import repositories
from grove.kit.gate import Actor
from grove.kit.tenancy import serving_all
from grove.kit.transactions import Database
from grove.migrations import migrate
from grove.policies import PolicyDraft, PolicyGate, apply_policies
from grove.repositories import NewRepository, Repository, connect_repository
from tests.support.grove import house

CHECKS = 2_000
PROJECTS = 20
OWN = {
    "none of one's own": "",
    "hide private ones": """@id("private") forbid (principal, action == Grove::Action::"repository.view", resource)
        when { resource has visibility && resource.visibility == "private" }
        unless { principal in Grove::Role::"maintainer" };""",
    "hide one project": """@id("project") forbid (principal, action == Grove::Action::"repository.view",
        resource in Grove::Project::"project 3");""",
    "hide by name, which differs in each": """@id("name") forbid (principal,
        action == Grove::Action::"repository.view", resource)
        when { resource has name && resource.name like "*/secret-*" };""",
}
"""Policies of a tenant, by what they do."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repositories", type=int, default=10_000)
    count: int = parser.parse_args().repositories
    with serving_all(), tempfile.TemporaryDirectory() as folder, house(Path(folder)) as made:
        gate = PolicyGate()
        database = Database(f"sqlite:///{folder}/policies.db", gate=gate, handlers={})
        migrate(database.engine)
        kept = _connect(database, made.admin, count)
        print(f"{count:,} repositories\n\n| policies | a check p50 / p99, ms | seen before p50 / p99, ms |")
        print("|---|---|---|")
        for title, text in OWN.items():
            _apply(database, gate, made.admin, text)
            new = _checks(database, made.admin, random.Random(1).sample(kept, min(CHECKS, count)))
            again = _checks(database, made.admin, random.Random(1).sample(kept, min(CHECKS, count)))
            print(f"| {title} | {_of(new)} | {_of(again)} |")
        print("\n| listing all | row by row, ms | as it is done, ms | again, ms |\n|---|---|---|---|")
        for title, text in OWN.items():
            _apply(database, gate, made.admin, text)
            print(f"| {title} | {_listings(database, gate, made.admin, kept)} |")
        database.close()
    return 0


def _connect(database: Database, admin: Actor, count: int) -> list[Repository]:
    kept = []
    with database.transaction() as tx:
        for number in range(count):
            name = f"acme/{'secret' if number % 10 == 0 else 'open'}-{number}"
            wanted = NewRepository(
                name=name,
                url=f"https://git.example.org/{name}.git",
                host="git.example.org",
                forge="generic",
                project_id=f"project {number % PROJECTS}",
                credential_id="c" if number % 3 == 0 else None,
            )
            kept.append(connect_repository(tx, actor=admin, wanted=wanted, now=_now()))
    return kept


def _apply(database: Database, gate: PolicyGate, admin: Actor, text: str) -> None:
    draft = PolicyDraft(documents={"own.cedar": text} if text else {})
    with database.transaction() as tx:
        apply_policies(tx, actor=admin, draft=draft, gate=gate, origin="benchmark", reason="", now=_now())


def _checks(database: Database, admin: Actor, drawn: Sequence[Repository]) -> list[float]:
    """The milliseconds that each transaction with one check takes."""

    def check(repository: Repository) -> None:
        with database.reading() as tx:
            tx.decision(admin, "repository.view", repositories.resource_of(repository))

    return [_spent(partial(check, repository)) for repository in drawn]


def _listings(database: Database, gate: PolicyGate, admin: Actor, kept: Sequence[Repository]) -> str:
    with database.reading() as tx:
        policies = gate.book.in_force(tx.session, tenant_id=admin.tenant_id)
        resources = [repositories.resource_of(each) for each in kept]
        naive = [policies.evaluate(admin, "repository.view", each, large_bytes=gate.large_bytes) for each in resources]
        by_row = _spent(
            lambda: [policies.evaluate(admin, "repository.view", each, large_bytes=0) for each in resources]
        )
    times: list[float] = []
    seen: list[bool] = []
    for _ in range(2):
        with database.reading() as tx:
            tx.decision(admin, "audit.list", repositories.resource_of(kept[0]))  # the set is read
            seen.clear()
            times.append(_spent(lambda: seen.extend(tx.allowed(admin, "repository.view", resources))))
        if seen != [decision.allowed for decision in naive]:
            raise AssertionError("listing decides otherwise than row by row")
    return f"{by_row:.0f} | {times[0]:.1f} | {times[1]:.1f}"


def _spent(work: Callable[[], object]) -> float:
    began = time.process_time_ns()
    work()
    return (time.process_time_ns() - began) / 1e6


def _of(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.3f} / {statistics.quantiles(times, n=100)[98]:.3f}"


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    raise SystemExit(main())
