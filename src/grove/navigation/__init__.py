"""Navigation: outlines of files, definitions, references, callers and callees of names."""

from grove.navigation.errors import NameInvalid, NotText, RangeInvalid
from grove.navigation.model import (
    Around,
    Basis,
    Callee,
    Callees,
    Caller,
    Callers,
    DefinitionPlace,
    Definitions,
    Outline,
    Outlined,
    References,
    UsePlace,
    Wanted,
)
from grove.navigation.navigator import Navigator

__all__ = [
    "Around",
    "Basis",
    "Callee",
    "Callees",
    "Caller",
    "Callers",
    "DefinitionPlace",
    "Definitions",
    "NameInvalid",
    "Navigator",
    "NotText",
    "Outline",
    "Outlined",
    "RangeInvalid",
    "References",
    "UsePlace",
    "Wanted",
]
