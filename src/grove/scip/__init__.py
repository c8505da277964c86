"""Uploaded SCIP indexes: the precise symbols of a repository at a commit."""

from grove.scip.errors import ScipInvalid, ScipNotFound, ScipTooLarge
from grove.scip.model import ScipIndex
from grove.scip.names import holder_of, identity_of, name_of
from grove.scip.operations import ScipDesk, newest_first
from grove.scip.parsing import INDEX_BYTES_MAX
from grove.scip.table import DEFINITION, IMPORT, Document, Occurrence, ScipTable

__all__ = [
    "DEFINITION",
    "IMPORT",
    "INDEX_BYTES_MAX",
    "Document",
    "Occurrence",
    "ScipDesk",
    "ScipIndex",
    "ScipInvalid",
    "ScipNotFound",
    "ScipTable",
    "ScipTooLarge",
    "holder_of",
    "identity_of",
    "name_of",
    "newest_first",
]
