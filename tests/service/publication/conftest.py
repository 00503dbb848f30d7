from __future__ import annotations

import pytest

from qyran.roles import Role
from service.publication import freeze
from tests.service.publication import standin
from tests.service.world import World


@pytest.fixture(autouse=True)
def _events(monkeypatch):
    monkeypatch.setattr(freeze, "events_of", standin.events_of)


@pytest.fixture
def city(settings, database_url):
    """A demo city on each database, with an officer, an operator and an evaluator."""
    with World(settings.model_copy(update={"database_url": database_url}), demo=True) as made:
        made.officer = made.person(Role.POLICE_OFFICER)
        made.senior = made.person(Role.SENIOR_OFFICER)
        made.operator = made.person(Role.SITUATIONAL_OPERATOR)
        made.evaluator = made.person(Role.EVALUATOR)
        yield made
