from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.card import WEIGHTS, load_detector_card
from models.score_plates_found import LEAST_PX, SETS, found_figures, labelled
from models.spec import spec_of
from vision.classes import PLATE_CLASSES
from vision.detector import Detector


@pytest.fixture(scope="module")
def finder() -> Detector:
    return Detector(spec_of(load_detector_card(WEIGHTS / "plates.json"), classes=PLATE_CLASSES))


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (64, 48), (333, 517)])
def test_any_picture_size_works_and_grey_shows_no_plate(finder: Detector, width: int, height: int) -> None:
    seen = finder.detect(np.full((height, width, 3), 127, np.uint8))
    assert not (seen.score >= 0.5).any()


@pytest.mark.data
@pytest.mark.parametrize(("name", "n"), [("plates_eu", 54), ("plates_kz", 47), ("plates_ru", 111)])
def test_the_labels_of_a_set_are_read_as_boxes(shared_data: Path, name: str, n: int) -> None:
    found = labelled(shared_data, name)
    assert sum(len(boxes) for boxes in found.values()) == n
    assert all((boxes[:, 2:] > boxes[:, :2]).all() for boxes in found.values())
    assert all(file.name.startswith(SETS[name][1]) for file in found)


@pytest.mark.data
def test_plates_of_three_countries_never_trained_on_are_found(shared_data: Path, finder: Detector) -> None:
    hits = []
    for name in SETS:
        for file, boxes in list(labelled(shared_data, name).items())[::8]:
            picture = cv2.imread(str(file))
            assert picture is not None
            seen = finder.detect(np.asarray(picture, np.uint8), 0.5)
            middles = (seen.box[:, :2] + seen.box[:, 2:]) / 2
            for x1, y1, x2, y2 in boxes[boxes[:, 2] - boxes[:, 0] >= LEAST_PX]:
                hits.append(bool(((middles > (x1, y1)) & (middles < (x2, y2))).all(axis=1).any()))
    assert np.mean(hits) >= 0.9


def test_figures_name_their_goals_and_how_many_plates_they_speak_of(tmp_path: Path) -> None:
    for folder, beginning in SETS.values():
        (tmp_path / folder).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / folder / f"{beginning}1.png"), np.full((200, 300, 3), 127, np.uint8))
        (tmp_path / folder / "labels.csv").write_text(
            f"{beginning}1.png,10,10,80,20,A1\n{beginning}1.png,150,10,40,10,B2\n", encoding="utf-8"
        )
    figures = {row["name"]: row for row in found_figures(tmp_path)}
    kz = figures["plates_kz found at IoU 0.5"]
    assert (kz["value"], kz["n"], kz["goal"], kz["at_most"]) == (0.0, 1, 0.97, False)  # the small one does not count
    assert figures["EU, KZ and RU photographs found at IoU 0.5"]["n"] == 3
