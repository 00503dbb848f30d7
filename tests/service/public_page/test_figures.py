from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.period import Period
from qyran.errors import NotFound
from service.public_page.figures import FEWEST, KEPT, held_back, public_figures, public_periods


@pytest.mark.parametrize(
    ("value", "records", "count", "held"),
    [(50.0, 0, None, False), (50.0, 1, None, True), (50.0, FEWEST - 1, None, True), (50.0, FEWEST, None, False),
     (None, 3, None, False), (3.0, 40, 3, True), (0.0, 40, 0, False), (40.0, 400, 40, False)],
)  # fmt: skip
def test_what_rests_on_a_few_records_is_held_back_and_nothing_else(value, records, count, held):
    assert held_back(value, records, count) is held


@given(st.floats(0, 100), st.integers(0, 10_000))
def test_no_public_share_rests_on_one_to_nine_records(value, records):
    assert held_back(value, records) == (1 <= records < FEWEST)


def test_only_periods_that_are_over_are_public(world):
    known = public_periods(world.store)
    assert str(known[0]) == "2026-10"
    assert all(one.end <= world.clock.now for one in known)
    assert {one.kind.value for one in known} == {"month", "quarter", "year"}
    for text in ("2026-11", "2026-10-05", "2026-W40", "2020-01"):
        with pytest.raises(NotFound):
            public_figures(world.store, Period.parse(text))


def test_a_few_records_show_nothing_of_their_value_or_score(world):
    world.clock.forward(days=-40)
    world.alert("crash")
    world.clock.forward(days=40)
    figures = {one.kpi.id: one for one in public_figures(world.store).figures}
    assert len(figures) == 16
    assert all(one.value is None and one.score is None for one in figures.values() if one.held_back)


def test_figures_are_kept_for_a_while(world, monkeypatch):
    first = public_figures(world.store)
    assert public_figures(world.store) is first
    world.clock.forward(seconds=KEPT.total_seconds() + 1)
    assert public_figures(world.store) is not first
