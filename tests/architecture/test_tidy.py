"""The house rules that can be checked by reading the source. Each failure says what to do."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import Module, modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
PUBLIC_METHODS_MAX = 12

NO_DRAWERS = {"utils", "helpers", "helper", "manager", "managers", "service", "services", "common", "misc", "base"}
ENTRY_POINTS = {"api", "mcp", "cli", "worker", "launch"}
CLOCKS = {
    "jobs/run.py",
    "freshness/keeping.py",
    "usage/keeping.py",
    "workspaces/upkeep.py",
    "search/question.py",
    "search/desk.py",
    "vectors/desk.py",
    "forges/github_app.py",
    "forges/oauth.py",
    "wiring/consents.py",
    "wiring/refusals.py",
}
"""`Run` is how work learns the time; who keeps mirrors up to date or writes uses down
goes by the clock; a question knows when it came, the desks when they met damage,
and what makes tokens when they end."""

LOOPS = {"api/intake.py", "worker/loop.py", "sandbox/answering.py", "kit/rounds.py"}
"""What goes on whatever the work in it raises."""

NEVER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|[Ii]ssue #?\d+")

every_module = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@every_module
class TestEveryModule:
    def test_fits_in_a_head(self, module: Module) -> None:
        lines = module.text.count("\n")
        assert lines <= FILE_LINES_MAX, f"{module.name} has {lines} lines: split it by subject"

    def test_has_functions_that_read_aloud(self, module: Module) -> None:
        if module.name.startswith("migrations/versions"):
            pytest.skip("a schema is a list")
        for function in functions(module):
            lines = (function.end_lineno or 0) - function.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{module.name}: {function.name} has {lines} lines: name its parts"

    def test_has_no_class_that_does_everything(self, module: Module) -> None:
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ClassDef):
                continue
            public = [
                part.name
                for part in node.body
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                and not part.name.startswith("_")
                and not {"property", "cached_property"} & {ast.unparse(name) for name in part.decorator_list}
            ]
            assert len(public) <= PUBLIC_METHODS_MAX, f"{module.name}: {node.name} has {len(public)} public methods"

    def test_is_named_by_what_it_is(self, module: Module) -> None:
        words = set(module.name.removesuffix(".py").split("/"))
        assert not words & NO_DRAWERS, f"{module.name}: name the act or the thing"

    def test_reads_no_environment(self, module: Module) -> None:
        if module.name == "settings.py":
            return
        used = [line for name, line in _names(module) if name in {"os.environ", "os.getenv", "os.environb"}]
        assert not used, f"{module.name}:{used}: settings.py is the only reader of the environment"

    def test_starts_no_process(self, module: Module) -> None:
        if module.capability == "sandbox":
            return
        wanted = {"subprocess", "multiprocessing", "concurrent.futures.process", "pty"}
        imported = [name for name, _ in module.imports() if name in wanted]
        called = [
            name
            for name, _ in module.calls()
            if re.fullmatch(r"os\.(fork|forkpty|system|popen|exec\w+|spawn\w+|posix_spawn\w*)", name)
        ]
        assert not imported + called, f"{module.name}: processes are started by grove.sandbox only"

    def test_commits_nothing(self, module: Module) -> None:
        commits = [line for name, line in module.calls() if name.endswith((".commit", ".rollback"))]
        assert not commits, f"{module.name}:{commits}: the edge opens the transaction, and its end commits"

    def test_asks_for_the_time_at_the_edge_alone(self, module: Module) -> None:
        if module.capability in ENTRY_POINTS or module.name in CLOCKS:
            return
        asked = [
            line
            for name, line in module.calls()
            if re.search(r"\b(datetime\.(now|utcnow)|time\.time|date\.today)$", name)
        ]
        assert not asked, f"{module.name}:{asked}: take the moment as an argument"

    def test_enters_other_capabilities_by_their_face(self, module: Module) -> None:
        for name, line in module.imports():
            parts = name.split(".")
            if parts[0] != "grove" or len(parts) < 3:
                continue
            at_home = parts[1] in {module.capability, "kit"}
            assert at_home, f"{module.name}:{line}: import from grove.{parts[1]}, not from {name}"

    def test_holds_no_notes_to_self(self, module: Module) -> None:
        found = [line.strip() for line in module.text.splitlines() if NEVER.search(line)]
        assert not found, f"{module.name}: {found}: do it, or leave it out"

    def test_catches_only_what_it_can_name(self, module: Module) -> None:
        if module.name in LOOPS:
            return
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = ast.unparse(node.type) if node.type else ""
            broad = node.type is None or caught in {"Exception", "BaseException"}
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            assert not broad or raises, f"{module.name}:{node.lineno}: catch what you can name, or raise again"


def _names(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node), node.lineno
