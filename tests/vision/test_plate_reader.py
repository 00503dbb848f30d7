"""Reading plates in boxes, with a network that is played by the test."""

import numpy as np
import pytest

from qyran.errors import InputError
from vision.plate_grammar import SIGNS
from vision.plate_reader import LOOKS, Calibration, PlateReader

WHOLE = [0.03, 0.06, 0.97, 0.06, 0.97, 0.94, 0.03, 0.94]


class Played:
    """An engine that says a text in every crop; a plate of two lines says it only in unrolled crops."""

    batch = None
    input_size = (192, 48)

    def __init__(self, text, corners=WHOLE, *, lines=1, sure=9.0):
        self.text, self.corners, self.lines, self.sure, self.calls = text, corners, lines, sure, []

    def run(self, blob):
        self.calls.append(blob.shape)
        out = np.zeros((len(blob), 49, 37), np.float32)
        out[:, :48, 0] = self.sure
        if len(self.calls) > 1:
            places = np.linspace(2, 45, len(self.text)).round().astype(int)
            say = [i for i in range(len(blob)) if self.lines == 1 or i % (2 * len(LOOKS)) >= len(LOOKS)]
            for i in say:
                for place, sign in zip(places, self.text, strict=True):
                    out[i, place, 0] = 0
                    out[i, place, SIGNS.index(sign) + 1] = self.sure
        out[:, 48, :8] = self.corners
        return out


def picture(width=640, height=360):
    return np.random.default_rng(3).integers(0, 255, (height, width, 3)).astype(np.uint8)


def test_every_box_gets_its_reading():
    engine = Played("123ABC02")
    readings = PlateReader(engine).read(picture(), np.array([[100, 100, 240, 130], [300, 200, 440, 230]], np.float32))
    assert [reading.text for reading in readings] == ["123ABC02", "123ABC02"]
    assert [call[0] for call in engine.calls] == [2, 2 * len(LOOKS)]
    for reading in readings:
        assert reading.form == "kz"
        assert reading.lines == 1
        assert reading.uncertain == ()
        assert len(reading.confidence) == 8
        assert reading.candidates[0][0] == "123ABC02"
        assert 0.9 < reading.score <= 1


def test_a_picture_without_boxes_has_no_readings():
    assert PlateReader(Played("1")).read(picture(), np.zeros((0, 4), np.float32)) == []


def test_a_squarish_plate_is_read_as_one_line_and_as_two():
    engine = Played("123ABC02", lines=2)
    (reading,) = PlateReader(engine).read(picture(), np.array([[100, 100, 200, 170]], np.float32))
    assert reading.text == "123ABC02"
    assert reading.lines == 2
    assert engine.calls[1][0] == 2 * len(LOOKS)


def test_the_corners_the_network_finds_are_given_in_pixels_of_the_picture():
    (reading,) = PlateReader(Played("123ABC02")).read(picture(), np.array([[100, 100, 240, 130]], np.float32))
    assert reading.corners[0] == pytest.approx([100, 100], abs=1.5)
    assert reading.corners[2] == pytest.approx([240, 130], abs=1.5)


@pytest.mark.parametrize("corners", [[0.0] * 8, [0.5] * 8, [1, 0, 0, 0, 1, 1, 0, 1], [0, 0, 5, 0, 5, 5, 0, 5]])
def test_corners_that_make_no_sense_give_way_to_the_box(corners):
    (reading,) = PlateReader(Played("123ABC02", corners)).read(picture(), np.array([[100, 100, 240, 130]], np.float32))
    assert reading.corners == pytest.approx(np.array([[100, 100], [240, 100], [240, 130], [100, 130]]), abs=1e-3)


def test_corners_known_already_are_used():
    known = np.array([[[102, 103], [238, 99], [239, 128], [103, 131]]], np.float32)
    (reading,) = PlateReader(Played("123ABC02")).read(picture(), np.array([[100, 100, 240, 130]], np.float32), known)
    assert reading.corners == pytest.approx(known[0], abs=1e-3)


def test_where_nothing_can_be_read_the_text_is_empty_and_worth_nothing():
    (reading,) = PlateReader(Played("", sure=80.0)).read(picture(), np.array([[100, 100, 240, 130]], np.float32))
    assert (reading.text, reading.score, reading.candidates) == ("", 0.0, ())


@pytest.mark.parametrize("box", [(0, 0, 3, 2), (-40, -40, -5, -10), (630, 350, 700, 400), (50, 50, 50, 50)])
def test_odd_boxes_are_read_too(box):
    (reading,) = PlateReader(Played("123ABC02")).read(picture(), np.array([box], np.float32))
    assert reading.text == "123ABC02"


@pytest.mark.parametrize("shape", [(4,), (1, 5), (1, 1, 4)])
def test_boxes_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match="boxes"):
        PlateReader(Played("1")).read(picture(), np.zeros(shape, np.float32))


def test_a_network_of_other_classes_is_refused():
    engine = Played("1")
    engine.run = lambda blob: np.zeros((len(blob), 49, 12), np.float32)
    with pytest.raises(InputError, match="weights"):
        PlateReader(engine).read(picture(), np.array([[0, 0, 50, 20]], np.float32))


def test_calibration_takes_its_numbers_from_a_card():
    calibration = Calibration.of_settings({"bias": -1.0, "share": 0.5, "accept": 0.97, "else": 3.0})
    assert calibration == Calibration(bias=-1.0, share=0.5, likelihood=0.0, accept=0.97)
