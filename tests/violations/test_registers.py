from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.violations.records import DAY, NOON
from violations.payments import FREE, FRESH, Payment, Stay, judge_stay
from violations.registers import ACCEPT, Cover, RegisterCheck
from violations.registers import FRESH as FRESH_REGISTER
from violations.rules import no_inspection, no_insurance

UNCOVERED = RegisterCheck(NOON, 0.99, 0, "insurance", NOON - timedelta(hours=3), Cover(covered=False))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"cover": Cover(covered=False, last_day=date(2026, 11, 1))}, None),
        ({"plate_score": ACCEPT}, None),
        ({"plate_score": ACCEPT - 0.001}, "plate_not_sure"),
        ({"plate_score": None}, "plate_not_sure"),
        ({"doubtful": 1}, "plate_not_sure"),
        ({"as_of": None}, "register_absent"),
        ({"as_of": NOON - FRESH_REGISTER}, None),
        ({"as_of": NOON - FRESH_REGISTER - timedelta(seconds=1)}, "register_stale"),
        ({"cover": None}, "register_silent"),
        ({"cover": Cover(covered=True)}, "register_covers"),
    ],
)
@pytest.mark.parametrize("rule", [no_insurance.RULE, no_inspection.RULE])
def test_only_a_sure_plate_and_a_fresh_register_that_knows_it_ground_a_case(rule, changes, code):
    found = rule.judge(replace(UNCOVERED, **changes), DAY)
    assert (found.kind, found.holds) == (rule.kind, code is None)
    if code is not None:
        assert [step.code for step in found.trace] == [code]


STAY = Stay(NOON, NOON + timedelta(hours=1), "centre")


def paid(start_min: float, end_min: float, tariff: str = "centre") -> Payment:
    return Payment(NOON + timedelta(minutes=start_min), NOON + timedelta(minutes=end_min), tariff)


@pytest.mark.parametrize(
    ("payments", "verdict"),
    [
        ([], "unpaid"),
        ([paid(0, 60)], "paid"),
        ([paid(15, 60)], "paid"),
        ([paid(16, 60)], "unpaid"),
        ([paid(0, 45)], "paid"),
        ([paid(0, 44)], "unpaid"),
        ([paid(0, 60, "other")], "unpaid"),
        ([paid(0, 30), paid(40, 60)], "paid"),
        ([paid(0, 20), paid(40, 60)], "unpaid"),
        ([paid(40, 60), paid(0, 30)], "paid"),
        ([paid(-60, -1)], "unpaid"),
    ],
)
def test_payments_cover_a_stay_with_the_free_minutes_around_them(payments, verdict):
    assert judge_stay(STAY, payments, NOON) == verdict


@pytest.mark.parametrize("heard", [None, STAY.end - FRESH - timedelta(seconds=1)])
def test_a_provider_that_is_silent_accuses_nobody(heard):
    assert judge_stay(STAY, [], heard) == "unknown"
    assert judge_stay(STAY, [paid(0, 60)], heard) == "paid"


def test_a_stay_no_longer_than_the_free_minutes_costs_nothing():
    assert judge_stay(Stay(NOON, NOON + FREE, "centre"), [], NOON) == "paid"


spans = st.tuples(st.integers(-60, 120), st.integers(1, 120)).map(lambda one: paid(one[0], one[0] + one[1]))


@given(st.lists(spans, max_size=4), spans, st.integers(-(10**5), 10**5), st.randoms())
def test_a_further_payment_never_harms_and_neither_order_nor_a_shift_matters(payments, more, minutes, random):
    verdict = judge_stay(STAY, payments, NOON)
    if verdict == "paid":
        assert judge_stay(STAY, [*payments, more], NOON) == "paid"
    shift = timedelta(minutes=minutes)
    moved = [Payment(one.start + shift, one.end + shift, one.tariff) for one in payments]
    random.shuffle(moved)
    assert judge_stay(Stay(STAY.start + shift, STAY.end + shift, "centre"), moved, NOON + shift) == verdict
