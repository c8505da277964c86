"""`grove help`: what is not about one command."""

import sys
from typing import Annotated

import typer

from grove.cli.failure import MEANINGS, Exit, Failure

app = typer.Typer()

_QUERY = """\
Words are looked for anywhere; "quoted text" is looked for as it stands; /pattern/ is an RE2 regular expression.

  repo:payments        only repositories whose name holds this         -repo:legacy   none of those
  file:*.py            only such paths                                 lang:python    only this language
  rev:main             at this branch, tag or commit                   sym:retry      files that define this
  content:"a b"        in the content only                             case:yes       capitals matter
  and or not ( )       combine

A filter that does not exist is an error, never an empty result.
"""
_ENVIRONMENT = """\
GROVE_HOST, GROVE_TOKEN    the server to talk to, and the token to show; instead of grove login
GROVE_CONFIG_DIR           where hosts.json is; else $XDG_CONFIG_HOME/grove
GROVE_DATA_DIR             the data folder of grove serve and grove doctor; else $XDG_DATA_HOME/grove
NO_COLOR                   no colours, whatever its value
"""


def _exit_codes() -> str:
    return "".join(f"{code:>4}  {meaning}\n" for code, meaning in MEANINGS.items())


TOPICS = {"exit-codes": _exit_codes(), "environment": _ENVIRONMENT, "query": _QUERY}


@app.command("help")
def show_topic(topic: Annotated[str, typer.Argument(metavar="|".join(TOPICS))] = "exit-codes") -> None:
    """Explain what is not about one command: exit codes, the environment, queries."""
    if topic not in TOPICS:
        raise Failure(
            f"There is no topic {topic}.",
            why=f"the topics are {', '.join(TOPICS)}",
            next_step=f"grove help {next(iter(TOPICS))}",
            exit_code=Exit.INVALID,
        )
    sys.stdout.write(TOPICS[topic])
