from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from qyran.errors import AccessError, TransitionError
from qyran.roles import Role
from service import case_desk, cases, erasure
from service.case_drafts import Draft, aside, load_draft, save
from service.store.console_tables import CaseDraft
from service.store.tables import AccessLog, Personal, ViolationCase
from tests.service.world import World
from violations.case import CaseState

PLATES = ("777QYR01", "778QYR01", "779QYR01", "780QYR01")
"""Of different vehicles, so that nothing merges."""


def queue_of(world, count: int) -> list[str]:
    return [world.case(plate=plate) for plate in PLATES[:count]]


def looks(world, action: str) -> list[str]:
    with world.store.read() as work:
        return list(work.session.scalars(select(AccessLog.record).where(AccessLog.action == action)))


def test_the_case_ahead_is_marked_and_logged_but_not_claimed(both):
    first, second = queue_of(both, 2)
    officer = both.person(Role.POLICE_OFFICER)
    both.do(officer, cases.claim, first)
    assert both.do(officer, case_desk.ahead, first) == second
    assert looks(both, "case_prepared") == [second]
    with both.store.read() as work:
        assert work.session.get_one(ViolationCase, second).state == CaseState.SCREENED


def test_what_one_desk_has_made_ready_is_given_to_others_last(both):
    first, second, third = queue_of(both, 3)
    one, other = both.person(Role.POLICE_OFFICER), both.person(Role.POLICE_OFFICER)
    both.do(one, cases.claim, first)
    both.do(one, case_desk.ahead, first)
    assert both.do(other, case_desk.go_on).id == third
    assert both.do(other, case_desk.go_on, third).id == second  # nothing else waits: nobody is kept waiting by a mark
    assert both.do(one, case_desk.go_on, first) is None


def test_two_officers_at_once_never_get_one_case(both):
    ids = queue_of(both, 4)
    officers = [both.person(Role.POLICE_OFFICER) for _ in ids]
    taken, door = [], threading.Barrier(len(officers))

    def take(officer) -> None:
        door.wait()
        found = both.do(officer, case_desk.go_on)
        taken.append(found.id if found else None)

    threads = [threading.Thread(target=take, args=(one,)) for one in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = [one for one in taken if one]
    assert len(set(got)) == len(got)
    assert set(got) <= set(ids)
    assert got


def test_after_a_crash_the_held_case_comes_back_before_a_new_one(world):
    first, _ = queue_of(world, 2)
    officer = world.person(Role.POLICE_OFFICER)
    assert world.do(officer, case_desk.go_on).id == first
    assert world.do(officer, case_desk.go_on).id == first


def test_a_lapsed_case_does_not_come_back_by_itself(world):
    first, second = queue_of(world, 2)
    officer, other = world.person(Role.POLICE_OFFICER), world.person(Role.POLICE_OFFICER)
    world.do(officer, case_desk.go_on)
    world.clock.forward(minutes=31)
    assert world.do(officer, case_desk.standing, first) == "screened:"
    assert world.do(other, case_desk.go_on).id == first
    assert world.do(officer, case_desk.standing, first) == f"in_review:{other.id}"
    assert world.do(officer, case_desk.go_on).id == second


def test_a_case_put_aside_stays_claimed_with_its_draft_and_is_not_handed_out(world):
    first, second = queue_of(world, 2)
    officer, other = world.person(Role.POLICE_OFFICER), world.person(Role.POLICE_OFFICER)
    world.do(officer, case_desk.go_on)
    world.do(officer, case_desk.put_aside, first, Draft(plate="777QYR02", note="look at the sign"))
    assert world.do(officer, case_desk.go_on, first).id == second
    assert world.do(officer, aside) == (first,)
    assert world.do(officer, load_draft, first) == Draft(plate="777QYR02", note="look at the sign")
    assert world.do(other, load_draft, first) == Draft()
    assert world.do(other, case_desk.go_on) is None


def test_a_draft_is_sealed_in_the_store_and_goes_with_an_erasure(both):
    case = both.case()
    officer = both.person(Role.POLICE_OFFICER)
    both.do(officer, cases.claim, case)
    both.do(officer, save, case, Draft(plate="123ABD02", note="the driver is known"))
    both.do(officer, save, case, Draft(plate="123ABE02"))
    with both.store.read() as work:
        (held,) = work.session.scalars(select(CaseDraft))
        sealed = work.session.get_one(Personal, (held.id, 0))
        assert b"123ABE02" not in (sealed.sealed or b"")
    guard = both.person(Role.DATA_PROTECTION_OFFICER)
    both.do(guard, erasure.erase, ViolationCase, case, "court_order")
    with both.store.read() as work:
        assert work.session.scalar(select(func.count()).select_from(CaseDraft)) == 0
        assert work.session.get(Personal, (held.id, 0)) is None


def test_nobody_writes_on_a_case_another_officer_reviews(world):
    case = world.case()
    one, other = world.person(Role.POLICE_OFFICER), world.person(Role.POLICE_OFFICER)
    world.do(one, cases.claim, case)
    with pytest.raises(TransitionError, match="another officer reviews it"):
        world.do(other, save, case, Draft(note="mine"))
    with pytest.raises(AccessError):
        world.do(world.person(Role.AUDITOR), save, case, Draft(note="mine"))


def test_a_slip_is_taken_back_until_it_is_signed(world):
    case = world.case()
    officer, other = world.person(Role.POLICE_OFFICER), world.person(Role.POLICE_OFFICER)
    world.do(officer, cases.claim, case)
    world.do(officer, cases.confirm, case, "599-1")
    assert world.do(officer, case_desk.last_confirmed) == case
    assert world.do(officer, case_desk.to_sign) == (case,)
    with pytest.raises(TransitionError):
        world.do(other, case_desk.undo, case)
    again = world.do(officer, case_desk.undo, case)
    assert (again.state, again.mine) == (CaseState.IN_REVIEW, True)
    assert world.do(officer, case_desk.last_confirmed) is None
    world.do(officer, cases.reject, case, "no_violation")
    with pytest.raises(TransitionError):
        world.do(officer, case_desk.undo, case)  # the table has no way back from a rejection


def test_a_senior_officer_goes_from_second_look_to_second_look(settings):
    with World(settings.model_copy(update={"second_look_share": 1.0})) as world:
        first, second = queue_of(world, 2)
        officer, senior = world.person(Role.POLICE_OFFICER), world.person(Role.SENIOR_OFFICER)
        for case in (first, second):
            world.do(officer, cases.claim, case)
            world.do(officer, cases.confirm, case, "599-1")
        assert world.do(senior, case_desk.ahead, first) == second
        assert world.do(senior, case_desk.go_on, first, second_look=True).id == second
