"""SCIP indexes made by hand, as an indexer writes them."""

from collections.abc import Mapping, Sequence

from grove.scip.message import ScipMessage

Place = tuple[str, Sequence[int], int]
"""A symbol, its range and its roles."""


def scip_index(documents: Mapping[str, Sequence[Place]], *, encoding: int = 0, tool: str = "test-indexer") -> bytes:
    """An index of documents by path."""
    index = ScipMessage()
    index.metadata.tool_info.name = tool
    index.metadata.tool_info.version = "1"
    for path, places in documents.items():
        document = index.documents.add(relative_path=path, position_encoding=encoding)
        for symbol, place, roles in places:
            document.occurrences.add(symbol=symbol, range=place, symbol_roles=roles)
    content: bytes = index.SerializeToString()
    return content
