from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violations.fine_account import TIYN, Fine, Movement, balance

FINE = 43_250 * TIYN
HALF_UNTIL, FULL_UNTIL = date(2026, 12, 2), date(2026, 12, 23)


def fine(**changes: object) -> Fine:
    return Fine(**{"tiyn": FINE, "half_until": HALF_UNTIL, "full_until": FULL_UNTIL, **changes})


def paid(*given: tuple[str, int]) -> tuple[Movement, ...]:
    return tuple(Movement(date.fromisoformat(day), kzt * TIYN) for day, kzt in given)


@pytest.mark.parametrize(
    ("received", "state", "owed", "over", "why"),
    [
        ((), "due", 43_250, 0, "nothing came"),
        ((("2026-12-02", 21_625),), "half", 0, 0, "half on its last day"),
        ((("2026-12-03", 21_625),), "part", 21_625, 0, "half a day late is a part"),
        ((("2026-11-20", 10_000), ("2026-12-01", 11_625)), "half", 0, 0, "half in two parts"),
        ((("2026-12-01", 21_000),), "part", 22_250, 0, "not quite half"),
        ((("2026-12-01", 43_250),), "full", 0, 0, "who pays all at once pays all"),
        ((("2026-12-23", 43_250),), "full", 0, 0, "all on its last day"),
        ((("2026-12-24", 43_250),), "late", 0, 0, "all a day late"),
        ((("2026-12-10", 21_625), ("2027-02-01", 21_625)), "late", 0, 0, "the rest after the term"),
        ((("2026-11-30", 21_625), ("2026-12-01", 21_625)), "overpaid", 0, 21_625, "half was enough"),
        ((("2026-12-01", 30_000),), "overpaid", 0, 8_375, "more than half, less than all"),
        ((("2026-12-20", 50_000),), "overpaid", 0, 6_750, "more than all"),
    ],
)
def test_what_came_in_makes_the_state(received, state, owed, over, why):
    found = balance(fine(), paid(*received))
    assert (found.state, found.owed, found.over) == (state, owed * TIYN, over * TIYN), why


@pytest.mark.parametrize(
    ("received", "back", "state", "over"),
    [
        ((("2026-12-20", 50_000),), (("2027-01-10", 6_750),), "full", 0),
        ((("2026-11-30", 21_625), ("2026-12-01", 21_625)), (("2027-01-10", 21_625),), "half", 0),
        ((("2026-12-20", 50_000),), (("2027-01-10", 6_000),), "overpaid", 750),
        ((("2026-12-20", 43_250),), (("2027-01-10", 43_250),), "refunded", 0),
        ((("2026-12-20", 43_250),), (("2027-01-10", 250),), "part", 0),
    ],
)
def test_what_is_paid_back_counts_off(received, back, state, over):
    found = balance(fine(), paid(*received), paid(*back))
    assert (found.state, found.over) == (state, over * TIYN)


@pytest.mark.parametrize(
    ("received", "back", "state"),
    [((), (), "none_due"), ((("2026-12-01", 100),), (), "overpaid"),
     ((("2026-12-01", 100),), (("2026-12-05", 100),), "refunded")],
)  # fmt: skip
def test_of_a_warning_and_of_a_cancelled_decision_nothing_is_due_and_all_goes_back(received, back, state):
    assert balance(fine(tiyn=0), paid(*received), paid(*back)).state == state


def test_before_delivery_half_is_in_time():
    undelivered = fine(half_until=None, full_until=None)
    assert balance(undelivered, paid(("2026-11-01", 21_625))).state == "half"
    assert balance(undelivered, paid(("2026-11-01", 43_250))).state == "full"


def test_while_an_appeal_runs_half_settles_nothing():
    halted = fine(half_until=None, full_until=None, half_open=False)
    assert balance(halted, paid(("2026-12-01", 21_625))).state == "part"


def test_half_of_an_odd_fine_is_rounded_up_to_the_tiyn():
    assert balance(fine(tiyn=101), (Movement(HALF_UNTIL, 51),)).state == "half"
    assert balance(fine(tiyn=101), (Movement(HALF_UNTIL, 50),)).state == "part"


@pytest.mark.parametrize(
    ("received", "back"),
    [(((0),), ()), (((-5),), ()), (((10),), ((11),))],
)
def test_money_that_cannot_have_moved_is_refused(received, back):
    with pytest.raises(ValueError, match=r"positive|paid back"):
        balance(fine(), tuple(Movement(HALF_UNTIL, n) for n in received), tuple(Movement(HALF_UNTIL, n) for n in back))


DAYS = st.dates(date(2026, 11, 1), date(2027, 3, 1))
MOVES = st.lists(st.builds(Movement, DAYS, st.integers(1, 2 * FINE)), max_size=5)


@given(MOVES, st.randoms(use_true_random=False))
def test_the_order_in_which_payments_become_known_does_not_matter(moves, random):
    shuffled = moves[:]
    random.shuffle(shuffled)
    assert balance(fine(), tuple(moves)) == balance(fine(), tuple(shuffled))


@given(MOVES)
def test_every_tiyn_is_accounted_for(moves):
    found = balance(fine(), tuple(moves))
    came = sum(one.tiyn for one in moves)
    assert found.paid == came
    assert found.owed == 0 or found.over == 0
    if found.settled_on is None:
        assert came + found.owed == FINE
    else:
        assert came - found.over in {FINE, FINE // 2}


@given(MOVES, st.integers(1, 40))
def test_the_same_payments_some_days_later_are_never_better_for_the_payer(moves, days):
    later = tuple(Movement(one.day + timedelta(days=days), one.tiyn) for one in moves)
    assert balance(fine(), later).owed >= balance(fine(), tuple(moves)).owed
