from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest

from models.plates.draw import draw_plate

KEYS = {"class", "score", "box", "text", "text_score", "uncertain"}


@pytest.fixture(scope="module")
def parked(tmp_path_factory):
    """A dark rear with a plate 180 pixels wide, and where the plate is."""
    plate = draw_plate(np.random.default_rng(5), "kz", own_face=True)
    picture = np.full((360, 520, 3), 60, np.uint8)
    cv2.rectangle(picture, (60, 60), (460, 320), (40, 42, 48), -1)
    cv2.rectangle(picture, (110, 80), (410, 170), (25, 25, 28), -1)
    wide, tall = 180, round(180 * plate.picture.shape[0] / plate.picture.shape[1])
    picture[230 : 230 + tall, 170 : 170 + wide] = cv2.resize(plate.picture, (wide, tall), interpolation=cv2.INTER_AREA)
    path = tmp_path_factory.mktemp("plates") / "parked.png"
    cv2.imwrite(str(path), cv2.GaussianBlur(picture, (0, 0), 0.6))
    return path, (170, 230, 170 + wide, 230 + tall)


def test_plates_come_with_what_they_say(qyran, parked, tmp_path):
    path, (x1, y1, x2, y2) = parked
    empty = tmp_path / "grey.png"
    cv2.imwrite(str(empty), np.full((200, 300, 3), 127, np.uint8))
    items = json.loads(qyran("detect", "--task", "plates", path, empty).out)
    assert [(item["file"], item["width"], item["height"]) for item in items] == [
        (str(path), 520, 360), (str(empty), 300, 200),
    ]  # fmt: skip
    seen = items[0]["detections"]
    assert seen
    assert all(set(one) == KEYS and one["class"] == "plate" for one in seen)
    assert [one["score"] for one in seen] == sorted((one["score"] for one in seen), reverse=True)
    for one in seen:
        assert 0.01 <= one["score"] <= 1
        assert 0 <= one["text_score"] <= 1
        assert re.fullmatch("[A-Z0-9]*", one["text"])
        assert all(0 <= place < len(one["text"]) for place in one["uncertain"])
        assert 0 <= one["box"][0] < one["box"][2] <= 520
        assert 0 <= one["box"][1] < one["box"][3] <= 360
    best = seen[0]
    assert best["score"] >= 0.5
    assert best["box"] == pytest.approx([x1, y1, x2, y2], abs=12)
    assert 6 <= len(best["text"]) <= 9
    assert not [one for one in items[1]["detections"] if one["score"] >= 0.5]


def test_the_same_picture_gives_the_same_answer(qyran, parked):
    path, _ = parked
    first, second = (qyran("detect", "--task", "plates", path).out for _ in range(2))
    assert first == second
