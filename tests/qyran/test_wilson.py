from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.wilson import wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # Newcombe 1998, table I: 81/263, 15/148, 0/20, 1/29
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_published_examples_come_out(hits, of, low, high):
    assert wilson(hits, of) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_of_nothing_it_may_be_anything():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("hits", "of"), [(2, 1), (-1, 4)])
def test_more_hits_than_records_are_no_share(hits, of):
    with pytest.raises(ValueError, match="is no share"):
        wilson(hits, of)


@given(of=st.integers(1, 10_000), data=st.data())
def test_the_interval_holds_the_share_and_stays_in_range(of, data):
    hits = data.draw(st.integers(0, of))
    low, high = wilson(hits, of)
    assert 0 <= low <= hits / of <= high <= 1
    mirrored = wilson(of - hits, of)
    assert mirrored == (pytest.approx(1 - high), pytest.approx(1 - low))
