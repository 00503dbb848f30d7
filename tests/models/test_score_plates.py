"""Scores of plates read."""

import csv

import cv2
import numpy as np
import pytest

from models.score_plates import end_to_end_figures, labelled, read_figures, rendered_readings
from qyran.errors import ConfigError, MediaError
from vision.plate_reader import Calibration, Reading


class Told:
    """A reader that says what it is told, in order, and then one text for ever."""

    def __init__(self, *texts, score=0.99):
        self.texts, self.score, self.boxes = list(texts), score, []
        self.calibration = Calibration(accept=0.9)

    def read(self, picture, boxes):
        del picture
        out = []
        for box in boxes:
            self.boxes.append(box)
            text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
            out.append(Reading(text, self.score, (), (), None, (), np.zeros((4, 2), np.float32), 1, -0.1))
        return out


def photographs(folder, rows):
    for name in {row[0] for row in rows}:
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), np.zeros((100, 200, 3), np.uint8))
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


def test_reading_exactly_is_counted_by_plate(tmp_path):
    photographs(
        tmp_path / "plates_kz", [("kz_01.jpg", 10, 20, 60, 15, "123ABC02"), ("kz_01.jpg", 90, 20, 60, 15, "001KAZ01")]
    )
    reader = Told("123ABC02", "001KA201", "NONE")
    figures, misread = read_figures(reader, tmp_path, n=2)
    named = {figure["name"]: figure for figure in figures}
    assert named["plates_kz read exactly in the labelled box"] | {"name": ""} == {
        "name": "", "value": 0.5, "n": 2, "goal": 0.92, "at_most": False,
    }  # fmt: skip
    assert misread == [{"file": "kz_01.jpg", "text": "001KAZ01", "read": "001KA201", "score": 0.99}]
    assert named["photographs, wrong among the accepted"]["value"] == 0.5
    assert named["rendered Kazakhstan plates, hard, wrong among the accepted"]["value"] == 1.0
    assert reader.boxes[0].tolist() == [10, 20, 70, 35]


def test_readings_below_the_threshold_are_not_accepted(tmp_path):
    figures, _ = read_figures(Told("NONE", score=0.5), tmp_path, n=2)
    named = {figure["name"]: figure for figure in figures}
    assert named["rendered Kazakhstan plates, clean, accepted"]["value"] == 0
    assert named["rendered Kazakhstan plates, clean, wrong among the accepted"]["n"] == 0


def test_only_the_european_part_of_the_photographs_counts(tmp_path):
    photographs(tmp_path / "plates", [("us_01.jpg", 1, 2, 60, 15, "AAA111"), ("eu_01.jpg", 3, 4, 60, 15, "BB222")])
    assert [file.name for file in labelled(tmp_path / "plates", "eu_")] == ["eu_01.jpg"]


def test_a_set_without_its_pictures_is_refused(tmp_path):
    photographs(tmp_path / "plates", [("us_01.jpg", 1, 2, 60, 15, "AAA111")])
    with pytest.raises(ConfigError, match="eu_"):
        labelled(tmp_path / "plates", "eu_")


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    photographs(tmp_path / "plates_ru", [("ru_01.jpg", 1, 2, 60, 15, "A111AA77")])
    (tmp_path / "plates_ru" / "ru_01.jpg").write_bytes(b"no picture")
    with pytest.raises(MediaError, match=r"ru_01\.jpg"):
        read_figures(Told("A"), tmp_path, n=1)


def test_rendered_plates_are_given_in_boxes_that_are_a_little_off():
    reader = Told("NONE")
    results = rendered_readings(reader, "clean", 3)
    assert len(results) == 3
    assert not any(right for _, right in results)
    assert all(box[2] > box[0] and box[3] > box[1] for box in reader.boxes)


def test_a_plate_counts_where_it_is_found_and_read(tmp_path):
    photographs(tmp_path / "plates_kz", [("kz_01.jpg", 10, 20, 60, 15, "A"), ("kz_01.jpg", 90, 20, 60, 15, "A")])
    found = np.array([[11, 20, 70, 35], [130, 60, 180, 75]], np.float32)
    (figure,) = end_to_end_figures(Told("A"), tmp_path, lambda picture: found)
    assert (figure["value"], figure["n"], figure["goal"]) == (0.5, 2, 0.92)
    (figure,) = end_to_end_figures(Told("A"), tmp_path, lambda picture: np.zeros((0, 4), np.float32))
    assert figure["value"] == 0
