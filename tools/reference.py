"""Writes `docs/reference.md` from the code: `python -m tools.reference`.

Settings from their definitions, errors from their classes, events and kinds of jobs from the wiring, permissions from
the rules. A test fails when the page is behind.
"""

import ast
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import grove
from grove.kit.errors import error_classes
from grove.policies import RULES
from grove.repositories.model import NEXT
from grove.settings import SECRET_SETTINGS, Settings
from grove.wiring import JOB_KINDS, WHEN
from tools.moves import action_of_move

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"


def page() -> str:
    """The whole page."""
    return "\n".join([*_settings(), *_errors(), *_jobs(), *_events(), *_permissions(), *_moves()])


def _settings() -> Iterator[str]:
    yield "# Reference\n\nWritten from the code by `python -m tools.reference`.\n\n## Settings\n"
    yield "| variable | default | what it is |\n|---|---|---|"
    for name, text in _described_fields().items():
        default = Settings.model_fields[name].default
        shown = f"`{default}`" if default not in (None, (), "") and "Undefined" not in repr(default) else ""
        file = f" A file may hold it: `GROVE_{name.upper()}_FILE`." if name in SECRET_SETTINGS else ""
        yield f"| `GROVE_{name.upper()}` | {shown} | {text}{file} |"
    yield ""


def _described_fields() -> dict[str, str]:
    """The settings with the sentence that stands below each."""
    [definition] = [node for node in ast.parse(inspect.getsource(Settings)).body if isinstance(node, ast.ClassDef)]
    described = {}
    for field, text in zip(definition.body, definition.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            described[field.target.id] = ast.literal_eval(text.value)
    return described


def _import_everything() -> None:
    """So that every error class is known; migrations and command lines of modules run when they are imported."""
    for module in pkgutil.walk_packages(grove.__path__, "grove."):
        if not module.name.startswith("grove.migrations") and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _errors() -> Iterator[str]:
    _import_everything()
    yield "## Errors\n\n| code | kind | retried | message |\n|---|---|---|---|"
    for error in (kind for kind in error_classes() if kind.__module__.startswith("grove.")):
        message = " ".join((error.__doc__ or "").split("\n\n")[0].split())
        yield f"| `{error.code}` | {error.kind} | {'yes' if error.transient else ''} | {message} |"
    yield ""


def _jobs() -> Iterator[str]:
    yield "## Kinds of jobs\n\n| kind | permission | what it does |\n|---|---|---|"
    for kind in JOB_KINDS:
        yield f"| `{kind.name}` | `{kind.permission}` | {kind.title} |"
    yield ""


def _events() -> Iterator[str]:
    yield "## Events\n\n| event | when | answered by |\n|---|---|---|"
    for event, handlers in WHEN.items():
        answers = ", ".join(handler.__name__.strip("_").replace("_", " ") for handler in handlers)
        yield f"| `{event.__name__}` | {(event.__doc__ or '').strip()} | {answers} |"
    yield ""


def _permissions() -> Iterator[str]:
    yield "## Permissions\n\n| action | least role | scope of the token | for what is one's own |\n|---|---|---|---|"
    for action, rule in sorted(RULES.items()):
        yield f"| `{action}` | {rule.role} | {rule.scope} | {rule.own or ''} |"
    yield ""


def _moves() -> Iterator[str]:
    yield "## Moves of a repository\n"
    yield "What may follow each state, and who may bring it about: the least role, or the jobs of those who may sync.\n"
    yield "| field | from | to | action | least role |\n|---|---|---|---|---|"
    for field, states in NEXT.items():
        for present, following in states.items():
            for wanted in sorted(following):
                action = action_of_move(field, present, wanted)
                yield f"| {field} | {present} | {wanted} | `{action}` | {RULES[action].role} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
