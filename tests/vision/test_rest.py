from __future__ import annotations

import numpy as np
import pytest

from tests.vision.worlds import boxes_at, detections, straight
from vision.classes import BUS, CAR, MOTORCYCLE, PERSON
from vision.rest import coming_to_light, has_left, only_part, places_of_rest
from vision.tracker import Tracker
from vision.trail import Trails
from vision.types import Detections

RATE_S = 0.125
PLACE = np.array([[100.0, 100.0, 180.0, 150.0]])
NOWHERE = np.full((1, 4), np.nan)


def trails(boxes, rate_s=RATE_S) -> tuple[Trails, float]:
    out = Trails.empty(1)
    for i, box in enumerate(boxes):
        out.add(np.array([0]), i * rate_s, np.asarray(box, np.float32).reshape(1, 4))
    return out, (len(boxes) - 1) * rate_s


@pytest.mark.parametrize(
    ("box", "part", "left"),
    [
        ((100, 100, 180, 150), False, False),
        ((102, 98, 183, 152), False, False),
        ((140, 100, 180, 150), True, False),  # its front shows behind a lorry
        ((100, 100, 180, 120), True, False),
        ((140, 100, 220, 150), False, True),
        ((60, 60, 240, 200), False, True),  # something larger
        ((400, 100, 480, 150), False, True),
    ],
)
def test_a_part_of_what_rests_is_still_there_and_a_whole_box_elsewhere_has_left(box, part, left):
    boxes = np.array([box], np.float64)
    assert (only_part(boxes, PLACE).item(), has_left(boxes, PLACE).item()) == (part, left)
    assert not only_part(boxes, NOWHERE).item()
    assert not has_left(boxes, NOWHERE).item()


@pytest.mark.parametrize(
    ("boxes", "rests"),
    [
        ([PLACE[0]] * 13, True),
        ([PLACE[0] + 3 * (-1) ** i for i in range(13)], True),
        ([PLACE[0]] * 3, False),  # too few looks
        ([PLACE[0] + 2 * i for i in range(13)], False),  # creeps
    ],
)
def test_what_stood_still_for_a_while_rests(boxes, rests):
    kept, now_s = trails(boxes)
    rows, places = places_of_rest(kept, np.array([0]), now_s)
    assert rows.tolist() == ([0] if rests else [])
    if rests:
        np.testing.assert_allclose(places, PLACE, atol=3.0)


def test_a_parked_row_keeps_its_identities_behind_a_lorry_that_passes():
    parked = boxes_at([(400, 400), (500, 400), (600, 400)])
    tracker, ids = Tracker(1280, 720), []
    for i in range(80):
        lorry = 250 + 25 * (i - 24)  # right edge; hides what it covers, cuts what it covers in part
        seen = []
        for box in parked:
            left, right = (box[0], box[2]) if lorry < box[0] else (max(box[0], lorry), box[2])
            if lorry - 300 > box[0]:
                left, right = box[0], min(box[2], lorry - 300)
            if right - left > 15:
                seen.append((left, box[1], right, box[3]))
        tracks = tracker.step(detections(np.array(seen)) if seen else Detections.empty(), i * RATE_S)
        ids.append(set(tracks.id.tolist()))
    assert set.union(*ids) == {1, 2, 3}
    np.testing.assert_allclose(np.sort(tracks.foot[:, 0]), [400, 500, 600], atol=2)


def test_a_parked_car_that_drives_off_keeps_its_identity():
    feet = np.concatenate((np.tile((400.0, 400.0), (24, 1)), straight((400, 400), (90, 0), np.arange(24) * RATE_S)))
    tracker = Tracker(1280, 720)
    history = [tracker.step(detections(boxes_at(foot)), i * RATE_S) for i, foot in enumerate(feet)]
    assert {int(i) for tracks in history for i in tracks.id} == {1}
    np.testing.assert_allclose(history[-1].foot[0], feet[-1], atol=1)
    assert history[-1].velocity_px[0, 0] == pytest.approx(90, rel=0.1)


@pytest.mark.parametrize(
    ("box", "class_id", "fits"),
    [
        ((160, 100, 180, 150), CAR, True),  # its front third comes to light
        ((100, 102, 130, 149), BUS, True),
        ((100, 130, 180, 150), CAR, True),  # uncovered from below
        ((160, 100, 180, 150), PERSON, False),
        ((130, 110, 150, 150), CAR, False),  # something that stands before it
        ((160, 100, 240, 150), CAR, False),  # reaches beyond the place
        ((100, 100, 180, 150), CAR, False),  # all of it: overlap says so
    ],
)
def test_a_part_that_is_uncovered_belongs_to_what_rested_there(box, class_id, fits):
    seen = detections(np.array([box], np.float64), 0.8, class_id)
    likely = coming_to_light(PLACE, np.array([CAR], np.int16), seen)
    assert likely.shape == (1, 1)
    assert (likely > 0).item() == fits
    assert not coming_to_light(NOWHERE, np.array([CAR], np.int16), seen).any()


def test_a_parked_car_uncovered_bit_by_bit_keeps_its_identity():
    tracker = Tracker(1280, 720)
    whole = boxes_at((400, 400), (90, 60))
    for i in range(24):
        tracker.step(detections(whole), i * RATE_S)
    for i in range(24, 36):  # a bus hides all of it
        tracker.step(Detections.empty(), i * RATE_S)
    for i, share in enumerate((0.2, 0.4, 0.6, 0.8, 1.0)):
        part = whole.copy()
        part[:, 0] = part[:, 2] - share * 90
        tracks = tracker.step(detections(part), (36 + i) * RATE_S)
        assert tracks.id[tracks.seen].tolist() == [1]


@pytest.mark.parametrize("class_id", [PERSON, MOTORCYCLE])
@pytest.mark.parametrize(("score", "seen"), [(0.35, False), (0.8, True)])
def test_somebody_dim_who_never_moves_is_not_said_to_be_seen(score, seen, class_id):
    sign = detections(boxes_at((400, 400), (20, 60)), score, class_id)
    sure = detections(boxes_at((400, 400), (20, 60)), 0.6, class_id)
    tracker = Tracker(1280, 720)
    for i in range(60):
        tracks = tracker.step(sure if i % 12 == 0 else sign, i * RATE_S)
    assert tracks.seen.tolist() == [seen]


def test_a_dim_person_who_sets_out_is_seen_again():
    feet = np.concatenate((np.tile((400.0, 400.0), (40, 1)), straight((400, 400), (40, 0), np.arange(12) * RATE_S)))
    tracker = Tracker(1280, 720)
    for i, foot in enumerate(feet):
        score = 0.6 if i % 12 == 0 else 0.4
        tracks = tracker.step(detections(boxes_at(foot, (20, 60)), score, PERSON), i * RATE_S)
    assert tracks.seen.all()
