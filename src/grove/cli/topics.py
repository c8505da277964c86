"""`grove help`: what is not about one command."""

import sys
from typing import Annotated

import typer

from grove.cli.failure import MEANINGS, Exit, Failure

app = typer.Typer()

_QUERY = """\
Words alone find the best places; "quoted text" and /pattern/ (an RE2 regular expression) find every place.

  repo:payments        only repositories whose name holds this         repo:=web        the one of this name
  file:*.py            only such paths                                 lang:python      only this language
  rev:v1.*             at these branches, tags or commits              rev:at(2w ago)   as it was then
  sym:retry            files that define this                          type:repo        repositories by name
  content:"a b"        in the content only                             select:repo      the repositories alone
  case:yes word:yes    capitals matter, whole words only               count:all        all there are
  AND OR NOT - ( )     combine, negate: (lang:go OR lang:rust) -file:test

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
