"""A server's "no": what it says, which exit code it means, and which command may help."""

from dataclasses import dataclass
from shlex import quote
from typing import Any

from grove.cli.failure import Exit, Failure
from grove.cli.hosts import is_loopback
from grove.kit.errors import GroveError

_EXITS = {
    400: Exit.INVALID,
    401: Exit.DENIED,
    403: Exit.DENIED,
    404: Exit.NOT_FOUND,
    405: Exit.SERVER_ERROR,
    409: Exit.CONFLICT,
    412: Exit.CONFLICT,
    413: Exit.CONFLICT,
    422: Exit.INVALID,
    428: Exit.CONFLICT,
    429: Exit.UNAVAILABLE,
    502: Exit.UNAVAILABLE,
    503: Exit.UNAVAILABLE,
    504: Exit.UNAVAILABLE,
}
_EXITS_OF_CODES = {"query_too_long": Exit.INVALID, "pattern_too_complex": Exit.INVALID}
_NEXT_OF_CODES = {
    "action_unknown": "grove policy schema",
    "access_forbidden": "grove add {subject} --ask-token",
    "branch_exists": "grove ws branch {subject}",
    "branch_in_use": "grove ws branch {subject}",
    "branch_not_found": "grove ws branch {subject}",
    "branch_unmerged": "grove ws branch {subject}",
    "branches_too_many": "grove ws branch {subject}",
    "changed_meanwhile": "grove ws status {subject}",
    "checkout_busy": "{command} {subject}    (again, in a moment)",
    "checkout_conflict": "grove ws diff {subject}",
    "checkout_missing": "grove ws checkout {subject}",
    "context_not_found": "grove context list",
    "credential_name_taken": "grove cred list",
    "credential_not_found": "grove cred list",
    "credential_rejected": "grove add {subject} --ask-token",
    "credential_required": "grove add {subject} --ask-token",
    "field_missing": "grove --version    (the server's: {host}/api/v1/openapi.json)",
    "filter_unknown": "grove help query",
    "filter_value_invalid": "grove help query",
    "job_not_found": "grove job list",
    "pin_not_found": "grove index pins",
    "job_state_conflict": "grove job list",
    "merge_conflicts": "grove ws merge {subject} --write DIR    (edit there, then --resolved DIR)",
    "mode_conflict": "grove help query",
    "method_not_allowed": "grove --version    (the server's: {host}/api/v1/openapi.json)",
    "not_found": "grove --version    (the server's: {host}/api/v1/openapi.json)",
    "name_taken": "{kind} list",
    "nothing_to_commit": "grove ws status {subject}",
    "nothing_to_promote": "grove ws log {subject}",
    "nothing_to_stash": "grove ws status {subject}",
    "patch_refused": "grove ws diff {subject}",
    "path_missing": "grove tree {subject}",
    "pattern_invalid": "grove help query",
    "principal_not_found": "grove user list",
    "project_not_found": "grove project list",
    "promotion_moved": "grove ws inbox",
    "promotion_not_found": "grove ws promote {subject}",
    "promotion_paths_guarded": "grove ws diff {subject} --base",
    "promotion_secrets_found": "grove ws diff {subject} --base",
    "queries_used_up": "grove quota show",
    "query_invalid": "grove help query",
    "quota_exceeded": "grove quota show",
    "rebase_refused": "grove ws merge {subject}",
    "repository_ambiguous": "grove repo list {subject}",
    "repository_exists": "grove repo view {name}",
    "repository_leaving": "{command} {subject}    (again, in a moment)",
    "repository_not_found": "grove add {subject} --ask-token",
    "repository_not_found_here": "grove repo list",
    "repository_state_conflict": "grove repo view {subject}",
    "revision_unknown": "grove repo refs {repository}",
    "stash_conflicts": "grove ws stash apply {subject} --write DIR    (edit there, then --resolved DIR)",
    "stash_not_found": "grove ws stash list {subject}",
    "switch_refused": "grove ws stash save {subject}    (or commit)",
    "token_invalid": "grove login {host}",
    "token_missing": "grove login {host}",
    "token_not_found": "grove token list",
    "text_not_found": "grove ws read {subject} PATH",
    "workspace_dirty": "grove ws commit {subject} -m MESSAGE",
    "workspace_diverged": "grove ws merge {subject}    (or rebase)",
    "workspace_ended": "grove ws restore {subject}",
    "workspace_exists": "grove ws list",
    "workspace_full": "grove ws list",
    "workspace_held": "grove ws collect {subject}    (then grove ws checkout {subject} --remove)",
    "workspace_not_found": "grove ws list    (--ended: those that have ended)",
    "workspaces_open": "grove ws list --all",
    "workspaces_too_many": "grove ws list",
}
_NEXT_IN_WORKSPACES = {
    "body_too_large": "grove ws clone {subject}    (and push what is large)",
    "path_missing": "grove ws files {subject}",
}
"""The subject of `grove ws` is no repository."""
_NEXT_OF_EXITS = {
    Exit.INVALID: "{command} --help",
    Exit.NOT_FOUND: "{command} --help",
    Exit.DENIED: "grove whoami --host {host}",
    Exit.CONFLICT: "grove repo list",
    Exit.UNAVAILABLE: "{command}    (again, in a moment)",
    Exit.SERVER_ERROR: "grove doctor    (on the server's machine)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What was tried: the command, the server, and what the user named."""

    command: str
    host: str
    subject: str


class Refused(GroveError):
    """The server did not do what it was asked to; `status` is 0 when it could not be asked."""

    def __init__(self, *, status: int, problem_code: str, reason: str, facts: dict[str, Any] | None = None) -> None:
        super().__init__(**(facts or {}))
        self.status = status
        self.problem_code = problem_code
        self.reason = reason

    @property
    def exit_code(self) -> Exit:
        """With which code a command ends that was refused so."""
        if self.status == 0:
            return Exit.UNAVAILABLE
        return _EXITS_OF_CODES.get(self.problem_code) or _EXITS.get(self.status, Exit.SERVER_ERROR)


def failure_of(refused: Refused, *, what: str, context: Context) -> Failure:
    """The error that people see."""
    code = f" ({refused.problem_code})" if refused.problem_code else ""
    return Failure(
        what,
        why=f"{refused.reason}{code}",
        next_step=_next_step(refused, command=context.command).format(
            command=context.command,
            kind=" ".join(context.command.split()[:2]),
            host=quote(context.host),
            subject=quote(context.subject),
            name=quote(str(refused.facts.get("name", context.subject))),
            repository=quote(str(refused.facts.get("repository", context.subject))),
        ),
        exit_code=refused.exit_code,
    )


def unreachable(host: str, *, reason: str) -> Refused:
    """No answer came from the server."""
    return Refused(status=0, problem_code="", reason=f"no server answers at {host}: {reason}", facts={"host": host})


def _next_step(refused: Refused, *, command: str) -> str:
    if refused.status == 0:
        return "grove serve" if is_loopback(str(refused.facts["host"])) else "curl -sS {host}/livez"
    if command.startswith("grove ws ") and refused.problem_code in _NEXT_IN_WORKSPACES:
        return _NEXT_IN_WORKSPACES[refused.problem_code]
    if refused.problem_code == "repository_exists" and "repository" not in refused.facts:
        return "{command} {subject} --name ANOTHER"
    if str(refused.facts.get("policy", "")).startswith("grove.scope_"):
        return "grove token create NAME --scope read --scope write    (and admin, if your role is)"
    return _NEXT_OF_CODES.get(refused.problem_code) or _NEXT_OF_EXITS[refused.exit_code]
