"""Random pasts: what grew by pushes answers as what was indexed at once, and both as a scan of each commit's files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grove.search import Question
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect, sync

WORDS = ("alpha", "beta", "gamma", "delta")
PATHS = ("a.py", "src/b.py", "src/c.txt", "d")
BRANCHES = ("main", "side")

Files = Mapping[str, str]

contents = st.lists(st.sampled_from(WORDS), min_size=0, max_size=40).map(
    lambda words: "".join(f"{word} {number}\n" for number, word in enumerate(words))
)
steps = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(BRANCHES), st.sampled_from(PATHS), contents),
    st.tuples(st.just("rename"), st.sampled_from(BRANCHES), st.sampled_from(PATHS), st.sampled_from(PATHS)),
    st.tuples(st.just("remove"), st.sampled_from(BRANCHES), st.sampled_from(PATHS), st.just("")),
    st.tuples(st.just("merge"), st.sampled_from(BRANCHES), st.sampled_from(PATHS), contents),
    st.tuples(st.just("force"), st.sampled_from(BRANCHES), st.sampled_from(PATHS), contents),
    st.tuples(st.just("push"), st.just("main"), st.just(""), st.just("")),
)


@dataclass
class Upstream:
    """A repository upstream, and what its branches hold."""

    repository: Repository
    files: dict[str, Files] = field(default_factory=dict)
    parents: dict[str, list[str]] = field(default_factory=dict)
    count: int = 0

    def begin(self) -> None:
        self._commit("main", {"a.py": "alpha 0\n"}, [])
        self._commit("side", {"a.py": "alpha 0\n", "d": "delta 0\n"}, [self._at("main")])

    def take(self, kind: str, branch: str, path: str, content: str) -> None:
        files, at = dict(self.files[branch]), self._at(branch)
        other = BRANCHES[branch == "main"]
        if kind == "edit":
            self._commit(branch, files | {path: content}, [at])
        elif kind == "rename" and path in files:
            files[content] = files.pop(path)
            self._commit(branch, files, [at])
        elif kind == "remove" and path in files and len(files) > 1:
            del files[path]
            self._commit(branch, files, [at])
        elif kind == "merge":
            self._commit(branch, {**self.files[other], **files, path: content}, [at, self._at(other)])
        elif kind == "force":
            self._commit(branch, {path: content}, self.parents[branch])

    def commits(self) -> list[str]:
        return git(self.repository.path, "rev-list", "--branches").decode().split()

    def scan(self, commit: str, word: str) -> set[str]:
        listed = git(self.repository.path, "ls-tree", "-r", "--name-only", commit).decode().splitlines()
        return {path for path in listed if word.encode() in git(self.repository.path, "show", f"{commit}:{path}")}

    def _at(self, branch: str) -> str:
        return self.repository.refs()[f"refs/heads/{branch}"]

    def _commit(self, branch: str, files: Files, parents: list[str]) -> None:
        self.count += 1
        tree = self._tree(files)
        oid = self.repository.write_commit(tree, parents=parents, message=f"commit {self.count}\n".encode())
        self.repository.set_ref(f"refs/heads/{branch}", oid)
        self.files[branch], self.parents[branch] = files, parents

    def _tree(self, files: Files) -> str:
        entries = []
        for name in sorted({path.partition("/")[0] for path in files}):
            if name in files:
                entries.append((0o100644, name.encode(), self.repository.write("blob", files[name].encode())))
            else:
                below = {p.partition("/")[2]: text for p, text in files.items() if p.startswith(f"{name}/")}
                entries.append((0o040000, name.encode(), self._tree(below)))
        return self.repository.write_tree(entries)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("pasts")
    with house(root / "data", local_roots=(root,)) as grove_house:
        yield grove_house


def found(made: House, name: str, commit: str, word: str) -> set[str]:
    question = Question(text=f"repo:^{name}$ '{word}'", revisions=(commit,))
    answer = made.grove.search.run(made.admin, question)
    assert answer.truth.skipped == ()
    assert not answer.truth.more
    return {file.address.path for file in answer.files}


class TestAnyCommit:
    @settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(taken=st.lists(steps, min_size=3, max_size=9))
    def test_of_a_past_that_grew_answers_as_a_scan_does(
        self, made: House, tmp_path_factory: pytest.TempPathFactory, taken: list[tuple[str, str, str, str]]
    ) -> None:
        root = made.grove.locator.data.parent
        upstream = Upstream(Repository.new(tmp_path_factory.mktemp("past", numbered=True) / "past.git"))
        moved = root / f"{upstream.repository.path.parent.name}.git"
        upstream.repository.path.rename(moved)
        upstream.repository = Repository(moved)
        upstream.begin()
        grown = connect(made, str(moved), name=f"grown-{moved.stem}")
        made.work()
        for step in taken:
            upstream.take(*step)
            if step[0] == "push":
                sync(made, grown, accept_ref_loss=True)
        sync(made, grown, accept_ref_loss=True)

        fresh = moved.with_name(f"fresh-{moved.name}")
        git(root, "clone", "--quiet", "--bare", str(moved), str(fresh))
        connect(made, str(fresh), name=f"fresh-{moved.stem}")
        made.work()

        for commit in upstream.commits():
            for word in WORDS[:2]:
                expected = upstream.scan(commit, word)
                assert found(made, f"grown-{moved.stem}", commit, word) == expected
                assert found(made, f"fresh-{moved.stem}", commit, word) == expected
