from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.card import WEIGHTS, file_sha256, load_card, load_crop_card, load_detector_card
from models.cards import CARDS, main
from models.spec import spec_of
from qyran.errors import ConfigError
from vision.classes import FIRE_CLASSES, ROAD_CLASSES
from vision.letterbox import PLAIN

GOOD = {
    "name": "road",
    "version": "1",
    "file": "road.onnx",
    "sha256": "",
    "task": "detect",
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


WRONG = {
    "no classes": ({"classes": None}, "classes: the field is required and absent"),
    "an empty list of classes": ({"classes": []}, "classes: must be a list of names"),
    "a class twice": ({"classes": ["car", "car"]}, "each name must stand once"),
    "an unknown class": ({"classes": ["car", "lorry"]}, "Qyran does not know the class 'lorry'"),
    "a class turned into an unknown one": ({"classes_as": {"car": "lorry"}}, "Qyran does not know the class 'lorry'"),
    "a class the model does not have": ({"classes_as": {"lorry": "truck"}}, "the model has no class 'lorry'"),
    "no class kept": ({"classes_as": {}}, "at least one class must be kept"),
    "no threshold for a class": ({"threshold": {"car": 0.25}}, "the class 'bus' has none"),
    "a threshold for another class": ({"threshold": {"car": 0.2, "bus": 0.2, "van": 0.2}}, "finds no class 'van'"),
    "a threshold of nought": ({"threshold": {"car": 0.0, "bus": 0.3}}, "threshold.car: must lie above 0 and below 1"),
    "a threshold of one": ({"threshold": 1.0}, "threshold: must lie above 0 and below 1"),
    "a threshold in words": ({"threshold": "high"}, "threshold: must be a number"),
    "a side that is no multiple": ({"long_side": 650}, "long_side: must be a multiple of stride, 32"),
    "a side in fractions": ({"long_side": 640.5}, "long_side: must be a whole number"),
    "no stride": ({"stride": 0}, "stride: must be a whole number of at least 1"),
    "an area below one cell": ({"most_pixels": 1000}, "most_pixels: must be a whole number of at least 1024"),
    "no suppression": ({"nms_iou": 0.0}, "nms_iou: must lie above 0 and not above 1"),
    "an unknown precision": ({"precision": "fp8"}, "precision: must be one of fp32, int8-qdq"),
    "an unknown task": ({"task": "guess"}, "task: must be one of detect, read, classify"),
    "an unknown output": ({"output": "ssd"}, "output: must be one of yolo, end-to-end, yolox"),
    "an unknown colour": ({"input": {"colour": "grey"}}, "input.colour: must be one of rgb, bgr"),
    "an odd range": ({"input": {"range": 128}}, "input.range: must be 1 or 255"),
    "an unknown field of the input": ({"input": {"mean": 0.5}}, "input.mean: no such field"),
    "an unknown field": ({"treshold": 0.5}, "treshold: no such field in a model card"),
    "weights elsewhere": ({"file": "../road.onnx"}, "file: must be the plain name of a file"),
    "no hash": ({"sha256": "abc"}, "sha256: must be 64 hexadecimal digits"),
    "no name": ({"name": " "}, "name: must be a text"),
    "data without licence": ({"data": [{"name": "a"}]}, "data: must be a list of objects"),
    "metrics that are a list": ({"metrics": []}, "metrics: must be an object"),
}


@pytest.mark.parametrize(("changes", "fault"), WRONG.values(), ids=WRONG)
def test_a_wrong_card_is_one_sentence_with_its_field(card_file, changes, fault) -> None:
    with pytest.raises(ConfigError, match=r"road\.json is wrong: ") as refused:
        load_card(card_file(**changes))
    assert fault in str(refused.value)
    assert ". " not in str(refused.value)


@pytest.mark.parametrize("content", ["[]", "3", '"road"', "null"])
def test_a_card_that_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "road.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="must be an object in braces"):
        load_card(path)


def test_a_users_card_needs_four_lines(card_file) -> None:
    few = dict.fromkeys(set(GOOD) - {"name", "file", "sha256", "classes"})
    card = load_detector_card(card_file(**few))
    assert (card.task, card.output, card.long_side, card.stride, card.precision) == ("detect", "yolo", 640, 32, "fp32")
    assert card.pixels == PLAIN
    assert card.threshold == {"car": 0.25, "bus": 0.25}


def test_coco_is_a_word_for_its_eighty_classes(card_file) -> None:
    card = load_detector_card(card_file(classes="coco", threshold=0.3, output="yolox"))
    assert len(card.classes) == 80
    assert set(card.finds) == set(ROAD_CLASSES)
    assert (card.pixels.colour, card.pixels.most, card.pixels.place) == ("bgr", 255, "corner")


def test_classes_of_a_model_become_ours_and_the_others_are_dropped(card_file) -> None:
    changes = {
        "classes": ["lorry", "cat", "van", "sedan"], "classes_as": {"van": "car", "sedan": "car", "lorry": "truck"},
        "threshold": {"car": 0.3, "truck": 0.4},
    }  # fmt: skip
    card = load_detector_card(card_file(**changes))
    assert card.finds == ("truck", "car")
    spec = spec_of(card, classes=ROAD_CLASSES)
    named = [None if index < 0 else ROAD_CLASSES[index] for index in spec.channels]
    assert named == ["truck", None, "car", "car"]
    assert spec.thresholds[ROAD_CLASSES.index("truck")] == 0.4
    assert spec_of(card).channels == (0, -1, 1, 1)


READER = {
    "task": "read", "classes": list("ABC019"), "input": {"width": 160, "height": 32, "channels": 1},
    "settings": {"accept": 0.9}, "long_side": None, "stride": None, "nms_iou": None, "threshold": None,
}  # fmt: skip


def test_the_card_of_a_reader_says_its_alphabet_and_its_input(card_file) -> None:
    card = load_crop_card(card_file(**READER), "read")
    assert card.classes == tuple("ABC019")
    assert (card.width, card.height, card.channels) == (160, 32, 1)
    assert card.settings == {"accept": 0.9}


def test_a_classifier_may_answer_several_questions(card_file) -> None:
    heads = {"type": ["car", "other"], "colour": ["red", "other"]}
    card = load_crop_card(card_file(**{**READER, "task": "classify", "classes": None, "heads": heads}), "classify")
    assert card.heads == {"type": ("car", "other"), "colour": ("red", "other")}
    assert card.classes == ("type:car", "type:other", "colour:red", "colour:other")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"input": None}, "input: the field is required"),
        ({"input": {"width": 160}}, "input.height: the field is required"),
        ({"input": {"width": 160, "height": 32, "channels": 2}}, "input.channels: must be 1 (grey) or 3"),
        ({"settings": {"accept": "high"}}, "settings.accept: must be a number"),
        ({"stride": 32}, "stride: no such field"),
    ],
)
def test_a_wrong_card_of_a_reader_is_named(card_file, changes, fault) -> None:
    with pytest.raises(ConfigError) as refused:
        load_card(card_file(**{**READER, **changes}))
    assert fault in str(refused.value)


def test_a_card_of_another_task_is_refused(card_file) -> None:
    with pytest.raises(ConfigError, match="can read; a detector's is needed"):
        load_detector_card(card_file(**READER))
    with pytest.raises(ConfigError, match="can read; one that can classify is needed"):
        load_crop_card(card_file(**READER), "classify")
    with pytest.raises(ConfigError, match="can detect; one that can read is needed"):
        load_crop_card(card_file(), "read")


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
