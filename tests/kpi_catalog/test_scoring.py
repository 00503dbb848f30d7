from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.catalogue import Category, Rule, catalogue
from kpi_catalog.readings import Readings
from kpi_catalog.scoring import (
    KpiScore,
    SphereScore,
    band,
    city_score,
    score_kpi,
    sphere_score,
    standing,
)
from kpi_catalog.status import Status
from qyran.errors import InputError

BOOK = catalogue()
R, O, D = Category.REPUBLICAN, Category.REGIONAL, Category.DISTRICT  # noqa: E741
HOURS = {"security": 1, "housing_utilities": 24, "ecology": 1, "education": 24}


def score(kpi_id, category, fact, **kwargs):
    return score_kpi(BOOK.kpis[kpi_id], category, fact, **kwargs)


@pytest.mark.parametrize(
    ("kpi_id", "category", "fact", "expected", "uncapped"),
    [
        # at least
        ("9.1", R, 80, 1, 1),
        ("9.1", R, 40, 0.5, 0.5),
        ("9.1", O, 40, 0.8, 0.8),
        ("9.1", D, 40, 1, 2),
        ("9.1", R, 0, 0, 0),
        ("9.1", R, -5, 0, 0),
        ("9.6", R, 250, 0.25, 0.25),
        ("3.3", R, 500_000, 0.5, 0.5),
        ("1.9", D, 60, 1, 1),
        ("1.21", O, 1.5, 0.5, 0.5),
        # at most
        ("9.4", R, 10, 1, 1),
        ("9.4", R, 20, 0.5, 0.5),
        ("9.4", O, 20, 1, 1),
        ("9.4", D, 15, 1, 2),
        ("9.4", R, 0, 1, None),
        ("9.9", R, 4, 0.25, 0.25),
        ("10.1", O, 14, 0.5, 0.5),
        # between
        ("5.2", R, 80, 1, 1),
        ("5.2", R, 85, 1, 1),
        ("5.2", R, 90, 1, 1),
        ("5.2", R, 40, 0.5, 0.5),
        ("5.2", R, 100, 0.9, 0.9),
        ("5.2", O, 100, 0.85, 0.85),
        ("5.2", D, 0, 0, 0),
        # a fall of 5-10 % (regional 3-5 %), a rise of 5 % (3 %)
        ("1.12", R, 5, 1, 1),
        ("1.12", R, 2.5, 0.5, 0.5),
        ("1.12", R, 10, 1, 2),
        ("1.12", R, -3, 0, 0),
        ("1.12", R, 0, 0, 0),
        ("1.13", O, 1.5, 0.5, 0.5),
        ("1.12", R, {"base": 200, "fact": 190}, 1, 1),
        ("1.12", R, {"base": 200, "fact": 195}, 0.5, 0.5),
        ("1.12", R, {"base": 200, "fact": 0}, 1, 20),
        ("1.12", R, {"base": 200, "fact": 300}, 0, 0),
        ("1.20", R, {"base": 100, "fact": 105}, 1, 1),
        ("1.20", O, 1.5, 0.5, 0.5),
        # up to 40 % (30 %)
        ("1.19", R, 40, 1, 1),
        ("1.19", R, 10, 0.25, 0.25),
        ("1.19", O, 15, 0.5, 0.5),
        # mean scores, against their target
        ("1.10", R, 4, 1, 1),
        ("1.10", O, 3.5, 1, 1),
        ("1.10", D, 1.5, 0.5, 0.5),
        ("10.7", R, 4.5, 0.5, 0.5),
        # four limits in one
        ("1.4", R, HOURS, 1, 1),
        ("1.4", R, HOURS | {"security": 2}, 0.875, 0.875),
        ("1.4", D, {key: hours / 2 for key, hours in HOURS.items()}, 1, 2),
        ("1.4", O, dict.fromkeys(HOURS, 0), 1, None),
        ("1.4", R, 1, 1, 1),
        ("1.4", R, 24, (1 / 24 + 1 + 1 / 24 + 1) / 4, (1 / 24 + 1 + 1 / 24 + 1) / 4),
    ],
)
def test_a_fact_becomes_a_score(kpi_id, category, fact, expected, uncapped):
    got = score(kpi_id, category, fact)
    assert got.status is Status.COMPUTED
    assert got.score == pytest.approx(expected, abs=1e-12)
    assert got.uncapped == (None if uncapped is None else pytest.approx(uncapped, abs=1e-12))


@pytest.mark.parametrize(
    ("readings", "kpi_id", "category", "fact", "expected"),
    [
        (Readings(at_most="linear"), "9.4", R, 15, 0.5),
        (Readings(at_most="linear"), "9.4", R, 25, 0),
        (Readings(at_most="linear"), "9.4", R, 10, 1),
        (Readings(at_most="all_or_nothing"), "9.4", R, 10.01, 0),
        (Readings(at_most="all_or_nothing"), "9.4", R, 10, 1),
        (Readings(bound="upper"), "1.12", R, 5, 0.5),
        (Readings(bound="upper"), "1.9", D, 35, 0.5),
        (Readings(bound="upper"), "9.1", R, 40, 0.5),
        (Readings(change="signed"), "1.12", R, -5, 1),
        (Readings(change="signed"), "1.12", R, 5, 0),
        (Readings(change="signed"), "1.20", R, 5, 1),
        (Readings(index="scale_maximum"), "1.10", R, 4, 0.8),
        (Readings(index="scale_maximum"), "10.7", D, 7, 0.7),
        (Readings(up_to="ceiling"), "1.19", R, 10, 1),
        (Readings(up_to="ceiling"), "1.19", R, 80, 0.5),
        (Readings(parts="worst"), "1.4", R, HOURS | {"ecology": 4}, 0.25),
    ],
)
def test_each_open_place_can_be_read_otherwise(readings, kpi_id, category, fact, expected):
    assert score(kpi_id, category, fact, readings=readings).score == pytest.approx(expected)


@pytest.mark.parametrize(
    ("kpi_id", "category", "fact", "year", "status"),
    [
        ("9.1", R, None, None, Status.NO_DATA),
        ("1.17", R, None, None, Status.TARGET_NOT_NUMERIC),
        ("1.17", R, 12.0, None, Status.TARGET_NOT_NUMERIC),
        ("1.12", D, {"base": 3, "fact": 2}, None, Status.TARGET_NOT_NUMERIC),
        ("1.1", D, 10, None, Status.NOT_APPLICABLE),
        ("1.4", R, {"security": 1}, None, Status.PARTIAL),
        ("10.1", R, 5, 2026, Status.NOT_YET_DUE),
        ("10.1", D, 5, 2026, Status.NOT_APPLICABLE),
        ("10.1", D, 5, 2030, Status.NOT_APPLICABLE),
        ("9.1", D, 50, 2026, Status.NOT_YET_DUE),
        ("9.1", R, 50, 2025, Status.NOT_YET_DUE),
        ("1.17", D, None, 2026, Status.NOT_APPLICABLE),
    ],
)
def test_no_score_without_a_reason(kpi_id, category, fact, year, status):
    assert score(kpi_id, category, fact, year=year) == KpiScore(None, None, status)


@pytest.mark.parametrize(
    ("kpi_id", "category", "year", "status"),
    [
        ("10.1", R, 2027, None),
        ("10.1", D, None, None),
        ("9.1", D, 2027, None),
        ("9.1", R, 2031, None),
        ("13.1", R, 2028, Status.NOT_YET_DUE),
        ("13.1", R, 2029, None),
    ],
)
def test_the_stage_of_introduction_decides_only_when_a_year_is_given(kpi_id, category, year, status):
    assert standing(BOOK.kpis[kpi_id], category, year) is status


@pytest.mark.parametrize(
    ("kpi_id", "fact", "words"),
    [
        ("9.1", math.nan, "9.1"),
        ("9.1", math.inf, "finite"),
        ("9.1", 10**400, "finite"),
        ("9.1", True, "number"),
        ("9.1", {"base": 1, "fact": 2}, "one number"),
        ("9.4", -0.5, "below zero"),
        ("1.4", {"sport": 1}, "1.4.sport"),
        ("1.4", {"security": math.nan}, "1.4.security"),
        ("1.4", HOURS | {"ecology": -1}, "1.4.ecology"),
        ("1.12", {"base": 0, "fact": 2}, "1.12.base"),
        ("1.12", {"base": 5}, "1.12"),
        ("1.12", {"base": 5, "fact": "2"}, "1.12.fact"),
        ("1.17", math.nan, "1.17"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(kpi_id, fact, words):
    with pytest.raises(InputError, match=words):
        score(kpi_id, R, fact)


NUMERIC = [(kpi, category) for kpi in BOOK.kpis.values() for category in Category if kpi.targets[category].numeric]
RISING = {Rule.GE, Rule.GROWTH_AT_LEAST, Rule.REDUCTION_RANGE, Rule.UP_TO}
FALLING = {Rule.LE, Rule.LE_PARTS}
facts = st.floats(min_value=0, max_value=1e9, allow_nan=False, allow_infinity=False)


@given(st.sampled_from(NUMERIC), facts)
def test_a_score_is_the_uncapped_ratio_cut_at_one(case, fact):
    kpi, category = case
    got = score_kpi(kpi, category, fact)
    assert got.score is not None
    assert 0 <= got.score <= 1
    assert got.score == (1 if got.uncapped is None else min(1, got.uncapped))


@given(st.sampled_from(NUMERIC), facts, facts)
def test_a_score_moves_only_the_way_its_rule_says(case, first, second):
    kpi, category = case
    low, high = (score_kpi(kpi, category, fact).score for fact in sorted((first, second)))
    assert low is not None
    assert high is not None
    rule = kpi.targets[category].rule
    if rule in RISING:
        assert low <= high
    elif rule in FALLING:
        assert low >= high


@given(st.sampled_from(NUMERIC))
def test_reaching_the_target_earns_a_full_score(case):
    kpi, category = case
    target = kpi.targets[category]
    fact = dict(target.parts) or target.value
    assert score_kpi(kpi, category, fact).score == 1


scores = st.one_of(
    st.builds(KpiScore, st.floats(0, 1), st.none(), st.sampled_from([Status.COMPUTED, Status.PRELIMINARY])),
    st.builds(
        KpiScore, st.none(), st.none(),
        st.sampled_from(sorted(set(Status) - {Status.COMPUTED, Status.PRELIMINARY})),
    ),
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 10), scores), max_size=20))
def test_a_sphere_lies_between_its_worst_and_best_kpi(rows):
    got = sphere_score(rows)
    known = [one.score for _, one in rows if one.score is not None]
    if known:
        assert got.score is not None
        assert min(known) - 1e-12 <= got.score <= max(known) + 1e-12
        assert got.score_missing_as_zero is not None
        assert got.score_missing_as_zero <= got.score + 1e-12
        assert got.coverage is not None
        assert got.score_missing_as_zero == pytest.approx(got.score * got.coverage)
    else:
        assert got.score is None


def test_a_sphere_is_weighted_by_points_and_knows_what_it_covers():
    full = KpiScore(1.0, 1.0, Status.COMPUTED)
    half = KpiScore(0.5, 0.5, Status.PRELIMINARY)
    none = KpiScore(None, None, Status.NO_DATA)
    words = KpiScore(None, None, Status.TARGET_NOT_NUMERIC)
    later = KpiScore(None, None, Status.NOT_YET_DUE)
    never = KpiScore(None, None, Status.NOT_APPLICABLE)
    got = sphere_score([(9, full), (3, half), (5, none), (3, words), (10, later), (10, never)])
    assert got == SphereScore(10.5 / 12, 10.5 / 20, 12 / 20, 12, 20)


def test_a_sphere_of_which_nothing_applies_says_nothing():
    assert sphere_score([(9, KpiScore(None, None, Status.NOT_YET_DUE))]) == SphereScore(None, None, None, 0, 0)


def sphere(number, points=100, total=100):
    as_zero = None if number is None else number * points / total
    return SphereScore(number, as_zero, points / total, points, total)


FIVE = {"city_management": 0.8, "security": 0.6, "transport": 0.5, "ecology": 1.0, "housing_utilities": 0.4}


def test_the_city_is_the_weighted_sum_of_its_spheres():
    got = city_score({key: sphere(number) for key, number in FIVE.items()})
    assert got.score == pytest.approx(25 * 0.8 + 25 * 0.6 + 20 * 0.5 + 15 * 1.0 + 15 * 0.4)
    assert (got.weight_scored, got.band, got.coverage) == (100, "average", 1)


def test_a_sphere_without_a_score_adds_nothing_or_is_left_out_of_the_scale():
    spheres = {key: sphere(number) for key, number in FIVE.items()}
    spheres["ecology"] = SphereScore(None, 0.0, 0.0, 0, 100)
    plain = city_score(spheres)
    assert plain.score == pytest.approx(51)
    assert (plain.weight_scored, plain.band) == (85, None)
    scaled = city_score(spheres, Readings(absent_sphere="rescale"))
    assert scaled.score == pytest.approx(60)
    assert scaled.score_missing_as_zero == pytest.approx(51)
    assert scaled.band is None
    spheres["ecology"] = SphereScore(None, None, None, 0, 0)
    assert city_score(spheres, Readings(absent_sphere="rescale")).band == "average"


def test_a_city_without_facts_has_no_score():
    got = city_score(dict.fromkeys(FIVE, SphereScore(None, None, None, 0, 0)))
    assert (got.score, got.score_missing_as_zero, got.coverage, got.band) == (None, None, None, None)


@pytest.mark.parametrize(
    ("points", "name"),
    [
        (100, "excellent"), (90, "excellent"), (89.99, "good"), (89.5, "good"), (75, "good"), (74.9, "average"),
        (60, "average"), (59, "below_average"), (45, "below_average"), (44.99, "low"), (0, "low"),
    ],
)  # fmt: skip
def test_bands_begin_at_their_lower_number(points, name):
    assert band(points) == name


def test_a_target_without_its_number_is_a_fault_of_the_data():
    kpi = BOOK.kpis["9.1"]
    broken = replace(kpi, targets={R: replace(kpi.targets[R], value=None)})
    with pytest.raises(ValueError, match="no number"):
        score_kpi(broken, R, 1.0)
