"""A Grove with a repository and a workspace of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.checkouts import PlacedCheckout
from grove.workspaces import Workspace
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository.new(tmp_path / "up" / "shop.git")
    files = {f"src/part{number}/mod{number}.py": f"value = {number}\n" for number in range(320)}
    made.commit({**files, "README.md": "shop\n", "empty.txt": ""}, links={"docs": "src/part1", "out": "/etc/passwd"})
    return made


@pytest.fixture
def made(tmp_path: Path, upstream: Repository) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path,), max_workspaces=40, max_checkout_mb=4) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        yield made


def opened(made: House, name: str = "fix") -> Workspace:
    return made.grove.workspaces.create(made.admin, repository="acme/shop", name=name, target="", now=made.now)


def checked_out(made: House, name: str = "fix") -> PlacedCheckout:
    return made.grove.checkouts.checkout(made.admin, name, now=made.now)
