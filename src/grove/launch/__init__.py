"""The `grove` command: what the command line offers, and the processes that serve.

Only this package may put entry points together: the server is the API, the MCP endpoint and the workers' supervisor.
"""

from grove.launch.main import main

__all__ = ["main"]
