"""`grove mcp`: the tools over standard input and output."""

from grove import mcp
from grove.settings import Settings


def speak_mcp(settings: Settings) -> None:
    """Answer one client until it goes away; what is heavy is made ready with the first call."""
    mcp.run_stdio(settings)
