from __future__ import annotations

import pytest

from incidents.rules import animal, debris
from tests.incidents_road import METRE, driven, found
from tests.observations import Vehicle
from vision.classes import CAR, MOTORCYCLE


def lies(x: float, y: float, wide_m: float, high_m: float, since_s: float = 5.0):
    """Something that shows from a second on."""
    box = (x, y - high_m * METRE, x + wide_m * METRE, y)
    return lambda video_s: box if video_s >= since_s else None


def moves(x: float, y: float, speed: float, wide_m: float, high_m: float, since_s: float = 5.0):
    """Something that goes across the picture, metres a second."""

    def box(video_s: float):
        left = x + speed * METRE * (video_s - since_s)
        return (left, y - high_m * METRE, left + wide_m * METRE, y) if video_s >= since_s else None

    return box


def test_a_carton_on_the_road_is_told_once_after_some_seconds() -> None:
    (finding,) = found(debris.RULE, blobs=[(1, lies(400, 500, 0.9, 0.6), -1.0)], until_s=30.0)
    assert (finding.kind, finding.onset_s) == ("debris", pytest.approx(5.0, abs=0.3))
    assert finding.video_s == pytest.approx(5.0 + debris.HOLD_S, abs=0.5)
    assert [reason.code for reason in finding.trace] == ["thing_lies", "thing_size", "thing_no_road_user"]


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        ((1, lies(20, 500, 0.9, 0.6), -1.0), "beside the carriageway"),
        ((1, lies(400, 500, 0.15, 0.15), -1.0), "too small: a leaf, a patch of wet"),
        ((1, lies(400, 500, 5.0, 2.0), -1.0), "as large as a vehicle"),
        ((1, moves(300, 500, 1.0, 0.9, 0.6), -1.0), "moves"),
    ],
)
def test_what_lies_elsewhere_or_is_something_else_is_no_debris(blob, why) -> None:
    assert found(debris.RULE, blobs=[blob], until_s=20.0) == [], why


def test_a_car_the_detector_lost_where_it_stood_is_no_debris() -> None:
    def stands(video_s: float):
        return driven(400, (0.0, 8.0), (2.0, 0.0))(video_s) if video_s < 8.0 else None

    assert found(debris.RULE, [Vehicle(1, stands)], [(1, lies(390, 300, 1.5, 1.0, since_s=9.0), 8.0)]) == []


def test_a_pallet_that_is_taken_for_a_car_is_debris() -> None:
    flat = lies(400, 500, 1.2, 0.5)
    (finding,) = found(debris.RULE, [Vehicle(7, flat, CAR)], until_s=20.0)
    assert finding.track == 7


def test_a_cow_that_strolls_over_the_road_is_told_once() -> None:
    (finding,) = found(animal.RULE, blobs=[(1, moves(200, 500, 1.2, 2.2, 1.4), -1.0)], until_s=15.0)
    assert finding.kind == "animal"
    assert finding.video_s <= 5.0 + 3.0


@pytest.mark.parametrize(
    ("vehicles", "blobs", "why"),
    [
        ([], [(1, moves(200, 500, 1.4, 0.5, 1.7), -1.0)], "as slim as somebody on foot"),
        ([], [(1, lies(400, 500, 2.0, 1.4), -1.0)], "does not move"),
        ([], [(1, moves(120, 500, 15.0, 2.0, 1.4), -1.0)], "as fast as a vehicle"),
        ([Vehicle(3, moves(200, 500, 3.0, 2.2, 1.7), MOTORCYCLE)], [], "a motorcycle of its size"),
    ],
)
def test_what_is_no_animal(vehicles, blobs, why) -> None:
    assert found(animal.RULE, vehicles, blobs, until_s=12.0) == [], why
