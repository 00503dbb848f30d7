from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest

from kpi_catalog.catalogue import Category, Rule, Stage, catalogue
from kpi_catalog.check import problems

BOOK = catalogue()


def test_the_data_add_up_to_the_order():
    assert problems(BOOK) == ()
    assert len(BOOK.kpis) == 118
    assert len(BOOK.initiatives) == 16
    assert sum(sphere.weight for sphere in BOOK.spheres) == 100
    assert sum(kpi.points for kpi in BOOK.kpis.values()) == 1003


@pytest.mark.parametrize(
    ("sphere", "weight", "kpis", "points"),
    [
        ("city_management", 25, 28, 235),
        ("security", 25, 16, 132),
        ("transport", 20, 35, 296),
        ("ecology", 15, 12, 100),
        ("housing_utilities", 15, 27, 240),
    ],
)
def test_spheres(sphere, weight, kpis, points):
    rows = BOOK.kpis_of(sphere)
    assert (len(rows), sum(kpi.points for kpi in rows)) == (kpis, points)
    assert next(one.weight for one in BOOK.spheres if one.id == sphere) == weight


def test_a_slip_in_points_is_seen():
    kpi = BOOK.kpis["9.1"]
    wrong = replace(BOOK, kpis=MappingProxyType({**BOOK.kpis, "9.1": replace(kpi, points=8)}))
    assert [text.split()[:2] for text in problems(wrong)] == [["initiative", "9"], ["sphere", "security"]]


def test_a_target_that_does_not_fit_its_rule_is_seen():
    kpi = BOOK.kpis["5.2"]
    target = replace(kpi.targets[Category.REGIONAL], upper=10)
    wrong = replace(kpi, targets={**kpi.targets, Category.REGIONAL: target})
    assert problems(replace(BOOK, kpis={**BOOK.kpis, "5.2": wrong})) == (
        "KPI 5.2, regional: the target does not fit its rule range",
    )


SECURITY_TARGETS = {
    "9.1": (Rule.GE, 80, 50, 20, 9),
    "9.2": (Rule.GE, 50, 30, 10, 8),
    "9.3": (Rule.GE, 90, 70, 40, 8),
    "9.4": (Rule.LE, 10, 20, 30, 8),
    "9.5": (Rule.GE, 90, 80, 60, 8),
    "9.6": (Rule.GE, 1000, 300, 50, 8),
    "9.7": (Rule.GE, 90, 70, 40, 8),
    "9.8": (Rule.LE, 10, 20, 30, 9),
    "9.9": (Rule.LE, 1, 2, 5, 7),
    "10.1": (Rule.LE, 5, 7, 10, 10),
    "10.2": (Rule.GE, 98, 95, 90, 9),
    "10.3": (Rule.LE, 1, 2, 5, 8),
    "10.4": (Rule.GE, 80, 60, 30, 8),
    "10.5": (Rule.LE, 2, 5, 10, 7),
    "10.6": (Rule.GE, 90, 70, 40, 9),
    "10.7": (Rule.GE, 9, 8, 7, 8),
}


@pytest.mark.parametrize(("kpi_id", "row"), SECURITY_TARGETS.items())
def test_security_targets_and_points(kpi_id, row):
    rule, republican, regional, district, points = row
    kpi = BOOK.kpis[kpi_id]
    targets = kpi.targets
    assert {one.rule for one in targets.values()} == {rule}
    assert [targets[category].value for category in Category] == [republican, regional, district]
    assert kpi.points == points
    assert BOOK.sphere_of(kpi_id) == "security"


@pytest.mark.parametrize(
    ("initiative", "category", "stage"),
    [
        (9, Category.REPUBLICAN, Stage(1, 2026, 2027)),
        (9, Category.DISTRICT, Stage(2, 2027, 2028)),
        (10, Category.REGIONAL, Stage(2, 2027, 2028)),
        (10, Category.DISTRICT, None),
        (5, Category.REGIONAL, None),
        (16, Category.DISTRICT, Stage(3, 2029, 2030)),
    ],
)
def test_stages_of_introduction(initiative, category, stage):
    assert BOOK.initiatives[initiative].stages.get(category) == stage


def test_every_row_speaks_three_languages_and_says_since_when_it_holds():
    for kpi in BOOK.kpis.values():
        assert set(kpi.name) == {"kk", "ru", "en"}
        assert {"kk", "ru"} <= set(kpi.formula)
        assert kpi.valid_from == date(2026, 1, 1)
        assert kpi.valid_until is None
        assert kpi.source["order"] == "469/НҚ"
    for one in (*BOOK.spheres, *BOOK.bands, *BOOK.initiatives.values()):
        assert set(one.name) == {"kk", "ru", "en"}
    assert all(set(names) == {"kk", "ru", "en"} for names in BOOK.categories.values())


def test_a_category_without_a_target_has_no_text_of_one():
    unset = {
        (kpi.id, category) for kpi in BOOK.kpis.values() for category in Category
        if kpi.targets[category].rule is Rule.NOT_SET
    }  # fmt: skip
    assert unset == {("1.1", Category.DISTRICT), ("1.5", Category.DISTRICT)}


def test_words_instead_of_numbers():
    words = {
        (kpi.id, category.value) for kpi in BOOK.kpis.values() for category in Category
        if kpi.targets[category].rule is Rule.TEXT
    }  # fmt: skip
    district = {(kpi, "district") for kpi in ("1.12", "1.13", "1.16", "1.17", "1.19", "1.20", "1.21")}
    assert words == district | {("1.17", "republican"), ("1.17", "regional")}
