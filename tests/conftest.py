from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

# The training environment has no client of PostgreSQL, and needs none.
pytest_plugins = ("tests.databases",) if find_spec("psycopg") else ()

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real videos and pictures; a test that needs it skips where it is absent."""
    data = Path(os.environ.get("QYRAN_SHARED", ROOT.parent / "shared")) / "data"
    if not data.is_dir():
        pytest.skip(f"real data is absent ({data}); set QYRAN_SHARED to the folder that holds data/")
    return data
