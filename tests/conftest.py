from __future__ import annotations

import itertools
import os
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.service import postgres

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real videos and pictures; a test that needs it skips where it is absent."""
    data = Path(os.environ.get("QYRAN_SHARED", ROOT.parent / "shared")) / "data"
    if not data.is_dir():
        pytest.skip(f"real data is absent ({data}); set QYRAN_SHARED to the folder that holds data/")
    return data


@pytest.fixture(scope="session")
def postgres_server():
    if not postgres.available():
        pytest.skip("PostgreSQL is not installed (initdb and postgres are not found)")
    # A socket's path is limited to some 100 bytes, and pytest's own folders are closed to other users.
    with tempfile.TemporaryDirectory(prefix="qyran-pg-") as folder, postgres.server(Path(folder)) as address:
        yield address


@pytest.fixture(scope="session")
def _numbers():
    return itertools.count(1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request, _numbers):
    """The address of a fresh, empty database; SQLite under the installation's home is the default."""
    if request.param == "sqlite":
        yield ""
        return
    address, name = request.getfixturevalue("postgres_server"), f"test_{next(_numbers)}"
    plain = address.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield address.replace("/postgres?", f"/{name}?")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
