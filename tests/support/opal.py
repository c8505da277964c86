"""OPAL as its users run it: opal-server over a git repository of policies, opal-client that pushes to a policy store.

Both are in an environment of their own (`install_opal`): Grove needs none of it.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2

from tests.support.install_opal import FOLDER
from tests.support.server import free_port

START_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 20.0


@contextmanager
def opal(folder: Path, *, policies: Path, store_url: str, store_token: str) -> Iterator[Path]:
    """A server that polls a git repository each second, and a client that pushes to a store of policies; their logs."""
    folder.mkdir(parents=True)
    port = free_port()
    shared = {**os.environ, "HOME": str(folder), "OPAL_POLICY_REPO_POLICY_EXTENSIONS": ".cedar"}
    server = {
        "OPAL_POLICY_REPO_URL": str(policies),
        "OPAL_POLICY_REPO_MAIN_BRANCH": "main",
        "OPAL_POLICY_REPO_CLONE_PATH": str(folder / "clone"),
        "OPAL_POLICY_REPO_POLLING_INTERVAL": "1",
        "OPAL_FILTER_FILE_EXTENSIONS": ".cedar",
        "OPAL_SERVER_PORT": str(port),
        "OPAL_SERVER_WORKER_COUNT": "1",
    }
    client = {
        "OPAL_SERVER_URL": f"http://127.0.0.1:{port}",
        "OPAL_CLIENT_API_SERVER_PORT": str(free_port()),
        "OPAL_POLICY_STORE_TYPE": "CEDAR",
        "OPAL_POLICY_STORE_URL": store_url,
        "OPAL_POLICY_STORE_AUTH_TYPE": "token",
        "OPAL_POLICY_STORE_AUTH_TOKEN": store_token,
        "OPAL_INLINE_CEDAR_ENABLED": "false",
        "OPAL_INLINE_OPA_ENABLED": "false",
        "OPAL_DATA_UPDATER_ENABLED": "false",
    }
    with ExitStack() as stack:
        stack.enter_context(_running("opal-server", folder, shared | server))
        _wait_for(f"http://127.0.0.1:{port}/policy", folder / "opal-server.log")
        stack.enter_context(_running("opal-client", folder, shared | client))
        yield folder


@contextmanager
def _running(name: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    log = (folder / f"{name}.log").open("ab")
    with (
        log,
        subprocess.Popen(
            [str(FOLDER / "bin" / name), "run"],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield
        finally:
            os.killpg(process.pid, 15)
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)


def _wait_for(url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        try:
            answer = httpx2.get(url, timeout=5)
            if answer.is_success and answer.json()["policy_modules"]:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"OPAL's server does not answer:\n{log.read_text()[-3000:]}")
