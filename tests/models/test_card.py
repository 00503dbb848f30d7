from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.card import WEIGHTS, file_sha256, load_card
from models.cards import CARDS, main
from qyran.errors import ConfigError
from vision.classes import FIRE_CLASSES, ROAD_CLASSES

GOOD = {
    "name": "road",
    "version": "1",
    "file": "road.onnx",
    "sha256": "",
    "classes": ["car", "bus"],
    "long_side": 640,
    "stride": 32,
    "nms_iou": 0.6,
    "threshold": {"car": 0.25, "bus": 0.3},
    "precision": "fp32",
    "metrics": {},
    "data": [{"name": "a", "source": "b", "licence": "c", "attribution": "d", "used_for": "training", "n": 3}],
    "licence": "AGPL-3.0",
    "made_by": "python -m models.train road",
}


@pytest.fixture
def card_file(tmp_path: Path):
    def write(**changes: object) -> Path:
        (tmp_path / "road.onnx").write_bytes(b"weights")
        raw = {**GOOD, "sha256": file_sha256(tmp_path / "road.onnx"), **changes}
        raw = {key: value for key, value in raw.items() if value is not None}
        path = tmp_path / "road.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        return path

    return write


def test_card_is_read_whole(card_file) -> None:
    card = load_card(card_file())
    assert card.classes == ("car", "bus")
    assert card.threshold == {"car": 0.25, "bus": 0.3}
    assert card.data[0].licence == "c"
    assert card.path.read_bytes() == b"weights"


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": None},
        {"classes": []},
        {"classes": ["car", "car"]},
        {"threshold": {"car": 0.25}},
        {"threshold": {"car": 0.0, "bus": 0.3}},
        {"threshold": {"car": 1.0, "bus": 0.3}},
        {"long_side": 650},
        {"stride": 0},
        {"nms_iou": 0.0},
        {"precision": "fp8"},
        {"file": "../road.onnx"},
        {"data": [{"name": "a"}]},
    ],
)
def test_wrong_card_is_refused(card_file, changes) -> None:
    with pytest.raises(ConfigError, match=r"road\.json"):
        load_card(card_file(**changes))


def test_missing_card_and_missing_weights_are_named(card_file, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json"):
        load_card(tmp_path / "none.json")
    path = card_file()
    (tmp_path / "road.onnx").unlink()
    with pytest.raises(ConfigError, match=r"road\.onnx"):
        load_card(path)


def test_other_weights_than_the_card_says_are_refused(card_file, tmp_path: Path) -> None:
    path = card_file()
    (tmp_path / "road.onnx").write_bytes(b"weightz")
    with pytest.raises(ConfigError, match=r"road\.onnx"):
        load_card(path)
    assert load_card(path, verify=False).name == "road"


def test_text_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "road.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="JSON"):
        load_card(path)


@pytest.mark.parametrize(("name", "classes"), [("road", ROAD_CLASSES), ("fire", FIRE_CLASSES)])
def test_shipped_weights_are_those_of_their_card(name: str, classes: tuple[str, ...]) -> None:
    card = load_card(WEIGHTS / f"{name}.json")
    assert card.name == name
    assert card.classes == classes
    assert card.licence == "AGPL-3.0"
    assert card.data, "every data set behind shipped weights is named"
    assert all(source.licence and source.attribution and source.n > 0 for source in card.data)


@pytest.mark.parametrize("name", ["road", "fire"])
def test_evaluation_only_sets_are_not_trained_on(name: str) -> None:
    card = load_card(WEIGHTS / f"{name}.json")
    for source in card.data:
        if source.name in {"neg_cis_cars", "plates_kz", "plates_ru"}:
            assert "training" not in source.used_for


def test_written_cards_follow_the_machine_cards() -> None:
    assert main(["--check"]) == 0
    assert (CARDS / "road.md").is_file()
