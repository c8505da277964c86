"""The options that say where is looked, the same for every command that searches."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer


@dataclass(frozen=True, kw_only=True)
class Within:
    """Where is looked: everywhere, unless it says otherwise."""

    repository: Annotated[list[str] | None, typer.Option("--repo", "-r", metavar="REPO", help="Only in these.")] = None
    revision: Annotated[list[str] | None, typer.Option("--ref", "-b", metavar="REF", help="Branch, tag or commit.")] = (
        None
    )
    language: Annotated[list[str] | None, typer.Option("--lang", "-l", metavar="LANG", help="Only in these.")] = None
    path: Annotated[list[str] | None, typer.Option("--glob", "-g", metavar="GLOB", help="Only such paths.")] = None
    workspace: Annotated[
        list[str] | None, typer.Option("--workspace", metavar="NAME", help="Workspaces, as they are now.")
    ] = None

    def asked(self) -> dict[str, Any]:
        """The parameters of a request that say so."""
        return {
            "repo": self.repository,
            "rev": self.revision,
            "lang": self.language,
            "path": self.path,
            "workspace": self.workspace,
        }
