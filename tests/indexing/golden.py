"""Indexes as each released format version wrote them, kept so that later versions are known to read them.

``python -m tests.indexing.golden`` writes the one of the present version, once, when the version is new.
"""

import json
import shutil
from pathlib import Path

from grove.indexing.parts import FORMAT_VERSION
from tests.indexing.trees import LINK, Commit, Library

FOLDER = Path(__file__).parent / "golden"

FIRST: dict[str | bytes, str | bytes] = {
    "src/greeting.py": "# Greets people.\nclass Greeter:\n    def greet(self, name):\n        return f'hello {name}'\n",
    "src/numbers.txt": "".join(f"number {number} squared is {number * number}\n" for number in range(400)),
    "docs/größe.md": "# Größe\n\nWie groß?\n",
    b"caf\xe9.txt": "latin\n",
    "logo.png": b"\x89PNG\0\0",
}
SECOND: dict[str | bytes, str | bytes] = FIRST | {
    "src/greeting.py": "# Greets people.\nclass Greeter:\n    def greet(self, name):\n        return f'hi {name}'\n",
    "tests/test_greeting.py": "def test_greets():\n    assert True\n",
}


def write() -> None:
    """Write the golden index of the present format."""
    folder = FOLDER / str(FORMAT_VERSION)
    folder.mkdir(parents=True)
    library = Library(folder, parse=True)
    library.add(FIRST)
    second = Commit(SECOND)
    second.add("link", "src/greeting.py", mode=LINK)
    library.add(second)
    shutil.rmtree(folder / "building", ignore_errors=True)
    names = {"segments": library.segments, "snapshots": library.snapshots}
    (folder / "names.json").write_text(json.dumps(names, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
