"""Taking documents of policies apart, and finding what is wrong with them."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import cedarpy

from grove.policies.model import Finding
from grove.policies.schema import default_text, schema
from grove.policies.sets import Policy

DEFAULT_DOCUMENTS: Final = ("borders.cedar", "flows.cedar", "forges.cedar", "requests.cedar", "roles.cedar")
RESERVED: Final = "grove."
"""What the ids of the policies that are shipped begin with."""
LOCKED_DOCUMENT: Final = "locked.cedar"
POLICIES_MAX: Final = 200
DEPTH_MAX: Final = 30
TREE_DEPTH_MAX: Final = 300
"""An expression of 140 operators; each decision walks down all of it."""
CODE_CHARACTERS_MAX: Final = 2_000
KINDS_TOLD_MAX: Final = 3
_OF_POLICY: Final = re.compile(r"^for policy `policy\d+`, ")
"""Policies are named by their ids, not by the numbers that Cedar gives them."""
_MISSING: Final = re.compile(r"(?P<what>attribute `.*`) on entity type `Grove::(?P<kind>\w+)` not found")
_OPTIONAL: Final = re.compile(
    r"unable to guarantee safety of access to optional attribute `(?P<name>.*)` on entity type `Grove::(?P<kind>\w+)`"
)
_COMMENTS: Final = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*', re.DOTALL)


@cache
def default_policies() -> tuple[Policy, ...]:
    """The policies that are shipped."""
    return tuple(policy for name in DEFAULT_DOCUMENTS for policy in parsed(name, default_text(name)))


def parsed(document: str, text: str) -> list[Policy]:
    """The policies of a document, in its order.

    :raises ValueError: if it cannot be parsed.
    """
    tree = cedarpy.policies_to_json_str(text)
    if _deepest(_masked(tree)) > TREE_DEPTH_MAX:
        raise ValueError("a policy joins too many conditions; make two of it")
    found: dict[str, dict[str, Any]] = json.loads(tree)
    static = found["staticPolicies"]
    if found["templates"]:
        raise ValueError("templates cannot be used; write out the principal and the resource")
    policies = []
    for number, piece in enumerate(_pieces(text)):
        told = static[f"policy{number}"]
        notes: dict[str, str | None] = told.get("annotations", {})
        named = {"id": notes.get("id") or "", "reason": notes.get("reason") or ""}
        policies.append(Policy(effect=told["effect"], document=document, text=piece, **named))
    return policies


def findings(documents: Mapping[str, str]) -> list[Finding]:
    """All that is wrong with a tenant's documents: nothing, when they may be applied."""
    found: list[Finding] = []
    seen: dict[str, str] = {}
    if sum(_masked(text).count(";") for text in documents.values()) > POLICIES_MAX:
        return [Finding(document="", policy="", message=f"there are more than {POLICIES_MAX} policies")]
    for document, text in sorted(documents.items()):
        entangled = _entangled(text)
        if entangled:
            found.append(Finding(document=document, policy="", message=entangled))
            continue
        try:
            policies = parsed(document, text)
        except ValueError as error:
            found.append(Finding(document=document, policy="", message=str(error)))
            continue
        found += [finding for policy in policies if (finding := _of_id(policy, seen)) is not None]
        found += _of_types(document, text, policies)
    return found


def _of_id(policy: Policy, seen: dict[str, str]) -> Finding | None:
    message = None
    if not policy.id:
        message = 'it has no id; write @id("…") above it'
    elif policy.id.startswith(RESERVED):
        message = f"ids that begin with {RESERVED} are those of the policies that are shipped"
    elif policy.id in seen:
        message = f"its id is used in {seen[policy.id]} already"
    seen.setdefault(policy.id, policy.document)
    return Finding(document=policy.document, policy=policy.id, message=message) if message else None


def _of_types(document: str, text: str, policies: Sequence[Policy]) -> list[Finding]:
    result = cedarpy.validate_policies(text, schema(), release_gil=True)
    named = {f"policy{number}": policy.id for number, policy in enumerate(policies)}
    told: dict[tuple[str, str], list[str]] = {}
    for error in result.errors:
        policy, message = named.get(error.policy_id, error.policy_id), _in_our_words(error.error)
        missing = _MISSING.fullmatch(message)
        kinds = told.setdefault((policy, missing["what"] if missing else message), [])
        kinds += [missing["kind"]] if missing else []
    return [
        Finding(document=document, policy=policy, message=f"{what}{_missing_on(kinds)}")
        for (policy, what), kinds in sorted(told.items())
    ]


def _in_our_words(error: str) -> str:
    """What Cedar says of a policy, without the number that it gave it, and with what to write instead."""
    message = _OF_POLICY.sub("", error)
    optional = _OPTIONAL.fullmatch(message)
    if optional is None:
        return message
    name, kind = optional["name"], optional["kind"]
    return f"attribute `{name}` may be missing on {kind}: ask before it is read, `… has {name} && …`"


def _missing_on(kinds: Sequence[str]) -> str:
    """Where an attribute is missing: an action that has many kinds of resource is not told of each by itself."""
    if not kinds:
        return ""
    ordered = sorted(set(kinds))
    more = f" and {len(ordered) - KINDS_TOLD_MAX} more" if len(ordered) > KINDS_TOLD_MAX else ""
    return f" is not on {', '.join(ordered[:KINDS_TOLD_MAX])}{more}"


def _entangled(text: str) -> str:
    """What makes a document more nested than Cedar's parser can take, which would end the process; empty if nothing."""
    for policy in _masked(text).split(";"):
        if _deepest(policy) > DEPTH_MAX:
            return f"a policy has more than {DEPTH_MAX} brackets within each other"
        if sum(sign > " " for sign in policy) > CODE_CHARACTERS_MAX:
            return f"a policy has more than {CODE_CHARACTERS_MAX:,} characters beside its strings and comments"
    return ""


def _deepest(masked: str) -> int:
    """How many brackets stand within each other at most."""
    depth = deepest = 0
    for sign in masked:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _masked(text: str) -> str:
    """The text with strings and comments blotted out."""
    return _COMMENTS.sub(lambda found: "\0" * len(found[0]), text)


def _pieces(text: str) -> list[str]:
    """The text of each policy: a policy ends with the first semicolon outside of strings and comments."""
    pieces, begin = [], 0
    for place, sign in enumerate(_masked(text)):
        if sign == ";":
            pieces.append(text[begin : place + 1].strip())
            begin = place + 1
    return pieces
