"""`qyran models`, and models of the user's own wherever a command takes one."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import service.model_room as room
from models.card import file_sha256
from models.data.records import Record, array
from tests.vision import tiny_onnx

SIDE = 64


def yolo(classes: int = 1, box: tuple[float, ...] = (32, 32, 20, 20)) -> np.ndarray:
    out = np.zeros((4 + classes, 84), np.float32)
    out[:4, 0], out[4, 0] = box, 0.9
    return out


@pytest.fixture
def card(tmp_path):
    """A card of a network that sees one car in the middle of every picture."""

    def write(answer: np.ndarray | None = None, **changes: object) -> Path:
        weights = tiny_onnx.write(tmp_path / "tiny.onnx", yolo() if answer is None else answer)
        raw = {"name": "tiny", "file": weights.name, "sha256": file_sha256(weights), "classes": ["car"],
               "long_side": SIDE, **changes}  # fmt: skip
        path = tmp_path / "tiny.json"
        path.write_text(json.dumps(raw), encoding="utf-8")
        return path

    return write


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.full((SIDE, SIDE, 3), 90, np.uint8))
    return path


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


# -- a model of the user's own ---------------------------------------------------------------------------------------


def test_detect_looks_with_a_users_own_model(qyran, card, picture):
    (item,) = json.loads(qyran("detect", "--task", "road", "--model", card(), picture).out)
    (seen,) = item["detections"]
    assert (seen["class"], seen["box"]) == ("car", [22.0, 22.0, 42.0, 42.0])


def test_the_setting_names_the_model_of_the_installation(qyran, card, picture, monkeypatch):
    monkeypatch.setenv("QYRAN_ROAD_MODEL", str(card()))
    (item,) = json.loads(qyran("detect", "--task", "road", picture).out)
    assert [seen["class"] for seen in item["detections"]] == ["car"]


def test_an_installed_model_is_called_by_its_name(qyran, card, picture, home):
    assert qyran("models", "pull", card()).code == 0
    (item,) = json.loads(qyran("detect", "--task", "road", "--model", "tiny", picture).out)
    assert len(item["detections"]) == 1
    assert "tiny" in qyran("models", "list").out
    assert (home / "models" / "tiny.json").is_file()


def test_analyse_watches_with_a_users_own_model(qyran, card, clip, camera, tmp_path):
    out = tmp_path / "out"
    assert qyran("analyse", clip, "--camera", camera, "--out", out, "--road-model", card()).code == 0
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["models"]["road"] == file_sha256(tmp_path / "tiny.onnx")


BAD = {
    "no card": (lambda card: card().with_name("absent.json"), "absent.json cannot be read"),
    "no such name": (lambda card: "roda", "There is no model 'roda'"),
    "an unknown class": (lambda card: card(classes=["lion"]), "Qyran does not know the class 'lion'"),
    "another hash": (lambda card: card(sha256="0" * 64), "are not those of their card"),
    "another number of classes": (lambda card: card(answer=yolo(3)), "does not fit 1 classes"),
    "another kind of output": (lambda card: card(output="end-to-end"), "does not fit 1 classes of the output kind"),
    "no scores": (lambda card: card(answer=5 * yolo()), "is no score between 0 and 1"),
    "classes of another place": (lambda card: card(classes=["fire"]), "it must find some of person, bicycle"),
    "an engine that is not known": (lambda card: card(), "The engine 'quantum' is unknown"),
}


@pytest.mark.parametrize(("make", "fault"), BAD.values(), ids=BAD)
def test_a_model_that_cannot_be_used_is_one_sentence(make, fault, qyran, card, picture):
    words = ("--engine", "quantum") if "quantum" in fault else ()
    qyran("detect", "--task", "road", "--model", make(card), *words, picture).refused(fault)


def test_a_broken_model_is_one_sentence(qyran, card, picture, tmp_path):
    path = card()
    (tmp_path / "tiny.onnx").write_bytes(b"no model")
    raw = json.loads(path.read_text(encoding="utf-8")) | {"sha256": file_sha256(tmp_path / "tiny.onnx")}
    path.write_text(json.dumps(raw), encoding="utf-8")
    qyran("detect", "--task", "road", "--model", path, picture).refused(
        "tiny.onnx are no ONNX model that can be loaded"
    )


def test_signal_heads_take_no_model(qyran, card, picture):
    qyran("detect", "--task", "signal", "--model", card(), picture).refused("The task signal takes no --model")


# -- the room --------------------------------------------------------------------------------------------------------


def test_the_list_shows_every_shipped_model_with_its_hash(qyran):
    rows = {row["name"]: row for row in json.loads(qyran("models", "list", "--json").out)}
    assert {"road", "fire"} <= set(rows)
    assert all(row["hash_ok"] and row["fault"] is None for row in rows.values())
    text = qyran("models", "list").out.splitlines()
    assert text[0].split()[:4] == ["NAME", "VERSION", "TASK", "CLASSES"]
    assert len(text) == len(rows) + 1


def test_the_list_names_what_is_wrong_with_an_installed_model(qyran, card, home):
    qyran("models", "pull", card())
    (weights,) = (home / "models").glob("*.onnx")
    weights.write_bytes(b"other")
    (home / "models" / "odd.json").write_text("{", encoding="utf-8")
    rows = {row["name"]: row for row in json.loads(qyran("models", "list", "--json").out)}
    assert "are not those of the card" in rows["tiny"]["fault"]
    assert "is no JSON" in rows["odd"]["fault"]
    assert qyran("models", "list").out.count("wrong") == 2


@pytest.fixture
def held_out(monkeypatch, tmp_path, picture) -> Path:
    """A data folder with one picture that shows a car where the tiny network sees it, and a bus it does not see."""
    boxes = array([(3, 22, 22, 42, 42), (4, 0, 0, 20, 20)])
    record = Record(str(picture), "road", "val", SIDE, SIDE, boxes, array([]))
    monkeypatch.setattr("models.score_road.held_out", lambda task, data: [record])
    return tmp_path


def test_a_users_own_model_is_measured_and_reported(qyran, card, held_out, tmp_path):
    out = tmp_path / "report"
    answer = qyran("models", "evaluate", card(), "--data", held_out, "--out", out, "--no-yardsticks")
    score = json.loads(answer.out)
    figures = {row["name"]: (row["value"], row["n"]) for row in score["figures"]}
    assert figures["AP50 car"] == (1.0, 1)
    assert figures["AP50 bus"] == (0.0, 1)
    assert figures["AP50 any vehicle"] == (0.5, 2)
    assert score["machine"]
    assert "AP50 any vehicle" in (out / "report.html").read_text(encoding="utf-8")
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["mistakes"][0]["kind"] == "missed"


def test_figures_are_put_into_the_card_when_asked(qyran, card, held_out):
    path = card()
    qyran("models", "evaluate", path, "--data", held_out, "--no-yardsticks", "--write")
    figures = json.loads(path.read_text(encoding="utf-8"))["metrics"]["figures"]
    assert {"name": "AP50 bus", "value": 0.0, "n": 1, "goal": 0.65, "at_most": False} in figures


def test_yardsticks_stand_beside_a_road_model(qyran, card, held_out, monkeypatch):
    rows = [{"name": "COCO", "engine": "x", "figures": [], "time": {"ms": 1.0}}]
    monkeypatch.setattr(room, "_yardsticks", lambda data, weights, threads: rows)
    assert json.loads(qyran("models", "evaluate", card(), "--data", held_out).out)["yardsticks"] == rows


def test_data_that_are_not_there_are_named(qyran, card, tmp_path):
    qyran("models", "evaluate", card(), "--data", tmp_path / "absent").refused("absent does not exist")


COMMANDS = {
    "train": (("train", "road", "--fresh"), ("models.train", "road", "--fresh")),
    "train another": (("train", "plates"), ("models.plate_finder",)),
    "export a file": (("export", "/a/best.pt", "--side", "320"), ("models.export_own", "/a/best.pt", "--side", "320")),
    "export by name": (("export", "fire"), ("models.ship", "fire")),
    "quantise": (("quantise", "/a/card.json", "--out", "b"), ("models.quantise_own", "/a/card.json", "--out", "b")),
}


@pytest.mark.parametrize(("words", "behind"), COMMANDS.values(), ids=COMMANDS)
def test_the_training_environment_gets_the_words(words, behind, qyran, monkeypatch, tmp_path):
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.said"\nexit 3\n', encoding="utf-8")
    python.chmod(0o700)
    monkeypatch.setattr(room, "TRAIN_PYTHON", python)
    assert qyran("models", *words).code == 3
    assert (tmp_path / "bin" / "python.said").read_text(encoding="utf-8").split() == ["-m", *behind]


@pytest.mark.parametrize("words", [words for words, _ in COMMANDS.values()], ids=COMMANDS)
def test_without_the_training_environment_one_sentence_says_how_to_build_it(words, qyran, monkeypatch, tmp_path):
    monkeypatch.setattr(room, "TRAIN_PYTHON", tmp_path / ".venv-train" / "bin" / "python")
    qyran("models", *words).refused(".venv-train is absent; `make setup-train` builds it")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["train", "roda"], "The model 'roda' cannot be trained; give one of road"),
        (["export", "roda"], "cannot be exported by name"),
        (["quantise", "roda"], "There is no model 'roda'"),
        (["evaluate", "roda"], "There is no model 'roda'"),
        (["pull", "http://example.org/card.json"], "is not https"),
    ],
)
def test_what_is_not_there_is_named(words, fault, qyran):
    qyran("models", *words).refused(fault)


@pytest.mark.parametrize("words", [["models"], ["models", "grade"], ["models", "evaluate", "a", "--threads", "0"]])
def test_wrong_words_are_one_line(words, qyran):
    answer = qyran(*words)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
