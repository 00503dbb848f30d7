"""The shipped plate reader."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.plates.open_reader import open_reader
from models.plates.rendered_test import rendered
from models.score_plates import labelled, rendered_readings

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def reader():
    return open_reader()


def test_clean_kazakh_plates_are_read_and_nothing_accepted_is_wrong(reader):
    results = rendered_readings(reader, "clean", 40)
    assert sum(right for _, right in results) >= 38
    assert all(right for reading, right in results if reading.score >= reader.calibration.accept)
    assert sum(reading.score >= reader.calibration.accept for reading, _ in results) >= 24


def test_the_corners_of_a_turned_plate_are_found(reader):
    for seen in rendered("hard", 8, test=True):
        box = np.concatenate([seen.corners.min(0), seen.corners.max(0)])[None]
        (reading,) = reader.read(seen.picture, box)
        assert np.abs(reading.corners - seen.corners).max() < 0.06 * np.ptp(seen.corners[:, 0])


def test_a_reading_does_not_depend_on_the_other_boxes(reader):
    first, second = rendered("clean", 2, test=True)
    boxes = [np.concatenate([seen.corners.min(0), seen.corners.max(0)]) for seen in (first, second)]
    height = max(first.picture.shape[0], second.picture.shape[0])
    together = np.hstack([np.pad(s.picture, ((0, height - s.picture.shape[0]), (0, 0))) for s in (first, second)])
    shifted = boxes[1] + np.array([first.picture.shape[1], 0] * 2, np.float32)
    both = reader.read(together, np.stack([boxes[0], shifted]))
    (alone,) = reader.read(together, boxes[0][None])
    assert both[0].text == alone.text
    assert both[0].score == pytest.approx(alone.score, abs=1e-4)


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_even_picture_is_no_plate(reader, grey):
    (reading,) = reader.read(np.full((80, 240, 3), grey, np.uint8), np.array([[20, 10, 220, 60]], np.float32))
    assert reading.score < 0.5


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "plates_kz").is_dir(), reason="needs ../shared/data")
def test_photographs_of_kazakh_plates_are_read(reader):
    right, n = 0, 0
    for file, truths in labelled(DATA / "plates_kz", "kz_").items():
        boxes = np.array([box for box, _ in truths], np.float32)
        readings = reader.read(np.asarray(cv2.imread(str(file)), np.uint8), boxes)
        right += sum(reading.text == text for reading, (_, text) in zip(readings, truths, strict=True))
        n += len(truths)
    assert n == 47
    assert right / n >= 0.92
