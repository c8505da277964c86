"""Programming languages: which one a file is in, what its text defines, and where it uses names.

Children that parse import this and little else, so it knows neither the database nor the index.
"""

from grove.languages.detection import (
    HEAD_BYTES,
    TABLES_CHECKSUM,
    Trait,
    grammar_of,
    has_outline,
    language_of,
    marks_of,
    trait_of,
)
from grove.languages.model import Definition, Mark, Role, Structure, Task, Use
from grove.languages.parsers import PooledParser, TreeSitterParser
from grove.languages.ports import DefinitionParser, StructureParser
from grove.languages.table import LANGUAGES

__all__ = [
    "HEAD_BYTES",
    "LANGUAGES",
    "TABLES_CHECKSUM",
    "Definition",
    "DefinitionParser",
    "Mark",
    "PooledParser",
    "Role",
    "Structure",
    "StructureParser",
    "Task",
    "Trait",
    "TreeSitterParser",
    "Use",
    "grammar_of",
    "has_outline",
    "language_of",
    "marks_of",
    "trait_of",
]
