"""Real git against a real server: mirrors are cloned and fetched from, workspaces are cloned and pushed to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.git_repositories import Repository, git
from tests.support.grove import ADMIN_TOKEN
from tests.support.server import ServerProcess, serving

IDENTITY = {"NAME": "Ada", "EMAIL": "ada@example.org"}


class GitClient:
    """Somebody's own git, that shows a token."""

    def __init__(self, folder: Path, server: ServerProcess, token: str = ADMIN_TOKEN) -> None:
        self.folder = folder
        self._server = server
        self._token = token
        folder.mkdir(exist_ok=True)

    def url(self, path: str) -> str:
        return f"http://anybody:{self._token}@127.0.0.1:{self._server.port}/git/{path}"

    def run(self, *words: str, cwd: Path | None = None, **environment: str) -> "subprocess.CompletedProcess[str]":
        people = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in IDENTITY.items()}
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
            **people,
        }
        done = subprocess.run(
            ["git", *words],
            cwd=cwd or self.folder,
            env={**env, **environment},
            capture_output=True,
            check=False,
            timeout=60,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def must(self, *words: str, cwd: Path | None = None) -> str:
        done = self.run(*words, cwd=cwd)
        assert done.returncode == 0, f"{done.stderr}\n{self._server.log[-3000:]}"
        return done.stdout.strip()

    def clone(self, path: str, *options: str, to: str = "copy") -> Path:
        self.must("clone", *options, self.url(path), to)
        return self.folder / to

    def commit(self, copy: Path, name: str = "note.txt", content: bytes = b"a note\n") -> str:
        (copy / name).write_bytes(content)
        self.must("add", "-A", cwd=copy)
        self.must("commit", "-m", f"Add {name}", cwd=copy)
        return self.must("rev-parse", "HEAD", cwd=copy)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository.new(tmp_path_factory.mktemp("up") / "shop.git")
    for number in range(5):
        made.commit({"src/cart.py": f"total = {number}\n", "big.bin": os.urandom(200_000)})
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, upstream: Repository) -> Iterator[ServerProcess]:
    data = tmp_path_factory.mktemp("git") / "data"
    with serving(data, local_roots=str(upstream.path.parent), max_workspace_mb="2", max_workspaces="50") as running:
        connected = running.post("/repositories", json={"url": str(upstream.path)})
        running.wait_for_jobs(connected["repository"]["id"])
        yield running


@pytest.fixture
def ada(tmp_path: Path, server: ServerProcess) -> GitClient:
    return GitClient(tmp_path / "ada", server)


def token_of(
    server: ServerProcess, name: str, *, role: str = "developer", scopes: tuple[str, ...] = ("read", "write")
) -> str:
    user = server.post("/users", json={"name": name, "role": role})
    issued = server.post("/tokens", json={"name": "git", "principal_id": user["id"], "scopes": list(scopes)})
    secret: str = issued["secret"]
    return secret


def workspace(server: ServerProcess, name: str) -> dict[str, Any]:
    made: dict[str, Any] = server.post("/workspaces", json={"repository": "shop", "name": name})
    return made


def head_of(server: ServerProcess, name: str) -> str:
    head: str = server.get(f"/workspaces/{name}")["workspace"]["head"]
    return head


class TestAMirror:
    def test_is_cloned_and_fetched_from(self, server: ServerProcess, ada: GitClient, upstream: Repository) -> None:
        copy = ada.clone("shop.git")

        assert ada.must("rev-parse", "HEAD", cwd=copy) == upstream.refs()["refs/heads/main"]
        assert (copy / "src/cart.py").read_text() == "total = 4\n"
        assert ada.must("fetch", cwd=copy) == ""
        listed = ada.must("ls-remote", ada.url("shop.git"))
        assert "refs/grove" not in listed
        assert {line.split("\t")[1] for line in listed.splitlines()} == {"HEAD", "refs/heads/main"}
        acts = [entry["action"] for entry in server.get("/audit")["items"]]
        assert "repository.clone" in acts

    @pytest.mark.parametrize("version", ["0", "1", "2"])
    def test_is_cloned_by_each_version_of_the_protocol(self, ada: GitClient, version: str) -> None:
        copy = ada.clone("shop", "-c", f"protocol.version={version}")

        assert ada.must("fsck", "--strict", cwd=copy) == ""

    def test_is_cloned_shallow_and_deepened(self, ada: GitClient) -> None:
        copy = ada.clone("shop.git", "--depth=1")
        assert ada.must("rev-list", "--count", "HEAD", cwd=copy) == "1"

        ada.must("fetch", "--deepen=2", cwd=copy)
        assert ada.must("rev-list", "--count", "HEAD", cwd=copy) == "3"
        ada.must("fetch", "--unshallow", cwd=copy)
        assert ada.must("rev-list", "--count", "HEAD", cwd=copy) == "5"

    def test_is_cloned_without_the_files_that_are_not_needed(self, ada: GitClient) -> None:
        copy = ada.clone("shop.git", "--filter=blob:none", "--no-checkout")
        assert "missing" not in ada.must("show", "HEAD:src/cart.py", cwd=copy)
        assert ada.must("rev-list", "--objects", "--all", "--missing=print", cwd=copy).count("?") > 0

        refused = ada.run("clone", "--filter=tree:0", "--no-checkout", ada.url("shop.git"), "other")
        assert refused.returncode != 0
        assert "filter 'tree' not supported" in refused.stderr

    def test_cannot_be_pushed_to(self, ada: GitClient) -> None:
        copy = ada.clone("shop.git")
        ada.commit(copy)

        refused = ada.run("push", "origin", "main", cwd=copy)
        assert refused.returncode != 0
        assert "A mirror cannot be pushed to" in refused.stderr

    def test_is_not_there_for_those_who_may_not_have_it(self, server: ServerProcess, tmp_path: Path) -> None:
        wrong = GitClient(tmp_path / "wrong", server, token="grove_wrong")
        missing = GitClient(tmp_path / "missing", server)

        assert "Authentication failed" in wrong.run("clone", wrong.url("shop.git")).stderr
        assert "not found" in missing.run("clone", missing.url("nothing.git")).stderr
        asked = httpx2.get(f"{server.address}/git/shop.git/info/refs", params={"service": "git-upload-pack"})
        assert asked.status_code == 401
        assert asked.headers["www-authenticate"] == 'Basic realm="grove"'
        assert asked.headers["content-type"].startswith("text/plain")

    def test_is_had_with_a_bearer_too(self, server: ServerProcess, ada: GitClient) -> None:
        header = f"http.extraHeader=Authorization: Bearer {ADMIN_TOKEN}"
        listed = ada.must("-c", header, "ls-remote", f"{server.address}/git/shop.git")

        assert "refs/heads/main" in listed

    def test_answers_a_client_that_knows_no_smart_protocol(self, server: ServerProcess) -> None:
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        assert httpx2.get(f"{server.address}/git/shop.git/info/refs", headers=headers).status_code == 422
        assert httpx2.get(f"{server.address}/git/shop.git/HEAD", headers=headers).status_code == 404


class TestAWorkspace:
    def test_is_cloned_and_pushed_to(self, server: ServerProcess, ada: GitClient, upstream: Repository) -> None:
        made = workspace(server, "push")
        copy = ada.clone("ws/push.git")
        assert ada.must("branch", "--show-current", cwd=copy) == "ws/push"
        assert ada.must("rev-parse", "HEAD", cwd=copy) == made["head"] == upstream.refs()["refs/heads/main"]

        head = ada.commit(copy)
        ada.must("push", cwd=copy)

        assert head_of(server, "push") == head
        assert server.get("/workspaces/push/file", params={"path": "note.txt"})["text"] == "a note\n"
        assert server.get("/workspaces/push")["ahead"] == 1
        (entry,) = [entry for entry in server.get("/audit")["items"] if entry["action"] == "workspace.push"]
        assert entry["facts"]["head"] == head

    def test_is_as_it_was_when_the_server_dies_in_a_push(self, tmp_path: Path, upstream: Repository) -> None:
        settings = {"local_roots": str(upstream.path.parent), "fault": "workspace.pushed:kill9"}
        with serving(tmp_path / "data", **settings) as server:
            server.wait_for_jobs(server.post("/repositories", json={"url": str(upstream.path)})["repository"]["id"])
            made, ada = workspace(server, "cut"), GitClient(tmp_path / "ada", server)
            copy = ada.clone("ws/cut.git")
            head = ada.commit(copy)
            assert ada.run("push", cwd=copy).returncode != 0
            assert (server.data / "fault-workspace.pushed").exists(), "the point was never reached"
            server.kill()
            server.start()

            assert head_of(server, "cut") == made["head"]
            ada.must("push", ada.url("ws/cut.git"), "ws/cut", cwd=copy)
            assert head_of(server, "cut") == head

    def test_gives_what_was_committed_elsewhere(self, server: ServerProcess, ada: GitClient) -> None:
        workspace(server, "both")
        copy = ada.clone("ws/both.git", "--depth=1")
        edit = {"kind": "write", "path": "here.txt", "text": "here\n"}
        server.post("/workspaces/both/edits", json={"edits": [edit]})
        server.post("/workspaces/both/commits", json={"message": "Here"})
        ada.must("pull", "--ff-only", cwd=copy)

        assert (copy / "here.txt").read_text() == "here\n"
        head = ada.commit(copy)
        ada.must("push", cwd=copy)
        assert head_of(server, "both") == head

    def test_moves_only_forward(self, server: ServerProcess, ada: GitClient) -> None:
        workspace(server, "forward")
        copy = ada.clone("ws/forward.git")
        head = ada.commit(copy)
        ada.must("push", cwd=copy)
        ada.must("commit", "--amend", "-m", "Other", cwd=copy)

        assert "rejected" in ada.run("push", cwd=copy).stderr
        forced = ada.run("push", "--force", cwd=copy)
        assert forced.returncode != 0
        assert "non-fast-forward" in forced.stderr
        deleted = ada.run("push", "origin", ":ws/forward", cwd=copy)
        assert "deletion prohibited" in deleted.stderr
        assert head_of(server, "forward") == head

    @pytest.mark.parametrize(
        "ref",
        ["refs/heads/main", "refs/heads/ws/other", "refs/tags/v1", "refs/grove/workspaces/x", "refs/heads/ws/only/x"],
    )
    def test_has_one_branch_alone(self, server: ServerProcess, ada: GitClient, ref: str) -> None:
        name = "only" + ref.replace("/", "-")
        workspace(server, name)
        copy = ada.clone(f"ws/{name}.git")
        ada.commit(copy)

        refused = ada.run("push", "origin", f"HEAD:{ref}", cwd=copy)
        assert refused.returncode != 0
        assert "A push to a workspace goes to its current branch" in refused.stderr
        assert head_of(server, name) == server.get(f"/workspaces/{name}")["workspace"]["base"]

    def test_keeps_what_is_not_committed(self, server: ServerProcess, ada: GitClient) -> None:
        workspace(server, "dirty")
        copy = ada.clone("ws/dirty.git")
        server.post("/workspaces/dirty/edits", json={"edits": [{"kind": "write", "path": "draft.txt", "text": "x"}]})
        ada.commit(copy)

        refused = ada.run("push", cwd=copy)
        assert refused.returncode != 0
        assert "remote: Grove: There are changes that are not committed" in refused.stderr
        assert "[remote rejected] ws/dirty -> ws/dirty" in refused.stderr
        assert server.get("/workspaces/dirty/file", params={"path": "draft.txt"})["text"] == "x"

    def test_takes_no_more_than_its_owner_may_write(self, server: ServerProcess, ada: GitClient) -> None:
        workspace(server, "large")
        copy = ada.clone("ws/large.git")
        ada.commit(copy, "large.bin", os.urandom(4_000_000))

        refused = ada.run("push", cwd=copy)
        assert refused.returncode != 0
        assert "pack exceeds maximum allowed size" in refused.stderr or "HTTP 413" in refused.stderr
        assert head_of(server, "large") == server.get("/workspaces/large")["workspace"]["base"]

    def test_takes_no_objects_that_git_would_not_make(self, server: ServerProcess, ada: GitClient) -> None:
        workspace(server, "forged")
        copy = ada.clone("ws/forged.git")
        blob = git(copy, "hash-object", "-w", "--stdin", stdin=b"[core]\nfsmonitor=touch /tmp/owned\n").decode().strip()
        inner = git(copy, "mktree", stdin=f"100644 blob {blob}\tconfig\n".encode()).decode().strip()
        content = b"40000 .git\0" + bytes.fromhex(inner)
        forged = git(copy, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=content).decode().strip()
        commit = ada.must("commit-tree", forged, "-p", "HEAD", "-m", "Forged", cwd=copy)

        refused = ada.run("push", "origin", f"{commit}:refs/heads/ws/forged", cwd=copy)
        assert refused.returncode != 0
        assert "hasDotgit" in refused.stderr

    def test_is_not_there_for_others(self, server: ServerProcess, tmp_path: Path) -> None:
        made = workspace(server, "mine")
        eve = GitClient(tmp_path / "eve", server, token=token_of(server, "eve"))

        for name in ("mine", made["id"]):
            refused = eve.run("clone", eve.url(f"ws/{name}.git"))
            assert "not found" in refused.stderr
            shown = httpx2.post(f"{server.address}/git/ws/{name}.git/git-receive-pack", auth=("x", eve._token))
            assert shown.status_code == 404
            assert shown.text == httpx2.get(eve.url("ws/nothing.git/info/refs?service=git-upload-pack")).text

    def test_is_not_changed_by_those_who_may_only_read(self, server: ServerProcess, tmp_path: Path) -> None:
        writing, name = token_of(server, "bob"), "bobs"
        headers = {"Authorization": f"Bearer {writing}"}
        body = {"repository": "shop", "name": name}
        made = httpx2.post(f"{server.address}/api/v1/workspaces", json=body, headers=headers).json()
        issued = httpx2.post(
            f"{server.address}/api/v1/tokens",
            headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
            json={"name": "reading", "principal_id": made["owner_id"], "scopes": ["read"]},
        ).json()
        bob = GitClient(tmp_path / "bob", server, token=issued["secret"])
        copy = bob.clone(f"ws/{name}.git")
        bob.commit(copy)

        refused = bob.run("push", cwd=copy)
        assert "error: 403" in refused.stderr


class TestAClientThatGoesAway:
    def test_leaves_no_process_and_no_change_behind(self, server: ServerProcess, ada: GitClient) -> None:
        workspace(server, "cut")
        copy = ada.clone("ws/cut.git")
        ada.commit(copy, "half.bin", os.urandom(1_000_000))
        pushing = subprocess.Popen(
            ["git", "-c", "http.postBuffer=65536", "push"],
            cwd=copy,
            env={"PATH": os.environ["PATH"], "HOME": str(ada.folder)},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(0.05)
        os.killpg(pushing.pid, signal.SIGKILL)
        pushing.wait()

        with httpx2.stream(
            "POST",
            f"{server.address}/git/ws/cut.git/git-receive-pack",
            auth=("x", ADMIN_TOKEN),
            content=_broken_off(),
        ) as answer:
            assert answer.status_code in {200, 400}

        server.wait_for(lambda: not _children(server), what="the end of git's processes")
        assert not list((server.data / "jobs").glob("git-*"))
        ada.must("push", cwd=copy)


def _broken_off() -> Iterator[bytes]:
    yield b"00a0" + b"0" * 40 + b" "


def _children(server: ServerProcess) -> list[str]:
    """The git processes that the server has started and that are still there."""
    assert server.process is not None
    listed = subprocess.run(["ps", "-eo", "pgid,args"], capture_output=True, check=True).stdout.decode()
    return [line for line in listed.splitlines() if str(server.data) in line and "-pack" in line]


class TestTheCommandLine:
    def test_clones_a_workspace_that_can_be_pushed_from(self, server: ServerProcess, ada: GitClient) -> None:
        workspace(server, "by-command")
        grove(server, ada, "ws", "clone", "by-command")
        copy = ada.folder / "by-command"
        head = ada.commit(copy)
        ada.must("push", cwd=copy)

        assert head_of(server, "by-command") == head
        assert ADMIN_TOKEN not in (copy / ".git" / "config").read_text()
        assert (copy / "src" / "cart.py").stat().st_mode & 0o777 == 0o666 & ~_umask()

    def test_clones_a_mirror_or_shows_how(self, server: ServerProcess, ada: GitClient) -> None:
        shown = grove(server, ada, "repo", "clone", "shop", "--print")
        assert shown.startswith("git clone -c ")
        assert ADMIN_TOKEN not in shown
        grove(server, ada, "repo", "clone", "shop", "there")

        assert (ada.folder / "there" / "src" / "cart.py").is_file()


def grove(server: ServerProcess, ada: GitClient, *words: str, exit_code: int = 0) -> str:
    """Run the command line as somebody who is signed in."""
    program = Path(sys.executable).with_name("grove")
    env = {"PATH": os.environ["PATH"], "HOME": str(ada.folder)}
    login = [str(program), "login", server.address, "--with-token"]
    subprocess.run(login, env=env, cwd=ada.folder, input=ADMIN_TOKEN.encode(), capture_output=True, check=True)
    done = subprocess.run([str(program), *words], env=env, cwd=ada.folder, capture_output=True, check=False)
    assert done.returncode == exit_code, done.stderr.decode()
    return done.stdout.decode()


def _umask() -> int:
    usual = os.umask(0)
    os.umask(usual)
    return usual
