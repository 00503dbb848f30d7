"""What the shared fact needs stands in tests/vision/test_against.py; here is what the violation adds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.violations.road_view import Mover, View, judge, via
from violations.rules.wrong_way import RULE
from vision.classes import CAR, TRUCK


def one_way(**changes) -> View:
    """A one-way street of two lanes; traffic comes towards the camera."""
    view = View(**changes)
    view = view.zone("left", "lane", (-3.5, 0.0), (-2.0, 60.0), travel=(0.0, -2.0))
    return view.zone("right", "lane", (0.0, 3.5), (-2.0, 60.0), travel=(0.0, -2.0))


def found(*movers, view=None, rate_hz=8.0, shift_s=0.0, until_s=8.0):
    view = view or one_way()
    return judge(RULE, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s))


@pytest.mark.parametrize("x", [-1.75, 1.75])
@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
@pytest.mark.parametrize("class_id", [CAR, TRUCK])
def test_who_drives_against_a_one_way_street_is_found_once(x, rate, class_id) -> None:
    (finding,) = found(Mover(1, via((0, x, -4), (8, x, 76)), class_id), rate_hz=rate)
    assert (finding.kind, finding.track, finding.rule_version) == ("wrong_way", 1, "2")


@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, via((0, 1.75, 70), (8, 1.75, -10))), "with the traffic"),
        (Mover(1, via((0, 1.75, 20), (4, 1.75, 20), (6, 1.75, 23), (8, 1.75, 23))), "reverses into a parking place"),
        (Mover(1, via((0, -20, 12), (8, 30, 12))), "drives across"),
        (Mover(1, via((0, 1.75, 40), (2, 1.75, 20), (8, 1.75, 20))), "stands"),
    ],
)
def test_lawful_motion_is_not_accused(mover, why) -> None:
    assert found(mover) == [], why


@settings(max_examples=8, deadline=None)
@given(
    mirrored=st.booleans(), large=st.booleans(), shift_s=st.sampled_from([0.0, 900.0]), away=st.booleans(),
    rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]), speed=st.floats(5, 14),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    mirrored, large, shift_s, away, rate, speed
) -> None:
    view = one_way(mirrored=mirrored, size=(1920, 1080) if large else (1280, 720))
    way = via((0, 1.75, -2), (8, 1.75, -2 + 8 * speed)) if away else via((0, 1.75, 60), (8, 1.75, 60 - 8 * speed))
    assert len(found(Mover(1, way), view=view, rate_hz=rate, shift_s=shift_s)) == away
