"""How commands are declared: a function of a session and its own arguments; what all of them accept is added here.

An argument whose type is a dataclass stands for its fields: options that several commands share are written once.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from grove.cli.failure import Exit, Failure
from grove.cli.output import Form, Output
from grove.cli.refusal import Refused, failure_of
from grove.cli.session import Session

ALL_FIELDS = "*"
_FIELDS = re.compile(r"[a-z_]+(,[a-z_]+)*")
_PANEL = "Every command"

HostOption = Annotated[
    str | None,
    typer.Option("--host", metavar="URL", help="The server; else the one signed in to.", rich_help_panel=_PANEL),
]
JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="[FIELDS]", help="Write JSON; with these fields only.", rich_help_panel=_PANEL),
]
FormOption = Annotated[
    Form | None,
    typer.Option("--output", "-o", help="How data is written; TSV when piped.", rich_help_panel=_PANEL),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No notes and no progress.", rich_help_panel=_PANEL)]
_SHARED: dict[str, tuple[Any, Any]] = {
    "host_url": (HostOption, None),
    "json_fields": (JsonOption, None),
    "form": (FormOption, None),
    "quiet": (QuietOption, False),
}


class JsonCommand(TyperCommand):
    """A command whose `--json` may stand alone, or name fields."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give each `--json` a value, so that it does not take the argument that follows it."""
        known: tuple[str, ...] = getattr(self.callback, "fields", ())
        return super().parse_args(ctx, _with_fields(args, known))


def command(
    app: typer.Typer, name: str, *, failing: str, fields: tuple[str, ...] = (), **named: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command to `app`: `failing` is what is said when it fails, `fields` are the keys of its JSON objects."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        def run(typer_context: typer.Context, **given: Any) -> None:
            shared = {shared_name: given.pop(shared_name) for shared_name in _SHARED}
            output = _output(typer_context, shared)
            session = Session(command=typer_context.command_path, host=shared["host_url"], output=output)
            try:
                function(session, **_gathered(function, given))
            except Refused as refused:
                raise failure_of(refused, what=failing, context=session.context) from refused
            finally:
                session.close()

        _dress(run, function)
        run.fields = fields  # type: ignore[attr-defined]
        app.command(name, cls=JsonCommand, **named)(run)
        return function

    return register


def _dress(run: Callable[..., None], function: Callable[..., None]) -> None:
    """Give `run` the name, the help and the parameters of the function, and the options that every command has."""
    context = inspect.Parameter("typer_context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    own = [option for parameter in _own(function) for option in _options(parameter)]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, (annotation, default) in _SHARED.items()
    ]
    parameters = [context, *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own), *shared]
    run.__name__ = function.__name__
    run.__doc__ = function.__doc__
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]


def _own(function: Callable[..., None]) -> list[inspect.Parameter]:
    """The parameters of a command's function without its session."""
    return list(inspect.signature(function).parameters.values())[1:]


def _options(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """What the command line has for a parameter: its fields if it is a dataclass, else itself."""
    if not _stands_for_several(parameter):
        return [parameter]
    return list(inspect.signature(parameter.annotation).parameters.values())


def _stands_for_several(parameter: inspect.Parameter) -> bool:
    return is_dataclass(parameter.annotation)


def _gathered(function: Callable[..., None], given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a command's function, those that stand for several options put together."""
    gathered = dict(given)
    for parameter in _own(function):
        if _stands_for_several(parameter):
            fields = {option.name: gathered.pop(option.name) for option in _options(parameter)}
            gathered[parameter.name] = parameter.annotation(**fields)
    return gathered


def _output(context: typer.Context, shared: dict[str, Any]) -> Output:
    wanted: str | None = shared["json_fields"]
    form: Form | None = shared["form"]
    if wanted is None:
        return Output(form=form, fields=(), quiet=shared["quiet"])
    if form is not None and form not in {Form.JSON, Form.JSONL}:
        raise Failure(
            f"--json and --output {form} exclude each other.",
            why="data is written in one form",
            next_step=f"{context.command_path} --json",
            exit_code=Exit.INVALID,
        )
    fields = () if wanted == ALL_FIELDS else tuple(wanted.split(","))
    return Output(form=form or Form.JSON, fields=fields, quiet=shared["quiet"])


def _with_fields(args: list[str], known: tuple[str, ...]) -> list[str]:
    written: list[str] = []
    rest = iter(range(len(args)))
    for index in rest:
        if args[index] == "--":
            return [*written, *args[index:]]
        if args[index] != "--json":
            written.append(args[index])
            continue
        following = args[index + 1] if index + 1 < len(args) else ""
        names_fields = _FIELDS.fullmatch(following) is not None and ("," in following or following in known)
        written.append(f"--json={following if names_fields else ALL_FIELDS}")
        if names_fields:
            next(rest)
    return written
