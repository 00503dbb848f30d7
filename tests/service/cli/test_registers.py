from __future__ import annotations

import pytest

from service.settings import load_settings
from tests.service.cli.conftest import run
from tests.service.world import World

AS_OF = ("--as-of", "2026-11-22T03:00:00+05:00", "--source", "the city's register")
COVER = "plate;valid_from;valid_until\n123 ABC 02;2025-11-20;2026-11-19\n777XYZ01;2026-01-01;2026-12-31\n"
PAID = "reference,tariff,plate,start,end,amount_kzt\nP-1,centre,123ABC02,2026-11-22T02:00:00+05:00,{end},200\n"


@pytest.fixture
def qyran(capsys, tmp_path):
    with World(load_settings(home=tmp_path / "home")):
        pass
    return lambda *words: run(capsys, *words)


def test_a_register_and_payments_are_stored_once_and_their_moment_is_listed(qyran, tmp_path):
    (tmp_path / "insured.csv").write_text(COVER, encoding="utf-8")
    (tmp_path / "paid.csv").write_text(PAID.format(end="2026-11-22T02:30:00+05:00"), encoding="utf-8")
    insured = ("registers", "import", "insurance", tmp_path / "insured.csv", *AS_OF)
    assert qyran(*insured).out == "2 lines stored, 0 known already\n"
    assert qyran(*insured).out == "0 lines stored, 2 known already\n"
    paid = ("registers", "import", "payments", tmp_path / "paid.csv", *AS_OF)
    assert qyran(*paid).out == "1 lines stored, 0 known already\n"
    (tmp_path / "paid.csv").write_text(PAID.format(end="2026-11-22T02:45:00+05:00"), encoding="utf-8")
    qyran(*paid).refused("P-1", "not replaced")
    assert qyran("registers", "list").out.splitlines() == [
        "insurance: 2026-11-21T22:00:00+00:00",
        "inspection: never delivered",
        "payments: 2026-11-21T22:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (COVER.replace("2026-11-19", "2024-11-19"), ["line 2", "before valid_from"]),
        (COVER.replace("777XYZ01", "?"), ["line 3", "A plate has"]),
        (COVER.replace("valid_until", "until"), ["line 2"]),
    ],
)
def test_a_bad_line_stores_nothing(qyran, tmp_path, text, words):
    (tmp_path / "insured.csv").write_text(text, encoding="utf-8")
    qyran("registers", "import", "insurance", tmp_path / "insured.csv", *AS_OF).refused("insured.csv", *words)
    assert "insurance: never delivered" in qyran("registers", "list").out


def test_a_moment_without_its_offset_is_refused(qyran, tmp_path):
    (tmp_path / "insured.csv").write_text(COVER, encoding="utf-8")
    moment = ("--as-of", "2026-11-22T03:00:00", "--source", "s")
    qyran("registers", "import", "insurance", tmp_path / "insured.csv", *moment).refused("--as-of", "offset")
