from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.worlds import boxes_at, detections, straight
from vision.classes import BICYCLE, BUS, MOTORCYCLE, PERSON, TRUCK
from vision.tracker import Tracker
from vision.types import Detections

RATE_S = 0.125
WIDTH, HEIGHT = 1280, 720


def follow(tables, seconds=None, tracker=None):
    """Tracks at every step for a list of Detections."""
    tracker = tracker or Tracker(WIDTH, HEIGHT)
    seconds = np.arange(len(tables)) * RATE_S if seconds is None else seconds
    return [tracker.step(table, float(second)) for table, second in zip(tables, seconds, strict=True)]


def both(*tables) -> Detections:
    return Detections(
        np.concatenate([t.box for t in tables]),
        np.concatenate([t.score for t in tables]),
        np.concatenate([t.class_id for t in tables]),
    )


def all_ids(history) -> set[int]:
    return {int(i) for tracks in history for i in tracks.id}


@pytest.mark.parametrize(("score", "looks"), [(0.6, 3), (0.9, 2)])
def test_no_identity_before_confirmation_and_the_same_one_afterwards(score, looks):
    feet = straight((200, 400), (80, 10), np.arange(12) * RATE_S)
    history = follow([detections(boxes_at(foot), score) for foot in feet])
    assert [len(tracks) for tracks in history] == [0] * (looks - 1) + [1] * (13 - looks)
    assert all_ids(history) == {1}
    assert history[-1].age_s[0] == pytest.approx(11 * RATE_S)


def test_measured_boxes_are_given_as_measured_and_the_velocity_is_learned():
    seconds = np.arange(20) * RATE_S
    feet = straight((200, 400), (80, 20), seconds)
    last = follow([detections(boxes_at(foot)) for foot in feet])[-1]
    np.testing.assert_allclose(last.box, boxes_at(feet[-1]))
    np.testing.assert_allclose(last.velocity_px, [(80, 20)], rtol=0.05)
    assert last.seen.all()


@pytest.mark.parametrize("rate_s", [0.04, 0.125, 0.2, 0.33])
def test_any_rate_will_do(rate_s):
    seconds = np.arange(0, 4, rate_s)
    feet = straight((100, 400), (200, 0), seconds)
    history = follow([detections(boxes_at(foot)) for foot in feet], seconds)
    assert all_ids(history) == {1}
    assert len(history[-1]) == 1


def test_uneven_steps_will_do():
    rng = np.random.default_rng(4)
    seconds = np.cumsum(rng.uniform(0.03, 0.3, 30))
    feet = straight((100, 400), (150, 10), seconds)
    assert all_ids(follow([detections(boxes_at(foot)) for foot in feet], seconds)) == {1}


def test_a_fast_small_object_that_never_overlaps_itself_is_one_track():
    seconds = np.arange(10) * RATE_S
    feet = straight((50, 300), (400, 0), seconds)  # 50 px a step, 30 px wide
    tables = [detections(boxes_at(foot, (30, 30))) for foot in feet]
    assert all_ids(follow(tables)) == {1}


def test_a_hidden_vehicle_keeps_its_identity():
    seconds = np.arange(40) * RATE_S
    feet = straight((100, 400), (120, 0), seconds)
    tables = [Detections.empty() if 16 <= i < 26 else detections(boxes_at(foot)) for i, foot in enumerate(feet)]
    history = follow(tables)
    assert all_ids(history) == {1}
    hidden = history[25]
    assert not hidden.seen[0]
    assert hidden.score[0] == 0
    np.testing.assert_allclose(hidden.foot[0], feet[25], atol=40)


def test_a_vehicle_gone_for_good_ends_and_its_id_is_never_used_again():
    feet = straight((300, 400), (40, 0), np.arange(16) * RATE_S)
    there = [detections(boxes_at(foot)) for foot in feet]
    gone = [Detections.empty()] * 16
    history = follow(there + gone + there)
    assert len(history[31]) == 0
    assert all_ids(history) == {1, 2}


def test_a_parked_vehicle_outlasts_a_bus_that_hides_it():
    parked = detections(boxes_at((400, 400)))
    history = follow([parked] * 40 + [Detections.empty()] * 32 + [parked] * 5)
    assert all_ids(history) == {1}


def test_two_vehicles_passing_each_other_keep_their_identities():
    seconds = np.arange(40) * RATE_S
    there, back = straight((100, 400), (200, 0), seconds), straight((1100, 420), (-200, 0), seconds)
    history = follow([detections(boxes_at([a, b])) for a, b in zip(there, back, strict=True)])
    assert all_ids(history) == {1, 2}
    start, end = history[5], history[-1]
    for i in (0, 1):
        assert np.sign(start.velocity_px[i, 0]) == np.sign(end.velocity_px[i, 0])


def test_a_queue_of_close_vehicles_is_not_mixed_up():
    seconds = np.arange(24) * RATE_S
    feet = np.stack([straight((100 + 70 * k, 400), (100, 0), seconds) for k in range(5)], axis=1)
    history = follow([detections(boxes_at(row)) for row in feet])
    assert all_ids(history) == {1, 2, 3, 4, 5}
    first, last = history[4], history[-1]
    np.testing.assert_array_equal(np.argsort(first.foot[:, 0]), np.argsort(last.foot[:, 0]))


def test_weak_detections_keep_a_track_alive_but_give_no_identity_by_themselves():
    feet = straight((200, 400), (60, 0), np.arange(30) * RATE_S)
    tables = [detections(boxes_at(foot), 0.9 if i < 5 else 0.12) for i, foot in enumerate(feet)]
    history = follow(tables)
    assert all_ids(history) == {1}
    assert history[-1].seen.all()
    assert not all_ids(follow([detections(boxes_at(foot), 0.2) for foot in feet[:10]]))


def test_a_late_confirmed_track_remembers_its_dim_beginning():
    feet = straight((200, 400), (60, 0), np.arange(12) * RATE_S)
    tables = [detections(boxes_at(foot), 0.15 if i < 7 else 0.9) for i, foot in enumerate(feet)]
    tracker = Tracker(WIDTH, HEIGHT)
    for i, table in enumerate(tables):
        tracks = tracker.step(table, i * RATE_S)
        if len(tracker.fresh):
            break
    assert tracks.age_s[0] == pytest.approx(i * RATE_S)
    trail = tracker.trails(tracker.fresh)
    known = np.isfinite(trail.video_s[0])
    np.testing.assert_allclose(trail.foot[0][known], feet[: i + 1], atol=1e-3)


def test_the_class_is_voted_over_the_track():
    feet = straight((200, 400), (60, 0), np.arange(12) * RATE_S)
    wrong = {3, 6, 9}
    tables = [detections(boxes_at(foot), class_id=BUS if i in wrong else TRUCK) for i, foot in enumerate(feet)]
    history = follow(tables)
    assert all_ids(history) == {1}
    assert {int(tracks.class_id[0]) for tracks in history[4:]} == {TRUCK}


def test_a_second_box_on_a_vehicle_makes_no_second_track():
    feet = straight((200, 400), (60, 0), np.arange(20) * RATE_S)
    tables = [
        both(
            detections(boxes_at(foot)),
            detections(boxes_at(foot, (60, 34)), 0.6, BUS),
            detections(boxes_at(foot, (30, 20)), 0.3),
        )
        for foot in feet
    ]
    assert all_ids(follow(tables)) == {1}


def test_a_cyclist_is_one_road_user_and_a_walker_stays_another():
    seconds = np.arange(12) * RATE_S
    ride = straight((200, 400), (60, 0), seconds)
    tables = []
    for x, y in ride:
        machine = detections([(x - 25, y - 40, x + 25, y)], 0.8, BICYCLE)
        rider = detections([(x - 12, y - 75, x + 12, y - 5)], 0.9, PERSON)
        walker = detections([(700, 330, 720, 400)], 0.9, PERSON)
        tables.append(both(machine, rider, walker))
    last = follow(tables)[-1]
    assert sorted(last.class_id.tolist()) == [PERSON, BICYCLE]
    cyclist = last.box[last.class_id == BICYCLE][0]
    x, y = ride[-1]
    np.testing.assert_allclose(cyclist, (x - 25, y - 75, x + 25, y))


def test_a_person_beside_a_parked_motorcycle_is_seen():
    scene = both(
        detections([(100, 300, 160, 350)], 0.9, MOTORCYCLE), detections([(120, 290, 140, 362)], 0.9, PERSON)
    )  # feet nearer than the wheels
    assert sorted(follow([scene] * 6)[-1].class_id.tolist()) == [PERSON, MOTORCYCLE]


def test_a_vehicle_that_leaves_the_picture_ends():
    feet = straight((1100, 400), (300, 0), np.arange(8) * RATE_S)
    tables = [detections(np.clip(boxes_at(foot), 0, [1280, 720, 1280, 720])) for foot in feet if foot[0] < 1290]
    history = follow(tables + [Detections.empty()] * 6)
    assert len(history[-1]) == 0


def test_a_long_break_of_the_stream_ends_every_track():
    feet = straight((200, 400), (60, 0), np.arange(8) * RATE_S)
    tables = [detections(boxes_at(foot)) for foot in feet]
    seconds = np.arange(8) * RATE_S
    history = follow(tables * 2, np.concatenate((seconds, seconds + 600)))
    assert all_ids(history) == {1, 2}


def test_time_must_go_forward():
    tracker = Tracker(WIDTH, HEIGHT)
    tracker.step(Detections.empty(), 1.0)
    with pytest.raises(ValueError, match="forward"):
        tracker.step(Detections.empty(), 1.0)


def test_ids_start_where_they_are_told():
    feet = straight((200, 400), (60, 0), np.arange(6) * RATE_S)
    tracker = Tracker(WIDTH, HEIGHT, first_id=41)
    assert all_ids(follow([detections(boxes_at(foot)) for foot in feet], tracker=tracker)) == {41}
    assert tracker.next_id == 42


coordinate = st.floats(-20, 1300)
one_box = st.tuples(
    coordinate, coordinate, st.floats(-5, 300), st.floats(-5, 300), st.floats(0.01, 1), st.integers(0, 5)
)


@st.composite
def worlds(draw):
    tables = []
    for _ in range(draw(st.integers(1, 12))):
        rows = draw(st.lists(one_box, max_size=8))
        box = np.array([(x, y, x + w, y + h) for x, y, w, h, _, _ in rows], np.float32).reshape(-1, 4)
        score = np.array([row[4] for row in rows], np.float32)
        tables.append(Detections(box, score, np.array([row[5] for row in rows], np.int16)))
    return tables


@settings(max_examples=60, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_whatever_comes_ids_are_unique_numbers_finite_and_order_plays_no_part(tables, random):
    seconds = np.cumsum([random.uniform(0.02, 1.0) for _ in tables])
    history = follow(tables, seconds)
    shuffled = []
    for table in tables:
        order = list(range(len(table)))
        random.shuffle(order)
        shuffled.append(table.where(np.array(order, np.intp)))
    alive: set[int] = set()
    ended: set[int] = set()
    for tracks, other in zip(history, follow(shuffled, seconds), strict=True):
        now = set(tracks.id.tolist())
        assert len(now) == len(tracks)
        assert tracks.id.tolist() == sorted(now)
        assert not now & ended
        ended |= alive - now
        alive = now
        for values in (tracks.box, tracks.velocity_px, tracks.score, tracks.age_s):
            assert np.isfinite(values).all()
        np.testing.assert_array_equal(tracks.id, other.id)
        np.testing.assert_array_equal(tracks.box, other.box)


def test_detections_that_are_not_finite_are_left_out():
    table = detections(np.array([[np.nan, 0, 10, 10], [0, 0, np.inf, 10]], np.float32))
    assert all(len(tracks) == 0 for tracks in follow([table] * 6))


def test_who_comes_the_other_way_out_of_an_occlusion_is_somebody_else():
    # One drives right and vanishes; where it should be, another appears and drives left.
    right = straight((200, 400), (120, 0), np.arange(12) * RATE_S)
    left = straight((460, 405), (-120, 0), np.arange(12) * RATE_S)
    tables = [detections(boxes_at(foot)) for foot in right] + [Detections.empty()] * 5
    tables += [detections(boxes_at(foot)) for foot in left]
    history = follow(tables)
    assert all_ids(history) == {1, 2}
    assert history[-1].id.tolist() == [2]
    assert history[-1].age_s[0] == pytest.approx(11 * RATE_S)


def test_who_goes_on_the_same_way_after_an_occlusion_is_the_same():
    feet = straight((200, 400), (120, 0), np.arange(30) * RATE_S)
    tables = [Detections.empty() if 12 <= i < 17 else detections(boxes_at(f)) for i, f in enumerate(feet)]
    assert all_ids(follow(tables)) == {1}
