"""Additional initiatives: each criterion of the order's appendix 5, p. 6, met and not met, with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kpi_catalog.additional import REASONS, Criterion, Indicator, judge
from kpi_catalog.period import Period
from tests.kpi_catalog.initiatives import FULL, PERIOD, TODAY


def judged(period=PERIOD, today=TODAY, **changes):
    return judge(replace(FULL, **changes), period, today)


def test_one_that_meets_every_criterion_earns_two_points():
    found = judged()
    assert {one.criterion for one in found.criteria} == set(Criterion)
    assert (found.met, found.points) == (True, 2)


@pytest.mark.parametrize(
    ("changes", "criterion", "reason"),
    [
        ({"road_map": None}, Criterion.ROAD_MAP, "no_road_map"),
        ({"road_map": " "}, Criterion.ROAD_MAP, "no_road_map"),
        ({"road_map_approved": None}, Criterion.ROAD_MAP, "road_map_not_approved"),
        ({"road_map_approved": date(2026, 11, 23)}, Criterion.ROAD_MAP, "road_map_not_approved"),
        ({"report": None}, Criterion.REPORT_SIGNED, "no_report"),
        ({"report_signer": None}, Criterion.REPORT_SIGNED, "report_not_signed"),
        ({"report_signed": None}, Criterion.REPORT_SIGNED, "report_not_signed"),
        ({"report_signed": date(2026, 12, 1)}, Criterion.REPORT_SIGNED, "report_not_signed"),
        ({"description": " "}, Criterion.DESCRIPTION, "no_description"),
        ({"end": None}, Criterion.DATES, "no_dates"),
        ({"start": date(2026, 11, 2)}, Criterion.DATES, "ends_before_it_starts"),
        ({"results": ""}, Criterion.RESULTS, "no_results"),
        ({"indicators": ()}, Criterion.INDICATOR, "no_indicator"),
        ({"indicators": (Indicator("Energy saved"),)}, Criterion.INDICATOR, "no_indicator"),
        ({"start": date(2025, 1, 1), "end": date(2025, 12, 31)}, Criterion.IN_PERIOD, "outside_period"),
        ({"start": date(2027, 1, 1), "end": date(2027, 1, 2)}, Criterion.IN_PERIOD, "outside_period"),
        ({"sphere": None}, Criterion.SPHERE, "no_sphere"),
        ({"sphere": 9}, Criterion.SPHERE, "no_sphere"),
        ({"sphere_name": ""}, Criterion.SPHERE, "no_sphere"),
    ],
)
def test_a_criterion_that_is_not_met_says_why(changes, criterion, reason):
    found = judged(**changes)
    unmet = {one.criterion: one.reason for one in found.criteria if not one.met}
    assert unmet == {criterion: reason}
    assert (found.met, found.points) == (False, 0)
    assert reason in REASONS


@pytest.mark.parametrize(
    ("period", "met"),
    [
        ("2026", True),
        ("2026-Q1", True),
        ("2026-02", False),
        ("2026-11", True),
        ("2026-12", False),
        ("2026-03-01", True),
    ],
)
def test_it_counts_in_the_periods_that_its_work_touched(period, met):
    assert judged(period=Period.parse(period)).met is met


@pytest.mark.parametrize("indicator", [Indicator("Queue", words="shorter"), Indicator("Lamps", 0)])
def test_an_indicator_may_be_qualitative_or_nought(indicator):
    assert judged(indicators=(indicator,)).met


def test_a_refused_one_earns_nothing_whatever_its_papers_say():
    found = judged(refused="the report tells of another city")
    assert all(one.met for one in found.criteria)
    assert (found.met, found.points, found.as_dict()["refused"]) == (False, 0, "the report tells of another city")
