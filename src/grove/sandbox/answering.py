"""What a child of a pool does: answer questions until nobody asks.

A frame is eight bytes of length and so many bytes of content; the first byte of an answer tells what it is.
"""

import os
import pickle
import resource
import struct
from collections.abc import Callable
from typing import Any, BinaryIO, Final

LENGTH: Final = struct.Struct(">Q")
READY: Final = b"!"
RESULT: Final = b"="
RAISED: Final = b"?"


def frame(content: bytes) -> bytes:
    """The bytes that carry `content`."""
    return LENGTH.pack(len(content)) + content


def serve() -> None:
    """Answer the parent: first it says which function to run, then it sends lists of arguments.

    It starts no process and no thread: the kernel refuses them, but to root.
    """
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What the function prints must not be taken for an answer.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    function = pickle.loads(_receive(questions))  # noqa: S301 - from our parent, not from the data
    _send(answers, READY)
    while content := _receive(questions):
        for argument in pickle.loads(content):  # noqa: S301 - from our parent, not from the data
            _send(answers, _answer(function, argument))


def _answer(function: Callable[[Any], Any], argument: Any) -> bytes:
    try:
        return RESULT + pickle.dumps(function(argument))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the loop of a worker: the parent is told
        return RAISED + type(error).__name__.encode()


def _receive(stream: BinaryIO) -> bytes:
    header = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(header)[0]) if header else b""


def _send(stream: BinaryIO, content: bytes) -> None:
    stream.write(frame(content))
    stream.flush()
