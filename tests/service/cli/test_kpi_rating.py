"""`qyran kpi catalogue`, `rating` and `initiatives`."""

from __future__ import annotations

import json

import pytest

from service.settings import load_settings
from tests.service.cli.conftest import run
from tests.service.world import World

GIVEN = {"name": "Smart light", "road_map": "RM-7", "sphere": 5, "sphere_name": "as it stands"}


@pytest.fixture
def qyran(capsys, tmp_path):
    with World(load_settings(home=tmp_path / "home")):
        pass
    return lambda *words: run(capsys, "kpi", *words)


def test_the_catalogue_is_held_to_the_order_s_sums(qyran):
    assert qyran("catalogue", "--check").out == (
        "edition 1 from 2026-01-01: 118 KPIs of 16 initiatives, 1003 points; counts, points, weights and grades add up "
        "to the order's\n"
    )


def test_the_catalogue_of_a_day_is_json(qyran):
    told = json.loads(qyran("catalogue", "--date", "2026-05-05").out)
    assert (len(told["kpis"]), told["valid_from"]) == (118, "2026-01-01")


def test_it_says_which_scores_can_be_reached(qyran):
    lines = qyran("catalogue", "--reach").out.splitlines()
    assert len(lines) == 3 * 118
    assert "1.8 republican 0.00 1.00 1.05" in lines
    assert "1.17 regional no number" in lines


def test_a_transcript_that_differs_is_told_line_by_line(qyran, tmp_path):
    (tmp_path / "order.json").write_text('{"initiatives": []}', encoding="utf-8")
    found = qyran("catalogue", "--check", "--against", tmp_path / "order.json")
    assert found.code == 1
    assert "KPI 9.8 is not in the transcript" in found.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("catalogue", "--date", "May"), "is not of the form 2026-01-01"),
        (("catalogue", "--date", "2025-05-05"), "hold from 2026-01-01"),
        (("catalogue", "--against", "x.json"), "needs --check"),
        (("catalogue", "--check", "--against", "nowhere.json"), "cannot be read"),
        (("rating", "--period", "2026-13"), "not in the calendar"),
        (("rating", "--reading", "at_most:never"), "is one of mirror, linear, all_or_nothing"),
        (("initiatives", "enter", "nowhere.json"), "cannot be read"),
        (("initiatives", "refuse", "none", "--reason", "why"), "There is no additional initiative none"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(qyran, words, said):
    qyran(*words).refused(said)


def test_the_city_is_rated(qyran):
    told = json.loads(qyran("rating", "--period", "2026", "--reading", "missing:zero", "--effects").out)
    assert (len(told["kpis"]), told["readings"]["missing"]) == (118, "zero")
    assert len(told["effects"]) == len(told["readings"])


def test_an_initiative_is_entered_described_otherwise_and_decided_on(qyran, tmp_path):
    path = tmp_path / "light.json"
    path.write_text(json.dumps(GIVEN), encoding="utf-8")
    one = qyran("initiatives", "enter", path).out.strip()
    path.write_text(json.dumps({**GIVEN, "name": "Light"}), encoding="utf-8")
    assert qyran("initiatives", "enter", path, "--id", one).out.strip() == one
    qyran("initiatives", "refuse", one, "--reason", "no report")
    (told,) = json.loads(qyran("initiatives", "list", "--period", "2026").out)
    assert (told["name"], told["refused"], told["points"]) == ("Light", "no report", 0)
    assert told["criteria"]["road_map"] == {"met": False, "reason": "road_map_not_approved"}
    qyran("initiatives", "accept", one, "--reason", "it came")
    qyran("initiatives", "withdraw", one, "--reason", "twice")
    assert json.loads(qyran("initiatives", "list").out) == []
