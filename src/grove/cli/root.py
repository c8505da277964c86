"""The outermost group of commands: whatever goes wrong inside ends in three lines and an exit code."""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup

from grove.cli.failure import EXIT_OF_KIND, Exit, Failure, three_lines
from grove.kit.errors import GroveError, needing_room


class Root(TyperGroup):
    """Runs a command, and shows how it ended."""

    def main(  # noqa: PLR0917 - the base class has it so
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command that the arguments name, and exit with its code."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        try:
            with needing_room():
                answer = run()
        except Failure as failure:
            sys.exit(_show(str(failure), failure.exit_code))
        except GroveError as error:
            lines = three_lines(error.message, why=_facts(error), next_step="grove doctor")
            sys.exit(_show(lines, EXIT_OF_KIND[error.kind]))
        except typer.TyperException as wrong:
            sys.exit(_show_usage(wrong))
        except typer.Abort:
            sys.exit(_show("", Exit.INTERRUPTED))
        sys.exit(answer if isinstance(answer, int) else Exit.DONE)


def _show(lines: str, code: int) -> int:
    sys.stderr.write(f"{lines}\n")
    return int(code)


def _show_usage(wrong: typer.TyperException) -> int:
    context: typer.Context | None = getattr(wrong, "ctx", None)
    command = context.command_path if context else "grove"
    if type(wrong).__name__ == "NoArgsIsHelpError":
        return _show(wrong.format_message().rstrip(), Exit.INVALID)
    usage = context.get_usage() if context else "the command line cannot be understood"
    return _show(three_lines(wrong.format_message(), why=usage, next_step=f"{command} --help"), Exit.INVALID)


def _facts(error: GroveError) -> str:
    facts = ", ".join(f"{name}={value}" for name, value in error.facts.items())
    return f"{facts} ({error.code})" if facts else error.code
