from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from kpi_catalog import catalogue as book_module
from kpi_catalog.catalogue import Category, assemble, catalogue, editions
from kpi_catalog.catalogue_view import as_dict, found
from kpi_catalog.check import LANGUAGES, TEXTS, differences, problems
from qyran.errors import ConfigError, InputError

ORDERS, ROWS = book_module._shipped()
TRANSCRIPT = Path(__file__).resolve().parents[3] / "shared" / "domain" / "kpi_catalog.json"
FIRST = date(2026, 1, 1)


def amended(kpi_id, first, **changes):
    """The shipped rows with one KPI amended from a day on."""
    old = next(raw for raw in ROWS if raw["id"] == kpi_id)
    ended = {**old, "valid_until": (first - timedelta(days=1)).isoformat()}
    new = {**old, "valid_from": first.isoformat(), **changes}
    return [ended if raw is old else raw for raw in ROWS] + [new]


def test_the_shipped_catalogue_is_one_edition_from_the_order_s_first_day():
    assert [(book.version, book.valid_from, book.valid_until) for book in editions()] == [("1", FIRST, None)]
    assert catalogue(FIRST) is catalogue() is catalogue(date(2031, 5, 5))


def test_before_the_order_there_is_no_catalogue():
    with pytest.raises(InputError, match=r"hold from 2026-01-01; there are none for 2025-12-31"):
        catalogue(date(2025, 12, 31))


@pytest.mark.parametrize(
    ("day", "points", "valid_from", "valid_until"),
    [
        (date(2026, 1, 1), 7, FIRST, date(2027, 6, 30)),
        (date(2027, 6, 30), 7, FIRST, date(2027, 6, 30)),
        (date(2027, 7, 1), 8, date(2027, 7, 1), None),
        (date(2030, 1, 1), 8, date(2027, 7, 1), None),
    ],
)
def test_an_amended_kpi_holds_from_its_day_on(day, points, valid_from, valid_until):
    book = assemble(ORDERS, amended("9.9", date(2027, 7, 1), points=8), day)
    assert book.kpis["9.9"].points == points
    assert (book.valid_from, book.valid_until) == (valid_from, valid_until)
    assert list(book.kpis) == list(catalogue().kpis)
    assert bool(problems(book)) is (points != 7)


def test_a_kpi_that_ends_is_gone_afterwards():
    rows = [{**raw, "valid_until": "2028-12-31"} if raw["id"] == "16.5" else raw for raw in ROWS]
    assert "16.5" in assemble(ORDERS, rows, date(2028, 12, 31)).kpis
    assert "16.5" not in assemble(ORDERS, rows, date(2029, 1, 1)).kpis


def test_a_second_edition_of_the_order_brings_its_own_weights():
    heavier = [{**one, "weight": 30 if one["id"] == "security" else one["weight"]} for one in ORDERS[0]["spheres"]]
    later = {**ORDERS[0], "version": "2", "valid_from": "2027-01-01", "spheres": heavier}
    ended = {**ORDERS[0], "valid_until": "2026-12-31"}
    assert assemble([ended, later], ROWS, date(2026, 12, 31)).version == "1"
    book = assemble([ended, later], ROWS, date(2027, 1, 1))
    assert (book.version, book.spheres[1].weight) == ("2", 30)
    assert problems(book) == ("the sums of edition 2 of the order are not known; write them into SUMS",)


@pytest.mark.parametrize(
    ("orders", "rows", "said"),
    [
        (ORDERS, [*ROWS, {**ROWS[0], "valid_from": "2027-01-01"}], "two versions of KPI 1.1 on 2027-01-01"),
        (ORDERS, [*ROWS, ROWS[0]], "two versions of KPI 1.1 on 2026-01-01"),
        ([*ORDERS, {**ORDERS[0], "version": "2"}], ROWS, "two versions of the order on 2026-01-01"),
        (ORDERS, [{**ROWS[0], "valid_until": "2025-01-01"}, *ROWS[1:]], "end on 2025-01-01, before it begins"),
    ],
)
def test_validity_that_overlaps_is_refused(orders, rows, said):
    with pytest.raises(ConfigError, match=said):
        assemble(orders, rows, date(2027, 5, 1))


def test_every_text_stands_in_three_languages():
    for kpi in catalogue().kpis.values():
        for name in TEXTS:
            texts = getattr(kpi, name)
            assert set(texts) == LANGUAGES, (kpi.id, name)
            assert not set(texts["en"].lower()) & set("абвгдежзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі"), (kpi.id, name)
    assert all(set(one.executors) == LANGUAGES for one in catalogue().initiatives.values())


def test_a_missing_translation_is_seen():
    kpi = catalogue().kpis["5.7"]
    wrong = replace(catalogue(), kpis={**catalogue().kpis, "5.7": replace(kpi, formula={"kk": "x", "ru": "x"})})
    assert problems(wrong) == ("KPI 5.7 lacks its formula in one of kk, ru, en",)


@pytest.mark.skipif(not TRANSCRIPT.exists(), reason="the transcript of the order is not here")
def test_the_catalogue_says_what_the_transcript_of_the_order_says():
    transcript = json.loads(TRANSCRIPT.read_text(encoding="utf-8"))
    assert differences(catalogue(), transcript) == ()
    transcript["initiatives"][8]["kpis"][0]["targets"]["republican"]["value"] = 81
    transcript["initiatives"][0]["kpis"][0]["name_ru"] = "?"
    assert differences(catalogue(), transcript) == (
        "KPI 1.1: name in ru is worded otherwise in the transcript",
        "KPI 9.1, republican: the target is 80 None, not 81 None",
    )


@pytest.mark.parametrize(
    ("words", "filters", "ids"),
    [
        ("9.8", {}, ["9.8"]),
        ("ложных срабатываний", {}, ["9.9", "10.3"]),
        ("FALSE alarms", {"sphere": "security", "initiative": 10}, ["10.3"]),
        ("жалған іске қосылу", {}, ["9.9", "10.3"]),
        ("", {"initiative": 13}, ["13.1", "13.2", "13.3", "13.4", "13.5"]),
        ("no such words", {}, []),
    ],
)
def test_search(words, filters, ids):
    assert [kpi.id for kpi in found(catalogue(), words, **filters)] == ids


def test_as_json():
    told = json.loads(json.dumps(as_dict(catalogue())))
    assert (len(told["kpis"]), len(told["initiatives"]), told["valid_from"]) == (118, 16, "2026-01-01")
    row = next(one for one in told["kpis"] if one["id"] == "9.8")
    assert row["sphere"] == "security"
    assert row["targets"][Category.REGIONAL]["value"] == 20
