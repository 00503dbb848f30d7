from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from service import evidence_copies, passwords
from service.settings import load_settings
from tests.evidence.finders import a_masker
from tests.service.world import World


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch, tmp_path):
    """No test may touch the home of whoever runs it, or wait for a hash that is slow on purpose."""
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "home"))
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", quick)
    monkeypatch.setattr(passwords, "_decoy", quick.hash("nobody"))


@pytest.fixture(autouse=True)
def _looks_for_nothing(monkeypatch):
    """Pictures of a test hold nobody: nothing waits for the detectors that look for what to mask."""
    monkeypatch.setattr(evidence_copies, "eyes", lambda _: (a_masker(), {"road": "c" * 64, "plates": "d" * 64}))


@pytest.fixture
def settings(tmp_path):
    return load_settings(home=tmp_path / "home", second_look_share=0, sample_auto_rejected=0)


@pytest.fixture
def world(settings):
    """An installation on SQLite with a clock of its own."""
    with World(settings) as made:
        yield made


@pytest.fixture
def both(settings, database_url):
    """The same on each database."""
    with World(settings.model_copy(update={"database_url": database_url})) as made:
        yield made
