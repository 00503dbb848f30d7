from __future__ import annotations

from datetime import date, timedelta

import pytest

from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import SYSTEM, Role
from service import appeals, enforcement, fine_payments, fines
from service.appeals import Answer, NewAppeal
from service.store.tables import ViolationCase
from tests.service.signed import a_fine, delivered
from tests.service.test_fine_payments import line

TODAY = date(2026, 11, 22)


def new(**changes: object) -> NewAppeal:
    given = {
        "filed_on": TODAY, "instance": "body", "channel": "paper", "appellant": "A. Person", "words": "It was not me.",
    }  # fmt: skip
    return NewAppeal(**{**given, **changes})


def answer(outcome: str, reason: str, told_on: date = TODAY, **changes: object) -> Answer:
    return Answer(
        **{"outcome": outcome, "reason": reason, "words": "As the pictures show.", "told_on": told_on, **changes}
    )


@pytest.fixture
def senior(world):
    return world.person(Role.SENIOR_OFFICER)


@pytest.fixture
def fine(world):
    made = a_fine(world)
    delivered(world, made)
    return made


def row(world, fine) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, fine.case)


def pay(world, fine, kzt: float, reference: str, day: date) -> None:
    world.do(SYSTEM, fine_payments.take, [line(fine.number, kzt, reference, day)], source="treasury")


def ends(world, fine):
    with world.store.read() as work:
        return fines.standing(work, work.session.get_one(ViolationCase, fine.case)).deadlines


def test_an_appeal_halts_half_price_and_recovery_and_upheld_lets_them_run_on(world, senior, fine):
    before = ends(world, fine)
    made = world.do(senior, appeals.file, fine.case, new())
    assert (row(world, fine).appeal, ends(world, fine).half_price, row(world, fine).payment_term_ends) == (
        "filed",
        None,
        None,
    )
    pay(world, fine, fine.kzt / 2, "P-1", TODAY)
    assert row(world, fine).payment == "part"
    world.clock.forward(days=60)
    assert enforcement.run(world.store, world.clock().date()).resolved == 0
    told = world.clock().date()
    world.do(senior, appeals.answer, made.id, answer("upheld", "act_proven", told))
    # Half came while the appeal ran, so within the term that goes on afterwards.
    assert (row(world, fine).appeal, row(world, fine).payment) == ("upheld", "half")
    assert ends(world, fine).full == before.full + (told - TODAY) + timedelta(days=1) - timedelta(days=1)


def test_a_cancelled_decision_asks_for_nothing_and_what_was_paid_goes_back(world, senior, fine):
    pay(world, fine, fine.kzt, "P-1", TODAY)
    made = world.do(senior, appeals.file, fine.case, new())
    world.do(senior, appeals.answer, made.id, answer("cancelled", "wrong_vehicle"))
    gone = row(world, fine)
    assert (gone.state, gone.appeal, gone.payment) == ("cancelled", "cancelled", "overpaid")
    refund = world.do(senior, fine_payments.order_refund, fine.case, fine.kzt, "decision_cancelled")
    world.do(senior, fine_payments.refund_paid, refund, TODAY, "R-1")
    assert row(world, fine).payment == "refunded"


def test_a_missed_term_needs_a_reason_to_be_restored(world, senior, fine):
    world.clock.forward(days=11)
    day = world.clock().date()
    with pytest.raises(InputError, match="term for an appeal ended on 2026-12-02"):
        world.do(senior, appeals.file, fine.case, new(filed_on=day))
    assert world.do(senior, appeals.file, fine.case, new(filed_on=day, restored="illness")).restored == "illness"


def test_a_second_appeal_may_follow_an_answer_but_not_run_beside_one(world, senior, fine):
    made = world.do(senior, appeals.file, fine.case, new())
    with pytest.raises(TransitionError):
        world.do(senior, appeals.file, fine.case, new())
    world.do(senior, appeals.answer, made.id, answer("withdrawn", "asked_by_person"))
    assert world.do(senior, appeals.file, fine.case, new(instance="court")).number == 2


def test_who_decided_does_not_answer_the_appeal(world, senior):
    signed = a_fine(world, officer=senior)
    made = world.do(senior, appeals.file, signed.case, new())
    with pytest.raises(AccessError, match="had a part"):
        world.do(senior, appeals.answer, made.id, answer("upheld", "act_proven"))
    another = world.person(Role.SENIOR_OFFICER)
    assert world.do(another, appeals.answer, made.id, answer("upheld", "act_proven")).outcome == "upheld"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"instance": "king"}, "no instance"),
        ({"channel": "pigeon"}, "no channel"),
        ({"appellant": " "}, "names who"),
        ({"words": ""}, "says why"),
        ({"words": "x" * 4001}, "4000"),
        ({"filed_on": date(2026, 11, 21)}, "between the decision"),
        ({"filed_on": date(2026, 11, 23)}, "and today"),
    ],
)
def test_an_appeal_that_cannot_be_is_refused(world, senior, fine, changes, said):
    with pytest.raises(InputError, match=said):
        world.do(senior, appeals.file, fine.case, new(**changes))
    assert row(world, fine).appeal == "none"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer("upheld", "wrong_vehicle"), "do not belong together"),
        (answer("maybe", "act_proven"), "do not belong together"),
        (answer("upheld", "act_proven", words=""), "grounds"),
        (answer("upheld", "act_proven", date(2026, 11, 23)), "told between"),
        (answer("changed", "mitigating"), "An article is named"),
        (answer("upheld", "act_proven", offence="599-1"), "An article is named"),
        (answer("changed", "mitigating", offence="599-1"), "smaller penalty"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(world, senior, fine, given, said):
    made = world.do(senior, appeals.file, fine.case, new())
    with pytest.raises(InputError, match=said):
        world.do(senior, appeals.answer, made.id, given)
    assert row(world, fine).appeal == "filed"


def test_unpaid_is_resolved_then_sent_to_recovery_and_paid_ends_it(world, fine, tmp_path):
    def run(days: int):
        return enforcement.run(world.store, TODAY + timedelta(days=days))

    assert run(15).resolved == 0
    assert run(16).resolved == 1
    assert run(16) == enforcement.Moved()
    assert run(30).sent == 0
    assert run(31).sent == 1
    world.clock.forward(days=31)
    assert world.do(SYSTEM, enforcement.export, tmp_path) == 1
    assert world.do(SYSTEM, enforcement.export, tmp_path) is None
    written = (tmp_path / "recovery-000001.csv").read_text(encoding="utf-8-sig").splitlines()
    assert written[1].startswith(f"{fine.number},2026-11-22,2026-11-22,599-1,{fine.kzt}.00,0.00,{fine.kzt}.00,123ABC02")
    pay(world, fine, fine.kzt, "P-1", TODAY + timedelta(days=31))
    assert (row(world, fine).payment, row(world, fine).enforcement) == ("late", "ended")


def test_paid_fines_are_neither_resolved_nor_sent(world, fine):
    pay(world, fine, fine.kzt / 2, "P-1", TODAY)
    assert enforcement.run(world.store, TODAY + timedelta(days=100)) == enforcement.Moved()


def test_what_was_said_in_an_appeal_is_sealed(world, senior, fine):
    world.do(senior, appeals.file, fine.case, new(appellant="Айгүл Тестова"))
    with world.store.read() as work:
        raw = work.session.connection().exec_driver_sql("SELECT header FROM case_event").all()
    assert not any("Айгүл" in str(one) or "not me" in str(one) for one in raw)
