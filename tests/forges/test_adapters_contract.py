"""What every forge's adapter must do, asked over real HTTPS. An adapter joins by one more dialect."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from grove.credentials import Secret
from grove.forges import (
    Forge,
    ForgeAccess,
    ForgeCredentialRejected,
    ForgeRateLimited,
    ForgeRemote,
    ForgeRepositoryNotFound,
    ForgeUnavailable,
    SizeEstimate,
    ask_size,
    estimate_size,
    permalink,
    recognise,
    username_for,
)
from grove.kit.errors import GroveError
from tests.support.forge_server import Answer, ForgeServer, document

TOKEN = "CANARY0123456789"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one forge speaks, by its own documentation."""

    forge: Forge
    host: str
    resource: str
    told: Mapping[str, Any]
    authorization: str
    lines: str
    line: str
    readme: str


DIALECTS = [
    Dialect(
        forge=Forge.GITHUB,
        host="github.com",
        resource="/repos/acme/web.js",
        told={"id": 1, "size": 300, "private": True},
        authorization=f"Bearer {TOKEN}",
        lines=f"https://github.com/acme/web.js/blob/{COMMIT}/src/a%20b%23.py#L3-L9",
        line=f"https://github.com/acme/web.js/blob/{COMMIT}/src/a%20b%23.py#L3",
        readme=f"https://github.com/acme/web.js/blob/{COMMIT}/README.md?plain=1#L1",
    ),
    Dialect(
        forge=Forge.GITLAB,
        host="gitlab.com",
        resource="/projects/acme%2Fweb.js?statistics=true",
        told={"id": 1, "statistics": {"commit_count": 7, "repository_size": 307_200}},
        authorization=f"Bearer {TOKEN}",
        lines=f"https://gitlab.com/acme/web.js/-/blob/{COMMIT}/src/a%20b%23.py#L3-9",
        line=f"https://gitlab.com/acme/web.js/-/blob/{COMMIT}/src/a%20b%23.py#L3",
        readme=f"https://gitlab.com/acme/web.js/-/blob/{COMMIT}/README.md?plain=1#L1",
    ),
    Dialect(
        forge=Forge.BITBUCKET,
        host="bitbucket.org",
        resource="/repositories/acme/web.js",
        told={"uuid": "{1}", "size": 307_200},
        authorization=f"Bearer {TOKEN}",
        lines=f"https://bitbucket.org/acme/web.js/src/{COMMIT}/src/a%20b%23.py#lines-3:9",
        line=f"https://bitbucket.org/acme/web.js/src/{COMMIT}/src/a%20b%23.py#lines-3",
        readme=f"https://bitbucket.org/acme/web.js/src/{COMMIT}/README.md#lines-1",
    ),
    Dialect(
        forge=Forge.GITEA,
        host="codeberg.org",
        resource="/repos/acme/web.js",
        told={"id": 1, "size": 300},
        authorization=f"token {TOKEN}",
        lines=f"https://codeberg.org/acme/web.js/src/commit/{COMMIT}/src/a%20b%23.py#L3-L9",
        line=f"https://codeberg.org/acme/web.js/src/commit/{COMMIT}/src/a%20b%23.py#L3",
        readme=f"https://codeberg.org/acme/web.js/src/commit/{COMMIT}/README.md?display=source#L1",
    ),
]


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.forge)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    chosen: Dialect = request.param
    return chosen


@pytest.fixture
def access(server: ForgeServer, dialect: Dialect) -> ForgeAccess:
    return access_to(server, dialect)


def access_to(server: ForgeServer, dialect: Dialect) -> ForgeAccess:
    return ForgeAccess(
        resolve=lambda _host, _port: "127.0.0.1", api_roots={dialect.host: server.root}, ca_file=server.ca_file
    )


def remote_of(dialect: Dialect, *, token: str | None = TOKEN) -> ForgeRemote:
    secret = Secret(username=username_for(dialect.forge, token), password=token) if token else None
    return ForgeRemote(forge=dialect.forge, host=dialect.host.upper(), path="/acme/web.js.git", secret=secret)


class TestForgeAdapter:
    def test_is_recognised_by_its_host(self, dialect: Dialect) -> None:
        assert recognise(dialect.host, "/acme/web.js.git") is dialect.forge

    def test_reads_the_size_with_the_token(self, server: ForgeServer, dialect: Dialect, access: ForgeAccess) -> None:
        server.answers[dialect.resource] = document(dialect.told)

        estimate = ask_size(remote_of(dialect), access=access)

        assert estimate == SizeEstimate(size_bytes=307_200, forge=dialect.forge)
        assert server.asked[0].headers["authorization"] == dialect.authorization

    @pytest.mark.parametrize(
        "told",
        [
            {"archived": True, "fork": True},
            {"archived": True, "forked_from_project": {"id": 7}},
            {"archived": True, "parent": {"full_name": "acme/web"}},
        ],
    )
    def test_reads_whether_it_is_archived_and_a_fork(
        self, server: ForgeServer, dialect: Dialect, access: ForgeAccess, told: dict[str, object]
    ) -> None:
        server.answers[dialect.resource] = document({"id": 1, **told})

        estimate = ask_size(remote_of(dialect), access=access)

        assert estimate == SizeEstimate(size_bytes=None, forge=dialect.forge, is_archived=True, is_fork=True)

    def test_reads_the_size_of_a_public_repository_without_one(
        self, server: ForgeServer, dialect: Dialect, access: ForgeAccess
    ) -> None:
        server.answers[dialect.resource] = document(dialect.told)

        estimate = ask_size(remote_of(dialect, token=None), access=access)

        assert estimate is not None
        assert "authorization" not in server.asked[0].headers

    @pytest.mark.parametrize(
        "told", [{}, {"size": None}, {"size": "300"}, {"size": -1}, {"size": True}, {"size": 1.5}, {"statistics": [1]}]
    )
    def test_knows_no_size_when_none_is_told(
        self, server: ForgeServer, dialect: Dialect, access: ForgeAccess, told: dict[str, Any]
    ) -> None:
        server.answers[dialect.resource] = document(told)

        assert ask_size(remote_of(dialect), access=access) is None

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (Answer(status=401), ForgeCredentialRejected),
            (Answer(status=403), ForgeCredentialRejected),
            (Answer(status=404), ForgeRepositoryNotFound),
            (Answer(status=410), ForgeRepositoryNotFound),
            (Answer(status=429), ForgeRateLimited),
            (Answer(status=403, headers={"Retry-After": "60"}), ForgeRateLimited),
            (Answer(status=403, headers={"X-RateLimit-Remaining": "0"}), ForgeRateLimited),
            (Answer(status=301, headers={"Location": "https://evil.example/"}), ForgeUnavailable),
            (Answer(status=500), ForgeUnavailable),
            (Answer(status=204, body=b""), ForgeUnavailable),
            (Answer(body=b"<html>"), ForgeUnavailable),
            (Answer(body=b"[]"), ForgeUnavailable),
            (Answer(body=b"[" * 100_000), ForgeUnavailable),
            (Answer(body=b"\xff\xfe\x00"), ForgeUnavailable),
        ],
    )
    def test_says_why_there_is_no_answer_and_never_the_token(
        self, server: ForgeServer, dialect: Dialect, answer: Answer, error: type[GroveError]
    ) -> None:
        server.answers[dialect.resource] = answer

        with pytest.raises(error) as refused:
            ask_size(remote_of(dialect), access=access_to(server, dialect))

        assert TOKEN not in str(refused.value)
        assert len(server.asked) == 1

    def test_goes_without_a_size_when_the_api_is_out_of_service(
        self, server: ForgeServer, dialect: Dialect, access: ForgeAccess
    ) -> None:
        server.answers[dialect.resource] = Answer(status=503)

        assert estimate_size(remote_of(dialect), access=access) is None

    def test_links_to_lines_of_one_commit(self, dialect: Dialect) -> None:
        for url in (f"https://{dialect.host}/acme/web.js", f"https://{dialect.host}/acme/web.js.git/"):
            several = permalink(dialect.forge, url, commit=COMMIT, path="src/a b#.py", first_line=3, last_line=9)
            one = permalink(dialect.forge, url, commit=COMMIT, path="src/a b#.py", first_line=3, last_line=3)
            readme = permalink(dialect.forge, url, commit=COMMIT, path="README.md", first_line=1, last_line=1)

            assert (several, one, readme) == (dialect.lines, dialect.line, dialect.readme)

    def test_links_to_the_web_though_it_is_mirrored_over_ssh(self, dialect: Dialect) -> None:
        url = f"ssh://git@{dialect.host.partition(':')[0]}:2222/acme/web.js.git"
        link = permalink(dialect.forge, url, commit=COMMIT, path="README.md", first_line=1, last_line=1)

        assert link == dialect.readme.replace(dialect.host, dialect.host.partition(":")[0])
