"""Hosts that refuse, mislead, starve or flood us. Rows are of the threat table."""

import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme

from grove.git import (
    AccessForbidden,
    AddressRefused,
    Cancelled,
    CertificateRefused,
    CredentialRejected,
    CredentialRequired,
    FetchPhase,
    FetchProgress,
    Git,
    GitTimeout,
    HostBusy,
    HostRefused,
    HostUnreachable,
    ListingLimits,
    Pinned,
    ProtocolRefused,
    RedirectRefused,
    Remote,
    RemoteUrl,
    RepositoryGone,
    RepositoryNotFound,
    RepositoryTooLarge,
    Secret,
    TooManyRefs,
    TransferInterrupted,
    parse_remote_url,
    pin,
)
from grove.git.credential import handed_over
from grove.git.runner import Call, Runner
from grove.kit.errors import GroveError, StorageFull
from tests.git.conftest import HEADS, LIMITS, served
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer, serving


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    """Another host, to which the first one may point."""
    with serving(tmp_path_factory.mktemp("elsewhere")) as server:
        yield server


@pytest.fixture
def large(server: GitServer) -> Remote:
    """A repository of some megabytes that cannot be compressed."""
    if not (server.root / "large.git").exists():
        repository = Repository.new(server.root / "large.git")
        repository.write_noise(files=3, file_bytes=1_000_000)
    return served(server, "large.git")


def fetch(git: Git, mirror: Path, remote: Remote, **changes: object) -> None:
    git.fetch(mirror, remote, refspecs=HEADS, limits=replace(LIMITS, **changes))  # type: ignore[arg-type]


def is_untouched(git: Git, mirror: Path) -> bool:
    return git.refs(mirror) == {} and not list(mirror.glob("objects/pack/*"))


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (401, CredentialRequired),
            (403, AccessForbidden),
            (404, RepositoryNotFound),
            (410, RepositoryGone),
            (429, HostBusy),
            (500, HostBusy),
            (503, HostBusy),
            (302, RedirectRefused),
            (418, HostRefused),
        ],
    )
    def test_has_a_meaning_of_its_own(
        self, *, online: Git, server: GitServer, mirror: Path, status: int, error: type[GroveError]
    ) -> None:
        server.behaviour.status = status
        with pytest.raises(GroveError) as listed:
            online.listing(served(server))
        with pytest.raises(GroveError) as fetched:
            fetch(online, mirror, served(server))
        assert (type(listed.value), type(fetched.value)) == (error, error)
        assert "\x1b" not in str(listed.value)

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "37"}, 37),
            ({"Retry-After": "Fri, 02 Jan 2026 12:00:30 GMT", "Date": "Fri, 02 Jan 2026 12:00:00 GMT"}, 30),
            ({"Retry-After": "999999999"}, 86_400),
            ({"Retry-After": "soon"}, None),
            ({}, None),
        ],
    )
    def test_that_it_is_busy_tells_for_how_long(
        self, *, online: Git, server: GitServer, headers: dict[str, str], seconds: int | None
    ) -> None:
        server.behaviour.status, server.behaviour.status_headers = 429, headers
        with pytest.raises(HostBusy) as busy:
            online.listing(served(server, token="s3cr3t"))
        assert busy.value.facts.get("retry_after_seconds") == seconds

    def test_of_a_repository_that_is_not_there(self, online: Git, server: GitServer) -> None:
        with pytest.raises(RepositoryNotFound):
            online.listing(served(server, "team/nothing.git"))


class TestCredential:
    def test_lets_us_in(self, online: Git, server: GitServer, mirror: Path) -> None:
        server.behaviour.token = "s3cr3t"
        fetch(online, mirror, served(server, token="s3cr3t"))
        assert "refs/heads/main" in online.refs(mirror)

    def test_that_is_wrong_is_rejected(self, online: Git, server: GitServer) -> None:
        server.behaviour.token = "s3cr3t"
        with pytest.raises(CredentialRejected):
            online.listing(served(server, token="wrong"))

    def test_that_is_missing_is_asked_for(self, online: Git, server: GitServer) -> None:
        server.behaviour.token = "s3cr3t"
        with pytest.raises(CredentialRequired):
            online.listing(served(server))

    def test_is_not_sent_to_a_host_that_does_not_ask(self, online: Git, server: GitServer) -> None:
        online.listing(served(server, token="s3cr3t"))
        assert server.passwords() == []


class TestRedirect:
    @pytest.mark.parametrize("token", [None, "s3cr3t"], ids=["U9-without credential", "U10-with credential"])
    def test_is_not_followed(
        self, *, online: Git, server: GitServer, elsewhere: GitServer, mirror: Path, token: str | None
    ) -> None:
        elsewhere.requests.clear()
        elsewhere.behaviour.token = "theirs"
        server.behaviour.redirect_to = f"https://localhost:{elsewhere.port}"

        with pytest.raises(RedirectRefused):
            online.listing(served(server, token=token))
        with pytest.raises(RedirectRefused):
            fetch(online, mirror, served(server, token=token))

        assert elsewhere.requests == []

    def test_u10_would_not_take_the_secret_along_if_it_were_followed(
        self, online: Git, server: GitServer, elsewhere: GitServer, tmp_path: Path
    ) -> None:
        """The second belt alone: redirects are followed here, and the other host asks for a password."""
        elsewhere.requests.clear()
        elsewhere.behaviour.token = "theirs"
        server.behaviour.redirect_to = f"https://localhost:{elsewhere.port}"
        both = tmp_path / "both.pem"
        both.write_bytes(server.ca_file.read_bytes() + elsewhere.ca_file.read_bytes())
        remote = served(server, token="s3cr3t")
        assert isinstance(remote.url, RemoteUrl)
        with handed_over(remote.secret, remote.url, job_dir=tmp_path) as handover:
            call = Call(
                command="ls-remote",
                arguments=(remote.url.text,),
                settings=(*handover.settings, ("http.followRedirects", "true")),
                protocols=("https",),
                pass_fds=handover.pass_fds,
            )
            with pytest.raises(CredentialRequired):
                Runner(replace(online.config, ca_file=both)).run(call)
        assert elsewhere.requests != []
        assert elsewhere.passwords() == server.passwords() == []

    def test_u11_no_secret_is_sent_as_a_header_of_its_own(self, online: Git, server: GitServer) -> None:
        server.behaviour.token = "s3cr3t"
        online.listing(served(server, token="s3cr3t"))
        names = {name for _, _, headers in server.requests for name, value in headers.items() if "s3cr3t" in value}
        assert names <= {"Authorization"}


class TestPin:
    def test_u12_decides_where_a_name_leads(self, online: Git, server: GitServer) -> None:
        """The name is resolved once; that git goes nowhere else is also what `probe_installed_git` asks."""
        url = parse_remote_url(server.url("team/app.git"))
        pinned = pin(url, allowed=online.config.allowed_networks)
        assert pinned.entry == f"localhost:{server.port}:127.0.0.1"
        with pytest.raises(AddressRefused):
            pin(url, allowed=())

    def test_writes_addresses_of_both_kinds(self) -> None:
        url = parse_remote_url("https://[2606:50c0::153]:8443/x")
        assert pin(url, allowed=()).entry is None
        addresses = (ip_address("1.1.1.1"), ip_address("2606:50c0::153"))
        assert Pinned(host="h", port=1, addresses=addresses).entry == "h:1:1.1.1.1,[2606:50c0::153]"

    def test_leaves_an_address_as_it_is(self, online: Git, server: GitServer) -> None:
        url = parse_remote_url(f"https://127.0.0.1:{server.port}/team/app.git")
        assert online.listing(Remote(url=url)).default_branch == "main"


class TestProtocol:
    @pytest.mark.parametrize(
        "own",
        [
            '[protocol "ext"]\n\tallow = always\n[url "ext::touch {mark} "]\n\tinsteadOf = https://\n',
            '[protocol "file"]\n\tallow = always\n[url "/"]\n\tinsteadOf = https://\n',
            '[protocol "http"]\n\tallow = always\n[url "http://"]\n\tinsteadOf = https://\n',
        ],
        ids=["U2-ext", "U2-file", "U2-http"],
    )
    def test_cannot_be_widened_by_a_repository(
        self, *, online: Git, server: GitServer, mirror: Path, tmp_path: Path, own: str
    ) -> None:
        with (mirror / "config").open("a") as config:
            config.write(own.format(mark=tmp_path / "mark"))
        with pytest.raises(ProtocolRefused):
            fetch(online, mirror, served(server))
        assert not (tmp_path / "mark").exists()

    def test_u14_offers_no_bundles_and_no_other_places(self, online: Git, server: GitServer, mirror: Path) -> None:
        """What the host proposes beside its own answers is not asked for."""
        server.behaviour.extra_capabilities = (b"bundle-uri", b"packfile-uris=https,http")
        fetch(online, mirror, served(server))
        bodies = b"".join(body for body in server.bodies)
        assert b"bundle-uri" not in bodies
        assert b"packfile-uris" not in bodies


class TestFlood:
    def test_u16_of_refs_ends_at_a_limit(self, online: Git, server: GitServer) -> None:
        server.behaviour.endless_refs = True
        began = time.monotonic()
        with pytest.raises((TooManyRefs, GitTimeout)):
            online.listing(served(server), limits=ListingLimits(seconds_max=4, memory_bytes_max=200 * 1024**2))
        assert time.monotonic() - began < 12

    def test_u16_of_refs_ends_a_fetch_too(self, online: Git, server: GitServer, mirror: Path) -> None:
        server.behaviour.endless_refs = True
        with pytest.raises(GroveError):
            fetch(online, mirror, served(server), seconds_max=2)

    def test_of_refs_is_counted(self, online: Git, server: GitServer, mirror: Path) -> None:
        with pytest.raises(TooManyRefs):
            online.listing(served(server), limits=ListingLimits(refs_max=0))
        with pytest.raises(TooManyRefs):
            fetch(online, mirror, served(server), refs_max=0)


class TestSlowness:
    def test_u17_is_ended_by_the_low_speed_limit(self, online: Git, server: GitServer) -> None:
        server.behaviour.slow = True
        impatient = Git(replace(online.config, low_speed_seconds_max=1))
        with pytest.raises(GitTimeout) as slow:
            impatient.listing(served(server))
        assert slow.value.transient

    def test_u17_is_ended_by_the_wall_clock(self, online: Git, server: GitServer) -> None:
        server.behaviour.slow = True
        began = time.monotonic()
        with pytest.raises(GitTimeout):
            online.listing(served(server), limits=ListingLimits(seconds_max=0.5))
        assert time.monotonic() - began < 3

    def test_is_ended_by_cancellation(self, online: Git, server: GitServer, mirror: Path, large: Remote) -> None:
        server.behaviour.bytes_per_second = 500_000
        asked = threading.Event()
        threading.Timer(1.0, asked.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            online.fetch(mirror, large, refspecs=HEADS, limits=LIMITS, cancelled=asked.is_set)
        assert time.monotonic() - began < 4
        assert is_untouched(online, mirror)

    def test_shows_how_far_the_fetch_is(self, online: Git, server: GitServer, mirror: Path, large: Remote) -> None:
        server.behaviour.bytes_per_second = 2_000_000
        told: list[FetchProgress] = []
        online.fetch(mirror, large, refspecs=HEADS, limits=LIMITS, on_progress=told.append)
        receiving = [progress for progress in told if progress.phase is FetchPhase.RECEIVING]
        assert [progress.done for progress in receiving] == sorted(progress.done for progress in receiving)
        assert receiving[-1].bytes_received > 2_500_000
        assert any(progress.bytes_per_second > 0 for progress in receiving)
        assert any(progress.seconds_left for progress in receiving)


class TestSize:
    def test_c12_is_watched_during_the_transfer(
        self, online: Git, server: GitServer, mirror: Path, large: Remote
    ) -> None:
        server.behaviour.bytes_per_second = 2_000_000
        began = time.monotonic()
        with pytest.raises(RepositoryTooLarge):
            fetch(online, mirror, large, bytes_max=1_000_000)
        assert time.monotonic() - began < 3
        assert is_untouched(online, mirror)

    def test_c12_is_watched_by_the_system_too(self, online: Git, mirror: Path, large: Remote) -> None:
        with pytest.raises(RepositoryTooLarge):
            fetch(online, mirror, large, bytes_max=100_000)
        assert is_untouched(online, mirror)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


class TestDisk:
    def test_that_is_full_is_named_and_is_as_it_was(self, online: Git, large: Remote, small_disk: Path) -> None:
        git_dir = small_disk / "mirror.git"
        online.init(git_dir)
        with pytest.raises(StorageFull) as full:
            fetch(online, git_dir, large)
        assert full.value.transient
        assert is_untouched(online, git_dir)
        assert online.refs(git_dir) == {}


class TestCut:
    @pytest.mark.parametrize("after_bytes", [0, 3, 30, 200, 5_000, 2_900_000])
    def test_anywhere_changes_nothing_and_may_be_tried_again(
        self, *, online: Git, server: GitServer, mirror: Path, large: Remote, after_bytes: int
    ) -> None:
        server.behaviour.cut_after_bytes = after_bytes
        with pytest.raises(TransferInterrupted) as cut:
            fetch(online, mirror, large)
        assert cut.value.transient
        assert is_untouched(online, mirror)

        server.behaviour.cut_after_bytes = None
        fetch(online, mirror, large)
        assert "refs/heads/main" in online.refs(mirror)


class TestWords:
    @pytest.mark.parametrize(
        "words",
        [
            b"\x1b]0;owned\x07\x1b[2J\x1b[31mhello",
            b"fatal: Authentication failed for 'x'",
            b"The requested URL returned error: 404",
            b"No space left on device",
        ],
        ids=["U18-escapes", "U18-forged rejection", "U18-forged status", "U18-forged storage"],
    )
    def test_of_a_host_are_cleaned_and_not_believed(
        self, online: Git, server: GitServer, mirror: Path, words: bytes
    ) -> None:
        server.behaviour.sideband = words
        with pytest.raises(TransferInterrupted) as refused:
            fetch(online, mirror, served(server))
        assert all(character.isprintable() for character in str(refused.value))
        assert "owned" not in str(refused.value)


class TestReaching:
    def test_a_closed_port(self, online: Git) -> None:
        with pytest.raises(HostUnreachable) as unreachable:
            online.listing(Remote(url=parse_remote_url("https://localhost:1/x")))
        assert unreachable.value.transient

    def test_a_host_whose_certificate_is_not_trusted(self, online: Git, server: GitServer, tmp_path: Path) -> None:
        other = tmp_path / "other.pem"
        trustme.CA().cert_pem.write_to_path(str(other))
        with pytest.raises(CertificateRefused):
            Git(replace(online.config, ca_file=other)).listing(served(server))

    def test_a_host_under_another_name(self, online: Git, server: GitServer) -> None:
        url = parse_remote_url(f"https://[::1]:{server.port}/team/app.git")
        with pytest.raises(AddressRefused):
            online.listing(Remote(url=url, secret=Secret(username="x", password="y")))
