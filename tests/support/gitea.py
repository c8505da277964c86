"""A real Gitea for tests: over HTTPS on the loopback interface, in a folder of its own, speaking to nobody else."""

import os
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import trustme

from tests.support.install_gitea import FOLDER, program
from tests.support.server import free_port

PASSWORD = "correct-horse-9"
READY_SECONDS_MAX = 90.0
SETTINGS = """
RUN_MODE = prod
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = {folder}
[server]
PROTOCOL = https
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
DOMAIN = localhost
ROOT_URL = https://localhost:{port}/
CERT_FILE = {folder}/cert.pem
KEY_FILE = {folder}/key.pem
STATIC_ROOT_PATH = {static}
OFFLINE_MODE = true
DISABLE_SSH = true
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = of-a-test
[webhook]
ALLOWED_HOST_LIST = loopback
[log]
MODE = console
LEVEL = Warn
[repository]
DEFAULT_BRANCH = main
[indexer]
ISSUE_INDEXER_TYPE = db
[cron]
ENABLED = false
[cron.update_checker]
ENABLED = false
"""


@dataclass
class Gitea:
    """A running server, and a client with every right in it."""

    folder: Path
    port: int
    token: str = field(repr=False)
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.client = httpx2.Client(
            base_url=f"{self.address}/api/v1",
            verify=ssl.create_default_context(cafile=self.ca_file),
            headers={"Authorization": f"token {self.token}"},
            timeout=60.0,
        )

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def start(self) -> None:
        with (self.folder / "gitea.log").open("ab") as log:
            self.process = subprocess.Popen(
                _argv(self.folder, "web"), env=_environment(self.folder), stdout=log, stderr=log
            )
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "gitea.log").read_text()[-4000:]
            try:
                self.get("/version")
            except httpx2.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("Gitea did not answer")

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=60)

    def user(self, name: str) -> str:
        """Make a user; a token of theirs."""
        body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, "must_change_password": False}
        self.post("/admin/users", body)
        asked = ["--username", name, "--token-name", "test", "--scopes", "all", "--raw"]
        return _command(self.folder, "admin", "user", "generate-access-token", *asked).split()[-1]

    def get(self, path: str, **parts: Any) -> Any:
        return self._told(self.client.get(path.lstrip("/"), **parts))

    def post(self, path: str, body: Any) -> Any:
        return self._told(self.client.post(path.lstrip("/"), json=body))

    def patch(self, path: str, body: Any) -> Any:
        return self._told(self.client.patch(path.lstrip("/"), json=body))

    def delete(self, path: str) -> Any:
        return self._told(self.client.delete(path.lstrip("/")))

    def _told(self, answer: httpx2.Response) -> Any:
        assert answer.is_success, f"{answer.request.url} {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextmanager
def running_gitea(folder: Path) -> Iterator[Gitea]:
    """Start a server with an administrator, `ada`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    shown = authority.issue_cert("localhost", "127.0.0.1")
    shown.private_key_pem.write_to_path(str(folder / "key.pem"))
    shown.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    (folder / "app.ini").write_text(SETTINGS.format(folder=folder, port=port, static=FOLDER / "static"))
    _command(folder, "migrate")
    who = ["--username", "ada", "--email", "ada@example.org", "--password", PASSWORD]
    _command(folder, "admin", "user", "create", "--admin", "--must-change-password=false", *who)
    asked = ["--username", "ada", "--token-name", "test", "--scopes", "all", "--raw"]
    token = _command(folder, "admin", "user", "generate-access-token", *asked).split()[-1]
    server = Gitea(folder=folder, port=port, token=token)
    try:
        server.start()
        yield server
    finally:
        server.client.close()
        if server.process is not None:
            server.stop()


def _argv(folder: Path, *command: str) -> list[str]:
    gitea = program()
    assert gitea is not None
    return [str(gitea), "--config", str(folder / "app.ini"), *command]


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "GITEA_WORK_DIR": str(folder)}


def _command(folder: Path, *command: str) -> str:
    done = subprocess.run(
        _argv(folder, *command), env=_environment(folder), check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout
