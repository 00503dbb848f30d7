from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alarm_statistics.thresholds import LEAST_FALSE, LEAST_TRUE, Judged, Point, curve, proposal

JUDGED = st.lists(st.builds(Judged, st.integers(0, 100).map(lambda n: n / 100), st.booleans()), max_size=60)


def judged(false, true):
    return [*(Judged(one, true=False) for one in false), *(Judged(one, true=True) for one in true)]


def test_a_stricter_score_removes_what_lies_below_it():
    assert curve(judged([0.5, 0.6], [0.6, 0.9])) == (Point(0.5, 0, 0), Point(0.6, 1, 0), Point(0.9, 2, 1))


@pytest.mark.parametrize(
    ("false", "true", "score", "removed"),
    [
        ([0.50, 0.52, 0.54], [0.70] * LEAST_TRUE, 0.62, 3),
        ([0.50, 0.52, 0.54, 0.90], [0.70] * LEAST_TRUE, 0.62, 3),
        ([0.5] * 3, [0.5001] * LEAST_TRUE, 0.5001, 3),
        ([0.5] * (LEAST_FALSE - 1), [0.7] * LEAST_TRUE, None, None),
        ([0.5] * 9, [0.7] * (LEAST_TRUE - 1), None, None),
        ([0.8] * 9, [0.7] * LEAST_TRUE, None, None),
        ([], [], None, None),
    ],
    ids=["between", "one stays", "no room between", "few false", "few true", "false score higher", "nothing"],
)
def test_a_threshold_is_proposed_where_enough_speaks_for_it(false, true, score, removed):
    found = proposal(judged(false, true))
    assert (found and (found.score, found.removed)) == (score and (score, removed))


@given(JUDGED)
def test_a_proposed_threshold_keeps_every_true_alert_and_removes_what_it_says(alerts):
    found = proposal(alerts)
    if found is None:
        return
    assert all(one.score >= found.score for one in alerts if one.true)
    assert sum(one.score < found.score for one in alerts if not one.true) == found.removed >= LEAST_FALSE
    assert 0 < found.lost_at_most < 0.3


@given(JUDGED)
def test_a_stricter_score_never_lets_more_through(alerts):
    points = curve(alerts)
    for one, other in pairwise(points):
        assert one.score < other.score
        assert one.false_removed <= other.false_removed
        assert one.true_lost <= other.true_lost
    if points:
        assert (points[0].false_removed, points[0].true_lost) == (0, 0)
