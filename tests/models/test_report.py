from __future__ import annotations

import json
import re

import cv2
import numpy as np
import pytest

from models.card import WEIGHTS, load_card
from models.report import met, write_report
from models.report_svg import chart
from qyran.errors import InputError

FIGURES = [
    {"name": "AP50 car", "value": 0.9, "n": 12, "goal": 0.85, "at_most": False},
    {"name": "AP50 bus", "value": None, "n": 0, "goal": 0.65, "at_most": False},
    {"name": "ms", "value": 70.0, "n": 30, "goal": 60.0, "at_most": True},
]
SCORE = {
    "figures": FIGURES,
    "tables": [{"title": "By class", "head": ["class", "objects"], "rows": [["<car>", 12], ["bus", None]]}],
    "curves": [{"title": "PR", "x": "recall", "y": "precision", "lines": {"car (12)": [[0.2, 1.0], [0.8, 0.5]]}}],
    "confusion": {"classes": ["car", "nothing"], "counts": [[10, 2], [1, 0]]},
    "mistakes": [
        {"kind": "false", "file": "PLACE", "box": [5, 5, 20, 20], "text": "car where none is"},
        {"kind": "missed", "file": "gone.jpg", "box": None, "text": "bus missed"},
    ],
    "time": {"ms": 70.0},
    "yardsticks": [
        {"name": "COCO", "engine": "ONNX Runtime", "figures": [{"name": "AP50 car", "value": 0.6}],
         "time": {"ms": 50.0}}
    ],
}  # fmt: skip


@pytest.fixture
def written(tmp_path) -> tuple[str, dict]:
    data = tmp_path / "data"
    data.mkdir()
    cv2.imwrite(str(data / "a.jpg"), np.full((60, 80, 3), 90, np.uint8))
    mistakes = [{**row, "file": str(data / "a.jpg") if row["file"] == "PLACE" else row["file"]}
                for row in SCORE["mistakes"]]  # fmt: skip
    card = load_card(WEIGHTS / "road.json")
    write_report(tmp_path / "out", card, {**SCORE, "mistakes": mistakes}, {"machine": "two cores"}, data)
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json"]
    return (out / "report.html").read_text(encoding="utf-8"), json.loads((out / "report.json").read_text("utf-8"))


def test_the_page_loads_nothing_from_elsewhere(written) -> None:
    page, _ = written
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "<script" not in page


def test_the_page_shows_figures_goals_curves_confusion_and_crops(written) -> None:
    page, _ = written
    for words in ("AP50 car", "at least 0.85", "not met", "two cores", "<svg", "What was taken for what", "COCO"):
        assert words in page
    assert page.count("data:image/jpeg;base64,") == 1  # the picture that is gone is left out
    assert "&lt;car&gt;" in page


def test_the_json_names_pictures_relative_to_the_data(written) -> None:
    _, raw = written
    assert raw["mistakes"][0]["file"] == "a.jpg"
    assert raw["model"] == "road"
    assert raw["figures"] == FIGURES


@pytest.mark.parametrize(("row", "answer"), list(zip(FIGURES, [True, None, False], strict=True)))
def test_a_goal_is_met_missed_or_open(row, answer) -> None:
    assert met(row) is answer


def test_a_folder_that_cannot_be_written_is_named(tmp_path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="out cannot be written"):
        write_report(tmp_path / "out", load_card(WEIGHTS / "road.json"), SCORE, {}, tmp_path)


def test_a_curve_without_points_is_drawn_empty() -> None:
    assert 'points=""' in chart({"title": "PR", "x": "x", "y": "y", "lines": {"bus (0)": []}})
