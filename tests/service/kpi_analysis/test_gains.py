from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.scoring import KpiScore, city_score, sphere_score
from kpi_catalog.status import Status
from service.kpi_analysis import gains
from service.kpi_analysis.gain import PERVERSE, Standing

KPIS = catalogue().kpis_of("security")


def standing(kpi, score, missing=()):
    status = Status.NO_DATA if score is None else Status.COMPUTED
    return Standing(kpi, kpi.targets[Category.REPUBLICAN], status, score, score, missing)


def test_missing_inputs_hold_back_all_points_and_what_rewards_violations_is_never_advised():
    rows = [standing(kpi, None if kpi.id == "9.1" else 1.0, ("road_length",)) for kpi in KPIS]
    rows = [standing(one.kpi, 0.0) if one.kpi.id in PERVERSE else one for one in rows]
    found = gains(rows)
    assert (found[0].standing.kpi.id, found[0].missing) == ("9.1", ("road_length",))
    assert [one.standing.kpi.id for one in found if not one.advised] == [one.standing.kpi.id for one in found[-2:]]
    assert {one.standing.kpi.id for one in found[-2:]} == {"9.2", "9.6"}
    assert all(one.points == 0 for one in found[1:-2])


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=len(KPIS), max_size=len(KPIS)))
def test_the_gain_is_exactly_what_the_citys_score_would_rise_by(scores):
    rows = [standing(kpi, score) for kpi, score in zip(KPIS, scores, strict=True)]
    kept = [(one.kpi.points, KpiScore(one.score, one.score, one.status)) for one in rows]

    def total(changed):
        return city_score({"security": sphere_score(changed)}).score_missing_as_zero

    now = total(kept)
    for gain in gains(rows):
        place = next(k for k, one in enumerate(rows) if one.kpi.id == gain.standing.kpi.id)
        full = [*kept[:place], (kept[place][0], KpiScore(1.0, 1.0, Status.COMPUTED)), *kept[place + 1 :]]
        assert total(full) - now == pytest.approx(gain.city, abs=1e-9)
        assert gain.city >= 0
