from __future__ import annotations

import os
from collections.abc import Iterator
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


@pytest.fixture(autouse=True)
def _environment_left_as_found() -> Iterator[None]:
    """A setting that a test leaves behind changes what later tests of the same process see, in some orders only."""
    before = _settings()
    yield
    assert _settings() == before


def _settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("QYRAN_")}
