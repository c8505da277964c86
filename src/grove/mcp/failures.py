"""Errors as one paragraph: what is wrong, why, and the exact next call."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from grove.kit.errors import GroveError, Kind
from grove.mcp.visible import visible

FACT_CHARACTERS_MAX: Final = 400
_UNTOLD: Final = frozenset({"reason", "position", "nearest", "known", "closest", "why", "title"})
"""Facts that have their own place in the sentence, or are for programs."""


def explain(error: GroveError, *, given: Mapping[str, Any]) -> str:
    """What is wrong, why, and what to call next, for a call with the arguments `given`."""
    parts = [visible(error.message), *_reasons(error), _next_step(error, given)]
    return " ".join(part for part in parts if part)


def _reasons(error: GroveError) -> list[str]:
    facts = error.facts
    told = [f"{name}={_short(value)}" for name, value in facts.items() if name not in _UNTOLD and str(value)]
    parts = [f"({', '.join(told)})"] if told else []
    if facts.get("reason"):
        parts.append(f"Reason: {_short(facts['reason'])}.")
    position = facts.get("position")
    if isinstance(position, int):
        parts.append(f"It is at character {position + 1} of the query.")
    if facts.get("nearest"):
        parts.append(f"Nearest: {_short(facts['nearest'])}.")
    return parts


def _next_step(error: GroveError, given: Mapping[str, Any]) -> str:
    step = _NEXT.get(error.code) or _BY_KIND.get(error.kind)
    return step(error, given) if step else ""


def _choose_closest(error: GroveError, _given: Mapping[str, Any]) -> str:
    closest = error.facts.get("closest")
    if not isinstance(closest, list) or not closest:
        return "Call list_repos() for the names there are."
    return f"Closest: {_short(closest)}. Call again with repo={_value(closest[0])}, or list_repos() for all names."


def _choose_repository(error: GroveError, _given: Mapping[str, Any]) -> str:
    candidates = str(error.facts.get("candidates", "")).split(", ")
    return f"Call again with repo={_value(candidates[0])} or another of them."


def _list_folder(error: GroveError, given: Mapping[str, Any]) -> str:
    path = str(error.facts.get("path", given.get("path", "")))
    place = {name: given[name] for name in ("repo", "ref") if given.get(name)}
    return f"Call {_call('list_tree', **place, path=path.rpartition('/')[0])} to see what is there."


def _leave_ref_out(_error: GroveError, given: Mapping[str, Any]) -> str:
    repository = given.get("repo")
    branches = f" Call {_call('list_repos', query=repository)} for its branches." if isinstance(repository, str) else ""
    return f"Leave ref out for the default branch, or give a full commit id.{branches}"


def _wait_for_job(_error: GroveError, given: Mapping[str, Any]) -> str:
    place = {"repo": given["repo"]} if isinstance(given.get("repo"), str) else {}
    return f"Call {_call('job_status', **place, wait_s=20)} and then this again."


def _by_what_is_missing(error: GroveError, given: Mapping[str, Any]) -> str:
    title = error.facts.get("title")
    steps = {
        "not_indexed_yet": f"Call {_call('job_status', repo=title, wait_s=20)} and then this again.",
        "failed": f"Call {_call('job_status', repo=title)} for the reason.",
        "needs_approval": "Tell the user, who can ask a maintainer to approve it.",
        "revision_unknown": "Leave ref out for the default branch, or give another branch, tag or commit id.",
    }
    return steps.get(str(error.facts.get("why")), "") or _leave_ref_out(error, given)


def _page_from_start(_error: GroveError, given: Mapping[str, Any]) -> str:
    place = {name: given[name] for name in ("repo", "path", "ref") if given.get(name)}
    return f"Call {_call('read_file', **place, start_line=1)}."


def _outline(_error: GroveError, given: Mapping[str, Any]) -> str:
    place = {name: given[name] for name in ("repo", "path", "ref") if given.get(name)}
    return f"Call {_call('read_file', **place, view='outline')} for what it defines."


def _newest_jobs(_error: GroveError, _given: Mapping[str, Any]) -> str:
    return 'Call job_status(repo="...") for the newest jobs of a repository.'


def _choose_tool(error: GroveError, _given: Mapping[str, Any]) -> str:
    return f"The tools are {error.facts.get('known')}."


def _another_mode(_error: GroveError, given: Mapping[str, Any]) -> str:
    return f"Call {_call('search_code', query=given.get('query', ''), mode='auto')}, or use another mode."


def _new_token(_error: GroveError, _given: Mapping[str, Any]) -> str:
    return (
        "Ask the user for a token of Grove, made on the page Tokens or with `grove token create`. "
        "Over stdio it is given as GROVE_TOKEN, over HTTP in the header Authorization: Bearer."
    )


def _start_server(_error: GroveError, _given: Mapping[str, Any]) -> str:
    return "Ask the user to start Grove with `grove serve`, or to set GROVE_DATA_DIR to the folder of one that runs."


def _ask_administrator(_error: GroveError, _given: Mapping[str, Any]) -> str:
    return "Do not try again; tell the user, who can ask an administrator for the role or a token with the scope."


def _try_again(_error: GroveError, _given: Mapping[str, Any]) -> str:
    return "Call the same again in a few seconds; if it stays so, tell the user to run `grove doctor`."


def _call_again(_error: GroveError, _given: Mapping[str, Any]) -> str:
    return "Correct that and call again."


_NEXT: Final[dict[str, Callable[[GroveError, Mapping[str, Any]], str]]] = {
    "data_folder_empty": _start_server,
    "file_not_text": _list_folder,
    "job_not_found": _newest_jobs,
    "mirror_absent": _wait_for_job,
    "mode_conflict": _another_mode,
    "nothing_searched": _by_what_is_missing,
    "page_empty": _page_from_start,
    "path_missing": _list_folder,
    "repository_ambiguous": _choose_repository,
    "repository_unknown": _choose_closest,
    "revision_unknown": _leave_ref_out,
    "symbol_unknown": _outline,
    "tool_unknown": _choose_tool,
}
_BY_KIND: Final[dict[Kind, Callable[[GroveError, Mapping[str, Any]], str]]] = {
    Kind.INVALID: _call_again,
    Kind.NOT_FOUND: _call_again,
    Kind.CONFLICT: _call_again,
    Kind.UNAUTHENTICATED: _new_token,
    Kind.DENIED: _ask_administrator,
    Kind.TOO_LARGE: _call_again,
    Kind.LIMITED: _try_again,
    Kind.UNAVAILABLE: _try_again,
}


def _call(tool: str, **arguments: object) -> str:
    return f"{tool}({', '.join(f'{name}={_value(value)}' for name, value in arguments.items())})"


def _value(value: object) -> str:
    return visible(json.dumps(value, ensure_ascii=False, default=str))


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return visible(text if len(text) <= FACT_CHARACTERS_MAX else f"{text[:FACT_CHARACTERS_MAX]}…")
