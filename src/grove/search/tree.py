"""Trees of conditions: all of, any of, not; over leaves of any kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Leaf = TypeVar("Leaf")
Other = TypeVar("Other")


class Tree(Generic[Leaf]):
    """A condition: one of the four kinds below."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Is(Tree[Leaf]):
    """Holds where its leaf does."""

    leaf: Leaf


@dataclass(frozen=True, slots=True)
class All(Tree[Leaf]):
    """Holds where every part does; with no part, everywhere."""

    parts: tuple[Tree[Leaf], ...]


@dataclass(frozen=True, slots=True)
class AnyOf(Tree[Leaf]):
    """Holds where at least one part does."""

    parts: tuple[Tree[Leaf], ...]


@dataclass(frozen=True, slots=True)
class Negated(Tree[Leaf]):
    """Holds where its part does not."""

    part: Tree[Leaf]


def map_leaves(tree: Tree[Leaf], change: Callable[[Leaf], Tree[Other]]) -> Tree[Other]:
    """The same tree with every leaf replaced by what `change` makes of it."""
    match tree:
        case Is(leaf):
            return change(leaf)
        case All(parts):
            return All(tuple(map_leaves(part, change) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(map_leaves(part, change) for part in parts))
        case Negated(part):
            return Negated(map_leaves(part, change))
    raise TypeError(type(tree))


def signed_leaves(tree: Tree[Leaf], *, negated: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """Every leaf from left to right, and whether it stands under an odd number of negations."""
    match tree:
        case Is(leaf):
            yield leaf, negated
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from signed_leaves(part, negated=negated)
        case Negated(part):
            yield from signed_leaves(part, negated=not negated)


def conjuncts(tree: Tree[Leaf]) -> tuple[Tree[Leaf], ...]:
    """The parts that must all hold."""
    if isinstance(tree, All):
        return tuple(inner for part in tree.parts for inner in conjuncts(part))
    return (tree,)


def all_of(parts: tuple[Tree[Leaf], ...]) -> Tree[Leaf]:
    """The condition that every part holds, without needless nesting."""
    flat = tuple(inner for part in parts for inner in conjuncts(part))
    return flat[0] if len(flat) == 1 else All(flat)
