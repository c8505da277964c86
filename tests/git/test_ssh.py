"""Repositories over SSH: one key, one host that is known by pinned keys, and nothing of the machine's own SSH."""

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from grove.credentials import CredentialInvalid, SshKey
from grove.git import (
    AddressRefused,
    CredentialRejected,
    Git,
    GitConfig,
    HostKeyChanged,
    HostKeyUnknown,
    HostUnreachable,
    Remote,
    RepositoryNotFound,
    Secret,
    SshIdentity,
    SshKeyRequired,
    parse_remote_url,
    scan_host_keys,
)
from tests.git.conftest import HEADS, LIMITS
from tests.support.git_repositories import Repository
from tests.support.ssh_server import SshServer, new_key, serving_ssh

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="the client of OpenSSH is not installed")
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    root = tmp_path_factory.mktemp("ssh")
    Repository.new(root / "app.git").commit({"README.md": "# App\n"})
    with serving_ssh(root) as server:
        yield server


@pytest.fixture
def git(config: GitConfig) -> Git:
    return Git(replace(config, allowed_networks=LOOPBACK))


def remote(
    server: SshServer, name: str = "app.git", *, key: str | None = None, host_keys: list[str] | None = None
) -> Remote:
    """A repository of the server, with the key that opens it and the host's own key pinned."""
    pinned = tuple(host_keys if host_keys is not None else [server.host_key])
    identity = SshIdentity(private_key=SshKey.of(key or server.client_key).private_key, host_keys=pinned)
    return Remote(url=parse_remote_url(server.url(name)), identity=identity)


def told_by_processes() -> Iterator[tuple[str, bytes]]:
    """The arguments and the environment of every process."""
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                yield f"{process}/{name}", (process / name).read_bytes()


class TestARepositoryOverSsh:
    def test_is_listed_and_fetched(self, git: Git, served: SshServer, mirror: Path) -> None:
        listing = git.listing(remote(served))
        git.fetch(mirror, remote(served), refspecs=HEADS, limits=LIMITS)

        assert listing.default_branch == "main"
        assert git.refs(mirror) == listing.refs
        assert all(command.startswith("git-upload-pack ") for command in served.commands)
        assert served.requests == []

    def test_is_refused_without_a_key_and_a_token_is_not_sent_instead(self, git: Git, served: SshServer) -> None:
        url = parse_remote_url(served.url("app.git"))
        for secret in (None, Secret(username="git", password="ghp_CANARY")):
            with pytest.raises(SshKeyRequired):
                git.listing(Remote(url=url, secret=secret))

    def test_is_refused_a_key_that_the_host_does_not_know(self, git: Git, served: SshServer) -> None:
        with pytest.raises(CredentialRejected):
            git.listing(remote(served, key=new_key().export_private_key().decode()))

    def test_says_when_there_is_none_at_that_path(self, git: Git, served: SshServer) -> None:
        with pytest.raises(RepositoryNotFound):
            git.listing(remote(served, "gone.git"))

    def test_is_not_looked_for_in_networks_that_are_not_allowed(self, config: GitConfig, served: SshServer) -> None:
        with pytest.raises(AddressRefused):
            Git(config).listing(remote(served))

    def test_says_when_nobody_answers(self, git: Git, served: SshServer) -> None:
        there = remote(served)
        with pytest.raises(HostUnreachable):
            git.listing(replace(there, url=parse_remote_url("ssh://git@localhost:1/app.git")))


class TestTheKeyOfTheHost:
    def test_must_be_pinned(self, git: Git, served: SshServer) -> None:
        with pytest.raises(HostKeyUnknown):
            git.listing(remote(served, host_keys=[]))
        other = " ".join(new_key().export_public_key().decode().split()[:2])
        with pytest.raises(HostKeyChanged):
            git.listing(remote(served, host_keys=[other]))

    def test_that_has_changed_ends_everything_before_the_key_is_used(self, git: Git, tmp_path: Path) -> None:
        root = tmp_path / "moved"
        Repository.new(root / "app.git").commit({"a": "b"})
        client = new_key()
        with serving_ssh(root, client_key=client) as before:
            there = remote(before)
            git.listing(there)
        with serving_ssh(root, port=before.port, client_key=client) as after, pytest.raises(HostKeyChanged):
            git.listing(there)
        assert after.commands == []

    def test_is_told_by_the_host_itself_to_be_compared(self, git: Git, served: SshServer) -> None:
        assert served.host_key in scan_host_keys(git.config, parse_remote_url(served.url("app.git")))
        with pytest.raises(HostUnreachable):
            scan_host_keys(git.config, parse_remote_url("ssh://localhost:1/x"))


class TestThePrivateKey:
    def test_is_in_no_argument_environment_or_file(self, git: Git, served: SshServer, config: GitConfig) -> None:
        there = remote(served)
        assert there.identity is not None
        canary = there.identity.private_key.splitlines()[3][:40].encode()
        seen, over = set[str](), threading.Event()

        def look() -> None:
            while not over.is_set():
                seen.update(place for place, content in told_by_processes() if canary in content)
                time.sleep(0.002)

        watching = threading.Thread(target=look)
        watching.start()
        for _ in range(3):
            git.listing(there)
        over.set()
        watching.join()

        assert seen == set()
        kept = [path for path in config.data_root.parent.rglob("*") if path.is_file()]
        assert not any(canary in path.read_bytes() for path in kept)
        assert "PRIVATE" not in repr(there)

    def test_of_somebody_else_on_this_machine_is_not_tried(
        self, git: Git, served: SshServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {tmp_path}/run")
        git.listing(remote(served))

        assert not (tmp_path / "run").exists()


class TestAKeyThatIsAdded:
    def test_is_unlocked_with_its_passphrase_which_is_not_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "id"
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "seventeen", "-f", str(path)]
        subprocess.run(words, check=True, env={"PATH": os.environ["PATH"]})

        key = SshKey.of(path.read_text(), passphrase="seventeen")

        assert "seventeen" not in key.as_text()
        assert SshKey.parse(key.as_text()) == key
        shown = subprocess.run(["ssh-keygen", "-lf", f"{path}.pub"], check=True, capture_output=True, text=True).stdout
        assert key.fingerprint in shown

    @pytest.mark.parametrize("text", ["", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END"])
    def test_is_refused_when_it_is_none_and_nothing_of_it_is_told(self, text: str) -> None:
        with pytest.raises(CredentialInvalid) as refused:
            SshKey.of(text)
        assert not text or text not in str(refused.value)
