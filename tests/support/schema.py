"""The newest schema for a database: made step by step once, and copied into each that is empty."""

import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import URL, Engine, create_engine, inspect

from grove.migrations import migrate


def lay_schema(engine: Engine) -> None:
    """Bring a database to the newest schema. Nobody else may be connected to it."""
    is_empty = not inspect(engine).get_table_names()
    engine.dispose()
    if not is_empty:
        migrate(engine)
    elif engine.dialect.name == "sqlite":
        assert engine.url.database
        shutil.copyfile(_sqlite_file(), engine.url.database)
    else:
        _copy(_postgres_database(_address(engine.url)), engine.url)


@cache
def _sqlite_file() -> Path:
    file = Path(tempfile.mkdtemp(prefix="grove-schema-")) / "grove.db"
    engine = create_engine(f"sqlite:///{file}")
    migrate(engine)
    engine.dispose()
    return file


@cache
def _postgres_database(address: str) -> str:
    name = f"schema_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    parts = dict(part.split("=", 1) for part in address.split())
    made = URL.create(
        "postgresql+psycopg", username=parts["user"], host=parts["host"], port=int(parts["port"]), database=name
    )
    engine = create_engine(made)
    migrate(engine)
    engine.dispose()
    return name


def _copy(template: str, url: URL) -> None:
    with psycopg.connect(f"{_address(url)} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {url.database}")
        connection.execute(f"CREATE DATABASE {url.database} TEMPLATE {template}")


def _address(url: URL) -> str:
    return f"host={url.host} port={url.port} user={url.username}"
