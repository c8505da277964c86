"""Reading server-sent events as a browser does."""

import json
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient


@dataclass(frozen=True, kw_only=True)
class Told:
    """One event."""

    name: str
    id: str
    data: Any


def watch(client: TestClient, path: str, **request: Any) -> tuple[list[Told], str]:
    """Every event of a stream that ends, and the stream as it came."""
    answer = client.get(path, **request)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = []
    for block in answer.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            told.append(Told(name=fields.get("event", ""), id=fields.get("id", ""), data=json.loads(fields["data"])))
    return told, answer.text
