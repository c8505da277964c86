"""What the streams of jobs and searches have in common."""

from fastapi.sse import ServerSentEvent

from grove.kit.errors import GroveError
from grove.kit.logging import mask


def alert(error: GroveError) -> ServerSentEvent:
    """A failure that comes when the answer has begun already; nothing follows it."""
    data = {"severity": "error", "code": error.code, "title": error.message, "message": mask(str(error))}
    return ServerSentEvent(event="alert", data=data)
