"""What the tools take. Names that models use for the same thing are accepted; a name that means nothing is refused."""

from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from grove.mcp.budget import TOKENS_DEFAULT, TOKENS_MAX, TOKENS_MIN

WAIT_SECONDS_MAX: Final = 20
_ALIASES: Final = {
    "q": "query",
    "pattern": "query",
    "question": "query",
    "repository": "repo",
    "repository_name": "repo",
    "repo_name": "repo",
    "repo_id": "repo",
    "repos": "repo",
    "repositories": "repo",
    "branch": "ref",
    "rev": "ref",
    "revision": "ref",
    "sha": "ref",
    "file": "path",
    "file_path": "path",
    "relative_path": "path",
    "language": "lang",
    "offset": "start_line",
    "k": "limit",
    "top_k": "limit",
    "max_results": "limit",
    "count": "limit",
    "id": "job_id",
}

RepositoryName = Annotated[str, Field(min_length=1, max_length=500)]
Ref = Annotated[str, Field(max_length=250, description="Branch, tag or commit; the default branch if left out")]
FilePath = Annotated[str, Field(max_length=4096)]
MaxTokens = Annotated[int, Field(ge=TOKENS_MIN, le=TOKENS_MAX, description="Size of the result")]


WorkspaceScope = Annotated[str, Field(max_length=60, description="Yours, as now")]


class Arguments(BaseModel):
    """The arguments of a tool."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    also_called: ClassVar[dict[str, str]] = {}
    """Further names that only this tool accepts."""

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        aliases = {**_ALIASES, **cls.also_called}
        renamed: dict[str, Any] = {}
        for name, value in given.items():
            meant = name if name in cls.model_fields else aliases.get(str(name), str(name))
            # A second name for what is given already stays as it is, and is refused as unknown.
            renamed[name if meant in given or meant in renamed else meant] = value
        return {name: value for name, value in renamed.items() if value is not None}


class PlaceArguments(Arguments):
    """Arguments that name a file or folder of a repository, or of a workspace."""

    repo: Annotated[str, Field(max_length=500)] = ""
    workspace: Annotated[str, Field(max_length=60, description="Instead of repo: as it is now in yours")] = ""

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if bool(self.repo) == bool(self.workspace):
            raise ValueError("give repo or workspace, one of them")
        return self


class SearchCode(Arguments):
    """Arguments of `search_code`."""

    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=4096,
            description='Words, a question, "phrase", /regex/, AND OR NOT; repo: file: lang: rev: sym: context: case:',
        ),
    ]
    mode: Annotated[
        Literal["auto", "text", "regex", "semantic", "symbol"],
        Field(description="How the query is read; semantic ranks by meaning, text and regex are exact"),
    ] = "auto"
    repo: Annotated[
        RepositoryName | Annotated[list[RepositoryName], Field(max_length=50)] | None,
        Field(description="Name, end of a name, or URL; all repositories if left out"),
    ] = None
    ref: Ref = ""
    path: Annotated[FilePath, Field(description="Glob or regular expression on paths")] = ""
    lang: Annotated[str, Field(max_length=50)] = ""
    context: Annotated[int, Field(ge=0, le=20, description="Lines before and after")] = 0
    workspace: WorkspaceScope = ""
    group_by: Annotated[Literal["file", "repo"], Field(description="repo keeps each repository's results together")] = (
        "file"
    )
    limit: Annotated[int, Field(ge=1, le=200, description="Files")] = 10
    max_tokens: MaxTokens = TOKENS_DEFAULT
    cursor: Annotated[str, Field(max_length=100, description="From an earlier answer, to go on after it")] = ""


class ReadFile(PlaceArguments):
    """Arguments of `read_file`."""

    path: Annotated[FilePath, Field(min_length=1)]
    ref: Ref = ""
    start_line: Annotated[int, Field(ge=1)] = 1
    end_line: Annotated[int | None, Field(ge=1)] = None
    symbol: Annotated[str, Field(max_length=500, description="Start where this is defined")] = ""
    view: Annotated[Literal["full", "outline", "owners"], Field(description="outline: its definitions alone")] = "full"
    max_tokens: MaxTokens = TOKENS_DEFAULT


class FileHistory(Arguments):
    """Arguments of `file_history`."""

    repo: RepositoryName
    path: Annotated[FilePath, Field(description="File; for diff also a folder, or left out")] = ""
    ref: Ref = ""
    view: Literal["log", "blame", "diff"] = "log"
    base: Annotated[str, Field(max_length=250, description="For diff: what ref is compared with")] = ""
    start_line: Annotated[int, Field(ge=1)] = 1
    end_line: Annotated[int | None, Field(ge=1)] = None
    limit: Annotated[int, Field(ge=1, le=300)] = 30
    max_tokens: MaxTokens = TOKENS_DEFAULT

    @model_validator(mode="after")
    def _has_what_its_view_needs(self) -> Self:
        if self.view == "diff" and not self.base:
            raise ValueError("view=diff needs base")
        if self.view != "diff" and not self.path:
            raise ValueError(f"view={self.view} needs path")
        return self


class ListTree(PlaceArguments):
    """Arguments of `list_tree`."""

    path: Annotated[FilePath, Field(description="Folder; the whole repository if left out")] = ""
    ref: Ref = ""
    depth: Annotated[int, Field(ge=1, le=10)] = 1
    format: Literal["text", "markdown"] = "text"
    limit: Annotated[int, Field(ge=1, le=2000, description="Entries")] = 500
    max_tokens: MaxTokens = TOKENS_DEFAULT


class ListRepos(Arguments):
    """Arguments of `list_repos`."""

    query: Annotated[str, Field(max_length=500, description="Part of the name")] = ""
    status: Annotated[
        Literal["ready", "working", "needs_approval", "attention", "archived"] | None,
        Field(description="All if left out"),
    ] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    max_tokens: MaxTokens = TOKENS_DEFAULT
    cursor: Annotated[str, Field(max_length=500, description="From an earlier answer, to go on after it")] = ""


class FindSymbol(Arguments):
    """Arguments of `find_symbol`."""

    also_called: ClassVar[dict[str, str]] = {"query": "name", "q": "name", "pattern": "name", "symbol": "name"}

    name: Annotated[str, Field(min_length=1, max_length=500, description="Name of what is defined, or a part of it")]
    repo: Annotated[RepositoryName | None, Field(description="All repositories if left out")] = None
    workspace: WorkspaceScope = ""
    ref: Ref = ""
    path: Annotated[FilePath, Field(description="Glob or regular expression on paths")] = ""
    kind: Annotated[str, Field(max_length=50, description="Such as function, class, method")] = ""
    include_body: Annotated[bool, Field(description="With the lines of the definition")] = False
    limit: Annotated[int, Field(ge=1, le=200)] = 20
    max_tokens: MaxTokens = TOKENS_DEFAULT


class FindReferences(Arguments):
    """Arguments of `find_references`."""

    also_called: ClassVar[dict[str, str]] = {"query": "name", "q": "name", "pattern": "name", "symbol": "name"}

    name: Annotated[str, Field(min_length=1, max_length=256, description="Such as Session.request")]
    relation: Annotated[
        Literal["references", "callers", "callees"],
        Field(description="callers: definitions that use it; callees: what it calls itself"),
    ] = "references"
    repo: Annotated[RepositoryName | None, Field(description="All repositories if left out")] = None
    workspace: WorkspaceScope = ""
    ref: Ref = ""
    path: Annotated[FilePath, Field(description="Glob or regular expression on paths")] = ""
    near: Annotated[str, Field(max_length=4096, description="REPO:PATH; what is close to this file comes first")] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 30
    offset: Annotated[int, Field(ge=0, le=10_000, description="Leave out the first")] = 0
    max_tokens: MaxTokens = TOKENS_DEFAULT


class FindFiles(Arguments):
    """Arguments of `find_files`."""

    also_called: ClassVar[dict[str, str]] = {"query": "pattern", "q": "pattern", "name": "pattern", "path": "pattern"}

    pattern: Annotated[
        str,
        Field(min_length=1, max_length=128, description="Characters of the path in order, as usrctrl.rb"),
    ]
    repo: Annotated[RepositoryName | None, Field(description="All repositories if left out")] = None
    workspace: WorkspaceScope = ""
    ref: Ref = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 20
    max_tokens: MaxTokens = TOKENS_DEFAULT


class FindSimilar(Arguments):
    """Arguments of `find_similar`."""

    repo: RepositoryName
    path: Annotated[FilePath, Field(min_length=1)]
    start_line: Annotated[int, Field(ge=1)]
    end_line: Annotated[int, Field(ge=1)]
    ref: Ref = ""
    workspace: WorkspaceScope = ""
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    max_tokens: MaxTokens = TOKENS_DEFAULT


class JobStatus(Arguments):
    """Arguments of `job_status`."""

    also_called: ClassVar[dict[str, str]] = {"wait": "wait_s", "wait_seconds": "wait_s", "job": "job_id"}

    job_id: Annotated[str, Field(max_length=100)] = ""
    repo: Annotated[RepositoryName | None, Field(description="Instead of job_id: its state and newest jobs")] = None
    wait_s: Annotated[int, Field(ge=0, le=WAIT_SECONDS_MAX, description="Wait for the job to end, in seconds")] = 0

    @model_validator(mode="after")
    def _names_one(self) -> "JobStatus":
        if bool(self.job_id) == bool(self.repo):
            raise ValueError("give job_id or repo, one of them")
        return self


class RepoRequest(Arguments):
    """Arguments of `repo_request`."""

    also_called: ClassVar[dict[str, str]] = {"address": "url", "why": "reason", "sync": "strategy"}

    url: Annotated[str, Field(max_length=2048, description="https://..., ssh://... or a path")] = ""
    path: Annotated[str, Field(max_length=2048)] = ""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    name: Annotated[str, Field(max_length=200)] = ""
    type: Literal["remote", "local", "hybrid"] | None = None
    strategy: Annotated[Literal["hook", "job", "manual", "watch"] | None, Field(description="how it keeps up")] = None
    interval: Annotated[int | None, Field(ge=1, le=10_080, description="minutes between polls")] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        """A hybrid one is a folder with a remote of its own: the folder is kept."""
        if not self.url and not self.path:
            raise ValueError("url or path is needed")
        if self.url and self.path and self.type != "hybrid":
            raise ValueError("url or path, not both; a hybrid one has both, and its folder is kept")
        is_local = self.place.startswith("/")
        if self.type is not None and is_local is (self.type == "remote"):
            raise ValueError(f"a {self.type} one is named by {'url' if self.type == 'remote' else 'path'}")
        if self.interval is not None and self.strategy in {"manual", "watch"}:
            raise ValueError(f"interval is for hook and job; {self.strategy} has none")
        return self

    @property
    def place(self) -> str:
        """Where it comes from."""
        return self.path or self.url


class UsageAndLimits(Arguments):
    """Arguments of `usage_and_limits`."""

    about: Literal["usage", "quotas", "policies"] = "usage"
    tenant: Annotated[bool, Field(description="everybody's")] = False


class PullRequest(Arguments):
    """Arguments of `pull_request`."""

    repo: Annotated[str, Field(min_length=1, max_length=500)]
    number: Annotated[int | None, Field(ge=1, le=2_147_483_647)] = None


class PromoteWorkspace(Arguments):
    """Arguments of `promote_workspace`."""

    workspace: Annotated[str, Field(max_length=60)] = ""
    action: Annotated[
        Literal["promote", "status", "inbox", "approve", "reject"],
        Field(description="inbox lists commits that wait; approve and reject decide"),
    ] = "promote"
    title: Annotated[str, Field(max_length=200)] = ""
    body: Annotated[str, Field(max_length=60_000)] = ""
    target: Annotated[str, Field(max_length=1_024, description="branch to go into")] = ""
    commit: Annotated[str, Field(max_length=64, description="which is decided about")] = ""
    reason: Annotated[str, Field(max_length=2_000, description="of reject")] = ""


def schema_of(arguments: type[Arguments]) -> dict[str, Any]:
    """The published JSON schema: what pydantic says, without what costs a reader tokens and tells nothing."""
    schema: dict[str, Any] = _plain(arguments.model_json_schema())
    del schema["description"]
    return schema


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _plain(value) for name, value in node.items() if name != "title" or not isinstance(value, str)}
    choices = [choice for choice in kept.pop("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        kept = {**choices[0], **kept}
    elif choices:
        kept["anyOf"] = choices
    if kept.get("default", 0) in (None, "", [], ()):
        del kept["default"]
    return kept
