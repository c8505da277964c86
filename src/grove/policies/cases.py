"""Cases: who does what to which thing, and whether that is to be allowed. They are kept and tried with the policies."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from grove.accounts import PrincipalKind, Role, Scope
from grove.kit.gate import Actor, Resource, Source
from grove.policies.entities import ATTRIBUTES
from grove.policies.errors import PolicyCaseInvalid
from grove.policies.model import CaseResult
from grove.policies.rules import RULES
from grove.policies.schema import kind_of
from grove.policies.sets import PolicySet

_KEYS: Final = {"name", "principal", "action", "resource", "expect", "source", "scopes"}
_TENANT: Final = "the tenant"
_WORDS: Final = {True: "allow", False: "deny"}


def try_cases(policies: PolicySet, cases: Sequence[Mapping[str, Any]], *, large_bytes: int) -> Iterator[CaseResult]:
    """How each case is decided.

    :raises PolicyCaseInvalid: if one says something that no case can say.
    """
    for number, case in enumerate(cases, start=1):
        name = f"case {number}"
        try:
            _refuse_unkeepable(case)
            name = str(case.get("name") or name)
            actor, action, resource, expected = _request(case)
            decision = policies.evaluate(actor, action, resource, large_bytes=large_bytes)
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise PolicyCaseInvalid(case=name, cause=_told(error)) from error
        yield CaseResult(
            name=name,
            expected=expected,
            decided=_WORDS[decision.allowed],
            policies=decision.policies,
            reason=decision.reason,
        )


def _told(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _request(case: Mapping[str, Any]) -> tuple[Actor, str, Resource, str]:
    _refuse_unknown(case, _KEYS)
    principal: Mapping[str, Any] = case["principal"]
    _refuse_unknown(principal, {"kind", "name", "role"})
    action, expected = str(case["action"]), str(case["expect"])
    if action not in RULES or expected not in _WORDS.values():
        raise ValueError(f"no action {action}" if action not in RULES else f"expect {expected}")
    name = str(principal.get("name", "somebody"))
    actor = Actor(
        id=name,
        tenant_id=_TENANT,
        name=name,
        role=Role(principal["role"]),
        scopes=frozenset(Scope(scope) for scope in case.get("scopes", list(Scope))),
        source=Source(case.get("source", "api")),
        kind=PrincipalKind(principal.get("kind", "user")),
    )
    given: Mapping[str, Any] = case.get("resource", {})
    _refuse_unknown(given, ATTRIBUTES | {"id", "kind", "project"})
    attributes = {key: value for key, value in given.items() if key not in {"id", "kind"}}
    kind = str(given.get("kind", kind_of(action)))
    return actor, action, Resource(kind=kind, id=given.get("id"), tenant_id=_TENANT, attributes=attributes), expected


def _refuse_unkeepable(case: Mapping[str, Any]) -> None:
    """Refuse numbers that are none, halves of characters and NUL: no database and no answer can hold them."""
    text = json.dumps(case, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a character") from None
    if "\\u0000" in text:
        raise ValueError("a character without a form")


def _refuse_unknown(given: Mapping[str, Any], known: frozenset[str] | set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not among {', '.join(sorted(known))}")
