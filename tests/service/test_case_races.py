"""Two who want the same case at the same moment, on each database: one gets it, the other is told, no chain breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from qyran.errors import TransitionError
from qyran.roles import SYSTEM, Role
from service import cases, jobs, quarantine
from service.case_terms import move_due
from service.store.events import check_record
from service.store.tables import ViolationCase
from violations.case import CaseState

ROUNDS = 4


@pytest.fixture
def people(both):
    both.officer, both.other = both.person(Role.POLICE_OFFICER), both.person(Role.POLICE_OFFICER)
    both.senior = both.person(Role.SENIOR_OFFICER)
    return both


def at_once(*steps: Callable[[], object]) -> list[object]:
    """What each step gave, or the refusal it met, all begun at one moment."""
    start, found = threading.Barrier(len(steps)), [None] * len(steps)

    def run(number: int, step: Callable[[], object]) -> None:
        start.wait()
        try:
            found[number] = step()
        except TransitionError as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def state(world, case_id: str) -> str:
    """The case's state, its chain whole."""
    with world.store.read() as work:
        row = work.session.get_one(ViolationCase, case_id)
        assert check_record(work.session, work.store.vault, row) is None
        return row.state


def refused(found: list[object]) -> int:
    return sum(isinstance(one, TransitionError) for one in found)


def test_a_claim_lapses_or_its_officer_confirms_but_never_both(people):
    for number in range(ROUNDS):
        case_id = people.case(plate=f"10{number}ABC02")
        people.do(people.officer, cases.claim, case_id)
        people.clock.forward(minutes=29, seconds=59.9999)

        def later() -> int:
            people.clock.forward(seconds=1)
            return people.do(SYSTEM, cases.lapse_claims)

        found = at_once(lambda one=case_id: people.do(people.officer, cases.confirm, one, "599-1"), later)
        people.do(SYSTEM, cases.lapse_claims)  # the first may have passed over what the other had just locked
        assert state(people, case_id) == ("screened" if refused(found) else "officer_confirmed")


def test_a_claim_that_lapsed_goes_to_one_of_those_who_want_it(people):
    for number in range(ROUNDS):
        case_id = people.case(plate=f"20{number}ABC02")
        people.do(people.senior, cases.claim, case_id)
        people.clock.forward(minutes=31)
        found = at_once(
            lambda one=case_id: people.do(people.officer, cases.claim, one),
            lambda one=case_id: people.do(people.other, cases.claim, one),
            lambda: people.do(SYSTEM, cases.lapse_claims),
        )
        assert refused(found[:2]) == 1, found
        assert state(people, case_id) == "in_review"


def test_a_case_is_confirmed_or_expires_but_never_both(people):
    for number in range(ROUNDS):
        case_id = people.case(plate=f"30{number}ABC02")
        with people.store.write(SYSTEM) as work:
            row = work.session.get_one(ViolationCase, case_id)
            row.limitation_ends = work.now.replace(microsecond=0)
            ends = row.limitation_ends
        people.clock.forward(seconds=-5)
        people.do(people.officer, cases.claim, case_id)
        found = at_once(
            lambda one=case_id: people.do(people.officer, cases.confirm, one, "599-1"),
            lambda moment=ends: move_due(people.store, CaseState.EXPIRED, moment),
        )
        if isinstance(found[0], TransitionError):
            assert state(people, case_id) == "expired"
        else:
            assert state(people, case_id) in {"officer_confirmed", "expired"}  # confirmed, then expired unsigned
        people.clock.forward(seconds=5)


def test_one_of_two_ends_of_a_quarantine_counts(people):
    for number in range(ROUNDS):
        held = people.do(people.senior, quarantine.begin, "abay-12", "red_light", "camera_moved")
        case_id = people.case(plate=f"40{number}ABC02")
        found = at_once(
            lambda one=held: people.do(people.senior, quarantine.end, one, "camera_repaired", "released"),
            lambda one=held: people.do(people.senior, quarantine.end, one, "camera_retired", "returned"),
        )
        assert refused(found) == 1, found
        assert state(people, case_id) == ("returned" if isinstance(found[0], TransitionError) else "screened")


def test_two_second_looks_at_once_are_one(people):
    for number in range(ROUNDS):
        case_id = people.case(plate=f"50{number}ABC02")
        people.do(people.officer, cases.claim, case_id)
        people.do(people.officer, cases.confirm, case_id, "599-2")
        found = at_once(
            lambda one=case_id: people.do(people.senior, cases.confirm, one, "599-2"),
            lambda one=case_id: people.do(people.other, cases.reject, one, "no_violation"),
        )
        assert refused(found) == 1, found
        assert state(people, case_id) == ("officer_rejected" if refused(found[:1]) else "officer_confirmed")


def test_a_report_is_parted_once(people):
    first = people.case()
    again = people.case()
    found = at_once(
        lambda: people.do(people.officer, cases.part, again, "other_act"),
        lambda: people.do(people.other, cases.part, again, "other_act"),
    )
    assert refused(found) == 1, found
    assert (state(people, first), state(people, again)) == ("screened", "screened")


def test_housekeeping_twice_at_once_does_everything_once(people):
    ids = [people.case(plate=f"60{number}ABC02") for number in range(4)]
    people.clock.forward(days=80)
    kept = at_once(lambda: jobs.tidy(people.store), lambda: jobs.tidy(people.store))
    assert sum(one.expired for one in kept) == len(ids)
    assert {state(people, one) for one in ids} == {"closed"}
