"""A real SSH server on the loopback interface, which serves git repositories to one key."""

import asyncio
import contextlib
import os
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncssh

STARTED_SECONDS_MAX: Final = 20
CHUNK_BYTES: Final = 65_536


@dataclass(slots=True)
class SshServer:
    """A running server: `root` holds bare repositories, `commands` is what clients have wanted to run."""

    root: Path
    port: int
    client_key: str = field(repr=False)
    """The private key that it lets in, as ssh-keygen writes it."""
    host_key: str
    commands: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Forwardings of agents and the like, which nobody should ask for."""

    def url(self, name: str) -> str:
        """The address of a repository below the root."""
        return f"ssh://git@localhost:{self.port}{self.root}/{name}"


def new_key() -> Any:
    """A key of the usual kind."""
    return asyncssh.generate_private_key("ssh-ed25519")


@contextmanager
def serving_ssh(root: Path, *, port: int = 0, client_key: Any = None, host_key: Any = None) -> Iterator[SshServer]:
    """Serve the bare repositories below a folder; with the port of one that has ended, another server there."""
    client_key, host_key = client_key or new_key(), host_key or new_key()
    server = SshServer(
        root=root,
        port=port,
        client_key=client_key.export_private_key().decode(),
        host_key=" ".join(host_key.export_public_key().decode().split()[:2]),
    )
    loop, started = asyncio.new_event_loop(), threading.Event()

    async def listen() -> Any:
        running = await asyncssh.listen(
            "127.0.0.1",
            port,
            server_host_keys=[host_key],
            authorized_client_keys=asyncssh.import_authorized_keys(client_key.export_public_key().decode()),
            process_factory=lambda process: _serve(server, process),
            encoding=None,
            server_factory=lambda: _Watched(server),
            agent_forwarding=False,
        )
        server.port = running.get_port()
        started.set()
        return running

    def go_on() -> None:
        asyncio.set_event_loop(loop)
        running = loop.run_until_complete(listen())
        loop.run_forever()
        running.close()
        loop.run_until_complete(running.wait_closed())
        loop.run_until_complete(_end_tasks())
        loop.close()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    assert started.wait(STARTED_SECONDS_MAX)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _end_tasks() -> None:
    """Let what goes on be told that it is over."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Watched(asyncssh.SSHServer):
    def __init__(self, server: SshServer) -> None:
        self._server = server

    def connection_requested(self, *_told: Any) -> bool:
        self._server.requests.append("connection")
        return False

    def server_requested(self, *_told: Any) -> bool:
        self._server.requests.append("server")
        return False


async def _serve(server: SshServer, process: Any) -> None:
    command = process.command or ""
    server.commands.append(command)
    words = shlex.split(command)
    if len(words) != 2 or words[0] not in {"git-upload-pack", "git-receive-pack"}:
        process.exit(127)
        return
    env = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": "/nonexistent"}
    git = await asyncio.create_subprocess_exec(
        "/usr/bin/git",
        words[0].removeprefix("git-"),
        words[1],
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert git.stdin is not None
    assert git.stdout is not None
    assert git.stderr is not None
    feeding = asyncio.create_task(_feed(process.stdin, git.stdin))
    while content := await git.stdout.read(CHUNK_BYTES):
        process.stdout.write(content)
        await process.stdout.drain()
    process.stderr.write(await git.stderr.read())
    code = await git.wait()
    feeding.cancel()
    process.exit(code)


async def _feed(told: Any, pipe: asyncio.StreamWriter) -> None:
    """Hand on what the client says, as long as git listens."""
    with contextlib.suppress(OSError, asyncssh.Error):
        while content := await told.read(CHUNK_BYTES):
            pipe.write(content)
            await pipe.drain()
    pipe.close()
