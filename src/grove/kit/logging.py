"""Structured logs: a constant event name and identifiers, secrets masked, one JSON object a line (or for people)."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

_SECRET = re.compile(
    r"(gh[pousr]_[A-Za-z0-9_]{6,}|github_pat_\w{6,}|glpat-[\w-]{6,}|grove_[a-z]*_?[\w-]{20,}|(?<=://)[^/@\s:]+(:[^/@\s]*)?(?=@)"
    r"|(?i:(?<=bearer )|(?<=basic ))[\w.~+/=-]{6,})"
)
MASK = "***"
_CHATTY: Final = ("alembic", "mcp", "uvicorn")
"""Libraries that tell of each of their steps; what matters of that Grove says itself."""


def mask(text: str) -> str:
    """The text with everything that looks like a secret replaced."""
    return _SECRET.sub(MASK, text)


def _mask_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: mask(value) if isinstance(value, str) else value for name, value in event.items()}


def configure(form: Literal["auto", "json", "pretty"] = "json", *, level: str = "INFO") -> None:
    """Send every log line of this process, ours and the libraries', to standard error.

    `auto` is pretty when that is a terminal.
    """
    pretty = form == "pretty" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_values,
    ]
    renderer: Any = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel("WARNING" if level == "INFO" else level)


@contextmanager
def bound(**identifiers: str) -> Iterator[None]:
    """Add identifiers to every log line of the block."""
    with structlog.contextvars.bound_contextvars(**identifiers):
        yield


def logger(name: str) -> Any:
    """The logger of a module."""
    return structlog.stdlib.get_logger(name)
