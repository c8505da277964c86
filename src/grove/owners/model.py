"""The rules of a CODEOWNERS file, and what they say of a path. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Pattern(Protocol):
    """A compiled pattern of paths."""

    def search(self, text: str) -> object | None:
        """Something, if the text fits."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the file: which paths, and who owns them; `excludes` takes paths out of its section."""

    line: int
    pattern: str
    owners: tuple[str, ...]
    compiled: Pattern
    section: str = ""
    negated: bool = False
    excludes: bool = False

    def fits(self, path: str) -> bool:
        """Whether the rule is about a path."""
        return (self.compiled.search(path) is not None) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who owns a path, in the order of the rules that say so; no one if there are none."""

    owners: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """A CODEOWNERS file: where it stands, its rules, and the lines that say nothing that its forge understands.

    With `every_rule`, the owners of all rules that fit own a path; else those of the last one in each section.
    """

    place: str
    rules: Sequence[Rule]
    unusable: tuple[int, ...] = ()
    every_rule: bool = False

    def of(self, path: str) -> Ownership:
        """Who owns a path."""
        fitting = [rule for rule in self.rules if rule.fits(path)]
        if not self.every_rule:
            excluded = {rule.section for rule in fitting if rule.excludes}
            last = {rule.section: rule for rule in fitting if rule.section not in excluded}
            fitting = sorted(last.values(), key=lambda rule: rule.line)
        owners = dict.fromkeys(owner for rule in fitting for owner in rule.owners)
        return Ownership(owners=tuple(owners), rules=tuple(fitting))

    def of_all(self) -> Ownership:
        """Who owns whatever no narrower rule speaks of: the whole repository."""
        return self.of(_ANYWHERE)


_ANYWHERE = "\x00"
"""A path that no file has, so that only rules about every path fit."""
