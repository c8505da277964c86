"""How a failure is told: RFC 9457 problems, and the `detail` objects of the `/api/v1/code` routes."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from grove.kit.errors import GroveError, Kind, StorageFull, is_full
from grove.kit.logging import mask

CODE_PREFIX: Final = "/api/v1/code/"
GIT_PREFIX: Final = "/git/"
RETRY_SECONDS: Final = 5
_STATUS: Final[Mapping[Kind, int]] = {
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.LIMITED: 429,
    Kind.UNAVAILABLE: 503,
}
_TITLES: Final[Mapping[int, str]] = {
    400: "The request cannot be understood.",
    404: "There is nothing at this address.",
    405: "This address does not answer this method.",
    413: "The body is larger than is allowed here.",
    422: "The request is not well formed.",
}


class FieldError(BaseModel):
    """What is wrong with one part of a request."""

    pointer: str = Field(examples=["/body/url"])
    code: str = Field(examples=["missing"])
    message: str


class Problem(BaseModel):
    """A failure, as RFC 9457 has it; `code` is stable, `request_id` finds it in the server's log."""

    type: str = Field(examples=["urn:grove:problem:repository_exists"])
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(examples=["repository_exists"])
    request_id: str
    facts: dict[str, Any] = {}
    errors: list[FieldError] = []


class ProblemResponse(JSONResponse):
    """A problem; escaped, so that no text in it can be one that UTF-8 cannot hold."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        """The content as JSON in ASCII."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def tell_problems(app: FastAPI) -> None:
    """Have every failure of the app answered in this module's way."""
    app.add_exception_handler(GroveError, _on_grove_error)
    app.add_exception_handler(OSError, _on_os_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)


def status_of(error: GroveError) -> int:
    """The HTTP status of a failure."""
    return _STATUS[error.kind]


def error_response(scope: Scope, error: GroveError) -> Response:
    """The answer to a failure that was expected."""
    headers: dict[str, str] = {}
    if error.kind is Kind.UNAUTHENTICATED:
        scheme = "Basic" if scope["path"].startswith(GIT_PREFIX) else "Bearer"
        headers["WWW-Authenticate"] = f'{scheme} realm="grove"'
    if error.kind is Kind.UNAVAILABLE and error.transient:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if error.kind is Kind.LIMITED:
        headers["Retry-After"] = str(error.facts["retry_seconds"])
    return problem_response(
        scope,
        status=status_of(error),
        code=error.code,
        title=error.message,
        detail=mask(str(error)),
        facts=shown_facts(error),
        headers=headers,
    )


def problem_response(
    scope: Scope,
    *,
    status: int,
    code: str,
    title: str,
    detail: str = "",
    facts: Mapping[str, Any] | None = None,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a failure, in the form of the route that was asked."""
    if scope["path"].startswith(CODE_PREFIX):
        return _code_response(status=status, code=code, title=title, facts=facts, errors=errors, headers=headers)
    if scope["path"].startswith(GIT_PREFIX):
        # Git shows its user what is plain text, and nothing else.
        return PlainTextResponse(f"{title} ({code})\n", status_code=status, headers=headers)
    problem = Problem(
        type=f"urn:grove:problem:{code}",
        title=title,
        status=status,
        detail=detail or title,
        instance=scope["path"],
        code=code,
        request_id=scope["state"]["request_id"],
        facts=dict(facts or {}),
        errors=list(errors),
    )
    return ProblemResponse(problem.model_dump(), status_code=status, headers=headers)


def shown_facts(error: GroveError) -> dict[str, Any]:
    """The facts of an error as JSON, secrets masked."""
    return {name: _shown(value) for name, value in error.facts.items()}


def _shown(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): _shown(part) for name, part in value.items()}
    return mask(str(value))


def _code_response(
    *,
    status: int,
    code: str,
    title: str,
    facts: Mapping[str, Any] | None,
    errors: Sequence[FieldError],
    headers: Mapping[str, str] | None,
) -> JSONResponse:
    """As these routes have always told it: an object with the error, or a list of what is wrong with the request."""
    detail: Any = {"error": code, "message": title, **(facts or {})}
    if errors:
        detail = [
            {"type": wrong.code, "loc": wrong.pointer.strip("/").split("/"), "msg": wrong.message} for wrong in errors
        ]
    if code == "repository_too_large" and facts:
        size, limit = facts.get("estimated_size_mb"), facts.get("limit_mb")
        detail["message"] = f"Repository size {size}MB exceeds limit of {limit}MB"
    response = JSONResponse(None, status_code=status, headers=headers)
    response.body = json.dumps({"detail": detail}).encode("ascii")
    response.headers["content-length"] = str(len(response.body))
    return response


def _on_grove_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GroveError)
    return error_response(request.scope, error)


def _on_os_error(request: Request, error: Exception) -> Response:
    """A full disk has a name of its own; anything else was not foreseen."""
    if isinstance(error, OSError) and is_full(error):
        return error_response(request.scope, StorageFull(reason=error.strerror))
    raise error


def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request)))  # the framework names those of one route alone
    return problem_response(
        request.scope,
        status=error.status_code,
        code=phrase.lower().replace(" ", "_"),
        title=_TITLES.get(error.status_code, phrase),
        headers=headers,
    )


def _methods(request: Request) -> set[str]:
    """Every method that the address answers."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return {method for route in routes for method in getattr(route, "methods", None) or ()}


def _on_validation_error(request: Request, error: Exception) -> Response:
    """Say which parts are wrong and why, but never what they were: one of them may be a secret."""
    assert isinstance(error, RequestValidationError)
    wrong = [
        FieldError(pointer="/" + "/".join(str(step) for step in found["loc"]), code=found["type"], message=found["msg"])
        for found in error.errors()
    ]
    return problem_response(request.scope, status=422, code="request_invalid", title=_TITLES[422], errors=wrong)
