"""Fixtures of databases, for the tests that have what they need: the training environment has no PostgreSQL client."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.service import postgres


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


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request, database_numbers):
    """The address of a fresh, empty database; SQLite under the installation's home is the default."""
    if request.param == "sqlite":
        yield ""
        return
    address, name = request.getfixturevalue("postgres_server"), f"test_{next(database_numbers)}"
    plain = address.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield address.replace("/postgres?", f"/{name}?")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
