"""What the detector called a vehicle counts from near only, and behind each track stands its own detection."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.observations import Vehicle, driving, observe
from vision.classes import BUS, CAR, TRUCK
from vision.naming import counted, share
from vision.scene import seen_as
from vision.types import Detections, Observation


def look(height: float, called: int, *, x: float = 600.0, seen: bool = True) -> Observation:
    """One vehicle of a height in pixels of a picture of 1080, called something."""
    (one,) = observe([Vehicle(1, driving(x, 500.0, 0.0, size=height))], until_s=0.0)
    tracks = replace(one.tracks, seen=np.array([seen]), seen_as=np.array([called if seen else -1], np.int16))
    return replace(one, tracks=tracks)


@pytest.mark.parametrize(
    ("looks", "expected", "why"),
    [
        ([look(240, TRUCK)] * 8, 1.0, "a lorry from near"),
        ([look(240, TRUCK)] * 6 + [look(240, BUS)] * 2, 0.75, "a lorry three times of four"),
        ([look(60, TRUCK)] * 20 + [look(240, BUS)] * 6, 0.0, "a lorry from afar only"),
        ([look(240, TRUCK)] * 5, None, "too few looks"),
        ([look(240, TRUCK, x=10.0)] * 9, None, "cut by the border"),
        ([look(240, TRUCK, seen=False)] * 9, None, "never seen"),
    ],
)
def test_the_share_counts_looks_from_near(looks: list[Observation], expected: float | None, why: str) -> None:
    calls = counted({}, looks[0], {1})
    for one in looks[1:]:
        calls = counted(calls, one, {1})
    assert share(calls.get(1), (TRUCK,)) == expected, why


def test_who_is_gone_is_forgotten() -> None:
    calls = counted({7: (0, 0, 0, 9, 0, 0)}, look(240, CAR), {1})
    assert set(calls) == {1}


def test_without_classes_of_detections_nothing_is_counted() -> None:
    one = look(240, TRUCK)
    assert counted({}, replace(one, tracks=replace(one.tracks, seen_as=None)), {1}) == {}


def test_behind_each_seen_track_stands_the_detection_of_its_box() -> None:
    (one,) = observe([Vehicle(k, driving(200.0 * k, 500.0, 0.0)) for k in (1, 2, 3)], until_s=0.0)
    tracks = replace(one.tracks, seen=np.array([True, True, False]))
    box = tracks.box[[1, 0]]
    seen = Detections(box, np.array([0.9, 0.8], np.float32), np.array([TRUCK, BUS], np.int16))
    assert seen_as(tracks, seen).tolist() == [BUS, TRUCK, -1]
    assert seen_as(tracks, Detections.empty()).tolist() == [-1, -1, -1]
