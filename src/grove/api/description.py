"""What the OpenAPI document says beyond what the framework knows: in which form failures are told."""

from typing import Any, Final

from fastapi import FastAPI

from grove.api.problems import GIT_PREFIX, Problem, ProblemResponse

_PROBLEM: Final = {"$ref": f"#/components/schemas/{Problem.__name__}"}


class DescribedApp(FastAPI):
    """An app whose document tells failures apart from answers by their media types."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document of every route."""
        if self.openapi_schema is None:
            for path, operations in super().openapi()["paths"].items():
                for operation in operations.values():
                    for answer in operation["responses"].values():
                        _tell_form(path, answer)
        assert self.openapi_schema is not None
        return self.openapi_schema


def _tell_form(path: str, answer: dict[str, Any]) -> None:
    """Give the problems among the contents of an answer the form in which `problem_response` sends them."""
    contents = answer.get("content", {})
    if not any(content.get("schema") == _PROBLEM for content in contents.values()):
        return
    if path.startswith(GIT_PREFIX):
        answer["content"] = {"text/plain": {"schema": {"type": "string"}}}
    else:
        answer["content"] = {ProblemResponse.media_type: {"schema": _PROBLEM}}
