"""What forges publish of their APIs: whether a question and its answer are as described."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from jsonschema import Draft202012Validator

FOLDER: Final = Path(__file__).parents[1] / "forges" / "descriptions"
_REFUSALS_FROM: Final = 400
NOTHING: Final = object()
"""Said of what no fact is told about; None is a fact."""


class Description:
    """The description of one forge's API, as far as Grove speaks to it."""

    def __init__(self, name: str) -> None:
        told = json.loads((FOLDER / f"{name}.json").read_text())
        self.operations: dict[str, Any] = told["operations"]
        self.schemas: dict[str, Any] = told["schemas"]

    def check_question(self, method: str, path: str, query: str, body: Any) -> str:
        """The operation that is asked for; an AssertionError tells what of the question is not described."""
        operation = self._operation(method, path)
        described = self.operations[operation]
        for name, values in parse_qs(query, keep_blank_values=True).items():
            assert name in described["query"], f"{operation} has no parameter {name}"
            self._check(_read(values[0], described["query"][name]), described["query"][name], f"{operation}?{name}")
        if body is not None:
            assert described["body"], f"{operation} takes no body"
            self._check(body, described["body"], f"body of {operation}")
        return operation

    def check_answer(self, operation: str, status: int, answer: Any) -> None:
        """Find the answer to be one that is described; refusals that are not described may say what they like."""
        answers = self.operations[operation]["answers"]
        if status < _REFUSALS_FROM:
            assert str(status) in answers, f"{operation} does not answer {status}"
        if str(status) in answers:
            self._check(answer, answers[str(status)], f"{status} of {operation}")

    def answer(self, operation: str, status: int = 200, /, **facts: Any) -> Any:
        """An answer of the described form that says these facts, and nothing else that may be left out."""
        schema = self.operations[operation]["answers"][str(status)]
        return self._least(schema, facts or NOTHING)

    def item(self, operation: str, /, *keys: str, **facts: Any) -> Any:
        """One of those that an answer lists, below `keys`."""
        schema = self._at(self.operations[operation]["answers"]["200"])
        for key in keys:
            schema = self._at(schema["properties"][key])
        return self._least(schema["items"], facts)

    def _operation(self, method: str, path: str) -> str:
        for operation in self.operations:
            verb, _, template = operation.partition(" ")
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if verb == method and re.fullmatch(pattern, path):
                return operation
        raise AssertionError(f"not described: {method} {path}")

    def _check(self, value: Any, schema: Any, what: str) -> None:
        validator = Draft202012Validator({**schema, "schemas": self.schemas})
        errors = [f"{what}: {error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]
        assert not errors, errors[:3]

    def _at(self, schema: Any) -> Any:
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def _least(self, schema: Any, facts: Any = NOTHING) -> Any:
        """The smallest value of a schema, with facts laid over it."""
        schema = self._at(schema)
        for key in ("anyOf", "allOf"):
            if key in schema:
                schema = self._at(next((each for each in schema[key] if _takes(self._at(each), facts)), schema[key][0]))
        if isinstance(facts, dict) and "properties" in schema:
            wanted = {*schema.get("required", []), *facts}
            parts = schema["properties"]
            return {name: self._least(parts.get(name, {}), facts.get(name, NOTHING)) for name in sorted(wanted)}
        if facts is not NOTHING:
            return facts
        return self._empty(schema)

    def _empty(self, schema: Any) -> Any:
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        kind = schema.get("type", "null")
        kind = ("null" if "null" in kind else kind[0]) if isinstance(kind, list) else kind
        if kind == "object":
            parts = schema.get("properties", {})
            return {name: self._least(parts.get(name, {})) for name in schema.get("required", [])}
        return {"array": [], "string": "", "boolean": False, "null": None}.get(kind, 0)


@cache
def described(name: str) -> Description:
    """The description of a forge's API, by the forge's name."""
    return Description(name)


def _takes(schema: Any, facts: Any) -> bool:
    if facts is NOTHING:
        return "null" in schema.get("type", [])
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", type(None): "null"}
    kind = schema.get("type", [])
    return kinds[type(facts)] in ([kind] if isinstance(kind, str) else kind)


def _read(value: str, schema: Any) -> Any:
    """A parameter as what its schema says that it is."""
    return int(value) if schema.get("type") in {"integer", "number"} and value.isdecimal() else value
