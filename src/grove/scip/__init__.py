"""SCIP indexes, uploaded or made here: the precise symbols of a repository at a commit."""

from grove.scip.errors import ScipInvalid, ScipMakingFailed, ScipNotFound, ScipTooLarge
from grove.scip.events import ScipGrowing, ScipUploading, ScipWanted
from grove.scip.indexers import INDEXERS
from grove.scip.making import MAKING_JOB, MakingTools, make_indexes
from grove.scip.model import Making, MakingState, ScipIndex
from grove.scip.names import holder_of, identity_of, name_of, tool_of
from grove.scip.operations import ScipDesk, newest_first, stored_bytes
from grove.scip.parsing import INDEX_BYTES_MAX
from grove.scip.switching import is_made_here, making_of, set_making
from grove.scip.table import DEFINITION, IMPORT, Document, Occurrence, ScipTable

__all__ = [
    "DEFINITION",
    "IMPORT",
    "INDEXERS",
    "INDEX_BYTES_MAX",
    "MAKING_JOB",
    "Document",
    "Making",
    "MakingState",
    "MakingTools",
    "Occurrence",
    "ScipDesk",
    "ScipGrowing",
    "ScipIndex",
    "ScipInvalid",
    "ScipMakingFailed",
    "ScipNotFound",
    "ScipTable",
    "ScipTooLarge",
    "ScipUploading",
    "ScipWanted",
    "holder_of",
    "identity_of",
    "is_made_here",
    "make_indexes",
    "making_of",
    "name_of",
    "newest_first",
    "set_making",
    "stored_bytes",
    "tool_of",
]
