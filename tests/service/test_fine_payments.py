from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import SYSTEM, Role
from service import attributes, fine_payments, fines
from service.fine_payments import FinePaymentLine
from service.records import load
from service.store.fine_tables import FinePayment
from service.store.tables import ViolationCase
from tests.service.signed import a_fine, delivered
from violations.case import Attribute


def line(number: str | None, kzt: float, reference: str = "P-1", paid_on: date | None = None) -> FinePaymentLine:
    return FinePaymentLine(
        reference=reference, paid_on=paid_on or date(2026, 11, 22), amount_kzt=Decimal(str(kzt)), document_no=number
    )


def take(world, *lines: FinePaymentLine, source: str = "treasury"):
    return world.do(SYSTEM, fine_payments.take, lines, source=source)


def row(world, case_id: str) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, case_id)


def aside(world) -> list[FinePayment]:
    with world.store.read() as work:
        return list(work.session.query(FinePayment).filter(FinePayment.case_id.is_(None)).order_by(FinePayment.id))


@pytest.mark.parametrize(
    "written",
    ["{no}", " {no} ", "№ {no}", "{low}", "{dashes}"],
)
def test_a_payment_finds_its_decision_however_the_number_is_written(both, written):
    fine = a_fine(both)
    given = written.format(no=fine.number, low=fine.number.lower(), dashes=fine.number.replace("-", "–"))
    assert take(both, line(given, fine.kzt)).matched == 1
    assert row(both, fine.case).payment == "full"


def test_half_price_before_and_after_delivery_then_late(both):
    fine = a_fine(both)
    delivered(both, fine)
    both.clock.forward(days=10)
    day = both.clock().date()
    take(both, line(fine.number, fine.kzt / 2, "P-1", date(2026, 11, 30)))
    half = row(both, fine.case)
    assert (half.payment, half.t_payment.date()) == ("half", date(2026, 11, 30))
    other = a_fine(both)
    delivered(both, other)
    both.clock.forward(days=12)
    take(both, line(other.number, other.kzt / 2, "P-2", day + timedelta(days=12)))
    assert row(both, other.case).payment == "part"
    both.clock.forward(days=30)
    take(both, line(other.number, other.kzt / 2, "P-3", day + timedelta(days=40)))
    assert row(both, other.case).payment == "late"


def test_a_file_taken_twice_changes_nothing_and_a_contradiction_waits_for_a_person(both):
    fine = a_fine(both)
    assert take(both, line(fine.number, 1000)).matched == 1
    assert take(both, line(fine.number, 1000)).known == 1
    assert take(both, line(fine.number, 2000)).put_aside == 1
    (odd,) = aside(both)
    assert (odd.fault, odd.amount_tiyn) == ("contradiction", 200_000)
    with both.store.read() as work:
        assert fines.standing(work, row(both, fine.case)).balance.paid == 100_000
    assert take(both, line(fine.number, 1000), source="bank").matched == 1  # another source has numbers of its own


@pytest.mark.parametrize(("number", "fault"), [("NO-2026-999999", "decision_unknown"), (None, "decision_absent")])
def test_a_payment_of_no_known_decision_is_kept_and_given_to_one_by_hand(both, number, fault):
    fine = a_fine(both)
    senior = both.person(Role.SENIOR_OFFICER)
    take(both, line(number, fine.kzt))
    (odd,) = aside(both)
    assert odd.fault == fault
    with pytest.raises(InputError, match="why"):
        both.do(senior, fine_payments.assign, odd.id, fine.number, " ")
    with pytest.raises(InputError, match="no signed decision"):
        both.do(senior, fine_payments.assign, odd.id, "NO-2026-000000", "by the bank's letter")
    assert both.do(senior, fine_payments.assign, odd.id, fine.number, "by the bank's letter") == fine.case
    assert row(both, fine.case).payment == "full"
    with pytest.raises(TransitionError, match="belongs to a decision"):
        both.do(senior, fine_payments.assign, odd.id, fine.number, "again")
    both.do(senior, fine_payments.take_away, odd.id, "it was another's")
    assert (row(both, fine.case).payment, aside(both)[0].fault) == ("due", "taken_away")


def test_what_was_paid_too_much_is_paid_back_once(both):
    fine = a_fine(both)
    senior = both.person(Role.SENIOR_OFFICER)
    take(both, line(fine.number, fine.kzt + 500))
    assert row(both, fine.case).payment == "overpaid"
    with pytest.raises(InputError, match="500 tenge"):
        both.do(senior, fine_payments.order_refund, fine.case, Decimal(501), "paid_too_much")
    refund = both.do(senior, fine_payments.order_refund, fine.case, Decimal(500), "paid_too_much")
    with pytest.raises(InputError, match="0 tenge"):
        both.do(senior, fine_payments.order_refund, fine.case, Decimal(1), "paid_too_much")
    assert row(both, fine.case).payment == "overpaid"
    both.do(senior, fine_payments.refund_paid, refund, date(2026, 11, 22), "R-1")
    assert row(both, fine.case).payment == "full"
    with pytest.raises(TransitionError, match="paid already"):
        both.do(senior, fine_payments.refund_paid, refund, date(2026, 11, 22), "R-1")


def test_a_payment_dated_ahead_refuses_the_whole_delivery(both):
    fine = a_fine(both)
    with pytest.raises(InputError, match="lies ahead"):
        take(both, line(fine.number, 100, "P-1"), line(fine.number, 100, "P-2", date(2026, 11, 24)))
    assert row(both, fine.case).payment == "due"


@pytest.mark.parametrize("role", [Role.POLICE_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_only_a_senior_officer_moves_money_by_hand(both, role):
    fine = a_fine(both)
    take(both, line(None, 100))
    with pytest.raises(AccessError):
        both.do(both.person(role), fine_payments.assign, aside(both)[0].id, fine.number, "mine")


def test_whatever_is_paid_the_chain_of_the_case_stays_whole(both):
    fine = a_fine(both)
    take(both, line(fine.number, 100), line(fine.number, 200, "P-2"))
    with both.store.write(SYSTEM) as work:
        case = load(work, ViolationCase, fine.case)
        attributes.change(work, case, Attribute.DELIVERY, "notified", data={"channel": "sms"})
        fines.settle(work, case)
        before = case.seq
        fines.settle(work, case)
        assert case.seq == before
