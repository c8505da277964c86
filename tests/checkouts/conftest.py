"""A Grove with a repository and a workspace of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.checkouts import Collected, PlacedCheckout
from grove.workspaces import Edit, EditKind, Workspace
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
    with house(
        tmp_path / "data", local_roots=(tmp_path,), max_workspaces=40, max_checkout_mb=4, max_workspace_mb=1
    ) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        yield made


def opened(made: House, name: str = "fix") -> Workspace:
    return made.grove.workspaces.create(made.admin, repository="acme/shop", name=name, target="", now=made.now)


def checked_out(made: House, name: str = "fix") -> PlacedCheckout:
    return made.grove.checkouts.checkout(made.admin, name, now=made.now)


def read(made: House, path: str, name: str = "fix") -> bytes:
    return made.grove.workspaces.read(made.admin, name, path=path).content


def write(made: House, path: str, text: str, name: str = "fix") -> None:
    edit = Edit(kind=EditKind.WRITE, path=path, content=text.encode())
    made.grove.workspaces.edit(made.admin, name, edits=[edit], now=made.now)


def collected(made: House, name: str = "fix") -> Collected:
    return made.grove.checkouts.collect(made.admin, name, now=made.now)
