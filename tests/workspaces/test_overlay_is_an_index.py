"""Random edits of a workspace: every question answers in it as in a repository that has just these files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grove.navigation import Wanted
from grove.repositories import Repository as Known
from grove.search import Answer, Mode, Question
from grove.workspaces import Edit, EditKind
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect, sync

WORDS: Final = ("alpha", "beta", "gamma")
PATHS: Final = ("a.py", "alpha/b.py", "alpha/beta.txt", "src/deep/gamma.py", "src/empty", "z.go", "src/deep/beta.py")
BEGUN: Final = {
    "a.py": "def alpha(one):\n    return beta(one)\n",
    "alpha/b.py": "def gamma():\n    return alpha(2)\n",
    "same/c.py": "def gamma():\n    return alpha(2)\n",
    "src/deep/gamma.py": "class Gamma:\n    def beta(self):\n        return 3\n",
    "src/empty": "",
    "README.md": "alpha and gamma\n",
}

texts = st.one_of(
    st.sampled_from(sorted(BEGUN.values())),
    st.just("\0binary"),
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)), max_size=60).map(
        lambda pairs: "".join(f"def {one}_{n}():\n    return {other}({n})\n\n" for n, (one, other) in enumerate(pairs))
    ),
)
steps = st.one_of(
    st.tuples(st.just(EditKind.WRITE), st.sampled_from(PATHS), texts),
    st.tuples(st.just(EditKind.REMOVE), st.sampled_from(sorted(BEGUN)), st.just("")),
    st.tuples(st.just(EditKind.MOVE), st.sampled_from(sorted(BEGUN)), st.sampled_from(PATHS)),
)


@dataclass
class Both:
    """A workspace, and a repository that is given the same files."""

    made: House
    fresh: Repository
    known: Known
    count: int = 0

    def edit(self, taken: list[tuple[EditKind, str, str]]) -> Mapping[str, str]:
        """Do the edits that can be done, in a new workspace; the files that it has then."""
        self.count += 1
        desk, admin = self.made.grove.workspaces, self.made.admin
        if self.count > 1:
            desk.end(admin, f"w{self.count - 1}", now=self.made.now)
        desk.create(admin, repository="acme/begun", name=f"w{self.count}", target="", now=self.made.now)
        files = dict(BEGUN)
        edits = []
        for kind, path, text in taken:
            if any(path.startswith(f"{each}/") or each.startswith(f"{path}/") for each in files):
                continue
            if kind is EditKind.WRITE:
                files[path] = text
                edits.append(Edit(kind=kind, path=path, content=text.encode()))
            elif path in files and kind is EditKind.REMOVE and len(files) > 1:
                del files[path]
                edits.append(Edit(kind=kind, path=path))
            elif path in files and kind is EditKind.MOVE and text not in files:
                files[text] = files.pop(path)
                edits.append(Edit(kind=kind, path=path, target=text))
        if edits:
            desk.edit(admin, f"w{self.count}", edits=edits, now=self.made.now)
        return files

    def publish(self, files: Mapping[str, str]) -> None:
        """Give the other repository just these files, and index them."""
        listed = git(self.fresh.path, "ls-tree", "-r", "--name-only", "main").decode().splitlines()
        self.fresh.commit(files, deletes=[path for path in listed if path not in files])
        sync(self.made, self.known)

    def asked(self, text: str, mode: Mode = Mode.AUTO) -> tuple[object, object]:
        """What a question finds in the workspace, and in the repository."""
        run, admin = self.made.grove.search.run, self.made.admin
        overlaid = run(admin, Question(text=text, mode=mode, workspaces=(f"w{self.count}",), limit=50))
        indexed = run(admin, Question(text=f"repo:^acme/fresh$ {text}", mode=mode, limit=50))
        return shown(overlaid), shown(indexed)

    def navigated(self, verb: str, name: str) -> tuple[object, object]:
        """What a name finds in the workspace, and in the repository."""
        find = getattr(self.made.grove.navigation, verb)
        overlaid = find(self.made.admin, Wanted(name=name, workspaces=(f"w{self.count}",)))
        indexed = find(self.made.admin, Wanted(name=name, repositories=("^acme/fresh$",)))
        return placed(overlaid), placed(indexed)


def shown(answer: Answer) -> object:
    files = [
        (
            file.address.path,
            file.language,
            file.marks,
            file.match_count,
            round(file.score, 4),
            [[(line.number, line.text, line.highlights) for line in excerpt.lines] for excerpt in file.excerpts],
            sorted(other.path for other in file.also_in),
        )
        for file in answer.files
    ]
    searched = [(commit.files_indexed, commit.files_total) for commit in answer.truth.searched]
    facets = [facet for facet in answer.facets.items if facet.kind != "repo"]
    return sorted(files, key=lambda file: (-file[4], file[0])), searched, facets, answer.truth.files_found


def placed(found: object) -> object:
    items = found.items  # type: ignore[attr-defined]
    return sorted((str(getattr(item.address, "path", "")), str(getattr(item, "line", ""))) for item in items)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    root = tmp_path_factory.mktemp("overlays")
    begun, fresh = Repository.new(root / "begun.git"), Repository.new(root / "fresh.git")
    begun.commit(BEGUN)
    fresh.commit(BEGUN)
    with house(root / "data", local_roots=(root,)) as made:
        connect(made, str(begun.path), name="acme/begun")
        known = connect(made, str(fresh.path), name="acme/fresh")
        made.work_until_idle()
        yield Both(made, fresh, known)


class TestAnOverlay:
    @settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(taken=st.lists(steps, min_size=1, max_size=6))
    def test_answers_as_an_index_of_its_files_does(self, both: Both, taken: list[tuple[EditKind, str, str]]) -> None:
        both.publish(both.edit(taken))
        for word in WORDS:
            for text in (f'"{word}("', f'"{word}"', f"file:{word} ", f"-file:{word} lang:python '{word}'", f"-{word}"):
                overlaid, indexed = both.asked(text)
                assert overlaid == indexed, text
            for text, mode in (
                (rf"def {word}\w*\(", Mode.REGEX),
                (word, Mode.SYMBOL),
                (f"return {word}", Mode.SEMANTIC),
            ):
                overlaid, indexed = both.asked(text, mode)
                assert overlaid == indexed, text
            for verb in ("define", "references", "find_files"):
                overlaid, indexed = both.navigated(verb, word)
                assert overlaid == indexed, (verb, word)
