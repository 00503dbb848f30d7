"""Fixtures of databases, for the tests that have what they need: the training environment has no PostgreSQL client."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from service.settings import load_settings
from service.store import database
from tests.service import postgres


@pytest.fixture(scope="session", autouse=True)
def _schema_made_once(tmp_path_factory):
    """Each test gets the schema as the migrations make it, copied: running all of them takes longer than most tests.

    Whoever starts a program of ours in a process of its own, or asks for another revision, has them run.
    """
    run, made = database.upgrade, tmp_path_factory.mktemp("schema") / "made.sqlite"

    def upgrade(engine, revision="head"):
        at = Path(engine.url.database or "")
        if revision != "head" or engine.dialect.name != "sqlite" or at.exists():
            run(engine, revision)
            return
        if not made.exists():
            run(engine)
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copyfile(at, made)
        else:
            shutil.copyfile(made, at)

    database.upgrade = upgrade
    yield
    database.upgrade = run


@pytest.fixture(scope="session")
def postgres_server():
    if not postgres.available():
        pytest.skip("PostgreSQL is not installed (initdb and postgres are not found)")
    # A socket's path is limited to some 100 bytes, and pytest's own folders are closed to other users.
    with tempfile.TemporaryDirectory(prefix="qyran-pg-") as folder, postgres.server(Path(folder)) as address:
        yield address


@pytest.fixture(scope="session")
def database_numbers():
    return itertools.count(1)


@pytest.fixture(scope="session")
def postgres_schema(postgres_server):
    """The name of a database with the schema, from which others are copied."""
    name, plain = "made", postgres_server.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    engine = database.make_engine(load_settings(database_url=postgres_server.replace("/postgres?", f"/{name}?")))
    database.upgrade(engine)
    engine.dispose()
    return name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request, database_numbers):
    """The address of a fresh database without a record; SQLite under the installation's home is the default."""
    if request.param == "sqlite":
        yield ""
        return
    with _copy(request, f"test_{next(database_numbers)}") as address:
        yield address


@pytest.fixture
def postgres_url(request, database_numbers):
    """The address of a fresh database of PostgreSQL without a record."""
    with _copy(request, f"test_{next(database_numbers)}") as address:
        yield address


@pytest.fixture
def empty_postgres_url(postgres_server, database_numbers):
    """The address of a database of PostgreSQL without a table."""
    with _made(postgres_server, f"test_{next(database_numbers)}", "template1") as address:
        yield address


def _copy(request, name):
    return _made(request.getfixturevalue("postgres_server"), name, request.getfixturevalue("postgres_schema"))


@contextmanager
def _made(server, name, template):
    plain = server.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
