from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.errors import InputError
from violations.duplicates import STANDING, MergeTerms, Report, same_act

NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
ABAY, NEAR, FAR = (43.2389, 76.8897), (43.2392, 76.8899), (43.2500, 76.8897)
TERMS = MergeTerms()
FIRST = Report("red_light", "abay-12", ABAY, "stop-n", 7, "123ABC02", frozenset(), NOON, NOON)


def later(seconds: float, **changes: object) -> Report:
    moment = NOON + timedelta(seconds=seconds)
    return replace(FIRST, **{"start": moment, "end": moment, "track": None, **changes})


ONE_ACT = {
    "the same plate a minute later": (later(60), "same_plate"),
    "one doubtful sign read otherwise": (later(5, plate="123A8C02", doubtful=frozenset({4})), "doubtful_sign"),
    "the same track without a plate": (later(5, track=7, plate=None), "same_track"),
    "the same track, several doubtful signs": (
        later(5, track=7, plate="128A8C02", doubtful=frozenset({2, 4})),
        "same_track",
    ),
    "a camera on the other side of the junction": (later(5, camera="abay-13", place=NEAR, line="x"), "same_plate"),
    "a report that names no line": (later(5, line=None), "same_plate"),
    "a car that still stands there": (later(25 * 60, kind="no_parking"), "same_plate"),
    "a section whose drive overlaps": (
        later(600, kind="section_speeding", camera="km-40", place=FAR, start=NOON - timedelta(seconds=60)),
        "same_plate",
    ),
}


@pytest.mark.parametrize(("report", "why"), ONE_ACT.values(), ids=ONE_ACT)
def test_one_act(report, why):
    first = replace(FIRST, kind=report.kind)
    assert same_act(first, report, TERMS).why == why


TWO_ACTS = {
    "another rule": later(5, kind="stop_line"),
    "later than the term": later(61),
    "another plate": later(5, plate="456DEF02"),
    "one sign differs, and it was read for certain": later(5, plate="123A8C02"),
    "two doubtful signs without a track": later(5, plate="128A8C02", doubtful=frozenset({2, 4})),
    "the same track with a plate read for certain": later(5, track=7, plate="456DEF02"),
    "nothing known of the vehicle": later(5, plate=None),
    "another line of the same camera": later(5, line="stop-s"),
    "a camera farther away": later(5, camera="abay-99", place=FAR),
    "a camera whose place is not known": later(5, camera="abay-13", place=None),
    "the same track number of another camera": later(5, camera="abay-13", place=NEAR, track=7, plate=None),
    "a car that came back in the evening": later(3600, kind="no_parking"),
    "the next drive through the section": later(600, kind="section_speeding"),
}


@pytest.mark.parametrize("report", TWO_ACTS.values(), ids=TWO_ACTS)
def test_two_acts(report):
    assert same_act(replace(FIRST, kind=report.kind if report.kind != "stop_line" else "red_light"), report, TERMS) is (
        None
    )


reports = st.builds(
    Report,
    kind=st.sampled_from(["red_light", "no_parking", "section_speeding"]),
    camera=st.sampled_from(["a", "b"]),
    place=st.sampled_from([None, ABAY, NEAR, FAR]),
    line=st.sampled_from([None, "n", "s"]),
    track=st.sampled_from([None, 7, 8]),
    plate=st.sampled_from([None, "123ABC02", "123A8C02", "128A8C02", "12ABC02"]),
    doubtful=st.frozensets(st.integers(0, 7), max_size=3),
    start=st.integers(0, 4000).map(lambda s: NOON + timedelta(seconds=s)),
    end=st.just(NOON + timedelta(seconds=4000)),
)


@given(reports, reports)
def test_the_order_of_two_reports_does_not_matter(one, other):
    assert same_act(one, other, TERMS) == same_act(other, one, TERMS)


@given(reports)
def test_a_report_with_a_plate_or_a_track_is_of_one_act_with_itself(one):
    found = same_act(one, one, TERMS)
    assert (found is not None) is (one.plate is not None or one.track is not None)
    assert found is None or (found.seconds, found.metres) == (0.0, 0.0)


@given(reports, reports, st.integers(-10_000, 10_000))
def test_moving_both_in_time_changes_nothing(one, other, seconds):
    by = timedelta(seconds=seconds)
    moved = [replace(each, start=each.start + by, end=each.end + by) for each in (one, other)]
    assert same_act(*moved, TERMS) == same_act(one, other, TERMS)


def test_a_longer_term_merges_whatever_a_shorter_one_does():
    for kind in sorted(STANDING):
        assert TERMS.span(kind) > TERMS.span("red_light")


def test_an_act_that_ends_before_it_begins_is_refused():
    with pytest.raises(InputError, match="ends before it begins"):
        replace(FIRST, end=NOON - timedelta(seconds=1))
