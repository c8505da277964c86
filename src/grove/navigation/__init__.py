"""Navigation: outlines of files; definitions, references, callers and callees of names; files by their paths."""

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
    FoundFile,
    FoundFiles,
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
    "FoundFile",
    "FoundFiles",
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
