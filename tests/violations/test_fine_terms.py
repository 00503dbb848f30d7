from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.errors import ConfigError
from violations.fine_terms import Deadlines, Pause, deadlines
from violations.offences import legal_terms, work_calendar

TERMS = legal_terms(date(2026, 11, 1))
CALENDAR = work_calendar()


def terms(delivered: date, *pauses: Pause) -> Deadlines:
    return deadlines(delivered, TERMS, CALENDAR, pauses)


@pytest.mark.parametrize(
    ("delivered", "half", "full", "why"),
    [
        (date(2026, 11, 23), date(2026, 12, 2), date(2026, 12, 23), "a Monday: the weekend does not count"),
        (date(2026, 8, 1), date(2026, 8, 11), date(2026, 8, 31), "a Saturday: the count begins on Monday"),
        (date(2026, 12, 10), date(2026, 12, 22), date(2027, 1, 9), "Independence Day lies between"),
        (date(2026, 12, 28), date(2027, 1, 11), date(2027, 1, 27), "over New Year and Christmas into the next year"),
        (date(2026, 3, 19), date(2026, 4, 2), date(2026, 4, 18), "three days of Nauryz"),
    ],
)
def test_half_price_counts_working_days_and_the_fine_all_days_from_the_day_after(delivered, half, full, why):
    found = terms(delivered)
    assert (found.half_price, found.full) == (half, full), why


def test_an_appeal_is_filed_in_ten_days_and_without_one_the_case_is_resolved_after_fifteen():
    found = terms(date(2026, 11, 2))
    assert (found.appeal, found.resolved) == (date(2026, 11, 12), date(2026, 11, 17))


def test_while_an_appeal_runs_no_last_day_can_be_named():
    found = terms(date(2026, 11, 2), Pause(date(2026, 11, 4), None))
    assert (found.half_price, found.full, found.resolved) == (None, None, None)
    assert found.appeal == date(2026, 11, 12)


def test_the_count_goes_on_with_what_was_left_when_the_appeal_was_answered():
    # One working day (3 November) had run; six are left from 21 November, a Saturday.
    assert terms(date(2026, 11, 2), Pause(date(2026, 11, 4), date(2026, 11, 20))).half_price == date(2026, 11, 30)


def test_an_appeal_that_came_when_the_term_was_over_does_not_bring_it_back():
    late = Pause(date(2026, 11, 20), None)
    assert terms(date(2026, 11, 2), late).half_price == date(2026, 11, 11)


@given(
    st.dates(date(2026, 1, 1), date(2027, 6, 1)),
    st.integers(0, 40),
    st.integers(0, 20),
)
def test_a_pause_never_shortens_a_term_and_lengthens_the_full_one_by_its_days_at_most(delivered, after, long):
    first = delivered + timedelta(days=1 + after)
    plain, halted = terms(delivered), terms(delivered, Pause(first, first + timedelta(days=long)))
    assert plain.full is not None
    assert halted.full is not None
    assert plain.half_price is not None
    assert halted.half_price is not None
    assert timedelta() <= halted.full - plain.full <= timedelta(days=long + 1)
    assert halted.half_price >= plain.half_price
    assert CALENDAR.is_working(halted.half_price)


def test_a_year_without_its_holidays_is_named():
    with pytest.raises(ConfigError, match="holidays of 20"):
        terms(date(max(CALENDAR.years), 12, 30))
