"""`grove demo`: the main job on a repository that is at hand, step by step, without network, key or set-up."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.markup import escape

from grove import __version__
from grove.cli import forget_server, remember_server
from grove.kit.errors import GroveError
from grove.kit.ids import new_secret
from grove.launch.serve import Server
from grove.settings import Settings, load_settings

QUESTION = "how are errors reported to the user"
PATTERN = r"(def|class|func|fn|function|struct|interface)\s+\w+"
DEFINITION = ("def ", "class ", "func ", "fn ", "function ", "struct ", "interface ")
READY_SECONDS_MAX = 300.0
POLL_SECONDS = 0.1
LINES_SHOWN = 2


def run_demo(repository: Path, *, once: bool, keep: Path | None, port: int) -> int:
    """Show the main job and stay up, or stop after the searches; 0 only if each of them found something."""
    console = Console(highlight=False, soft_wrap=True)
    data = keep or Path(tempfile.mkdtemp(prefix="grove-demo-"))
    try:
        return _Demo(console, repository.resolve(), data, port=port).run(once=once)
    except GroveError as error:
        console.print(f"  [red]✗[/] {escape(error.message)}\n    {escape(str(error))}\n    Next: grove doctor")
        return 1
    finally:
        if keep is None:
            shutil.rmtree(data, ignore_errors=True)


class _Demo:
    def __init__(self, console: Console, repository: Path, data: Path, *, port: int) -> None:
        self._console = console
        self._repository = repository
        self._token = new_secret("grove_")
        self._settings = _settings(repository, data, self._token, port)
        self._client = httpx2.Client(headers={"Authorization": f"Bearer {self._token}"}, timeout=60.0)

    def run(self, *, once: bool) -> int:
        self._console.print(f"\n  grove {__version__} · demo · data {self._settings.data_dir}\n")
        with ExitStack() as stack:
            with self._step("server ready: key, database, one worker"):
                server = Server(self._settings)
                stack.enter_context(server.running())
                stack.enter_context(self._client)
            self._client.base_url = httpx2.URL(f"{server.address}/api/v1")
            found = self._show()
            if not found or once:
                return 0 if found else 1
            self._stay(server)
        return 0

    def _show(self) -> bool:
        with self._step("looked at the repository") as notes:
            connected = self._call("POST", "/repositories", json={"url": str(self._repository)})
            notes.append(connected["repository"]["name"])
        identifier = connected["repository"]["id"]
        with self._step("mirrored") as notes:
            shown = self._wait(identifier, lambda state: state["clone"] == "present")
            notes.append(f"{shown['size_bytes'] / 1e6:.1f} MB, {shown['default_branch']}")
        with self._step("indexed: text, words, symbols, meaning") as notes:
            shown = self._wait(identifier, lambda state: state["index"] == "ready")
            counted = sum(head["file_count"] for head in shown["heads"])
            notes.append(f"{counted:,} files, branches: {', '.join(head['branch'] for head in shown['heads'])}")
        return self._searches(shown["name"])

    def _searches(self, name: str) -> bool:
        meaning = self._search("by meaning", QUESTION, mode="semantic")
        regex = self._search("by regular expression", PATTERN, mode="regex")
        symbol = _defined_name(regex)
        by_name = self._search("by symbol", f"sym:{symbol}", mode="auto") if symbol else []
        if not (meaning and regex and by_name):
            self._console.print(f"\n  [red]✗[/] not every search found something in {escape(name)}")
            return False
        return True

    def _search(self, title: str, query: str, *, mode: str) -> list[dict[str, Any]]:
        began = time.monotonic()
        answer = self._call("GET", "/search", params={"q": query, "mode": mode, "limit": 3})
        elapsed = (time.monotonic() - began) * 1000
        self._console.print(f"\n  [bold]{title}[/]  {escape(query)}  [dim]{elapsed:.0f} ms[/]")
        for match in answer["files"]:
            self._console.print(f"    [cyan]{escape(match['path'])}[/]  {escape(match['repository'])}")
            for line in _telling(match["excerpts"][0]["lines"]):
                self._console.print(f"      [dim]{line['number']:>5}│[/] {escape(line['text'].rstrip()[:110])}")
        self._console.print(f"    [dim]{escape(answer['truth_line'])}[/]")
        files: list[dict[str, Any]] = answer["files"]
        return files

    def _stay(self, server: Server) -> None:
        remember_server(self._settings, address=server.address, token=self._token)
        self._console.print(
            f"\n  Open   {server.address}\n"
            f'  Try    grove search "{QUESTION}"   ·   grove search --regex "def \\w+"\n'
            f"  Agent  claude mcp add --transport http grove {server.address}/mcp"
            f' --header "Authorization: Bearer {self._token}"\n'
            "  Next   grove serve   ·   grove add https://github.com/you/repository\n\n"
            "  Ctrl-C stops it.\n"
        )
        try:
            while True:
                time.sleep(1)
        except KeyboardInterrupt:
            self._console.print("  stopping")
        finally:
            forget_server(self._settings, address=server.address)

    @contextmanager
    def _step(self, title: str) -> Iterator[list[str]]:
        began = time.monotonic()
        notes: list[str] = []
        yield notes
        detail = f"  [dim]{escape(' '.join(notes))}[/]" if notes else ""
        self._console.print(f"  [green]✓[/] {title}{detail}  [dim]{time.monotonic() - began:.1f} s[/]")

    def _wait(self, identifier: str, is_reached: Any) -> dict[str, Any]:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            shown = self._call("GET", f"/repositories/{identifier}")
            if is_reached(shown):
                return shown
            if shown["problem"] and "failed" in {shown["clone"], shown["index"]}:
                raise DemoFailed(reason=shown["problem"]["message"])
            time.sleep(POLL_SECONDS)
        raise DemoFailed(reason=f"not ready after {READY_SECONDS_MAX:.0f} s")

    def _call(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        answer = self._client.request(method, path.removeprefix("/"), **parts)
        body: dict[str, Any] = answer.json()
        if answer.is_error:
            raise DemoFailed(reason=str(body.get("detail")), status=answer.status_code)
        return body


class DemoFailed(GroveError):
    """The demo could not be shown."""

    code = "demo_failed"


def _settings(repository: Path, data: Path, token: str, port: int) -> Settings:
    return load_settings(
        data_dir=data,
        port=port,
        workers=1,
        local_roots=(repository,),
        admin_name="demo",
        admin_token=token,
        log_level="WARNING",
    )


def _telling(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first lines that say something."""
    return [line for line in lines if line["text"].strip()][:LINES_SHOWN]


def _defined_name(files: list[dict[str, Any]]) -> str | None:
    """A name that one of the lines found defines."""
    lines = [line["text"] for match in files for excerpt in match["excerpts"] for line in excerpt["lines"]]
    for line in lines:
        for word in DEFINITION:
            _, found, rest = line.partition(word)
            name = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in rest).split(" ")[0]
            if found and name and line.strip().startswith(word.strip()):
                return name
    return None
