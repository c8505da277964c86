"""Whether time tells what one may not see: `python -m benchmarks.hiding [--rounds 400]`.

Things of others and things that are not there are asked for in random order, over REST, on SQLite and PostgreSQL: by
the administrator of another tenant, and by a developer of the same one from whom the repository is hidden. Of each pair
the table tells both medians, of the processor's time and by the clock, and how often what is not there took longer than
what is hidden: 0.5 if time tells nothing. `p` is the share of 1,000 random divisions that are as far from it.
"""

import argparse
import gc
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from fastapi.testclient import TestClient

from grove.accounts import Role
from grove.kit.tenancy import serving_all
from tests.api.conftest import Door, open_door
from tests.api.test_borders import things_of
from tests.support.postgres import running_postgres

WARM_ROUNDS = 20
DIVISIONS = 1_000
HIDE = """@id("hide") forbid (principal, action, resource) when { resource has name && resource.name == "payments" }
    unless { principal in Grove::Role::"admin" };"""
ROUTES: Mapping[str, tuple[str, str, str]] = {
    "repository": ("GET", "/api/v1/repositories/{}", "repository_id"),
    "repository, by name": ("GET", "/api/v1/repositories/by-name/{}", "by-name.name"),
    "job": ("GET", "/api/v1/jobs/{}", "job_id"),
    "workspace": ("GET", "/api/v1/workspaces/{}", "sandbox_id"),
    "export": ("GET", "/api/v1/exports/{}", "export_id"),
    "token": ("POST", "/api/v1/tokens/{}/rotate", "token_id"),
    "credential": ("GET", "/api/v1/credentials/{}/host-keys", "credential_id"),
}
"""What is asked for: method, path, and which of the things it names."""
SEEN = {("a developer of the same", "credential")}
"""What is not hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What some answers took, in milliseconds."""

    processor: list[float]
    clock: list[float]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=400)
    rounds: int = parser.parse_args().rounds
    print("| database | who asks | for | answer | not there / hidden, ms of the processor | by the clock | rank | p |")
    print("|---|---|---|---|---|---|---|---|")
    with serving_all(), running_postgres() as server:
        for database, settings in {"SQLite": {}, "PostgreSQL": {"database_url": server.new_database()}}.items():
            with tempfile.TemporaryDirectory() as folder:
                for door in open_door(Path(folder), rate_limit=0, **settings):
                    _measure(door, database, rounds)
    return 0


def _measure(door: Door, database: str, rounds: int) -> None:
    things = things_of(door.admin, repository=door.connect_ready())
    applied = door.admin.put("/api/v1/policies", json={"documents": {"hide.cedar": HIDE}, "reason": "to measure"})
    assert applied.is_success, applied.text
    askers = {"another tenant's administrator": door.stranger(), "a developer of the same": door.of(Role.DEVELOPER)}
    for who, client in askers.items():
        for kind, (method, path, thing) in ROUTES.items():
            if (who, kind) in SEEN:
                continue
            statuses, absent, hidden = _taken(client, method, path, thing=thing, name=things[thing], rounds=rounds)
            rank, p = _compared(absent.processor, hidden.processor)
            both = " / ".join(f"{np.median(each.processor):.2f}" for each in (absent, hidden))
            clock = " / ".join(f"{np.median(each.clock):.2f}" for each in (absent, hidden))
            told = ", ".join(sorted(statuses))
            print(f"| {database} | {who} | {kind} | {told} | {both} | {clock} | {rank:.3f} | {p:.3f} |", flush=True)


def _absent(thing: str) -> str:
    """The name of something that is not there, as long as those of things that are."""
    return uuid4().hex[:8] if thing.endswith("name") else str(uuid4())


def _taken(
    client: TestClient, method: str, path: str, *, thing: str, name: str, rounds: int
) -> tuple[set[str], Taken, Taken]:
    """What was answered, and what it took about what is not there, and about what is hidden."""
    statuses: set[str] = set()
    body: dict[str, str] | None = {} if method == "POST" else None
    taken = Taken(processor=[], clock=[]), Taken(processor=[], clock=[])
    gc.collect()
    for number, is_hidden in enumerate(_order(rounds)):
        address = path.format(name if is_hidden else _absent(thing))
        processor, clock = time.process_time(), time.perf_counter()
        answer = client.request(method, address, json=body)
        seconds = time.process_time() - processor, time.perf_counter() - clock
        statuses.add(f"{answer.status_code} {answer.json()['code']}")
        if number >= 2 * WARM_ROUNDS:
            taken[is_hidden].processor.append(1_000 * seconds[0])
            taken[is_hidden].clock.append(1_000 * seconds[1])
    return statuses, *taken


def _order(rounds: int) -> Iterator[bool]:
    """Each as often as the other, the first ones to warm up."""
    for count in (WARM_ROUNDS, rounds):
        yield from random.sample([False, True] * count, 2 * count)


def _compared(absent: Sequence[float], hidden: Sequence[float]) -> tuple[float, float]:
    """How often one is larger than the other (Mann-Whitney's U for each pair), and how often chance is as far off."""
    ranks = np.argsort(np.argsort([*absent, *hidden])).astype(float) + 1
    count, generator = len(absent), np.random.default_rng(1)

    def share(of: Any) -> float:
        return float((of[:count].sum() - count * (count + 1) / 2) / (count * (len(of) - count)))

    found = share(ranks)
    chance = [abs(share(generator.permutation(ranks)) - 0.5) for _ in range(DIVISIONS)]
    return found, float(np.mean([each >= abs(found - 0.5) for each in chance]))


if __name__ == "__main__":
    raise SystemExit(main())
