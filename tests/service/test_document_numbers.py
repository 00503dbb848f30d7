"""Numbers of decisions: without a gap, without a double, whatever happens between holding and signing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from qyran.errors import TransitionError
from qyran.roles import SYSTEM, Role
from service import signing
from service.document_numbers import free_unused, hold, open_numbers, used
from service.store.tables import Decision
from tests.service.confirmed import a_confirmed
from tests.service.sent import new_case
from tests.service.world import World

WORKERS = 4
EACH = 3


@pytest.fixture
def house(settings, database_url):
    with World(settings.model_copy(update={"database_url": database_url}), demo=True) as made:
        made.officer = made.person(Role.POLICE_OFFICER)
        yield made


def a_case(world) -> str:
    return world.do(SYSTEM, lambda work: new_case(work).id)


def test_a_case_finds_the_number_it_holds_and_the_next_takes_what_came_free(both):
    first, second, third = (a_case(both) for _ in range(3))
    assert both.do(SYSTEM, hold, first, "a") == 1
    assert both.do(SYSTEM, hold, first, "a") == 1
    assert both.do(SYSTEM, hold, second, "a") == 2
    both.clock.forward(minutes=31)
    assert both.do(SYSTEM, free_unused) == 2
    both.do(SYSTEM, hold, third, "a")
    with both.store.read() as work:
        assert open_numbers(work) == {"a": (1, 2)}
    both.do(SYSTEM, used, third)
    assert both.do(SYSTEM, hold, first, "a") == 2
    assert both.do(SYSTEM, hold, second, "a") == 3


def test_a_number_of_last_year_stays_with_last_year(both):
    first, second = a_case(both), a_case(both)
    both.do(SYSTEM, hold, first, "decision 2026")
    assert both.do(SYSTEM, hold, first, "decision 2027") == 1
    assert both.do(SYSTEM, hold, second, "decision 2026") == 1


def test_decisions_issued_at_once_have_numbers_without_gaps_or_doubles(house):
    several = [a_confirmed(house, house.officer) for _ in range(WORKERS * EACH)]

    def issue(case: str) -> str:
        return signing.issue(house.store, house.officer, case).document_no

    with ThreadPoolExecutor(WORKERS) as pool:
        numbers = sorted(pool.map(issue, several))
    assert numbers == [f"CITY-2026-{number:06d}" for number in range(1, len(several) + 1)]
    with house.store.read() as work:
        assert open_numbers(work) == {}
        assert len(work.session.scalars(select(Decision)).all()) == len(several)
    for case in several:
        house.do(house.officer, signing.document, case)


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_of_two_who_sign_the_same_case_at_once_one_does(house):
    case = a_confirmed(house, house.officer)

    def issue(_: int) -> str:
        try:
            return signing.issue(house.store, house.officer, case).document_no
        except TransitionError:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(issue, range(2)))
    assert found[0] == "CITY-2026-000001"
    assert found[1] in {"refused", "CITY-2026-000001"}
    with house.store.read() as work:
        assert len(work.session.scalars(select(Decision)).all()) == 1
    house.do(house.officer, signing.document, case)
