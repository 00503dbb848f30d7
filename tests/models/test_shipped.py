from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.ap import curve
from models.card import WEIGHTS, ModelCard, load_card
from models.data.fire import REMAP
from models.data.plain import draw
from models.data.records import array, read_yolo, size_of
from models.data.road import MORE_REMAP
from models.look import as_rows
from vision.classes import CAR, FIRE, PERSON, SMOKE
from vision.detector import Detector, DetectorSpec


def detector(card: ModelCard) -> Detector:
    spec = DetectorSpec(
        weights=card.path, classes=card.classes, long_side=card.long_side, stride=card.stride,
        thresholds=tuple(card.threshold[name] for name in card.classes), nms_iou=card.nms_iou, sha256=card.sha256,
    )  # fmt: skip
    return Detector(spec)


@pytest.fixture(scope="module")
def road() -> Detector:
    return detector(load_card(WEIGHTS / "road.json"))


@pytest.fixture(scope="module")
def fire() -> Detector:
    return detector(load_card(WEIGHTS / "fire.json"))


def ap(eye: Detector, files: list[tuple[Path, Path]], remap: dict[int, int], class_id: int) -> float:
    found, truth = [], []
    for picture, label in files:
        found.append(as_rows(eye.detect(np.asarray(cv2.imread(str(picture)), np.uint8))))
        truth.append(read_yolo(label, *size_of(picture), remap)[0])
    return curve(found, truth, [array([])] * len(found), class_id).ap


@pytest.mark.parametrize("name", ["road", "fire"])
def test_a_tiny_crop_gives_boxes_inside_it(request, name: str) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    seen = request.getfixturevalue(name).detect(picture)
    assert ((seen.box >= 0) & (seen.box <= (64, 48, 64, 48))).all()


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (640, 352), (333, 517)])
@pytest.mark.parametrize("name", ["road", "fire"])
def test_any_picture_size_works_and_grey_shows_nothing(request, name: str, width: int, height: int) -> None:
    seen = request.getfixturevalue(name).detect(np.full((height, width, 3), 127, np.uint8))
    assert not (seen.score >= 0.5).any()


def test_bare_asphalt_and_covered_lenses_are_no_smoke(fire: Detector) -> None:
    pictures = [draw(np.random.default_rng((99, number))) for number in range(20)]
    assert not [number for number, picture in enumerate(pictures) if (fire.detect(picture).score >= 0.5).any()]


@pytest.mark.data
@pytest.mark.parametrize(("class_id", "floor"), [(CAR, 0.6), (PERSON, 0.4)])
def test_road_finds_cars_and_people_on_cameras_it_never_saw(
    road: Detector, shared_data: Path, class_id: int, floor: float
) -> None:
    folder = shared_data / "road_more"
    lines = (line.split("\t")[:2] for line in (folder / "split.tsv").read_text(encoding="utf-8").splitlines())
    names = [name for name, split in lines if split == "val" and name.startswith("manaus")]
    files = [(folder / name, folder / "manaus_cctv" / "labels" / f"{Path(name).stem}.txt") for name in names]
    assert ap(road, files, MORE_REMAP, class_id) > floor


@pytest.mark.data
@pytest.mark.parametrize(("class_id", "floor"), [(FIRE, 0.3), (SMOKE, 0.3)])
def test_fire_finds_flames_and_smoke_on_clips_it_never_saw(
    fire: Detector, shared_data: Path, class_id: int, floor: float
) -> None:
    folder = shared_data / "fire" / "val"
    files = [(path, folder / "labels" / f"{path.stem}.txt") for path in sorted((folder / "images").iterdir())]
    assert ap(fire, files, REMAP, class_id) > floor


@pytest.mark.data
def test_fire_keeps_quiet_on_streets_without_fire(fire: Detector, shared_data: Path) -> None:
    files = sorted((shared_data / "fire_more" / "neg_cis_cars" / "images").iterdir())[:60]
    alarms = sum(bool((fire.detect(np.asarray(cv2.imread(str(path)), np.uint8)).score >= 0.5).any()) for path in files)
    assert alarms <= len(files) * 0.1
