from __future__ import annotations

from contextlib import contextmanager

import pytest

from qyran.roles import Role
from tests.service.world import World


@contextmanager
def a_city(settings):
    """A demo city with an officer, a senior one, an operator and an evaluator."""
    with World(settings, demo=True) as made:
        made.officer = made.person(Role.POLICE_OFFICER)
        made.senior = made.person(Role.SENIOR_OFFICER)
        made.operator = made.person(Role.SITUATIONAL_OPERATOR)
        made.evaluator = made.person(Role.EVALUATOR)
        yield made


@pytest.fixture
def city(settings):
    with a_city(settings) as made:
        yield made


@pytest.fixture
def either(settings, database_url):
    """The same on each database."""
    with a_city(settings.model_copy(update={"database_url": database_url})) as made:
        yield made
