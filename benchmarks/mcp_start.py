"""How long `grove mcp` takes from its start to the list of its tools: `python -m benchmarks.mcp_start [runs]`.

Clients give a new server 30 to 60 seconds, and people give it one.
"""

import json
import statistics
import subprocess
import sys
import time
from typing import Any

HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}}
RUNS = 10


def seconds_to_tools() -> float:
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "grove.launch", "mcp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as server:
        _send(server, id=1, method="initialize", params=HELLO)
        _receive(server)
        _send(server, method="notifications/initialized")
        _send(server, id=2, method="tools/list")
        assert _receive(server)["result"]["tools"]
        taken = time.perf_counter() - began
        assert server.stdin is not None
        server.stdin.close()
    return taken


def _send(server: subprocess.Popen[bytes], **message: Any) -> None:
    assert server.stdin is not None
    server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    server.stdin.flush()


def _receive(server: subprocess.Popen[bytes]) -> Any:
    assert server.stdout is not None
    return json.loads(server.stdout.readline())


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    taken = [seconds_to_tools() for _ in range(runs)]
    print(f"tools/list after {statistics.median(taken):.2f} s (median of {runs}), {max(taken):.2f} s at most")


if __name__ == "__main__":
    main()
