"""CIDX: the data folder of another server, from which repositories and working copies can be taken over."""

from grove.cidx.errors import CidxFolderUnknown
from grove.cidx.model import CidxEntry, EntryKind
from grove.cidx.reading import read_cidx

__all__ = ["CidxEntry", "CidxFolderUnknown", "EntryKind", "read_cidx"]
