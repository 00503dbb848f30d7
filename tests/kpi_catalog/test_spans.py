from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.facts.spans import common, hours, joined

ZERO = datetime(2027, 1, 1, tzinfo=UTC)
DAY = 24


def at(hour):
    return ZERO + timedelta(hours=hour)


spans = st.lists(
    st.tuples(st.integers(-5, 30), st.one_of(st.none(), st.integers(-5, 30))).map(
        lambda pair: (at(pair[0]), None if pair[1] is None else at(pair[1]))
    ),
    max_size=8,
)


def covers(parts, hour):
    """Whether a whole hour lies in one of the spans; an open end never ends."""
    return any(since <= at(hour) and (until is None or at(hour + 1) <= until) for since, until in parts)


@given(spans)
def test_the_union_holds_each_hour_once(parts):
    result = joined(parts, at(0), at(DAY))
    assert hours(result) == sum(covers(parts, hour) for hour in range(DAY))
    assert all(first[1] < second[0] for first, second in pairwise(result))


@given(spans, spans)
def test_the_intersection_holds_the_hours_of_both(first, second):
    result = common(joined(first, at(0), at(DAY)), joined(second, at(0), at(DAY)))
    assert hours(result) == sum(covers(first, hour) and covers(second, hour) for hour in range(DAY))


@pytest.mark.parametrize("backwards", [(5, 5), (6, 5)])
def test_a_span_that_does_not_last_is_none(backwards):
    since, until = backwards
    assert joined([(at(since), at(until))], at(0), at(DAY)) == []
