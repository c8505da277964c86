"""The schema of policies: what they may look at, and the actions that follow from the rules."""

from functools import cache
from importlib.resources import files
from typing import Final

import cedarpy

from grove.policies.rules import RULES, Rule

NAMESPACE: Final = "Grove"
_KINDS_OF_ACTIONS: Final = {
    "file.read": "repository",
    "index.pin": "repository",
    "index.rebuild": "repository",
    "scip.upload": "repository",
    "search.run": "repository",
}
"""What is acted on, where the action's own name does not begin with it."""
_PLAIN: Final = """entity {name} in [Tenant] = {{
  tenant: String, name?: String, owner?: String, owner_acts_for?: String, role?: String, scopes?: Set<String>,
}};"""


def default_text(name: str) -> str:
    """A file that is shipped."""
    return (files("grove.policies") / "default" / name).read_text(encoding="utf-8")


def kind_of(action: str) -> str:
    """What an action is done to."""
    return _KINDS_OF_ACTIONS.get(action, action.split(".", 1)[0])


def type_of(kind: str) -> str:
    """How policies call a kind of principal or thing: `Agent`, `Repository`."""
    return "".join(word.title() for word in kind.split("_"))


def resource_type(kind: str) -> str:
    """The same of what is acted on: somebody who acts on themselves is two entities, of which one is an `Account`."""
    return "Account" if kind in {"user", "agent", "service"} else type_of(kind)


@cache
def schema_text() -> str:
    """The whole schema, for people and for Cedar."""
    entities = default_text("entities.cedarschema")
    kinds = sorted({kind_of(action) for action in RULES} | {"job"})
    types = sorted(set(map(resource_type, kinds)))
    plain = [_PLAIN.format(name=name) for name in types if f"entity {name} " not in entities]
    groups = sorted({group for rule in RULES.values() for group in groups_of(rule)})
    lines = [f"action {', '.join(map(_quoted, groups))};", *(_action(name, rule) for name, rule in RULES.items())]
    body = "\n".join([entities, *plain, "", *lines])
    return f"namespace {NAMESPACE} {{\n{body}\n}}\n"


@cache
def schema() -> cedarpy.Schema:
    """The same as Cedar has it."""
    return cedarpy.Schema.from_str(schema_text())


def groups_of(rule: Rule) -> tuple[str, ...]:
    """The groups that an action is in; the policies that are shipped speak of groups."""
    own = (f"for {rule.own}s, on their own",) if rule.own is not None else ()
    of_role = () if rule.unless_permitted else (f"for {rule.role}s",)
    return (*of_role, f"needs {rule.scope}", *own)


def _action(name: str, rule: Rule) -> str:
    # A worker asks again before it begins: then the resource is the job.
    kinds = sorted({resource_type(kind_of(name)), "Job"})
    applies = f"principal: [User, Agent, Service], resource: [{', '.join(kinds)}], context: Request"
    return f"action {_quoted(name)} in [{', '.join(map(_quoted, groups_of(rule)))}] appliesTo {{ {applies} }};"


def _quoted(text: str) -> str:
    return f'"{text}"'
