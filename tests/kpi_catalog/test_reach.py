"""Which scores can be reached, and the sample table of the order's presentation held against it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.reach import FREE, NATURAL, reach
from kpi_catalog.readings import CHOICES, Readings
from kpi_catalog.scoring import score_kpi

BOOK = catalogue()
R, O, D = Category  # noqa: E741


@pytest.mark.parametrize(
    ("kpi_id", "category", "uncapped"),
    [
        ("1.8", R, 100 / 95),
        ("1.8", O, 100 / 85),
        ("1.8", D, 100 / 70),
        ("1.9", R, 100 / 80),
        ("10.7", R, 10 / 9),
        ("1.10", R, 5 / 4),
        ("9.1", D, 100 / 20),
        ("5.2", R, 1),
        ("1.12", R, 100 / 5),
        ("1.20", R, math.inf),
        ("9.4", R, math.inf),
        ("9.6", R, math.inf),
        ("1.4", R, math.inf),
    ],
)
def test_how_high_an_uncapped_score_can_be(kpi_id, category, uncapped):
    found = reach(BOOK.kpis[kpi_id], category)
    assert found.uncapped == pytest.approx(uncapped)
    assert found.highest == 1
    assert 0 <= found.lowest < 1


@pytest.mark.parametrize("printed", [1.72, 1.70])
@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("capped", [True, False])
def test_the_presentation_s_scores_of_calls_to_109_are_impossible(printed, category, capped):
    assert not reach(BOOK.kpis["1.8"], category).holds(printed, capped=capped)


@pytest.mark.parametrize(
    ("printed", "capped", "uncapped"), [(0.99, True, True), (1.21, False, True), (1.23, False, True)]
)
def test_what_of_the_presentation_s_table_a_share_of_80_per_cent_allows(printed, capped, uncapped):
    found = reach(BOOK.kpis["1.9"], R)
    assert (found.holds(printed, capped=True), found.holds(printed, capped=False)) == (capped, uncapped)


def test_words_reach_no_score():
    found = reach(BOOK.kpis["1.17"], R)
    assert (found.lowest, found.highest, found.uncapped) == (None, None, None)
    assert not found.holds(0.5, capped=True)


def test_the_rule_for_upper_limits_decides_how_high_it_goes():
    kpi = BOOK.kpis["9.4"]
    assert reach(kpi, R, Readings(at_most="linear")).uncapped == 2
    assert reach(kpi, R, Readings(at_most="all_or_nothing")).uncapped == 1


readings = st.builds(Readings, **{name: st.sampled_from(choices) for name, choices in CHOICES.items()})


@given(
    kpi=st.sampled_from(list(BOOK.kpis.values())),
    category=st.sampled_from(Category),
    readings=readings,
    share=st.floats(0, 1),
)
def test_no_possible_fact_scores_beyond_the_reach(kpi, category, readings, share):
    if not kpi.targets[category].numeric:
        return
    low, high = NATURAL.get(kpi.unit, FREE)
    low, high = max(low, -1e6), min(high, 1e6)
    fact = low + (high - low) * share
    signed = kpi.targets[category].rule == "reduction_range" and readings.change == "signed"
    scored = score_kpi(kpi, category, -fact if signed else fact, readings=readings)
    found = reach(kpi, category, readings)
    assert found.lowest - 1e-9 <= scored.score <= found.highest
    assert scored.uncapped is None or scored.uncapped <= found.uncapped + 1e-9
