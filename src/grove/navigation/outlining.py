"""The outline of a file."""

from collections.abc import Sequence

from grove.languages import Definition, StructureParser, Task
from grove.navigation.defining import shown_line
from grove.navigation.errors import NotText
from grove.navigation.model import Outline, Outlined
from grove.search import FileContent


def outline_of(content: FileContent, *, parser: StructureParser) -> Outline:
    """The definitions of a file.

    :raises NotText: if it is binary.
    """
    if content.binary:
        raise NotText(path=content.path, size_bytes=content.size_bytes)
    text = content.content.decode("utf-8", "replace").encode()
    (structure,) = parser.structures([Task(content.language, text)])
    lines = text.split(b"\n")
    return Outline(
        repository=content.repository,
        repository_id=content.repository_id,
        commit=content.commit,
        path=content.path,
        oid=content.oid,
        language=content.language,
        line_count=len(lines) - (not lines[-1]),
        is_known=structure is not None,
        items=tuple(_nested(structure.definitions, lines)) if structure else (),
    )


def _nested(definitions: Sequence[Definition], lines: Sequence[bytes]) -> list[Outlined]:
    around: list[Definition] = []
    found: list[Outlined] = []
    for one in definitions:
        while around and around[-1].end_line < one.end_line:
            around.pop()
        found.append(
            Outlined(
                name=one.name,
                kind=one.kind,
                container=one.container,
                line=one.line,
                end_line=one.end_line,
                depth=len(around),
                signature=shown_line(lines, one.line).strip(),
            )
        )
        if one.end_line > one.line:
            around.append(one)
    return found
