"""GitHub Apps: tokens for one repository each, made by a key that goes nowhere."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from grove import credentials, grants, mirrors
from grove.credentials import CredentialDraft, CredentialInvalid, CredentialKind, Lease, Secret
from grove.forges import ForgeAccess, ForgeCredentialRejected, ForgeRepositoryNotFound, ForgeUnavailable, GitHubApps
from grove.git import parse_remote_url
from grove.repositories import Access, Repository
from tests.support.canary import CANARY, nowhere
from tests.support.git_repositories import Repository as Upstream
from tests.support.git_server import GitServer, Raw, serving
from tests.support.github_app import APP, AppForge, new_key
from tests.support.grove import House, house
from tests.support.sources import now_of, sync

KEY = new_key()
OTHER_KEY = new_key()
PATH = "/acme/pay.git"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path) as running:
        running.behaviour.token = "nobody's"
        yield running


@pytest.fixture
def forge(server: GitServer) -> AppForge:
    server.behaviour.api = made = AppForge(server=server, key=KEY)
    return made


@dataclass
class App:
    """The app as Grove uses it."""

    apps: GitHubApps
    lease: Lease

    def mint(self, *, key: str = KEY, writing: bool = False) -> Secret:
        return self.apps.mint(self.lease, key, path=PATH, writing=writing)


@pytest.fixture
def app(server: GitServer) -> App:
    access = ForgeAccess(resolve=lambda _host, _port: "127.0.0.1", ca_file=server.ca_file)
    lease = Lease(
        tenant_id="t",
        username=APP,
        password=KEY,
        reference=None,
        credential_id="c",
        kind=CredentialKind.GITHUB_APP,
        host=f"localhost:{server.port}",
    )
    return App(GitHubApps(access), lease)


class TestATokenOfAnApp:
    def test_opens_only_the_repository_that_was_asked_for_and_only_to_read(self, forge: AppForge, app: App) -> None:
        assert app.mint().password.startswith(CANARY)
        assert forge.wanted == [{"repositories": ["pay"], "permissions": {"contents": "read", "metadata": "read"}}]

    def test_opens_a_repository_that_was_renamed_by_its_number(self, forge: AppForge, app: App) -> None:
        forge.is_renamed = True

        assert app.mint().password.startswith(CANARY)
        assert forge.wanted == [{"repository_ids": [77], "permissions": {"contents": "read", "metadata": "read"}}]

    def test_may_write_when_that_is_wanted(self, forge: AppForge, app: App) -> None:
        assert app.mint().password != app.mint(writing=True).password
        assert forge.wanted[1]["permissions"]["pull_requests"] == "write"

    def test_is_kept_while_it_holds(self, forge: AppForge, app: App) -> None:
        assert app.mint() == app.mint()
        assert len(forge.wanted) == 1

    def test_is_made_anew_shortly_before_it_ends(self, forge: AppForge, app: App) -> None:
        forge.lifetime = timedelta(minutes=4)

        assert app.mint() != app.mint()

    def test_is_made_anew_when_the_key_was_rotated(self, forge: AppForge, app: App) -> None:
        app.mint()
        app.lease = replace(app.lease, version=2)
        app.mint()

        assert len(forge.wanted) == 2

    @pytest.mark.parametrize("skew", [timedelta(minutes=-20), timedelta(minutes=20), timedelta(days=400)])
    def test_is_had_although_the_clocks_go_apart(self, forge: AppForge, app: App, skew: timedelta) -> None:
        forge.skew = skew

        assert app.mint() == app.mint()
        assert len(forge.wanted) == 1


class TestAnApp:
    def test_is_refused_with_the_key_of_another(self, forge: AppForge, app: App) -> None:
        with pytest.raises(ForgeCredentialRejected):
            app.mint(key=OTHER_KEY)
        assert forge.wanted == []

    def test_that_is_not_installed_there_opens_nothing(self, forge: AppForge, app: App) -> None:
        forge.is_installed = False

        with pytest.raises(ForgeRepositoryNotFound):
            app.mint()

    @pytest.mark.parametrize(
        "answer",
        [
            Raw(200, {}, b"<html>Sign in</html>", "text/html"),
            Raw(200, {}, b'{"id": "99/../../evil"}'),
            Raw(200, {}, b"[]"),
            Raw(502),
            Raw(302, {"Location": "https://localhost:1/stolen"}),
        ],
    )
    def test_heeds_no_answer_that_makes_no_sense(self, forge: AppForge, app: App, answer: Raw) -> None:
        forge.always = answer

        with pytest.raises(ForgeUnavailable):
            app.mint()
        assert len(forge.asked) == 1

    @pytest.mark.parametrize("secret", ["ghp_0123456789", "-----BEGIN RSA PRIVATE KEY-----\nnonsense\n", KEY[:900]])
    def test_has_a_key_and_nothing_else_which_no_error_shows(self, secret: str) -> None:
        with pytest.raises(CredentialInvalid) as refused:
            CredentialDraft(name="a", host="x.org", username=APP, password=secret, kind=CredentialKind.GITHUB_APP)
        assert secret[4:40] not in str(refused.value)


@pytest.fixture
def made(tmp_path: Path, server: GitServer) -> Iterator[House]:
    upstream = Upstream.new(server.root / "acme" / "pay.git")
    upstream.commit({"main.py": "def settle_invoice():\n    return 1\n"})
    with house(
        tmp_path / "data",
        git_ca_file=server.ca_file,
        allowed_networks=(ip_network("127.0.0.0/8"),),
        forges={f"localhost:{server.port}": "github"},
    ) as grove_house:
        yield grove_house


def connected(made: House, server: GitServer) -> Repository:
    """A repository that is opened by the app, mirrored."""
    grove, url = made.grove, parse_remote_url(server.url("acme/pay.git"))
    draft = CredentialDraft(name="app", host=url.authority, username=APP, password=KEY, kind=CredentialKind.GITHUB_APP)
    with grove.database.transaction() as tx:
        kept = credentials.add_credential(tx, actor=made.admin, keyring=grove.keyring, draft=draft, now=made.now)
        lease = credentials.lease_to_look(
            tx, actor=made.admin, keyring=grove.keyring, credential_id=kept.id, host=url.authority, now=made.now
        )
    source = mirrors.Source(address=url.text).opened_with(
        grove.stores.open(lease, path=url.path), credential_id=kept.id
    )
    report = mirrors.check_source(source, tools=grove.sources)
    with grove.database.transaction() as tx:
        repository = mirrors.connect_source(
            tx, actor=made.admin, source=source, report=report, keyring=grove.keyring, now=made.now
        )
    made.work()
    return now_of(made, repository)


class TestARepositoryThatAnAppOpens:
    def test_is_mirrored_with_tokens_and_never_with_the_key(
        self, made: House, forge: AppForge, server: GitServer
    ) -> None:
        with nowhere(made.grove.settings.data_dir):
            repository = connected(made, server)

        assert repository.synced_at is not None
        assert set(server.passwords()) == {server.behaviour.token}
        whole = b"".join(path.read_bytes() for path in made.grove.settings.data_dir.rglob("*") if path.is_file())
        assert KEY.encode()[100:140] not in whole
        assert not any(KEY[100:140] in str(headers) for _, _, headers in server.requests)

    def test_is_fetched_with_a_new_token_when_the_first_ends_in_the_middle(
        self, made: House, forge: AppForge, server: GitServer
    ) -> None:
        forge.lifetime = timedelta(minutes=4)  # too short to be kept: each question gets one of its own
        repository = connected(made, server)
        Upstream(server.root / "acme" / "pay.git").commit({"b.py": "x = 1\n"})
        forge.wanted.clear()

        job = sync(made, repository)

        assert job.error is None
        assert len(forge.wanted) >= 2

    def test_is_shown_no_more_when_the_app_is_uninstalled(
        self, made: House, forge: AppForge, server: GitServer
    ) -> None:
        repository = connected(made, server)
        forge.is_installed = False
        server.behaviour.token = "none: those of before count no more"

        with made.grove.database.transaction() as tx:
            grants.request_check(tx, actor=made.admin, repository_id=repository.id, now=datetime.now(UTC))
        made.work()

        assert now_of(made, repository).access is Access.REFUSED

    @pytest.mark.parametrize("is_checked", [False, True])
    def test_is_opened_with_one_new_token_when_the_forge_has_revoked_the_first(
        self, made: House, forge: AppForge, server: GitServer, *, is_checked: bool
    ) -> None:
        repository = connected(made, server)
        forge.wanted.clear()
        server.behaviour.token = "another: those of before count no more"

        if is_checked:
            with made.grove.database.transaction() as tx:
                grants.request_check(tx, actor=made.admin, repository_id=repository.id, now=datetime.now(UTC))
            made.work()
        else:
            assert sync(made, repository).error is None

        assert now_of(made, repository).access is Access.GRANTED
        assert len(forge.wanted) == 1

    def test_is_refused_when_the_new_token_is_refused_too(
        self, made: House, forge: AppForge, server: GitServer
    ) -> None:
        repository = connected(made, server)
        forge.wanted.clear()
        forge.is_believed = False
        server.behaviour.token = "none that it makes"

        sync(made, repository)

        assert now_of(made, repository).access is Access.REFUSED
        assert len(forge.wanted) == 1
