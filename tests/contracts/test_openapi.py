"""The OpenAPI document holds for every operation, and nothing of another tenant shows in any answer.

Two servers have the same people and things of one tenant. The other tenant has nothing at the one, and one thing of
each kind at the other. The same requests, made from the document, go to both, and what comes back must be as described
and the same.
"""

import re
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks as described

from grove import accounts
from grove.accounts import Role
from grove.api import create_app
from grove.kit.gate import Source
from grove.wiring import build
from tests.api.conftest import ADDRESS, Door, bearer, open_door
from tests.api.test_borders import QUERY, Route, routes_of, things_of
from tests.support.git_repositories import Repository
from tests.support.grove import ADMIN_TOKEN, House, settings_for

ROLES = (Role.VIEWER, Role.DEVELOPER, Role.ADMIN)
EXAMPLES = 2
ASKED = (
    "retry",
    "retry_call",
    "repo:zebrafinch retry",
    "zebrafinch",
    "zebrafinsh",
    "",
    "(",
    "/.*finch/ OR file:README",
)
MARK = "zebrafinch"
"""A word that only the other tenant has."""
CHECKS = [
    checks.not_a_server_error,
    described.status_code_conformance,
    described.content_type_conformance,
    described.response_headers_conformance,
    described.response_schema_conformance,
    described.negative_data_rejection,
    described.missing_required_header,
]
ORDER = {"GET": 0, "POST": 1, "PUT": 2, "PATCH": 3, "DELETE": 4}
"""What only looks comes first, and what ends things last."""
CHANCES = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|\+00:00)?", "TIME"),
    (r"\b(grove|setup|hook)_[\w-]{20,}", "SECRET"),
    (r"\b[0-9a-f]{40,64}\b", "DIGEST"),
    (r"\d+\.\d+", "NUMBER"),
    (r'"elapsed_ms": ?\d+|\d+ ms', "DURATION"),
    (r"[\d,]+ MB free", "ROOM"),
    (r"\b[A-Z]{4}-[A-Z]{4}\b|…[0-9a-f]{4}\b", "HINT"),
)
"""What differs between two servers by chance or by the time."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """One of the two servers, with clients of the tenant that both have alike."""

    made: House
    clients: Mapping[Role, TestClient]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The two servers."""

    alone: Site
    beside: Site
    own: Mapping[str, str]
    others: Mapping[str, str]

    def send(self, role: Role, request: Mapping[str, Any]) -> tuple[httpx2.Response, httpx2.Response]:
        """The answers of both to the same request."""
        first, second = (site.clients[role].request(**request) for site in (self.alone, self.beside))
        return first, second

    def work(self) -> None:
        """Have both do their jobs, so that no stream waits for one."""
        for site in (self.alone, self.beside):
            site.made.work()


@contextmanager
def reopened(data: Path, *, upstream: Path, tokens: Mapping[Role, str]) -> Iterator[Site]:
    """A server on a data folder that is set up already."""
    grove = build(settings_for(data, local_roots=(upstream,), refusals_told_per_minute=0))
    with grove.database.reading() as tx:
        admin = accounts.authenticate(tx, secret=ADMIN_TOKEN, source=Source.API, now=datetime.now(UTC))
    app = create_app(grove)
    try:
        with TestClient(app, base_url=ADDRESS):
            clients = {role: TestClient(app, base_url=ADDRESS, headers=bearer(token)) for role, token in tokens.items()}
            yield Site(made=House(grove=grove, admin=admin), clients=clients)
    finally:
        grove.close()


def fill(site: Site, upstream: Path, *, token: str) -> dict[str, str]:
    """One thing of each kind in the other tenant, all with its word in them."""
    admin = TestClient(site.clients[Role.ADMIN].app, base_url=ADDRESS, headers=bearer(token))
    repository = Repository.new(upstream / f"{MARK}.git")
    repository.commit({"README.md": f"# {MARK}\n", "src/retry.py": f"def retry_call({MARK}):\n    return 'retry'\n"})
    connected = admin.post("/api/v1/repositories", json={"url": str(repository.path)})
    assert connected.is_success, connected.text
    site.made.work()
    return things_of(admin, repository=connected.json()["repository"]["id"], mark=MARK)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("openapi")
    upstream = folder / "upstream"
    for door in open_door(folder):
        own = things_of(door.admin, repository=door.connect_ready())
        tokens = {role: door.made.actor(role, name=f"the {role}")[1] for role in ROLES}
        stranger = _stranger(door)
        door.made.work_until_idle()
    shutil.copytree(folder / "data", folder / "beside")
    with (
        reopened(folder / "data", upstream=upstream, tokens=tokens) as alone,
        reopened(folder / "beside", upstream=upstream, tokens=tokens) as beside,
    ):
        yield Pair(alone=alone, beside=beside, own=own, others=fill(beside, upstream, token=stranger))


def _stranger(door: Door) -> str:
    with door.made.grove.database.transaction() as tx:
        wanted = accounts.NewAdministrator(name="stranger", email=None, tenant_name="elsewhere")
        return accounts.set_up(tx, administrator=wanted, now=datetime.now(UTC)).secret


def told(answer: httpx2.Response) -> tuple[int, str]:
    """What an answer says, without what differs by chance."""
    text = answer.text
    for pattern, word in CHANCES:
        text = re.sub(pattern, word, text)
    return answer.status_code, text


def shows(answer: httpx2.Response, asked: str, others: Mapping[str, str]) -> list[str]:
    """What an answer shows of the other tenant, beyond what was said to it."""
    words = [MARK, *(value for value in others.values() if re.fullmatch(r"[0-9a-f-]{36,}", value))]
    return [word for word in words if word in answer.text and word not in asked]


class Trial:
    """Sends requests to both servers, and notes what is wrong with the answers."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.wrong: dict[str, str] = {}

    def of(self, case: Any) -> None:
        """Send a generated request."""
        sent: dict[str, Any] = case.as_transport_kwargs(base_url=ADDRESS)
        headers = {name: value for name, value in sent["headers"].items() if name.lower() != "user-agent"}
        body = sent.get("data")
        content = {"data" if isinstance(body, dict) else "content": body} if body is not None else {}
        kept: dict[str, Any] = {name: sent[name] for name in ("method", "url", "params", "json") if name in sent}
        for role in ROLES:
            alone = self.send(case.operation.label, role, {**kept, **content, "headers": headers})
            try:
                case.validate_response(alone, checks=CHECKS)
            except (AssertionError, ExceptionGroup) as failed:
                causes = failed.exceptions if isinstance(failed, ExceptionGroup) else (failed,)
                for cause in causes:
                    self.note(case.operation.label, role, f"{cause}\n{case.as_curl_command()}\n{alone.text[:300]}")

    def ask(self, route: Route, things: Mapping[str, str], role: Role, text: str) -> None:
        """Send a request that makes sense."""
        path = "/".join(
            things[route.kinds[route.names.index(step[1:-1])]] if step.startswith("{") else step
            for step in route.path.split("/")
        )
        self.send(str(route), role, {"method": "GET", "url": path, "params": {**QUERY, "q": text, "name": text}})

    def send(self, label: str, role: Role, request: Mapping[str, Any]) -> httpx2.Response:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # generated headers and bodies are odd on purpose
            alone, beside = self.pair.send(role, request)
        if told(alone) != told(beside):
            self.note(label, role, f"differ: {request}\n{told(alone)}\n{told(beside)}")
        # What the lone server answers too was in an earlier question, such as in a refusal that the trail tells of.
        if found := shows(beside, str(request) + alone.text, self.pair.others):
            self.note(label, role, f"{request} shows {found}: {beside.text[:300]}")
        return alone

    def note(self, label: str, role: Role, what: str) -> None:
        self.wrong.setdefault(f"{label}: {what.splitlines()[0]}", f"{role}: {what}")


@pytest.mark.timeout(900)
class TestEveryOperation:
    def test_answers_what_people_ask_as_if_there_were_no_other_tenant(self, pair: Pair) -> None:
        trial = Trial(pair)
        for route in routes_of(pair.alone.clients[Role.VIEWER]):
            if route.method != "GET":
                continue
            texts = ASKED if route.permission == "search.run" else ASKED[:1]
            kinds_of_things = (pair.own, pair.others) if route.names else (pair.own,)
            for things, role, text in product(kinds_of_things, ROLES, texts):
                trial.ask(route, things, role, text)

        assert not trial.wrong, f"{len(trial.wrong)}:\n" + "\n\n".join(trial.wrong.values())

    def test_answers_as_described_and_as_if_there_were_no_other_tenant(self, pair: Pair) -> None:
        trial = Trial(pair)
        client = pair.alone.clients[Role.VIEWER]
        app: Any = client.app
        routes = {str(route): route for route in routes_of(client)}
        schema = schemathesis.openapi.from_dict(_without_security(app.openapi()))
        operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
        assert len(operations) > len(routes)
        for operation in sorted(operations, key=lambda each: ORDER[each.method.upper()]):
            if operation.label.endswith("/events"):
                pair.work()
            for mode in GenerationMode:
                for parameters in _parameters(routes.get(operation.label), pair):
                    _generate(
                        trial, operation.as_strategy(generation_mode=mode, path_parameters=parameters), parameters
                    )

        assert not trial.wrong, f"{len(trial.wrong)}:\n" + "\n\n".join(trial.wrong.values())


def _parameters(route: Route | None, pair: Pair) -> list[dict[str, str] | None]:
    """What stands in a path: anything, what is one's own, and what is another's."""
    if route is None or not route.names:
        return [None]
    return [
        None,
        *(
            {name: things[kind] for name, kind in zip(route.names, route.kinds, strict=True)}
            for things in (pair.own, pair.others)
        ),
    ]


def _generate(trial: Trial, strategy: Any, parameters: Mapping[str, str] | None) -> None:
    @seed(1)
    @settings(
        max_examples=1 if parameters else EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(case: Any) -> None:
        with suppress(httpx2.InvalidURL):  # longer than our client sends
            trial.of(case)

    with suppress(Unsatisfiable):  # an operation that takes nothing can be asked nothing wrong
        each()


def _without_security(document: dict[str, Any]) -> dict[str, Any]:
    """The document for somebody who shows a token always."""
    paths = {
        path: {method: {**operation, "security": []} for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    }
    return {**document, "paths": paths}
