from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.violations.road_view import Mover, View, curve, judge, via
from violations.rules.pavement_driving import RULE
from vision.classes import BICYCLE, MOTORCYCLE, PERSON

PLACES = [(0.0, -18.0, 8.0), (9.0, -18.0, 8.0), (-9.0, -18.0, 8.0)]


def street(kind="pavement", position=PLACES[0], **changes):
    """A road up to x = 5, a pavement (or the like) from there to x = 8.5."""
    return View(position=position, **changes).zone("side", kind, (5.0, 8.5), (-2.0, 45.0))


def along(x, *, speed=6.0, **more):
    return Mover(1, via((0, x, -8), (9, x, -8 + 9 * speed)), **more)


def found(view, *movers, rate_hz=8.0, until_s=9.0, shift_s=0.0):
    return judge(RULE, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s))


@pytest.mark.parametrize(("position", "calibrated"), [(PLACES[0], True), (PLACES[1], False), (PLACES[2], True)])
@pytest.mark.parametrize(
    ("kind", "mover"),
    [
        ("pavement", along(6.75)),
        ("cycleway", along(6.75, class_id=MOTORCYCLE, speed=10.0)),
        ("shoulder", Mover(1, curve((3, -8), (3, -2), (6.75, 6), (6.75, 32), (3, 44), (3, 60), speed=9.0))),
    ],
)
def test_who_drives_along_it_is_found_once(position, calibrated, kind, mover) -> None:
    (finding,) = found(street(kind, position, calibrated=calibrated), mover)
    assert (finding.kind, finding.zone, finding.track) == ("pavement_driving", "side", 1)
    assert [reason.code for reason in finding.trace][:2] == ["on_no_carriageway", "drove_along_it"]
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]


@pytest.mark.parametrize("rate", [3.0, 5.0, 12.5, 25.0])
def test_it_is_found_at_every_analysis_rate(rate) -> None:
    assert len(found(street(), along(6.75), rate_hz=rate)) == 1


@pytest.mark.parametrize("position", PLACES)
@pytest.mark.parametrize(
    ("kind", "mover", "why"),
    [
        ("pavement", along(3.2), "drives in the lane beside it"),
        ("pavement", Mover(1, via((0, 1, 14), (8, 17, 14))), "crosses it into a yard"),
        ("pavement", Mover(1, curve((3.2, -8), (3.2, 12), (16, 13), speed=5.0)), "turns off over it into a yard"),
        ("pavement", along(6.75, class_id=PERSON, size=(0.5, 0.5, 1.75)), "walks"),
        ("cycleway", along(6.75, class_id=BICYCLE, size=(1.8, 0.6, 1.7)), "cycles"),
        ("pavement", along(6.75, class_id=MOTORCYCLE, speed=4.5, size=(1.8, 0.6, 1.7)), "cycles, taken for a rider"),
        ("shoulder", Mover(1, via((0, 3.2, -8), (1.5, 3.2, 4), (3, 6.75, 14), (6, 6.75, 26), (9, 6.75, 26))), "stops"),
        ("shoulder", Mover(1, via((0, 6.75, 10), (3, 6.75, 10), (6, 6.75, 26), (8, 3.2, 40))), "starts"),
    ],
)  # fmt: skip
def test_who_does_not_is_innocent(position, kind, mover, why) -> None:
    assert found(street(kind, position), mover) == [], why


def test_a_box_that_reaches_over_the_kerb_drives_in_its_lane() -> None:
    def wide(now, box):
        return box + np.array([0, 0, 0.25 * (box[2] - box[0]) * (int(now * 4) % 2), 0])

    assert found(street(), along(3.2, bend=wide)) == []


@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PLACES), st.booleans(), st.sampled_from([5.0, 8.0, 12.5, 25.0]), st.floats(0, 5000),
    st.sampled_from([(640, 360), (1280, 720), (2560, 1440)]), st.floats(6.2, 7.2), st.floats(4.0, 12.0),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_the_verdict_is_the_same(
    place, mirrored, rate, shift, size, x, speed
) -> None:
    view = street("pavement", place, mirrored=mirrored, size=size)
    for mover, count in ((along(x, speed=speed), 1), (along(x - 4.0, speed=speed), 0)):
        assert len(found(view, mover, rate_hz=rate, shift_s=shift)) == count


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View().camera)] == ["missing_pavement_or_shoulder"]
    assert RULE.missing(street().camera) == ()
