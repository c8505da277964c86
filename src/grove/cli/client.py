"""The REST API of a server, as the commands use it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import httpx2

import grove
from grove.cli.hosts import Host, is_loopback
from grove.cli.refusal import Refused, unreachable

API = "/api/v1"
CONNECT_SECONDS_MAX = 5.0
ANSWER_SECONDS_MAX = 120.0
"""Looking at a remote repository before it is connected may take a minute."""
EVENT_SECONDS_MAX = 60.0
"""A server that has nothing to tell sends a sign of life more often."""
REASON_CHARS_MAX = 2_000
NO_CONTENT = 204
SERVER_FAILED = 500
PAGE_MAX = 200
OCTETS = "application/octet-stream"

_UNKNOWN_THERE = {"not_found", "method_not_allowed"}
"""A server says so that does not have a command's route."""

Parameters = Mapping[str, Any]
Document = dict[str, Any]


class Told(dict[str, Any]):
    """An object of an answer; a field that the server does not know yet, or no longer, is a plain refusal."""

    def __missing__(self, name: str) -> Any:
        raise Refused(
            status=SERVER_FAILED,
            problem_code="field_missing",
            reason=f"its answer lacks {name}: the server has another version than this command, {grove.__version__}",
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream: its name, what it tells, and where to go on after it."""

    name: str
    body: dict[str, Any]
    id: str


class Client:
    """Asks one server, as one user.

    :raises Refused: if the address or the token cannot be used at all.
    """

    def __init__(self, server: Host) -> None:
        self.server = server
        if not (server.token.isascii() and server.token.isprintable()):
            raise Refused(status=401, problem_code="token_invalid", reason="what was given is not a token")
        with self._answering():
            self._http = httpx2.Client(
                base_url=server.url,
                headers={"Authorization": f"Bearer {server.token}", "User-Agent": f"grove-cli/{grove.__version__}"},
                timeout=httpx2.Timeout(ANSWER_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
                trust_env=not is_loopback(server.url),  # a proxy cannot reach this machine
            )

    def get(self, path: str, /, **parameters: Any) -> Document:
        """What the server says about something.

        :raises Refused: if it says something else, or nothing.
        """
        return _document(self._asked("GET", path, params=_given(parameters)))

    def get_bytes(self, path: str, /, **parameters: Any) -> bytes:
        """The bytes that the server has there.

        :raises Refused: if it does not give them.
        """
        return self._asked("GET", path, params=_given(parameters)).content

    def pieces(self, path: str) -> Iterator[bytes]:
        """The bytes that the server has there, piece by piece.

        :raises Refused: if it does not give them.
        """
        with self._answering(), self._http.stream("GET", f"{API}{path}") as answer:
            if not answer.is_success:
                answer.read()
                raise _refusal(answer)
            yield from answer.iter_bytes()

    def post(self, path: str, body: Parameters | None = None, *, seconds_more: float = 0.0) -> Document:
        """Have something done; what the server answers, which may take so much longer than usual.

        :raises Refused: if it does not do it.
        """
        timeout = httpx2.Timeout(ANSWER_SECONDS_MAX + seconds_more, connect=CONNECT_SECONDS_MAX)
        return _document(self._asked("POST", path, json=_given(body or {}), timeout=timeout))

    def post_bytes(
        self,
        path: str,
        content: bytes,
        /,
        *,
        kind: str = OCTETS,
        method: str = "POST",
        seconds_more: float = 0.0,
        **parameters: Any,
    ) -> Document:
        """Hand bytes in; what the server answers, which may take so much longer than usual.

        :raises Refused: if it does not take them.
        """
        timeout = httpx2.Timeout(ANSWER_SECONDS_MAX + seconds_more, connect=CONNECT_SECONDS_MAX)
        given: Any = {"params": _given(parameters), "headers": {"Content-Type": kind}, "timeout": timeout}
        return _document(self._asked(method, path, content=content, **given))

    def put(self, path: str, body: Parameters, *, method: str = "PUT") -> Document:
        """Set something, or with `PATCH` a part of it; what the server answers.

        :raises Refused: if it does not do it.
        """
        return _document(self._asked(method, path, json=_given(body)))

    def delete(self, path: str, /, **parameters: Any) -> Document:
        """Have something removed; what the server answers.

        :raises Refused: if it does not do it.
        """
        return _document(self._asked("DELETE", path, params=_given(parameters)))

    def items(self, path: str, /, *, limit: int, **parameters: Any) -> list[dict[str, Any]]:
        """A list, page after page, up to `limit` items.

        :raises Refused: if the server does not give it.
        """
        return list(islice(self.each(path, page_size=min(limit, PAGE_MAX), **parameters), limit))

    def each(self, path: str, /, *, page_size: int, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The items of a list, each page asked for when it is needed.

        :raises Refused: if the server does not give it.
        """
        cursor: str | None = None
        while True:
            page = self.get(path, limit=page_size, cursor=cursor, **parameters)
            if "items" not in page:
                raise Refused(status=SERVER_FAILED, problem_code="", reason="its answer is not a list; is it a Grove?")
            yield from page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def events(self, path: str, /, *, after: str = "", **parameters: Any) -> Iterator[Event]:
        """What the server tells, as it tells it, after an event that is known.

        :raises Refused: if it does not tell, or stops telling.
        """
        headers = {"Last-Event-ID": after} if after else {}
        return self._events("GET", path, params=_given(parameters), headers=headers)

    def post_events(self, path: str, body: Parameters, *, seconds_more: float = 0.0) -> Iterator[Event]:
        """Have something done; what the server tells of it, as it tells it.

        :raises Refused: if it does not do it, or stops telling.
        """
        return self._events("POST", path, json=_given(body), seconds_more=seconds_more)

    def _events(self, method: str, path: str, *, seconds_more: float = 0.0, **given: Any) -> Iterator[Event]:
        timeout = httpx2.Timeout(EVENT_SECONDS_MAX + seconds_more, connect=CONNECT_SECONDS_MAX)
        with (
            self._answering(),
            self._http.sse(f"{API}{path}", method=method, timeout=timeout, **given) as source,
        ):
            if source.response.status_code >= httpx2.codes.BAD_REQUEST:
                source.response.read()
                raise _refusal(source.response)
            for event in source:
                yield Event(name=event.event, body=json.loads(event.data or "{}", object_hook=Told), id=event.id)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _asked(self, method: str, path: str, **given: Any) -> httpx2.Response:
        with self._answering():
            answer = self._http.request(method, f"{API}{path}", **given)
        if not answer.is_success:
            raise _refusal(answer)
        return answer

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except httpx2.TimeoutException as late:
            raise unreachable(self.server.url, reason=f"no answer in time ({type(late).__name__})") from late
        except (httpx2.TransportError, httpx2.InvalidURL) as failed:
            raise unreachable(self.server.url, reason=str(failed) or type(failed).__name__) from failed
        except json.JSONDecodeError as garbled:
            raise Refused(status=SERVER_FAILED, problem_code="", reason="its answer is not JSON") from garbled


def _given(parameters: Parameters) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def _document(answer: httpx2.Response) -> Document:
    """The object that an answer holds; an empty one, if the server has nothing to say.

    :raises Refused: if it holds none.
    """
    if answer.status_code == NO_CONTENT:
        return {}
    try:
        document = answer.json(object_hook=Told)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Refused(status=SERVER_FAILED, problem_code="", reason="its answer is not a JSON object; is it a Grove?")
    return document


def _refusal(answer: httpx2.Response) -> Refused:
    """What a problem document says; what else a server or a proxy may say is shown by its status."""
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("error"), str):  # as OAuth has it
        return Refused(status=answer.status_code, problem_code=problem["error"], reason=problem["error"])
    if not isinstance(problem, dict) or "code" not in problem:
        reason = f"the answer was {answer.status_code} {answer.reason_phrase}"
        return Refused(status=answer.status_code, problem_code="", reason=reason)
    if problem["code"] in _UNKNOWN_THERE:
        told = f"{problem.get('title')} The server may have another version than this command, {grove.__version__}"
        return Refused(status=answer.status_code, problem_code=problem["code"], reason=told)
    return Refused(
        status=answer.status_code,
        problem_code=str(problem["code"]),
        reason=_reason(problem)[:REASON_CHARS_MAX],
        facts=problem.get("facts"),
    )


def _reason(problem: dict[str, Any]) -> str:
    wrong = [f"{error.get('pointer', '')}: {error.get('message', '')}" for error in problem.get("errors") or []]
    facts = problem.get("facts") or {}
    is_about_query = "position" in facts or problem.get("code") == "mode_conflict"
    told = _about_query(str(problem.get("title")), facts) if is_about_query else str(problem.get("detail") or "")
    return "; ".join([told or str(problem.get("title") or ""), *wrong])


def _about_query(title: str, facts: dict[str, Any]) -> str:
    """What is wrong with a query, where, and what was probably meant."""
    written = f"{facts['filter']}:{facts.get('value', '')}" if "filter" in facts else facts.get("pattern", "")
    position = f"at character {facts['position'] + 1}" if "position" in facts else ""
    place = " ".join(filter(None, (str(written), position)))
    nearest = f"the nearest is {facts['nearest']}" if facts.get("nearest") else ""
    return f"{title.rstrip('.')} ({'; '.join(filter(None, (place, str(facts.get('reason', '')), nearest)))})"
