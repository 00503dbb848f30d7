from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.violations.road_view import Mover, View, judge, via
from violations.rules.restricted_class import RULE
from vision.classes import BUS, CAR, TRUCK

PLACES = [(0.0, -18.0, 8.0), (9.0, -18.0, 8.0), (-9.0, -18.0, 8.0)]


def street(position=PLACES[0], *, terms=None, **changes):
    """A road that is closed to lorries from y = 8 to y = 45."""
    terms = {"classes": ["truck"]} if terms is None else terms
    return View(position=position, **changes).zone("closed", "no_vehicles", (-4.0, 4.0), (8.0, 45.0), **terms)


def along(x=1.75, *, speed=8.0, class_id=TRUCK, **more):
    return Mover(1, via((0, x, -10), (9, x, -10 + 9 * speed)), class_id, **more)


def found(view, *movers, rate_hz=8.0, until_s=9.0, **options):
    return judge(RULE, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, **options))


@pytest.mark.parametrize(("position", "calibrated"), [(PLACES[0], True), (PLACES[1], False), (PLACES[2], True)])
def test_a_lorry_where_lorries_may_not_drive_is_found_once(position, calibrated) -> None:
    (finding,) = found(street(position, calibrated=calibrated), along())
    assert (finding.kind, finding.zone, finding.track, finding.class_id) == ("restricted_class", "closed", 1, TRUCK)
    assert [reason.code for reason in finding.trace][:3] == ["in_closed_zone", "drove_in_it", "class_settled"]


@pytest.mark.parametrize("rate", [3.0, 5.0, 12.5, 25.0])
def test_it_is_found_at_every_analysis_rate(rate) -> None:
    assert len(found(street(), along(), rate_hz=rate)) == 1


def test_without_classes_it_is_closed_to_all() -> None:
    (finding,) = found(street(terms={}), along(class_id=CAR))
    assert finding.trace[2].code == "closed_to_all"


@pytest.mark.parametrize(
    ("called", "class_id", "looks", "count", "why"),
    [
        (TRUCK, TRUCK, {1: "car"}, 1, "a lorry from near, whatever the second look says"),
        (BUS, TRUCK, {}, 0, "a bus from near, though the vote of the whole track says lorry"),
        (CAR, TRUCK, {1: "truck"}, 0, "a large car from near"),
    ],
)
def test_what_it_was_called_from_near_decides(called, class_id, looks, count, why) -> None:
    mover = along(class_id=class_id, called=lambda _: called)
    assert len(found(street(), mover, looks=looks)) == count, why


NIGHT = {"classes": ["truck"], "hours": [{"start": "22:00", "end": "06:00"}]}


@pytest.mark.parametrize(
    ("view", "mover", "why"),
    [
        (street(), along(class_id=CAR), "a car"),
        (street(), along(class_id=BUS), "a bus"),
        (street(), along(7.5), "drives beside the zone"),
        (street(), Mover(1, via((0, 1.75, 20), (9, 1.75, 20)), TRUCK), "stands in it"),
        (street(), Mover(1, via((0, 1.75, -10), (3, 1.75, 4), (9, 1.75, 4)), TRUCK), "stops before it"),
        (street(), Mover(1, via((0, -14, 2), (6, 14, 2)), TRUCK), "crosses before it"),
        (street(terms=NIGHT), along(), "by day, when only the night is forbidden"),
    ],
)
def test_who_may_drive_or_does_not_is_innocent(view, mover, why) -> None:
    assert found(view, mover) == [], why


def test_the_hours_of_the_sign_are_the_citys() -> None:
    night = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)  # 23:00 in Almaty
    assert len(found(street(terms=NIGHT), along(), start=night)) == 1


def test_a_second_look_that_says_otherwise_unsettles_the_class() -> None:
    assert found(street(), along(), looks={1: "van"}) == []
    assert len(found(street(), along(), looks={1: "truck"})) == 1


def test_a_class_that_wavers_accuses_nobody() -> None:
    car, lorry = along(class_id=CAR), along()
    every = zip(street().observe(car, until_s=9.0), street().observe(lorry, until_s=9.0), strict=True)
    assert judge(RULE, street(), [pair[k % 2] for k, pair in enumerate(every)]) == []


@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PLACES), st.booleans(), st.sampled_from([5.0, 8.0, 12.5, 25.0]), st.floats(0, 5000),
    st.sampled_from([(640, 360), (1280, 720), (2560, 1440)]), st.floats(-2.0, 2.0), st.floats(4.0, 14.0),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_the_verdict_is_the_same(
    place, mirrored, rate, shift, size, x, speed
) -> None:
    view = street(place, mirrored=mirrored, size=size)
    for kind, count in ((TRUCK, 1), (CAR, 0)):
        assert len(found(view, along(x, speed=speed, class_id=kind), rate_hz=rate, shift_s=shift)) == count


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View().camera)] == ["missing_no_vehicles"]
    assert RULE.missing(street().camera) == ()
