"""Names under which tools can be called although they are not listed: those of older interfaces.

Each says what its arguments are here. What such a name promised and the tool cannot do is refused with the call that
does it, unless it asks for what is so anyway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

TWO_CALLS: Final = "a graph is asked in two calls, codesearch_trace_callers and codesearch_trace_callees"
ONE_STEP: Final = "one step is told at a time; ask again with the names that are found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nickname:
    """A further name of a tool: what it says of its arguments, what it calls them, and what it cannot have."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    cannot: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    """By their names: the only value that asks for nothing, and what to do instead of any other."""
    choose: Callable[[dict[str, Any]], dict[str, Any]] = lambda given: given
    """What else follows from what is given."""

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What is given, as the tool takes it.

        :raises ValueError: if it asks for what the tool cannot do.
        """
        for name, (harmless, instead) in self.cannot.items():
            if name in given and given[name] != harmless:
                raise ValueError(f"{name}: {instead}")
        kept = {self.renames.get(name, name): value for name, value in given.items() if name not in self.cannot}
        return {**self.arguments, **self.choose(kept)}


def _relation(given: dict[str, Any]) -> dict[str, Any]:
    callers, callees = given.pop("includeCallers", True), given.pop("includeCallees", True)
    if bool(callers) is bool(callees):
        raise ValueError(TWO_CALLS)
    return {**given, "relation": "callers" if callers else "callees"}


def _reason(given: dict[str, Any]) -> dict[str, Any]:
    """That interface asked for none."""
    return given if given.keys() & {"reason", "why"} else {**given, "reason": "no reason was given"}


_NEAR: Final = (None, "give near=REPO:PATH, and what is close to that file comes first")
_DEPTH: Final = (1, ONE_STEP)
_TRACE: Final = {"recursive": (False, ONE_STEP), "file": _NEAR}

NICKNAMES: Final[Mapping[str, Nickname]] = {
    "semantic_code_search": Nickname(
        tool="search_code",
        arguments={"mode": "semantic"},
        cannot={
            "stack_type": (None, "give lang"),
            "component_type": (None, "find_symbol takes kind"),
            "screen_name": (None, "write the words into query, or give path"),
            "tags": (None, "write the words into query"),
        },
    ),
    "codesearch_search": Nickname(
        tool="search_code",
        renames={"filePattern": "path"},
        cannot={"threshold": (0, "scores of two questions do not compare; the best come first, as many as limit says")},
    ),
    "codesearch_trace_callers": Nickname(
        tool="find_references", arguments={"relation": "callers"}, cannot={**_TRACE, "maxDepth": _DEPTH}
    ),
    "codesearch_trace_callees": Nickname(
        tool="find_references", arguments={"relation": "callees"}, cannot={**_TRACE, "maxDepth": _DEPTH}
    ),
    "codesearch_graph": Nickname(tool="find_references", cannot={"depth": _DEPTH, "file": _NEAR}, choose=_relation),
    "codesearch_index_status": Nickname(tool="job_status", renames={"project": "repo"}),
    "codesearch_repo_request": Nickname(tool="repo_request", choose=_reason),
    "repo_tree_md": Nickname(
        tool="list_tree",
        arguments={"format": "markdown", "depth": 10},
        cannot={"max_lines": (None, "read_file shows the lines of a file")},
    ),
}
