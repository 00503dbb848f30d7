from __future__ import annotations

import re

import pytest

from service.settings import load_settings
from tests.service.cli.conftest import run
from tests.service.world import World

HEADER = "ground,plate,vehicle_class,kinds,cameras,valid_from,valid_until,grace_s,document\n"
GOOD = "emergency,003 KP 02,,,,2026-01-01T00:00:00+05:00,,,order 7\n"


@pytest.fixture
def qyran(capsys, tmp_path):
    with World(load_settings(home=tmp_path / "home")):
        pass
    return lambda *words: run(capsys, *words)


def test_permits_are_added_listed_imported_and_ended(qyran, tmp_path):
    since = ("--from", "2026-01-01T00:00:00+05:00")
    made = qyran(
        "exemptions", "add", "permit", "--class", "bus", "--kinds", "no_stopping|bus_lane", *since, "--document", "7/1"
    )
    name = made.out.strip()
    assert re.fullmatch(r"[0-9a-f-]{36}", name)
    (tmp_path / "list.csv").write_text(HEADER + GOOD, encoding="utf-8")
    assert qyran("exemptions", "import", tmp_path / "list.csv").out == "1 permits entered\n"
    listed = qyran("exemptions", "list").out
    assert "permit bus: bus_lane, no_stopping, everywhere" in listed
    assert "emergency 003KP02: all kinds" in listed
    assert qyran("exemptions", "end", name).out == f"ended {name}\n"
    assert "bus" not in qyran("exemptions", "list").out
    qyran("exemptions", "end", name).refused(name)
    flag = ("exemptions", "flag", "abay-12", "--from", "2026-11-22T12:00:00+05:00")
    assert qyran(*flag, "--until", "2026-11-22T14:00:00+05:00").code == 0
    qyran(*flag, "--until", "2026-11-22T11:00:00+05:00").refused("ends before")
    qyran(*flag, "--until", "2026-11-22T14:00:00").refused("offset")
    qyran("exemptions", "add", "emergency", *since, "--document", "7").refused("named by its plate")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (GOOD.replace("emergency", "friend"), ["ground"]),
        (GOOD.replace("003 KP 02", "№"), ["A plate has"]),
        (GOOD.replace("+05:00", ""), ["timezone"]),
        (GOOD.replace(",,,,2026", ",,flying,,2026"), ["no kind of violation flying"]),
        ("emergency\n", ["1 values for 9 columns"]),
    ],
)
def test_a_bad_line_enters_nothing(qyran, tmp_path, line, words):
    (tmp_path / "list.csv").write_text(HEADER + GOOD + line, encoding="utf-8")
    qyran("exemptions", "import", tmp_path / "list.csv").refused("list.csv", "line 3", *words)
    assert qyran("exemptions", "list").out == ""
