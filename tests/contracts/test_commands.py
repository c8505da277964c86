"""Every command does what it does by routes of the REST API, or by the machine's own means and is on the list of those.

A command shows its user's token to the routes and has no other way to the server: so who may do what by a command is
who may do it by its routes, each of which has its rows in `test_rights.py`. The routes are read from the source.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer

import grove.cli
from grove.api.app import ROUTERS
from grove.cli import app
from grove.launch import main  # noqa: F401 - it adds the servers' commands

SOURCE = Path(grove.cli.__file__).parent
LOCAL = {
    "serve": "starts a server on the machine's data folder",
    "worker": "is started by a server",
    "answer": "is started by a server",
    "demo": "starts a server of its own",
    "mcp": "opens the machine's data folder; its tools ask for a token",
    "admin rotate-key": "opens the machine's data folder",
    "admin drop-keys": "opens the machine's data folder",
    "admin setup-link": "opens the machine's data folder",
    "help": "shows texts",
    "git-credential": "hands git the token that the command line has",
}
"""Commands that ask no server, and what they do instead."""
METHODS = {
    "get": "GET",
    "get_bytes": "GET",
    "pieces": "GET",
    "items": "GET",
    "each": "GET",
    "events": "GET",
    "post": "POST",
    "post_bytes": "POST",
    "post_events": "POST",
    "put": "PUT",
    "delete": "DELETE",
}
"""The methods of the client, and those of HTTP that they use."""


@dataclass
class Function:
    """What a function of the command line asks for by itself, and the names that stand in it."""

    asks: set[tuple[str, str]] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def functions() -> dict[str, Function]:
    """The functions of the command line by name; those of one name count as one."""
    found: dict[str, Function] = defaultdict(Function)
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                found[node.name].asks |= set(asks_of(node))
                found[node.name].names |= set(names_in(node))
    return found


def asks_of(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The methods and paths that a function names when it speaks to the client."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_asking(node.func):
            is_named = bool(node.args) and isinstance(node.args[0], ast.Name)
            for path in filter(None, map(path_of, texts_in(function) if is_named else node.args[:1])):
                yield method_of(node, METHODS[node.func.attr]), path


def method_of(call: ast.Call, usual: str) -> str:
    """The method that a call names, or the usual one."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "method"]
    return next((str(value.value) for value in named if isinstance(value, ast.Constant)), usual)


def is_asking(method: ast.Attribute) -> bool:
    return method.attr in METHODS and ast.unparse(method.value).endswith("client")


def texts_in(function: ast.FunctionDef) -> list[ast.AST]:
    """The texts that a function has names for, whole: those that are handed on at once are left out."""
    nodes = list(ast.walk(function))
    parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    parts |= {id(part) for node in nodes if isinstance(node, ast.Call) for part in node.args}
    return [node for node in nodes if id(node) not in parts]


def names_in(function: ast.FunctionDef) -> Iterator[str]:
    """The names that stand in a function, also those of other modules of the command line."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute) and (SOURCE / f"{ast.unparse(node.value)}.py").exists():
            yield node.attr


def path_of(node: ast.AST) -> str | None:
    """A path as it stands in the source, with `{}` for what is filled in."""
    if not isinstance(node, ast.Constant | ast.JoinedStr):
        return None
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    told = [part.value if isinstance(part, ast.Constant) else "{}" for part in parts]
    path = "".join(map(str, told)).partition("?")[0]
    return path if path.startswith("/") else None


def routes_behind(name: str, known: dict[str, Function]) -> set[tuple[str, str]]:
    """What a function and all that it may call ask for."""
    reached, waiting = set(), [name]
    while waiting:
        each = waiting.pop()
        if each in known and each not in reached:
            reached.add(each)
            waiting += known[each].names
    return {ask for each in reached for ask in known[each].asks}


def is_met(ask: tuple[str, str], route: tuple[str, str]) -> bool:
    """Whether a route may be what is asked for; a step that is filled in may be any."""
    asked, there = ask[1].split("/"), route[1].split("/")
    return ask[0] == route[0] and len(asked) == len(there) and all(map(is_same_step, asked, there))


def is_same_step(asked: str, there: str) -> bool:
    return asked == there or "{}" in {asked, there}


def commands(group: Any, *words: str) -> Iterator[tuple[str, str]]:
    """Every command that can be typed, and the function behind it."""
    for name, member in getattr(group, "commands", {}).items():
        yield from commands(member, *words, name)
    if not hasattr(group, "commands"):
        yield " ".join(words), group.callback.__name__


COMMANDS = dict(commands(typer.main.get_command(app)))
FUNCTIONS = functions()
ROUTES = {
    (method, re.sub(r"\{[^}]*\}", "{}", path.removeprefix("/api/v1")))
    for router in ROUTERS
    for route in router.routes
    for method in getattr(route, "methods", None) or ()
    if (path := str(getattr(route, "path", "")))
}


class TestEveryCommand:
    @pytest.mark.parametrize("name", sorted(set(COMMANDS) - set(LOCAL)))
    def test_asks_for_routes_that_there_are(self, name: str) -> None:
        asked = routes_behind(COMMANDS[name], FUNCTIONS)
        assert asked, "name the command and what it does on the list of those that ask no server"
        assert [ask for ask in asked if not any(is_met(ask, route) for route in ROUTES)] == []

    def test_on_the_list_is_there(self) -> None:
        assert set(LOCAL) <= set(COMMANDS)
