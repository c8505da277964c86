"""What the tools for workspaces take."""

from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from grove.mcp.arguments import Arguments, FilePath, MaxTokens, Ref, RepositoryName
from grove.mcp.budget import TOKENS_DEFAULT

EDITS_MAX: Final = 100
TEXT_CHARACTERS_MAX: Final = 200_000
WorkspaceName = Annotated[str, Field(min_length=1, max_length=60, description="The workspace")]
_CALLED: Final = {"workspace": "name", "workspace_name": "name"}


class OpenWorkspace(Arguments):
    """Arguments of `open_workspace`."""

    also_called: ClassVar[dict[str, str]] = _CALLED

    repo: RepositoryName
    name: Annotated[str, Field(min_length=1, max_length=60, description="What to call it")]
    ref: Ref = ""


class WorkspaceStatus(Arguments):
    """Arguments of `workspace_status`."""

    also_called: ClassVar[dict[str, str]] = _CALLED

    name: Annotated[str, Field(max_length=60, description="All open ones of yours if left out")] = ""
    view: Literal["status", "diff", "log", "branches", "stashes"] = "status"
    since_base: Annotated[bool, Field(description="diff from where it began, commits and all")] = False
    limit: Annotated[int, Field(ge=1, le=200, description="Commits")] = 20
    max_tokens: MaxTokens = TOKENS_DEFAULT


class EditItem(BaseModel):
    """One edit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: Literal["replace", "write", "remove", "move"]
    path: Annotated[FilePath, Field(min_length=1)]
    text: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX, description="New text, or content of the file")] = ""
    old: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX, description="replace: what text stands for; once")] = ""
    to: Annotated[FilePath, Field(description="move: new path")] = ""
    expected: Annotated[
        str | None, Field(max_length=64, description="oid that the file must have; '' if it must be new")
    ] = None


class EditWorkspace(Arguments):
    """Arguments of `edit_workspace`."""

    also_called: ClassVar[dict[str, str]] = {**_CALLED, "diff": "patch"}

    name: WorkspaceName
    edits: Annotated[tuple[EditItem, ...], Field(max_length=EDITS_MAX)] = ()
    patch: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX, description="Or a unified diff, as git has it")] = ""

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if bool(self.edits) == bool(self.patch):
            raise ValueError("give edits or patch, one of them")
        return self


class Resolved(BaseModel):
    """What a path with conflicts is to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[FilePath, Field(min_length=1)]
    take: Literal["ours", "theirs"] | None = None
    text: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX, description="Instead of take: the content")] = ""


class ChangeWorkspace(Arguments):
    """Arguments of `change_workspace`."""

    also_called: ClassVar[dict[str, str]] = _CALLED

    name: WorkspaceName
    action: Annotated[
        Literal["commit", "refresh", "merge", "rebase", "stash", "unstash", "branch", "switch", "end", "restore"],
        Field(description="refresh, merge, rebase: bring in the mirror's branch; branch: a new one"),
    ]
    message: Annotated[str, Field(max_length=2_000, description="For commit and stash")] = ""
    branch: Annotated[str, Field(max_length=63)] = ""
    stash: Annotated[str, Field(max_length=64, description="For unstash; else this branch's newest")] = ""
    resolutions: Annotated[
        tuple[Resolved, ...], Field(max_length=EDITS_MAX, description="After conflicts of merge, unstash")
    ] = ()
    upstream: Annotated[str, Field(max_length=64, description="For merge: as the conflicts named it")] = ""


class CheckoutWorkspace(Arguments):
    """Arguments of `checkout_workspace`."""

    also_called: ClassVar[dict[str, str]] = _CALLED

    name: WorkspaceName
    action: Annotated[
        Literal["checkout", "show", "collect", "remove"],
        Field(description="collect: bring folder and workspace together; remove drops what was not collected"),
    ] = "checkout"
    sparse: Annotated[tuple[str, ...], Field(max_length=100, description="Lay out, or add, only these folders")] = ()


class RunInWorkspace(Arguments):
    """Arguments of `run_in_workspace`."""

    also_called: ClassVar[dict[str, str]] = {**_CALLED, "timeout": "seconds_max"}

    name: WorkspaceName
    command: Annotated[str, Field(min_length=1, max_length=50_000, description="For the shell, e.g. make test")]
    seconds_max: Annotated[float, Field(gt=0, le=600)] = 60.0
    memory_mb_max: Annotated[int, Field(gt=0, le=8_192)] = 1_024
    network: Annotated[bool, Field(description="Off unless needed")] = False
    max_tokens: MaxTokens = TOKENS_DEFAULT
