"""Small repositories that use each other, and questions asked of them."""

from collections.abc import Iterator

import pytest

from grove.languages import PooledParser
from grove.navigation.ground import Ground
from grove.search import Limits, Question
from tests.search.library import Library

CLOCK = """\
from shop.base import Base


class Clock(Base):
    def tick(self):
        return self.now()

    def now(self):
        return 1


def tick():
    # tick() is told in tests
    return Clock().tick()
"""
SHOP = {
    "shop/clock.py": CLOCK,
    "shop/base.py": "class Base:\n    def close(self):\n        return None\n",
    "shop/beside.py": "def beside():\n    return tick\n",
    "web/page.py": "from shop.clock import tick\n\nTITLE = 'tick'\n\n\ndef page():\n    return tick() + tick()\n",
    "web/other.py": "def other(tick):\n    return tick\n",
    "tests/test_clock.py": "from shop.clock import tick\n\n\ndef test_tick():\n    assert tick()\n",
    "notes.txt": "tick is what a clock does\n",
}
FOREIGN = {"main.go": "package main\n\nfunc main() {\n\ttick()\n}\n"}


class Shop:
    """Asks about a library."""

    def __init__(self, library: Library, parser: PooledParser) -> None:
        self.library = library
        self._parser = parser

    def ground(self, *revisions: str, limits: Limits | None = None, **filters: tuple[str, ...]) -> Ground:
        question = Question(text="", **filters)  # type: ignore[arg-type]
        corpus = self.library.corpus(*revisions)
        return Ground(question, corpus, parser=self._parser, limits=limits or Limits())


@pytest.fixture(scope="package")
def parser() -> Iterator[PooledParser]:
    parser = PooledParser(children=1)
    yield parser
    parser.close()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory, parser: PooledParser) -> Shop:
    changed = SHOP | {"shop/clock.py": CLOCK.replace("def tick():", "def tock():")}
    versions = {"main": SHOP, "next": changed}
    library = Library(tmp_path_factory.mktemp("navigation") / "index", {"acme/shop": versions, "acme/go": FOREIGN})
    return Shop(library, parser)
