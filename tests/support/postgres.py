"""A real PostgreSQL server for tests, in a folder of its own, on a socket port of its own."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.support.install_services import find

UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root; whom it runs as is of no importance."""


class Postgres:
    """A running server, which makes a new database for each test."""

    def __init__(self, port: int) -> None:
        self._port = port

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"grove_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://grove@127.0.0.1:{self._port}/{name}"

    def new_databases_of_two_roles(self) -> tuple[str, str]:
        """The URLs of an empty database: as the role that serves, and as the role that owns it."""
        name = f"grove_{uuid.uuid4().hex[:12]}"
        owner, role = f"{name}_owner", f"{name}_role"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {owner} LOGIN NOSUPERUSER")
            connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS")
            connection.execute(f"CREATE DATABASE {name} OWNER {owner}")
        at = f"127.0.0.1:{self._port}/{name}"
        return f"postgresql+psycopg://{role}@{at}", f"postgresql+psycopg://{owner}@{at}"

    def _address(self, database: str) -> str:
        return f"host=127.0.0.1 port={self._port} user=grove dbname={database}"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server, and stop it at the end."""
    server, initdb = find("postgres"), find("initdb")
    assert server, "PostgreSQL is missing: `make test` installs it"
    assert initdb
    folder = Path(tempfile.mkdtemp(prefix="grove-postgres-"))
    as_user = _as_unprivileged(folder)
    try:
        options = ["--auth=trust", "--username=grove", "--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run([initdb, "-D", folder / "data", *options], check=True, capture_output=True, **as_user)
        port = _free_port()
        quick = ["-c", "fsync=off", "-c", "max_connections=200", "-c", f"unix_socket_directories={folder}"]
        process = subprocess.Popen(
            [server, "-D", folder / "data", "-p", str(port), "-c", "listen_addresses=127.0.0.1", *quick],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **as_user,
        )
        try:
            _wait_for(port, process)
            yield Postgres(port)
        finally:
            process.terminate()
            process.wait(timeout=20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_unprivileged(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(UNPRIVILEGED)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": folder, "env": {"PATH": os.defpath}}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("PostgreSQL did not start")
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=grove dbname=postgres", connect_timeout=1).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("PostgreSQL did not answer")
