from __future__ import annotations

from datetime import timedelta

import pytest

from qyran.errors import AccessError, InputError
from qyran.roles import Role
from service import cases
from service.case_statistics import of_officer, of_team
from tests.service.world import NOON

MONTH = (NOON - timedelta(days=1), NOON + timedelta(days=30))


@pytest.fixture
def busy(both):
    """A day of two officers: what each of them did stands in the tests."""
    both.first = both.person(Role.POLICE_OFFICER, name="Айгүл")
    both.second = both.person(Role.SENIOR_OFFICER, name="Бекзат")
    number = iter(range(100, 200))

    def decide(seconds: float, step, *given: object) -> str:
        case_id = both.case(plate=f"{next(number)}ABC02")
        both.do(both.first, cases.claim, case_id)
        both.clock.forward(seconds=seconds)
        both.do(both.first, step, case_id, *given)
        return case_id

    decide(10, cases.confirm, "599-1")
    decide(20, cases.reject, "no_violation")
    taken_back = decide(30, cases.confirm, "599-1")
    both.do(both.first, cases.withdraw, taken_back, "mistake_noticed")
    for step, given in ((cases.confirm, "599-2"), (cases.reject, "wrong_vehicle")):
        proposed = decide(40, cases.confirm, "599-2")
        both.do(both.second, step, proposed, given)
    decide(50, cases.send_back, "picture_poor")
    return both


def test_what_an_officer_did_is_counted_from_the_chains(busy):
    with busy.store.read(busy.first) as work:
        mine = of_officer(work, busy.first.id, *MONTH)
    assert (mine.name, mine.decided, mine.confirmed, mine.rejected, mine.sent_on) == ("Айгүл", 3, 2, 1, 0)
    assert (mine.proposed, mine.overruled, mine.withdrawn, mine.returned, mine.second_looks) == (2, 1, 1, 1, 0)
    assert mine.median_s == pytest.approx(30, abs=0.2)  # of 10, 20, 30, 40, 40


def test_a_team_is_its_officers_and_all_of_them_together(busy):
    with busy.store.read(busy.second) as work:
        first, second, whole = of_team(work, *MONTH)
    assert (first.name, second.name, whole.name) == ("Айгүл", "Бекзат", None)
    assert (second.second_looks, second.confirmed, second.rejected, second.median_s) == (2, 1, 1, None)
    assert (whole.decided, whole.withdrawn) == (first.decided + second.decided, 1)


def test_what_was_done_outside_the_span_is_not_counted(busy):
    with busy.store.read(busy.first) as work:
        later = of_officer(work, busy.first.id, NOON + timedelta(days=1), NOON + timedelta(days=2))
    assert (later.decided, later.median_s) == (0, None)


def test_officers_see_their_own_and_seniors_their_territorys(busy):
    with busy.store.read(busy.first) as work:
        with pytest.raises(AccessError, match="a senior officer's"):
            of_officer(work, busy.second.id, *MONTH)
        with pytest.raises(AccessError):
            of_team(work, *MONTH)
        with pytest.raises(InputError, match="ends before it begins"):
            of_officer(work, busy.first.id, *reversed(MONTH))
    busy.register(territory="almaly")
    elsewhere = busy.person(Role.SENIOR_OFFICER, territories=["bostandyk"])
    with busy.store.read(elsewhere) as work:
        assert of_team(work, *MONTH)[-1].decided == 5  # these cases came in before the camera had a territory
