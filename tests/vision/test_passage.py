from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.worlds import boxes_at, detections, straight
from vision.camera import Line, Zone
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK
from vision.passage import PassageCounter
from vision.tracker import Tracker
from vision.types import Detections, Tracks

WIDTH, HEIGHT, RATE_S = 1000, 500, 0.125
ACROSS = Line(id="count", kind="control", points=((0.1, 0.6), (0.9, 0.6)))  # y = 300, x from 100 to 900


def tracks(boxes, ids=None, class_id=CAR, seen=True, age_s=5.0) -> Tracks:
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    n = len(boxes)
    return Tracks(
        id=np.arange(1, n + 1) if ids is None else np.asarray(ids, np.int64),
        class_id=np.broadcast_to(np.int16(class_id), n).copy(),
        score=np.full(n, 0.9, np.float32),
        box=boxes,
        seen=np.broadcast_to(np.bool_(seen), n).copy(),
        age_s=np.full(n, age_s, np.float32),
        velocity_px=np.zeros((n, 2), np.float32),
        ground=np.full((n, 2), np.nan),
        velocity_ms=np.full((n, 2), np.nan),
        speed_sigma_ms=np.full(n, np.nan),
    )


def walk(feet, line=ACROSS, **fields):
    """Passages of one vehicle that is seen at feet [T, 2] every RATE_S seconds."""
    counter = PassageCounter([line], WIDTH, HEIGHT)
    return [one for i, foot in enumerate(feet) for one in counter.step(tracks(boxes_at(foot), **fields), i * RATE_S)]


SECONDS = np.arange(24) * RATE_S
LANES = [
    Zone(id=name, kind="lane", points=((x, 0.2), (x + 0.2, 0.2), (x + 0.2, 0.9), (x, 0.9)))
    for name, x in (("left", 0.3), ("right", 0.5))
]


@pytest.mark.parametrize(
    ("start", "lane"),
    [((400, 200), "left"), ((600, 200), "right"), ((200, 200), None), ((430, 200), "right")],  # the last changes lanes
)
def test_a_passage_names_the_lane_at_the_line(start, lane):
    counter = PassageCounter([ACROSS], WIDTH, HEIGHT, LANES)
    feet = straight(start, (100 if start == (430, 200) else 0, 100), SECONDS)
    found = [one for i, foot in enumerate(feet) for one in counter.step(tracks(boxes_at(foot)), i * RATE_S)]
    assert [one.lane for one in found] == [lane]


@pytest.mark.parametrize(
    ("start", "velocity", "passages"),
    [
        ((500, 200), (0, 100), 1),
        ((500, 400), (0, -100), 1),
        ((500, 200), (50, 100), 1),
        ((50, 200), (0, 100), 0),  # beside the segment
        ((950, 200), (0, 100), 0),
        ((500, 200), (0, 20), 0),  # does not get there
        ((500, 200), (50, 0), 0),
        ((850, 200), (100, 100), 0),  # passes the segment's end
    ],
)
def test_a_vehicle_crosses_the_drawn_segment_or_not(start, velocity, passages):
    assert len(walk(straight(start, velocity, SECONDS))) == passages


def test_the_second_of_the_crossing_is_interpolated():
    (one,) = walk(straight((500, 250), (0, 100), SECONDS))
    assert one.video_s == pytest.approx(0.5)
    assert (one.line, one.track, one.class_id) == ("count", 1, CAR)
    assert np.isnan(one.speed_ms)


@pytest.mark.parametrize(
    ("points", "arrow", "down_is_forward"),
    [
        (((0.1, 0.6), (0.9, 0.6)), None, True),  # from the left of a segment drawn rightwards is from above
        (((0.9, 0.6), (0.1, 0.6)), None, False),
        (((0.1, 0.6), (0.9, 0.6)), ((0.5, 0.5), (0.5, 0.7)), True),
        (((0.1, 0.6), (0.9, 0.6)), ((0.5, 0.7), (0.5, 0.5)), False),
        (((0.9, 0.6), (0.1, 0.6)), ((0.5, 0.5), (0.6, 0.7)), True),
    ],
)
def test_forward_is_along_the_arrow_or_from_left_to_right(points, arrow, down_is_forward):
    line = Line(id="count", kind="control", points=points, direction=arrow)
    (down,) = walk(straight((500, 200), (0, 100), SECONDS), line)
    (up,) = walk(straight((500, 400), (0, -100), SECONDS), line)
    assert down.forward == down_is_forward
    assert up.forward != down_is_forward


@pytest.mark.parametrize(
    ("class_id", "passages"), [(PERSON, 0), (BICYCLE, 0), (MOTORCYCLE, 1), (CAR, 1), (BUS, 1), (TRUCK, 1)]
)
def test_only_vehicles_pass(class_id, passages):
    assert len(walk(straight((500, 200), (0, 100), SECONDS), class_id=class_id)) == passages


def test_a_vehicle_that_turns_back_is_counted_once():
    there = straight((500, 200), (0, 100), SECONDS)
    assert len(walk(np.concatenate((there, there[::-1], there)))) == 1


def test_a_vehicle_whose_box_trembles_on_the_line_is_counted_when_it_goes_on():
    approach = straight((500, 200), (0, 100), np.arange(8) * RATE_S)
    trembling = np.column_stack((np.full(80, 500), 300 + np.random.default_rng(5).uniform(-1, 1, 80)))
    away = straight((500, 300), (0, 100), np.arange(8) * RATE_S)
    assert walk(np.concatenate((approach, trembling))) == []
    (one,) = walk(np.concatenate((approach, trembling, away)))
    assert one.video_s >= (len(approach) + len(trembling) - 20) * RATE_S


def test_a_vehicle_that_noses_over_and_rolls_back_is_not_counted():
    y = [250, 280, 299, 300.5, 300.8, 299, 280, 250, 250]
    assert walk([(500, v) for v in y]) == []


def test_a_track_that_ends_just_past_the_line_counts():
    counter = PassageCounter([ACROSS], WIDTH, HEIGHT)
    found = []
    for i, y in enumerate([280, 290, 299, 301]):
        found += counter.step(tracks(boxes_at((500, y))), i * RATE_S)
    assert found == []
    (one,) = counter.step(Tracks.empty(), 4 * RATE_S)
    assert one.video_s == pytest.approx(2.5 * RATE_S)


def test_a_line_close_to_the_lower_border_counts_who_leaves_and_who_enters():
    line = Line(id="near", kind="control", points=((0.0, 0.995), (1.0, 0.995)))  # y = 497.5 of 500
    feet = straight((500, 300), (0, 120), SECONDS)
    cut = [np.minimum(foot, (1000, HEIGHT)) for foot in feet]
    assert len(walk(cut, line)) == 1
    assert len(walk(cut[::-1], line)) == 1


def test_two_lines_are_counted_each():
    lines = [ACROSS, Line(id="second", kind="control", points=((0.1, 0.8), (0.9, 0.8)))]
    counter = PassageCounter(lines, WIDTH, HEIGHT)
    found = [
        one.line
        for i, foot in enumerate(straight((500, 250), (0, 100), SECONDS))
        for one in counter.step(tracks(boxes_at(foot)), i * RATE_S)
    ]
    assert found == ["count", "second"]


def test_without_lines_nothing_passes():
    counter = PassageCounter([], WIDTH, HEIGHT)
    assert counter.step(tracks(boxes_at((5, 5))), 0.0) == ()


class TestWithTheTracker:
    @staticmethod
    def count(tables) -> list:
        tracker, counter = Tracker(WIDTH, HEIGHT), PassageCounter([ACROSS], WIDTH, HEIGHT)
        found = []
        for i, table in enumerate(tables):
            now = tracker.step(table, i * RATE_S)
            found += counter.step(now, i * RATE_S, tracker.fresh, tracker.trails(tracker.fresh))
        return found

    def test_a_passage_before_the_identity_is_not_lost(self):
        feet = straight((500, 290), (0, 120), np.arange(8) * RATE_S)
        (one,) = self.count([detections(boxes_at(foot)) for foot in feet])
        assert one.video_s == pytest.approx(10 / 120, abs=0.02)

    def test_a_passage_while_the_detector_only_whispers_is_not_lost(self):
        feet = straight((500, 230), (0, 120), np.arange(14) * RATE_S)
        (one,) = self.count([detections(boxes_at(f), 0.1 if i < 8 else 0.9) for i, f in enumerate(feet)])
        assert one.video_s == pytest.approx(70 / 120, abs=0.02)

    def test_a_vehicle_hidden_on_the_line_counts_once(self):
        feet = straight((500, 200), (0, 80), np.arange(24) * RATE_S)
        tables = [Detections.empty() if 8 <= i < 14 else detections(boxes_at(f)) for i, f in enumerate(feet)]
        (one,) = self.count(tables)
        assert one.video_s == pytest.approx(1.25, abs=0.15)

    def test_a_vehicle_whose_track_breaks_on_the_line_counts_once(self):
        # At the break the box jumps by more than the tracker believes: the rest of the way has a new id.
        feet = straight((500, 200), (0, 100), np.arange(24) * RATE_S)
        small, large = (60.0, 40.0), (200.0, 140.0)
        tables = [detections(boxes_at(f, small if i < 9 else large)) for i, f in enumerate(feet)]
        assert len(self.count(tables)) == 1

    @settings(max_examples=30, deadline=None)
    @given(st.integers(1, 4), st.floats(60, 200), st.floats(0, 3), st.integers(0, 10**6))
    def test_every_vehicle_of_a_noisy_column_counts_once(self, lanes, speed, noise_px, seed):
        rng = np.random.default_rng(seed)
        seconds = np.arange(int(500 / speed / RATE_S)) * RATE_S
        starts = [(200 + 180 * lane, 150 - 25 * lane) for lane in range(lanes)]
        tables = []
        for second in seconds:
            feet = np.array([(x, y + speed * second) for x, y in starts])
            inside = feet[:, 1] < HEIGHT
            boxes = boxes_at(feet[inside]) + rng.normal(0, noise_px, (int(inside.sum()), 4)).astype(np.float32)
            tables.append(detections(boxes))
        found = self.count(tables)
        reached = [y + speed * seconds[-1] > 310 for _, y in starts]
        assert len(found) == sum(reached)
        assert len({one.track for one in found}) == len(found)
