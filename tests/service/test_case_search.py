from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from qyran.errors import AccessError, InputError
from qyran.roles import Role
from service import case_search, cases
from service.case_search import CaseFilter
from service.query_log import Reason
from service.store.passage_tables import QueryLog
from tests.service.world import NOON
from violations.case import CaseState

WHY = Reason(code="administrative_case", number="17")


@pytest.fixture
def town(both):
    """Four cases of different vehicles; the first is rejected by an officer."""
    both.register(id="saina-3", name="Саина 3", territory="auezov")
    given = [("123ABC02", {}), ("123ABD05", {}), ("777QYR01", {"camera": "saina-3"}), ("901BAC02", {})]
    both.ids = [both.case(plate=plate, **more) for plate, more in given]
    both.officer = both.person(Role.POLICE_OFFICER)
    both.do(both.officer, cases.claim, both.ids[0])
    both.do(both.officer, cases.reject, both.ids[0], "no_violation")
    return both


def found(town, wanted: CaseFilter, reason: Reason | None = WHY) -> set[int]:
    query = town.do(town.officer, case_search.begin, wanted, reason)
    with town.store.read(town.officer) as work:
        hits = case_search.results(work, case_search.held(work, query))
    return {town.ids.index(one.id) for one in hits.items}


def test_cases_are_found_by_everything_one_may_know(town):
    days = {"start": NOON - timedelta(days=1), "end": NOON + timedelta(days=1)}
    table = [
        (CaseFilter(plate="123 abc 02"), {0}),
        (CaseFilter(plate="123AB*"), {0, 1}),
        (CaseFilter(plate="*AB?0?"), {0, 1}),
        (CaseFilter(plate="???BAC02"), {3}),
        (CaseFilter(plate="123*", states=(CaseState.SCREENED,)), {1}),
        (CaseFilter(place="саина"), {2}),
        (CaseFilter(place="AUEZOV"), {2}),
        (CaseFilter(camera="abay-12"), {0, 1, 3}),
        (CaseFilter(kind="red_light", **days), {0, 1, 2, 3}),
        (CaseFilter(kind="no_parking"), set()),
        (CaseFilter(states=(CaseState.OFFICER_REJECTED,)), {0}),
        (CaseFilter(officer=town.officer.id), {0}),
        (CaseFilter(days="decision", **days), {0}),
        (CaseFilter(start=NOON + timedelta(days=1)), set()),
        (CaseFilter(number="2026-1"), set()),
        (CaseFilter(article="599"), set()),
    ]
    assert [found(town, wanted) for wanted, _ in table] == [expected for _, expected in table]


@pytest.mark.parametrize(
    ("wanted", "reason", "said"),
    [
        (CaseFilter(), None, "is empty"),
        (CaseFilter(plate="123ABC02"), None, "Give the reason"),
        (CaseFilter(plate="123ABC02"), Reason(code="other", words="why"), "Explain"),
        (CaseFilter(plate="*1*"), WHY, "two signs or more"),
        (CaseFilter(start=NOON, end=NOON), None, "begins before it ends"),
    ],
)
def test_a_search_that_cannot_be_is_refused_and_not_written_down(world, wanted, reason, said):
    officer = world.person(Role.POLICE_OFFICER)
    with pytest.raises(InputError, match=said):
        world.do(officer, case_search.begin, wanted, reason)
    with world.store.read() as work:
        assert work.session.scalars(select(QueryLog)).all() == []


def test_a_search_is_written_down_sealed_and_read_only_by_who_searched(world):
    world.case()
    one, other = world.person(Role.POLICE_OFFICER), world.person(Role.POLICE_OFFICER)
    query = world.do(one, case_search.begin, CaseFilter(plate="123ABC02"), WHY)
    with world.store.read(one) as work:
        row = work.session.get_one(QueryLog, query)
        assert (row.kind, row.reason, row.results) == ("cases", "administrative_case", 1)
        assert "123ABC02" not in str(vars(row))
        assert case_search.held(work, query) == CaseFilter(plate="123ABC02")
    for actor, hours in ((other, 0), (one, 24)):
        world.clock.forward(hours=hours)
        with world.store.read(actor) as work, pytest.raises(AccessError, match="by who searched"):
            case_search.held(work, query)


def test_an_officer_finds_nothing_of_another_territory(town):
    stranger = town.person(Role.POLICE_OFFICER, territories=["medeu"])
    query = town.do(stranger, case_search.begin, CaseFilter(kind="red_light"))
    with town.store.read(stranger) as work:
        hits = case_search.results(work, case_search.held(work, query))
    assert {town.ids.index(one.id) for one in hits.items} == {0, 1, 3}  # a camera of no territory is everybody's


def test_who_works_with_no_cases_searches_none(world):
    with pytest.raises(AccessError):
        world.do(world.person(Role.EVALUATOR), case_search.begin, CaseFilter(kind="red_light"))


def test_a_corrected_plate_is_found_and_so_is_no_other(world):
    case = world.case()
    officer = world.person(Role.POLICE_OFFICER)
    world.do(officer, cases.claim, case)
    world.do(officer, cases.confirm, case, "599-1", plate="555NEW02")
    for plate, expected in (("555NE*", [case]), ("123AB*", [])):
        query = world.do(officer, case_search.begin, CaseFilter(plate=plate), WHY)
        with world.store.read(officer) as work:
            hits = case_search.results(work, case_search.held(work, query))
        assert [one.id for one in hits.items] == expected
