"""SCIP's messages, as far as they are read: the fields by their numbers in the published `scip.proto`.

What else is in a file is skipped by the protobuf library.
"""

from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE: Final = "scip"
_TEXT: Final = FieldDescriptorProto.TYPE_STRING
_NUMBER: Final = FieldDescriptorProto.TYPE_INT32
_MESSAGES: Final[dict[str, tuple[tuple[str, int, int | str, bool], ...]]] = {
    "ToolInfo": (("name", 1, _TEXT, False), ("version", 2, _TEXT, False)),
    "Metadata": (("version", 1, _NUMBER, False), ("tool_info", 2, "ToolInfo", False)),
    "Occurrence": (("range", 1, _NUMBER, True), ("symbol", 2, _TEXT, False), ("symbol_roles", 3, _NUMBER, False)),
    "Document": (
        ("relative_path", 1, _TEXT, False),
        ("occurrences", 2, "Occurrence", True),
        ("position_encoding", 6, _NUMBER, False),
    ),
    "Index": (("metadata", 1, "Metadata", False), ("documents", 2, "Document", True)),
}
"""Per message its fields: name, number, type or message, and whether it is repeated."""


def _index_class() -> Any:
    file = FileDescriptorProto(name="scip.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, repeated in fields:
            label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, label=label)
            if isinstance(kind, str):
                added.type, added.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                added.type = kind
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Index"))


ScipMessage: Final[Any] = _index_class()
"""A whole index."""
