"""What can be wrong with a call before the core is asked."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class ArgumentsInvalid(GroveError):
    """The arguments do not fit the tool."""

    code: ClassVar[str] = "arguments_invalid"


class ToolUnknown(GroveError):
    """There is no such tool."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "tool_unknown"


class RepositoryUnknown(GroveError):
    """There is no such repository here."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "repository_unknown"


class CursorInvalid(GroveError):
    """The cursor belongs to another question; ask this one without a cursor first."""

    code: ClassVar[str] = "cursor_invalid"


class NothingSearched(GroveError):
    """Nothing of what was asked for can be searched now."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "nothing_searched"


class PageEmpty(GroveError):
    """The file ends before this line."""

    code: ClassVar[str] = "page_empty"


class FileNotText(GroveError):
    """The file is not text, so it is not shown."""

    code: ClassVar[str] = "file_not_text"


class SymbolUnknown(GroveError):
    """Nothing of that name is defined in this file."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "symbol_unknown"


class DataFolderEmpty(GroveError):
    """There is no Grove in this data folder yet."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code: ClassVar[str] = "data_folder_empty"


class CallTooLarge(GroveError):
    """A call has 256 KB at most; what is larger is written by git, or by PUT /api/v1/workspaces/NAME/file."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "call_too_large"
