"""Tracks do not depend on left and right, on the size of the picture, on when the clock began, or on an even rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.worlds import boxes_at
from vision.classes import BUS, CAR, PERSON
from vision.tracker import Tracker
from vision.types import Detections

WIDTH, HEIGHT = 1280, 720
# Whatever happens stays inside the picture: at its border a rounded number decides who ends.
one_object = st.tuples(
    st.floats(310, 970), st.floats(300, 550), st.floats(-30, 30), st.floats(-20, 20),
    st.sampled_from([((70.0, 45.0), CAR), ((140.0, 90.0), BUS), ((22.0, 55.0), PERSON)]),
)  # fmt: skip
worlds = st.tuples(
    st.lists(one_object, min_size=1, max_size=6),
    # 3 to 25 looks a second, uneven; in 64ths, so that no sum of seconds is rounded
    st.lists(st.integers(3, 21).map(lambda part: part / 64), min_size=6, max_size=20),
    st.integers(0, 2**32 - 1),
)


def tables(world, *, mirrored=False, scale=1.0):
    """What a detector with faults sees of objects that move steadily: the same faults in every version."""
    objects, steps, seed = world
    rng = np.random.default_rng(seed)
    out = []
    for second in np.cumsum(steps):
        box, kind = [], []
        for x, y, vx, vy, (size, class_id) in objects:
            wrong = rng.normal(0, 0.03, 4) * size[1]
            if rng.random() < 0.1:
                continue
            x1, y1, x2, y2 = boxes_at([(x + vx * second, y + vy * second)], size)[0] + wrong
            box.append((WIDTH - x2, y1, WIDTH - x1, y2) if mirrored else (x1, y1, x2, y2))
            kind.append(class_id)
        score = rng.uniform(0.3, 0.95, len(objects))[: len(box)].astype(np.float32)
        out.append(
            Detections(
                np.clip(np.array(box, np.float64).reshape(-1, 4), 0, (WIDTH, HEIGHT) * 2).astype(np.float32)
                * np.float32(scale),
                score,
                np.array(kind, np.int16),
            )
        )
    return out, np.cumsum(steps)


def follow(seen, seconds, size=(WIDTH, HEIGHT)):
    tracker = Tracker(*size)
    return [tracker.step(table, float(second)) for table, second in zip(seen, seconds, strict=True)]


def same(history, other, change, tolerance):
    for tracks, twin in zip(history, other, strict=True):
        # Ids may be given in another order where several are confirmed at one moment.
        assert len(tracks) == len(twin)
        mine, theirs = np.lexsort(tracks.box.T.round(1)), np.lexsort(change(twin.box).T.round(1))
        np.testing.assert_allclose(tracks.box[mine], change(twin.box)[theirs], atol=tolerance)
        assert sorted(tracks.seen.tolist()) == sorted(twin.seen.tolist())
    assert len({i for t in history for i in t.id.tolist()}) == len({i for t in other for i in t.id.tolist()})


@settings(max_examples=25, deadline=None)
@given(worlds)
def test_a_mirrored_road_gives_mirrored_tracks(world):
    def back(box):
        return np.stack((WIDTH - box[:, 2], box[:, 1], WIDTH - box[:, 0], box[:, 3]), axis=1)

    same(follow(*tables(world)), follow(*tables(world, mirrored=True)), back, 0.05)


@settings(max_examples=25, deadline=None)
@given(worlds, st.sampled_from([2.0, 4.0]))
def test_a_larger_picture_of_the_same_road_gives_larger_tracks(world, scale):
    large = follow(*tables(world, scale=scale), (int(WIDTH * scale), int(HEIGHT * scale)))
    same(follow(*tables(world)), large, lambda box: box / scale, 0.6)


@settings(max_examples=25, deadline=None)
@given(worlds, st.integers(1, 10**6))
def test_a_clock_that_began_earlier_changes_nothing(world, later_s):
    seen, seconds = tables(world)
    same(follow(seen, seconds), follow(seen, seconds + later_s), lambda box: box, 0.05)


@pytest.mark.parametrize("rate_hz", [3, 5, 8, 12.5, 25])
@pytest.mark.parametrize("uneven", [0.0, 0.4])
def test_any_rate_follows_each_vehicle_once(rate_hz, uneven):
    rng = np.random.default_rng(3)
    step = 1 / rate_hz
    seconds = np.arange(int(6 * rate_hz)) * step + rng.uniform(-uneven, uneven, int(6 * rate_hz)) * step / 2
    starts = np.array([(100, 300), (1180, 360), (100, 450), (1100, 600)], float)
    speeds = np.array([(120, 5), (-110, 0), (160, -5), (-100, 10)], float)
    tracker, ids = Tracker(WIDTH, HEIGHT), set()
    for second in seconds:
        box = boxes_at(starts + speeds * second, (90.0, 60.0))
        inside = (box[:, 0] < WIDTH) & (box[:, 2] > 0)
        n = int(inside.sum())
        seen = Detections(box[inside], np.full(n, 0.9, np.float32), np.full(n, CAR, np.int16))
        ids |= set(tracker.step(seen, float(second + 1)).id.tolist())
    assert len(ids) == 4
