"""Indexes that are made here, by the real indexers and by programs that pretend to be one."""

import json
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from grove import scip
from grove.accounts import Role
from grove.jobs import JobState
from grove.kit.gate import Denied
from grove.navigation import Wanted
from grove.repositories import Repository as Kept
from grove.repositories import RepositoryNotFound
from grove.sandbox import Confiner, Method
from grove.scip import INDEX_BYTES_MAX, Making, MakingState
from grove.scip.indexers import find_program
from grove.scip.making import written_by_indexer
from grove.search import truth_line
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.install_indexers import program
from tests.support.scip_index import scip_index
from tests.support.sources import connect, last_job, now_of, sync

INSTALLED = {"scip_python": program("scip-python"), "scip_typescript": program("scip-typescript")}
needs_indexers = pytest.mark.skipif(
    None in INSTALLED.values(), reason="the indexers are not there: make test installs them where there is npm"
)
LIB = {
    "lib/__init__.py": "",
    "lib/locks.py": "class Lock:\n    def close(self):\n        pass\n\n\ndef make() -> Lock:\n    return Lock()\n",
    "lib/doors.py": "class Door:\n    def close(self) -> None:\n        pass\n",
    "main.py": "from lib.doors import Door\nfrom lib.locks import make as build\n\nbuild().close()\nDoor().close()\n",
}
WEB = {
    "src/locks.ts": "export class Lock { close(): void {} }\nexport function make(): Lock { return new Lock(); }\n",
    "src/main.ts": 'import { make as build } from "./locks";\n\nbuild().close();\n',
}
SHELL = "#!/bin/sh\n"


@pytest.fixture
def source(tmp_path: Path) -> Repository:
    return Repository.new(tmp_path / "src" / "lib.git")


def running(tmp_path: Path, **settings: Any) -> AbstractContextManager[House]:
    return house(tmp_path / "data", local_roots=(tmp_path / "src",), **settings)


@pytest.fixture(params=[str(method) for method in Method])
def method(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    trial = Confiner(tmp_path, methods=[Method(request.param)]).trials[0]
    if not trial.works:
        pytest.skip(f"{request.param} does not work here: {trial.problem}")
    return str(request.param)


@pytest.fixture
def confined(tmp_path: Path) -> None:
    confiner = Confiner(tmp_path)
    if confiner.method is None:
        pytest.skip(f"nothing can be confined here: {confiner.trials}")


def pretender(tmp_path: Path, script: str) -> Path:
    """An indexer that does what a script says; it is given the arguments of scip-python, and `$out` of its own."""
    path = tmp_path / "scip-python"
    path.write_text(SHELL + 'while [ "$1" != --output ]; do shift; done; out=$2\n' + script)
    path.chmod(0o755)
    return path


def connected(made: House, source: Repository, *, wanted: bool = True) -> Kept:
    repository = connect(made, str(source.path), name="git.example.org/acme/lib")
    made.work()
    if wanted:
        switch(made, repository, wanted=True)
        made.work()
    return now_of(made, repository)


def switch(made: House, repository: Kept, *, wanted: bool) -> Making:
    with made.grove.database.transaction() as tx:
        return scip.set_making(tx, actor=made.admin, repository_id=repository.id, wanted=wanted, now=made.now)


def making(made: House, repository: Kept) -> Making:
    with made.grove.database.reading() as tx:
        return scip.making_of(tx, actor=made.admin, repository_id=repository.id)


def uses(made: House, name: str) -> list[tuple[str, int, str, str]]:
    answer = made.grove.navigation.references(made.admin, Wanted(name=name))
    return [(use.address.path, use.line, use.basis.value, use.tool) for use in answer.items]


@needs_indexers
class TestTheRealIndexers:
    def test_make_python_precise(self, source: Repository, tmp_path: Path, method: str) -> None:
        source.commit(LIB)
        with running(tmp_path, confinement=(method,), **INSTALLED) as made:
            repository = connected(made, source, wanted=False)
            before = uses(made, "Lock.close")
            switch(made, repository, wanted=True)
            made.work()
            state = making(made, repository)

            assert (state.state, state.reason, state.tools) == (MakingState.MADE, "", "scip-python 0.6.6"), state.log
            assert {basis for *_, basis, _ in before} == {"name"}
            assert uses(made, "Lock.close") == [("main.py", 4, "precise", "scip-python")]
            answer = made.grove.navigation.references(made.admin, Wanted(name="Lock.close"))
            assert "precise (scip-python)" in truth_line(answer.truth)
            assert list(made.grove.locator.jobs().iterdir()) == []

    def test_make_typescript_precise_beside_python(self, source: Repository, tmp_path: Path, method: str) -> None:
        source.commit(LIB | WEB)
        with running(tmp_path, confinement=(method,), **INSTALLED) as made:
            repository = connected(made, source)
            state = making(made, repository)
            (index,) = made.grove.scip.list(made.admin, repository="lib")

            assert state.state is MakingState.MADE, (state.reason, state.log)
            assert index.tool == state.tools == "scip-python 0.6.6, scip-typescript 0.4.0"
            assert (index.documents, index.documents_left_out) == (6, 0)
            assert ("src/main.ts", 3, "precise", "scip-typescript") in uses(made, "make")

    def test_follow_the_branch(self, source: Repository, tmp_path: Path) -> None:
        source.commit(LIB)
        with running(tmp_path, **INSTALLED) as made:
            repository = connected(made, source)
            commit = source.commit({"more.py": "from lib.locks import make\n\nmake().close()\n"})
            sync(made, repository)

            assert making(made, repository).commit == commit
            assert ("more.py", 3, "precise", "scip-python") in uses(made, "Lock.close")

    def test_bear_a_repository_that_is_hostile(self, source: Repository, tmp_path: Path) -> None:
        secret = tmp_path / "data" / "master.key"
        source.commit(
            LIB
            | {
                "package.json": json.dumps({"scripts": {"preinstall": "touch /tmp/pwned"}}),
                "tsconfig.json": json.dumps({"extends": str(secret), "include": ["/**/*"], "files": [str(secret)]}),
                "a.ts": "export const a = 1;\n",
                "setup.py": "import os\nos.system('touch pwned')\n",
                "pyproject.toml": "[tool.pyright]\nextraPaths = ['/']\nvenvPath = '/'\n",
                ".gitattributes": "* filter=evil\n",
            },
            links={"key.py": str(secret), "out": "/"},
        )
        with running(tmp_path, **INSTALLED) as made:
            repository = connected(made, source)
            state = making(made, repository)

            assert state.state is MakingState.MADE, state.reason
            assert secret.read_text().strip() not in state.log
            assert not list(tmp_path.rglob("pwned"))


@pytest.mark.usefixtures("confined")
class TestMaking:
    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("echo no disk >&2; exit 3", "exit code 3"),
            ("sleep 60", "limit: timeout"),
            ("ln -s /etc/passwd $out", "no index that could be read"),
            ("echo rubbish > $out", "no SCIP index"),
        ],
    )
    def test_that_fails_is_on_record(self, source: Repository, tmp_path: Path, script: str, reason: str) -> None:
        source.commit(LIB)
        with running(tmp_path, scip_python=pretender(tmp_path, script), scip_timeout=5) as made:
            repository = connected(made, source)
            state, job = making(made, repository), last_job(made, repository, kind=scip.MAKING_JOB)

            assert state.state is MakingState.FAILED
            assert reason in state.reason
            assert (job.state, job.attempt) == (JobState.FAILED, 1)
            assert repository.indexed_at is not None
            assert uses(made, "make")
            assert list(made.grove.locator.jobs().iterdir()) == []

    def test_keeps_the_last_words(self, source: Repository, tmp_path: Path) -> None:
        source.commit(LIB)
        script = "printf 'no \\033[31mdisk' >&2; exit 1"
        with running(tmp_path, scip_python=pretender(tmp_path, script)) as made:
            assert making(made, connected(made, source)).log == "scip-python:\nno [31mdisk"

    def test_gives_the_files_of_the_languages_and_nothing_else(self, source: Repository, tmp_path: Path) -> None:
        source.commit(LIB | {"secret.env": "x", "big.py": "#" * 5_000_000}, links={"link.py": "/etc/passwd"})
        script = "find . -type f | sort; find . -type l; ls -A ~; exit 1"
        with running(tmp_path, scip_python=pretender(tmp_path, script)) as made:
            log = making(made, connected(made, source)).log

        assert log.split("\n")[1:] == ["./lib/__init__.py", "./lib/doors.py", "./lib/locks.py", "./main.py"]

    def test_takes_nothing_for_files_that_are_not_there(self, source: Repository, tmp_path: Path) -> None:
        source.commit(LIB)
        content = scip_index({"none.py": [("scip-python python lib 1 none/x#", (0, 0, 1), 1)]})
        script = f"printf '{''.join(f'{chr(92)}{byte:03o}' for byte in content)}' > $out"
        with running(tmp_path, scip_python=pretender(tmp_path, script)) as made:
            assert "none of its documents" in making(made, connected(made, source)).reason

    def test_says_what_is_not_installed(self, source: Repository, tmp_path: Path) -> None:
        source.commit(LIB)
        with running(tmp_path, scip_python=tmp_path / "none") as made:
            reason = making(made, connected(made, source)).reason

        assert reason == "scip-python: it is not installed: npm install -g @sourcegraph/scip-python"

    def test_has_nothing_to_do_where_there_is_no_such_file(self, source: Repository, tmp_path: Path) -> None:
        source.commit({"a.go": "package a\n"})
        with running(tmp_path) as made:
            assert making(made, connected(made, source)).state is MakingState.NOTHING

    def test_leaves_an_uploaded_index_alone(self, source: Repository, tmp_path: Path) -> None:
        commit = source.commit(LIB)
        symbol = "mine python lib 1 `lib.locks`/Lock#"
        with running(tmp_path, scip_python=pretender(tmp_path, "exit 1")) as made:
            repository = connected(made, source, wanted=False)
            content = scip_index({"lib/locks.py": [(symbol, (0, 6, 10), 1)]})
            kept = made.grove.scip.upload(made.admin, repository="lib", commit=commit, content=content, now=made.now)
            switch(made, repository, wanted=True)
            made.work()

            assert made.grove.scip.list(made.admin, repository="lib") == [kept]
            assert making(made, repository).state is MakingState.NONE


class TestWhatAnIndexerWrote:
    def test_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "index.scip").write_bytes(b"x")
        assert written_by_indexer(tmp_path / "index.scip") == b"x"

    def test_is_nothing_unless_it_is_a_plain_file_of_a_bearable_size(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("/etc/passwd")
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        with (tmp_path / "large").open("wb") as large:
            large.truncate(INDEX_BYTES_MAX + 1)
        for name in ("link", "folder", "pipe", "large", "none"):
            assert written_by_indexer(tmp_path / name) == b""


class TestWithoutConfinement:
    def test_nothing_is_run(self, source: Repository, tmp_path: Path) -> None:
        source.commit(LIB)
        ran = tmp_path / "ran"
        with running(tmp_path, confinement=(), scip_python=pretender(tmp_path, f"touch {ran}")) as made:
            state = making(made, connected(made, source))

        assert "cannot be confined" in state.reason
        assert not ran.exists()


class TestTheSwitch:
    def test_is_off_until_somebody_wants_it(self, source: Repository, tmp_path: Path) -> None:
        source.commit(LIB)
        with running(tmp_path) as made:
            repository = connected(made, source, wanted=False)

            assert making(made, repository) == Making()
            assert not made.has_ended(scip.MAKING_JOB)

    def test_is_turned_off(self, source: Repository, tmp_path: Path) -> None:
        source.commit({"a.go": "package a\n"})
        with running(tmp_path) as made:
            repository = connected(made, source)
            switch(made, repository, wanted=False)
            commit = source.commit({"b.go": "package b\n"})
            sync(made, repository)

            assert making(made, repository).wanted is False
            assert making(made, repository).commit != commit

    def test_is_turned_by_maintainers(self, source: Repository, tmp_path: Path) -> None:
        source.commit({"a.go": "package a\n"})
        with running(tmp_path) as made:
            repository = connected(made, source, wanted=False)
            developer, _ = made.actor(Role.DEVELOPER)
            with made.grove.database.transaction() as tx, pytest.raises(Denied):
                scip.set_making(tx, actor=developer, repository_id=repository.id, wanted=True, now=made.now)
            with made.grove.database.transaction() as tx, pytest.raises(RepositoryNotFound):
                scip.set_making(tx, actor=made.admin, repository_id="none", wanted=True, now=made.now)


class TestFindingAProgram:
    @pytest.fixture
    def packages(self, tmp_path: Path) -> Path:
        script = tmp_path / "node_modules" / "@acme" / "indexer" / "index.js"
        script.parent.mkdir(parents=True)
        script.write_text("#!/usr/bin/env node\n")
        (tmp_path / "node_modules" / "inner").symlink_to(script)
        return tmp_path / "node_modules"

    def test_gives_a_script_its_runtime_and_the_packages_around_it(self, packages: Path, tmp_path: Path) -> None:
        node = tmp_path / "node"
        node.touch()
        found = find_program(packages / "inner", node=node)

        assert not isinstance(found, str)
        assert found.argv == (str(node), os.path.realpath(packages / "inner"))
        assert found.needs == (node, packages)

    def test_says_that_the_runtime_is_missing(self, packages: Path) -> None:
        assert find_program(packages / "inner", node=None) == "it needs Node.js, which is not installed"

    def test_gives_a_program_nothing_but_itself(self, tmp_path: Path) -> None:
        (tmp_path / "indexer").write_bytes(b"\x7fELF")
        found = find_program(tmp_path / "indexer", node=None)

        assert not isinstance(found, str)
        assert found.needs == (tmp_path / "indexer",)
