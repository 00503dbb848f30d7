from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.period import Period, PeriodKind
from qyran.errors import InputError


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-03", utc(2026, 2, 28, 19), utc(2026, 3, 31, 19)),
        ("2026-12", utc(2026, 11, 30, 19), utc(2026, 12, 31, 19)),
        ("2028-02", utc(2028, 1, 31, 19), utc(2028, 2, 29, 19)),
        ("2026-Q1", utc(2025, 12, 31, 19), utc(2026, 3, 31, 19)),
        ("2026-Q4", utc(2026, 9, 30, 19), utc(2026, 12, 31, 19)),
        ("2026", utc(2025, 12, 31, 19), utc(2026, 12, 31, 19)),
        ("2026-03-15", utc(2026, 3, 14, 19), utc(2026, 3, 15, 19)),
        ("2026-W07", utc(2026, 2, 8, 19), utc(2026, 2, 15, 19)),
        ("2026-W01", utc(2025, 12, 28, 19), utc(2026, 1, 4, 19)),
        ("2026-W53", utc(2026, 12, 27, 19), utc(2027, 1, 3, 19)),
        # the week in which Almaty turned its clocks back is an hour longer
        ("2024-W09", utc(2024, 2, 25, 18), utc(2024, 3, 3, 19)),
        # Almaty kept UTC+6 until the end of February 2024: that month is an hour longer
        ("2024-02", utc(2024, 1, 31, 18), utc(2024, 2, 29, 19)),
    ],
)
def test_a_period_is_a_half_open_span_of_the_citys_own_days(text, start, end):
    period = Period.parse(text)
    assert (period.start, period.end) == (start, end)
    assert str(period) == text
    assert period.holds(start)
    assert not period.holds(end)
    assert not period.holds(start - timedelta(microseconds=1))
    assert not period.holds(None)


def test_the_last_minute_of_an_almaty_month_is_in_it_though_utc_is_still_in_the_evening():
    march = Period.parse("2026-03")
    assert march.holds(utc(2026, 3, 31, 18, 59, 59))
    assert not march.holds(utc(2026, 3, 31, 19, 0, 0))
    assert Period.parse("2026-04").holds(utc(2026, 3, 31, 19, 0, 0))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-13",
        "2026-00",
        "2026-01-00",
        "٢٠٢٦",
        "2026-Q5",
        "2026-W00",
        "2025-W53",
        "2026-W7",
        "2026-02-30",
        "26-03",
        "2026-3",
        "0000",
        "9999-12",
        "March",
    ],
)
def test_what_is_no_period_is_refused(text):
    with pytest.raises(InputError, match="period"):
        Period.parse(text)


@pytest.mark.parametrize("zone", ["Asia/Nowhere", "", "../etc/passwd", "Asia"])
def test_an_unknown_time_zone_is_refused(zone):
    with pytest.raises(InputError, match="time zone"):
        Period.parse("2026", zone)


def test_another_zone_has_other_edges():
    assert Period.parse("2026-03", "UTC").start == utc(2026, 3, 1)


def test_while_it_runs_it_closes_now():
    period = Period.parse("2026-03")
    now = utc(2026, 3, 10, 12)
    assert period.close(now) == now
    assert period.close(utc(2026, 5, 1)) == period.end
    assert period.last_day(now) == (utc(2026, 3, 9, 19), now)
    assert period.last_day(utc(2026, 5, 1)) == (utc(2026, 3, 30, 19), period.end)
    midnight = utc(2026, 3, 9, 19)
    assert period.last_day(midnight) == (utc(2026, 3, 8, 19), midnight)


def test_a_quarterly_kpi_begins_with_the_quarter():
    assert Period.parse("2026-05").quarter_start() == Period.parse("2026-Q2").start
    assert Period.parse("2026-05-07").quarter_start() == Period.parse("2026-Q2").start
    assert Period.parse("2026-Q3").quarter_start() == Period.parse("2026-Q3").start
    assert Period.parse("2026").quarter_start() == Period.parse("2026").start


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001
    st.sampled_from(list(PeriodKind)),
    st.sampled_from(["Asia/Almaty", "UTC", "Europe/Berlin"]),
)
def test_every_moment_lies_in_exactly_one_period_of_a_kind(naive, kind, zone):
    moment = naive.replace(tzinfo=UTC)
    period = Period.containing(moment, kind, zone)
    assert period.holds(moment)
    assert Period.parse(str(period), zone) == period
    following = Period.containing(period.end, kind, zone)
    assert following.start == period.end
    assert following.first > period.first


def test_months():
    assert [Period.parse(text).months for text in ("2026-01-01", "2026-01", "2026-Q1", "2026")] == [None, 1, 3, 12]
    assert Period.parse("2026-Q2").first == date(2026, 4, 1)
    assert Period.parse("2026-W07").months is None


def test_a_week_belongs_to_the_year_of_its_thursday_and_has_seven_days():
    assert [Period.parse(text).year for text in ("2026-W01", "2026-W53", "2026-W07")] == [2026, 2026, 2026]
    assert Period.parse("2026-W01").days == tuple(date(2025, 12, 29 + i) for i in range(3)) + tuple(
        date(2026, 1, 1 + i) for i in range(4)
    )
