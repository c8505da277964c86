"""Every git command of ours, on a repository that names a command of its own wherever git's configuration can.

Each vector leaves a mark of its own name, so that a failure tells which one ran.
"""

import contextlib
import hashlib
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from grove.git import Git, GitConfig
from grove.git.commands import COMMANDS
from grove.git.environment import environment
from grove.git.laying import lay_out
from grove.git.runner import Call, Runner
from tests.support.git_repositories import Repository
from tests.support.git_repositories import git as plain_git

HOOKS = (
    *("applypatch-msg", "commit-msg", "post-applypatch", "post-checkout", "post-commit", "post-index-change"),
    *("post-merge", "post-receive", "post-rewrite", "post-update", "pre-applypatch", "pre-auto-gc", "pre-commit"),
    *("pre-merge-commit", "pre-push", "pre-rebase", "pre-receive", "prepare-commit-msg", "proc-receive"),
    *("push-to-checkout", "reference-transaction", "sendemail-validate", "update"),
)
SETTINGS = (
    *("core.fsmonitor", "core.sshCommand", "core.askPass", "core.gitProxy", "core.pager", "core.editor"),
    *("core.alternateRefsCommand", "filter.x.smudge", "filter.x.clean", "filter.x.process", "diff.x.command"),
    *("diff.x.textconv", "diff.external", "merge.x.driver", "uploadpack.packObjectsHook", "credential.helper"),
    *("gpg.program", "gpg.ssh.program", "sequence.editor", "pager.blame", "pager.diff-tree", "tar.tgz.command"),
    *("remote.origin.uploadpack", "remote.origin.receivepack", "alias.cat-file", "alias.ls-tree", "difftool.x.cmd"),
    *("trailer.x.command", "interactive.diffFilter", "browser.x.cmd", "hook.x.command"),
    *("gpg.x509.program", "gpg.ssh.defaultKeyCommand", "gc.recentObjectsHook", "trailer.y.cmd", "man.x.cmd"),
    *("credential.https://127.0.0.1:1.helper", "mergetool.x.cmd", "guitool.x.cmd", "submodule.b.update"),
    *("sendemail.sendmailCmd", "instaweb.httpd", "imap.tunnel", "remote.origin.proxy", "alias.status", "alias.x"),
)
SWITCHES = (
    *(("commit.gpgSign", "true"), ("tag.gpgSign", "true"), ("push.gpgSign", "if-asked"), ("log.showSignature", "true")),
    *(("remote.origin.vcs", "ext"), ("submodule.recurse", "true"), ("status.submoduleSummary", "true")),
    *(("diff.tool", "x"), ("trailer.y.key", "By"), ("gc.auto", "1"), ("extensions.worktreeConfig", "true")),
)
"""What has git use the vectors."""
SPRUNG_BY_OTHERS = {"core.fsmonitor", "filter.x.process", "hook reference-transaction"}
_PACK_HEADER = b"PACK" + (2).to_bytes(4, "big") + bytes(4)
_EMPTY_PACK = _PACK_HEADER + hashlib.sha1(_PACK_HEADER).digest()
LAID_OUT = {"read-tree", "checkout-index"}
"""Run only with a git directory of ours, in a folder that nobody has written to."""
OF_OUR_OWN = {"blame", "merge-tree"}
"""Run only where the configuration is ours: they take from there what converts and what merges files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A bare repository that runs commands as soon as a careless git touches it, and where they leave their marks."""

    git_dir: Path
    marks: Path
    commit: str
    other: str
    upstream: Repository

    def sprung(self) -> list[str]:
        """The vectors that ran."""
        return sorted(path.name for path in self.marks.iterdir())


def arm(git_dir: Path, marks: Path) -> None:
    """Name a command wherever there is a place for one."""
    hooks = git_dir / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{marks}/hook {name}'\ncat >/dev/null\n")
        (hooks / name).chmod(0o700)
    for name in SETTINGS:
        before = "!" if name.startswith(("alias", "credential", "submodule")) else ""
        plain_git(git_dir, "config", name, f"{before}touch '{marks}/{name.replace('/', '_')}' #")
    for name, value in (
        ("core.hooksPath", str(hooks)),
        ("hook.x.event", "reference-transaction"),
        ("protocol.ext.allow", "always"),
        ("remote.origin.url", f"ext::touch {marks}/remote.origin.url"),
        (f"url.ext::touch {marks}/insteadOf #.insteadOf", "/"),
        ("remote.origin.promisor", "true"),
        ("extensions.partialClone", "origin"),
        ("core.attributesFile", str(git_dir / "attributes")),
        ("merge.tool", "x"),
        ("include.path", str(git_dir / "included")),
        *SWITCHES,
    ):
        plain_git(git_dir, "config", name, value)
    for name in ("included", "config.worktree"):
        (git_dir / name).write_text(f'[diff "y"]\n\tcommand = touch {marks}/{name}\n')
    (git_dir / "attributes").write_text("* filter=x diff=x merge=x\n")


@pytest.fixture
def trap(upstream: Repository, mirror: Path, tmp_path: Path) -> Trap:
    upstream.commit({"a": "1\n", "b/c": "2\n", ".gitattributes": "* filter=x diff=x merge=x\n"})
    plain_git(upstream.path, "branch", "other", "main")
    other = upstream.commit({"a": "3\n"}, branch="other")
    commit = upstream.commit({"a": "4\n"})
    plain_git(mirror, "fetch", "--quiet", str(upstream.path), "+refs/heads/*:refs/heads/*")
    marks = tmp_path / "marks"
    marks.mkdir()
    arm(mirror, marks)
    arm(upstream.path, marks)
    return Trap(git_dir=mirror, marks=marks, commit=commit, other=other, upstream=upstream)


def calls(trap: Trap) -> dict[str, Call]:
    """A call of every command in the table, as Grove makes it."""
    written = ("-w", "--stdin", "-t", "commit")
    commit, lines = trap.commit, f"{trap.commit}\n".encode()
    tree = plain_git(trap.git_dir, "rev-parse", f"{commit}^{{tree}}").decode().strip()
    commit_text = f"tree {tree}\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n\n"
    made = {
        "apply": Call(
            command="apply",
            options=("--cached", "--whitespace=nowarn"),
            stdin=b"--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n",
            variables={"GIT_INDEX_FILE": str(trap.marks.with_name("index"))},
        ),
        "merge-tree": Call(
            command="merge-tree",
            options=("--write-tree", "-z", "--no-messages"),
            arguments=(commit, trap.other),
            exit_codes=(0, 1),
        ),
        "write-tree": Call(command="write-tree", variables={"GIT_INDEX_FILE": str(trap.marks.with_name("none"))}),
        "blame": Call(command="blame", options=("--porcelain", "-L1,1"), arguments=(commit,), paths=(b"a",)),
        "cat-file": Call(command="cat-file", options=("--batch",), stdin=lines),
        "diff-tree": Call(
            command="diff-tree",
            options=("-r", "--root", "--patch", "--no-ext-diff", "--no-textconv", "--find-renames"),
            arguments=(commit,),
        ),
        "fast-import": Call(
            command="fast-import",
            options=("--quiet",),
            stdin=b"commit refs/heads/new\ncommitter a <a> 0 +0000\ndata 1\nx\nM 100644 inline a\ndata 1\ny\n",
        ),
        "fetch": Call(
            command="fetch",
            options=("--no-tags", "--prune", "--no-recurse-submodules", "--no-write-fetch-head"),
            arguments=(str(trap.upstream.path), "+refs/heads/*:refs/heads/*"),
            protocols=("file",),
            exit_codes=(0, 128),
        ),
        "for-each-ref": Call(command="for-each-ref", options=("--format=%(refname)",)),
        "hash-object": Call(command="hash-object", options=written, stdin=commit_text.encode()),
        "index-pack": Call(command="index-pack", options=("--stdin", "--strict"), stdin=b"no pack", exit_codes=(128,)),
        "ls-remote": Call(
            command="ls-remote", arguments=(str(trap.upstream.path),), protocols=("file",), exit_codes=(0, 128)
        ),
        "ls-tree": Call(command="ls-tree", options=("-r", "-t", "-z", "--long", "--full-tree"), arguments=(commit,)),
        "merge-base": Call(command="merge-base", arguments=(commit, commit)),
        "mktree": Call(command="mktree", options=("-z",), stdin=b""),
        "push": Call(
            command="push",
            options=("--porcelain", "--no-verify", "--no-progress"),
            arguments=("https://127.0.0.1:1/x.git", f"{commit}:refs/heads/pushed"),
            protocols=("https",),
            exit_codes=(1, 128),
        ),
        "receive-pack": Call(
            command="receive-pack",
            options=("--stateless-rpc",),
            arguments=(str(trap.git_dir),),
            stdin=_line(f"{'0' * 40} {commit} refs/heads/pushed\0 report-status\n") + b"0000" + _EMPTY_PACK,
            exit_codes=(0, 1, 128),
        ),
        "rev-list": Call(command="rev-list", options=("--objects", "--all")),
        "symbolic-ref": Call(command="symbolic-ref", arguments=("HEAD", "refs/heads/main")),
        "update-ref": Call(
            command="update-ref", options=("--stdin", "-z"), stdin=f"create refs/heads/created\0{commit}\0".encode()
        ),
        "upload-pack": Call(
            command="upload-pack",
            options=("--stateless-rpc",),
            arguments=(str(trap.git_dir),),
            stdin=_line(f"want {commit}\n") + b"0000" + _line("done\n"),
        ),
    }
    serving = {"receive-pack", "upload-pack"}
    return {name: call if name in serving else _in(trap, call) for name, call in made.items()}


def _in(trap: Trap, call: Call) -> Call:
    return replace(call, git_dir=trap.git_dir)


def _line(text: str) -> bytes:
    return f"{len(text) + 4:04x}{text}".encode()


class TestEveryCommandOfOurs:
    def test_is_tried(self, trap: Trap) -> None:
        assert calls(trap).keys() | LAID_OUT | {"init"} == COMMANDS.keys()

    @pytest.mark.parametrize("command", sorted(COMMANDS.keys() - LAID_OUT - OF_OUR_OWN - {"init"}))
    def test_runs_nothing_that_a_repository_names(self, config: GitConfig, trap: Trap, command: str) -> None:
        Runner(config).run(calls(trap)[command])
        assert trap.sprung() == []

    def test_makes_repositories_without_what_another_names(self, git: Git, trap: Trap) -> None:
        aside = trap.git_dir.with_name("aside.git")
        git.init(aside, borrowing=trap.git_dir)
        assert not (aside / "hooks").exists()
        assert trap.sprung() == []

    @pytest.mark.parametrize("command", sorted(OF_OUR_OWN))
    def test_runs_nothing_that_a_tree_names(self, git: Git, config: GitConfig, trap: Trap, command: str) -> None:
        aside = trap.git_dir.with_name("aside.git")
        git.init(aside, borrowing=trap.git_dir)
        assert Runner(config).run(replace(calls(trap)[command], git_dir=aside)).stdout
        assert trap.sprung() == []

    def test_lays_files_out_without_what_the_tree_names(
        self, git: Git, config: GitConfig, trap: Trap, tmp_path: Path
    ) -> None:
        aside, target = trap.git_dir.with_name("aside.git"), tmp_path / "files"
        git.init(aside, borrowing=trap.git_dir)
        target.mkdir()
        lay_out(config, aside, tree=f"{git.resolve(aside, trap.commit)}", target=target, index=tmp_path / "index")
        assert (target / "b" / "c").read_text() == "2\n"
        assert trap.sprung() == []


LOOKING_AT_FILES = (
    *(("status",), ("diff", "HEAD"), ("add", "--all"), ("commit", "--all", "-m", "x"), ("stash",), ("stash", "pop")),
    *(("checkout", "--force", "other"), ("switch", "--force", "main"), ("restore", "."), ("reset", "--hard")),
    *(("clean", "-n"), ("mv", "a", "moved"), ("rm", "--force", "moved"), ("reset", "--hard", "HEAD")),
    *(("merge", "other"), ("merge", "--abort"), ("cherry-pick", "other"), ("cherry-pick", "--abort")),
    *(("revert", "--no-edit", "HEAD"), ("rebase", "main"), ("archive", "HEAD"), ("archive", "--format=tgz", "HEAD")),
    *(("blame", "a"), ("log", "-p"), ("show", "HEAD"), ("grep", "x"), ("fsck",), ("gc",), ("worktree", "list")),
    *(("submodule", "status"), ("apply", "--check", "none.patch")),
)
"""Twenty-six commands that look at files or change them; Grove runs two of them, on objects alone."""


class TestCommandsThatLookAtFiles:
    def test_are_twenty_six_of_which_grove_runs_two_on_objects(self) -> None:
        names = {words[0] for words in LOOKING_AT_FILES}
        assert len(names) == 26
        assert names & COMMANDS.keys() == {"apply", "blame"}

    def test_would_run_nothing_either_beside_a_folder_that_names_commands(
        self, git: Git, config: GitConfig, trap: Trap, tmp_path: Path
    ) -> None:
        """A git directory of ours, and a folder whose own git directory and attributes are hostile."""
        aside, work = trap.git_dir.with_name("aside.git"), tmp_path / "work"
        git.init(aside, borrowing=trap.git_dir)
        git.update_refs(aside, updates={"refs/heads/main": trap.commit, "refs/heads/other": trap.other})
        plain_git(tmp_path, "init", "-q", str(work))
        arm(work / ".git", trap.marks)
        (work / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
        (work / "a").write_text("mine\n")
        env = environment(
            config, job_dir=config.job_root, settings=(("user.name", "x"), ("user.email", "x@x")), writes=True
        )
        ended = {}
        for words in LOOKING_AT_FILES:
            argv = [str(config.executable), f"--git-dir={aside}", f"--work-tree={work}", *words]
            done = subprocess.run(argv, env=env, cwd=work, check=False, capture_output=True, timeout=60)
            ended[words] = done.returncode
            assert trap.sprung() == [], words
        assert [ended[words] for words in (("status",), ("add", "--all"), ("log", "-p"), ("gc",))] == [0, 0, 0, 0]


class TestThePlainGit:
    def test_springs_the_trap(self, trap: Trap, tmp_path: Path) -> None:
        """Else the tests above would prove nothing."""
        work = tmp_path / "work"
        work.mkdir()
        plain_git(work, f"--git-dir={trap.git_dir}", "update-ref", "refs/heads/z", trap.commit)
        plain_git(trap.git_dir, "config", "core.bare", "false")
        for words in (("checkout", "--force", "main"), ("status",), ("diff", "HEAD"), ("log", "-p"), ("blame", "a")):
            with contextlib.suppress(AssertionError):
                plain_git(work, f"--git-dir={trap.git_dir}", f"--work-tree={work}", *words)
        assert set(trap.sprung()) >= SPRUNG_BY_OTHERS
