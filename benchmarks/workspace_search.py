"""What a question in a workspace costs just after a write, in a repository of many files.

    python -m benchmarks.workspace_search FOLDER [FILES]

FOLDER keeps the repository and its index, so that a second run begins at once. CPU seconds of this process, since other
work may run on the machine.
"""

import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Final

from grove.search import Mode, Question
from grove.workspaces import Edit, EditKind
from tests.support.grove import House, house
from tests.support.sources import connect

FILES: Final = 30_000
ROUNDS: Final = 5
EDITS: Final = (1, 10, 100, 1_000)
LINES: Final = 60
ASKED: Final = {
    "text": ('"fresh_value_{}("', Mode.AUTO),
    "pattern": (r"fresh_\w+_{}\(", Mode.REGEX),
    "words": ("fresh value {}", Mode.AUTO),
    "symbol": ("fresh_value_{}", Mode.SYMBOL),
}


def main(folder: Path, files: int) -> None:
    """Make what is not there yet, then measure."""
    upstream = folder / "large.git"
    is_new = not upstream.exists()
    if is_new:
        _make(upstream, files)
    with house(folder / "data", local_roots=(folder,)) as made:
        connect(made, str(upstream), name="acme/large")
        made.work_until_idle()
        made.grove.workspaces.create(made.admin, repository="acme/large", name="fix", target="", now=made.now)
        print("| files changed | question | CPU s after a write | CPU s once more |\n|---|---|---|---|")
        for edits in EDITS:
            for row in _rows(made, edits):
                print(row, flush=True)


def _rows(made: House, edits: int) -> Iterator[str]:
    _edit(made, range(edits), salt="begin")
    for name, (text, mode) in ASKED.items():
        after: list[float] = []
        again: list[float] = []
        for number in range(ROUNDS):
            salt = f"{name}_{edits}_{number}"
            _edit(made, [0], salt=salt)
            for times in (after, again):
                began = time.process_time()
                answer = made.grove.search.run(
                    made.admin, Question(text=text.format(salt), mode=mode, workspaces=("fix",))
                )
                times.append(time.process_time() - began)
                assert any(file.address.path == _path(0) for file in answer.files), (text, salt)
        yield f"| {edits:,} | {name} | {median(after):.3f} | {median(again):.3f} |"


def _edit(made: House, numbers: Iterable[int], *, salt: str) -> None:
    edits = [
        Edit(
            kind=EditKind.WRITE,
            path=_path(number),
            content=f"def fresh_value_{salt}():\n    return {number}\n".encode(),
        )
        for number in numbers
    ]
    made.grove.workspaces.edit(made.admin, "fix", edits=edits, now=made.now)


def _path(number: int) -> str:
    return f"src/area{number % 97}/part{number % 1009}/module_{number}.py"


def _make(upstream: Path, files: int) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(upstream)], check=True)
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(4_000)]
    importing = subprocess.Popen(
        ["git", "-C", str(upstream), "fast-import", "--quiet"], stdin=subprocess.PIPE, text=False
    )
    assert importing.stdin is not None
    importing.stdin.write(b"commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 5\nfirst\n")
    for number in range(files):
        lines = [f"def {chance.choice(words)}_{number}(x):"]
        lines += [f"    {chance.choice(words)} = {chance.choice(words)}({number}, x)" for _ in range(LINES)]
        content = "\n".join(lines).encode()
        importing.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (_path(number).encode(), len(content), content))
    importing.stdin.close()
    importing.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else FILES)
