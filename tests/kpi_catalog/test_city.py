"""The whole city: worked examples of the order's transcript, every reading, and what no reading may break."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_catalog.catalogue import Category, Rule, catalogue
from kpi_catalog.city import Measured, Origin, city_rating, imported, unmeasured
from kpi_catalog.city_effects import effects, under
from kpi_catalog.city_fold import chosen, folded, shorter_kind, whole_of_parts
from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.readings import CHOICES, DEFAULT, MEASURED, Readings
from kpi_catalog.scoring import band, score_kpi
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing
from tests.kpi_catalog.initiatives import a_judged

BOOK = catalogue()
YEAR = Period.parse("2030")
AS_OF = datetime(2031, 1, 5, tzinfo=UTC)
USED = InputUsed("imported", None, source="SDU")


def measured(kpi_id, fact, **changes):
    return replace(imported(BOOK.kpis[kpi_id], fact, USED), **changes)


def best(kpi, category):
    """A fact that scores 1 under every reading, or None where no fact does."""
    target = kpi.targets[category]
    match target.rule:
        case Rule.GE:
            return max(one for one in (target.value, target.upper, target.scale_max) if one is not None)
        case Rule.LE | Rule.RANGE | Rule.UP_TO:
            return target.value
        case Rule.REDUCTION_RANGE:
            return {"base": 100, "fact": 100 - target.upper}
        case Rule.GROWTH_AT_LEAST:
            return {"base": 100, "fact": 100 + target.value}
        case Rule.LE_PARTS:
            return dict(target.parts)
        case _:
            return None


def all_best(category):
    facts = {key: best(kpi, category) for key, kpi in BOOK.kpis.items()}
    return {key: measured(key, fact) for key, fact in facts.items() if fact is not None}


def rated(known, category=Category.REPUBLICAN, period=YEAR, **changes):
    return city_rating(known, category, period, AS_OF, **changes)


def sphere(report, name):
    return next(one for one in report.spheres if one.sphere.id == name)


@pytest.mark.parametrize(("missing", "score", "contribution"), [("zero", 73 / 132, 25 * 73 / 132), ("dropped", 1, 25)])
def test_initiative_9_full_and_initiative_10_missing(missing, score, contribution):
    """Order.md 1.6: counting missing as 0 gives I = 73/132 = 0.553 (13.8 of 25); dropping them gives 1 (25 of 25)."""
    known = {key: one for key, one in all_best(Category.REPUBLICAN).items() if key.startswith("9.")}
    report = rated(known, readings=Readings(missing=missing))
    security = sphere(report, "security")
    assert (security.score.points_scored, security.score.points_applicable) == (73, 132)
    assert security.score.score_missing_as_zero == pytest.approx(0.553, abs=0.0005)
    assert security.contribution == pytest.approx(contribution)
    assert report.rating.base == pytest.approx(contribution)
    assert (security.score.score if missing == "dropped" else security.score.score_missing_as_zero) == pytest.approx(
        score
    )
    assert security.contribution == pytest.approx(13.8 if missing == "zero" else 25, abs=0.05)


@pytest.mark.parametrize(
    ("kpi_id", "category", "fact", "readings", "expected"),
    [
        ("9.1", "republican", 85.0, {}, 1),  # at least: min(1, fact / target)
        ("9.1", "republican", 60.0, {}, 0.75),
        ("9.4", "republican", 10.0, {}, 1),  # at most: 1 up to the target, beyond it target / fact
        ("9.4", "republican", 20.0, {}, 0.5),
        ("9.4", "republican", 0.0, {}, 1),
        ("1.12", "republican", {"base": 100, "fact": 97}, {}, 0.6),  # a fall of 3 % of the 5 % wanted
        ("1.12", "republican", {"base": 100, "fact": 97}, {"bound": "upper"}, 0.3),
        ("1.10", "republican", 4.0, {}, 1),  # ">=4 of 5" gives 4/4 = 1, by the maximum 4/5 = 0.8
        ("1.10", "republican", 4.0, {"index": "scale_maximum"}, 0.8),
        ("5.2", "republican", 85.0, {}, 1),  # between
        ("5.2", "republican", 95.0, {}, 90 / 95),
        ("1.17", "republican", 1.0, {}, None),  # words
    ],
)
def test_the_worked_examples_of_the_scoring_rules(kpi_id, category, fact, readings, expected):
    report = rated({kpi_id: measured(kpi_id, fact)}, category, readings=Readings(**readings))
    assert report.kpi(kpi_id).score.score == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("category", Category)
def test_a_perfect_city_reaches_what_its_category_foresees(category):
    report = rated(all_best(category), category)
    weights = sum(one.sphere.weight for one in report.spheres if one.score.score is not None)
    assert report.city.score == pytest.approx(weights)
    assert all(one.score.score in {None, 1} for one in report.spheres)
    assert report.rating.band == ("excellent" if weights == 100 else None)
    assert rated(all_best(category), category, readings=Readings(absent_sphere="rescale")).rating.band == "excellent"


def test_stages_of_introduction_hold_kpis_back_until_their_year():
    known = all_best(Category.REPUBLICAN)
    early = rated(known, period=Period.parse("2026"))
    assert early.kpi("10.1").status is Status.NOT_YET_DUE
    assert sphere(early, "ecology").score.score is None
    assert early.city.weight_scored == 85
    assert rated(known, period=Period.parse("2026"), readings=Readings(stages="ignored")).city.weight_scored == 100


@pytest.mark.parametrize(
    ("base", "count", "additional", "total", "grade"),
    [
        (100, 0, "on_top", 100, "excellent"),
        (100, 3, "on_top", 106, "excellent"),
        (100, 3, "up_to_100", 100, "excellent"),
        (100, 3, "apart", 100, "excellent"),
        (89, 1, "on_top", 91, "excellent"),
        (89, 1, "apart", 89, "good"),
        (74, 1, "on_top", 76, "good"),
    ],
)
def test_additional_initiatives_earn_two_points_each(base, count, additional, total, grade):
    known = scaled(base)
    readings = Readings(additional=additional)
    report = rated(known, readings=readings, additional=[a_judged(met=True)] * count + [a_judged(met=False)])
    assert report.rating.base == pytest.approx(base)
    assert (report.rating.additional_points, report.rating.band) == (2 * count, grade)
    assert report.rating.total == pytest.approx(total)


def scaled(score):
    """A city in which every KPI of the republican category reaches the same score, per cent."""
    known = {}
    for key, kpi in BOOK.kpis.items():
        target = kpi.targets[Category.REPUBLICAN]
        share = score / 100
        if target.rule in {Rule.GE, Rule.RANGE, Rule.UP_TO}:
            known[key] = measured(key, target.value * share)
        elif target.rule is Rule.LE:
            known[key] = measured(key, target.value / share)
        elif target.rule is Rule.LE_PARTS:
            known[key] = measured(key, {part: limit / share for part, limit in target.parts.items()})
        elif target.rule in {Rule.REDUCTION_RANGE, Rule.GROWTH_AT_LEAST}:
            known[key] = measured(key, target.value * share)
    return known


@pytest.mark.parametrize(
    ("score", "floor", "nearest"),
    [
        (100, "excellent", "excellent"), (90, "excellent", "excellent"), (89.99, "good", "excellent"),
        (89.5, "good", "excellent"), (89.49, "good", "good"), (75, "good", "good"), (74.5, "average", "good"),
        (74.4, "average", "average"), (60, "average", "average"), (59.5, "below_average", "average"),
        (45, "below_average", "below_average"), (44.5, "low", "below_average"), (44.49, "low", "low"),
        (0, "low", "low"), (106, "excellent", "excellent"),
    ],
)  # fmt: skip
def test_where_a_grade_begins(score, floor, nearest):
    assert band(score) == floor
    assert band(score, Readings(bands="nearest")) == nearest


# effects


def test_every_reading_has_an_effect_with_its_choices_the_default_first():
    found = effects(rated(all_best(Category.REPUBLICAN)))
    assert {one.reading: tuple(choice.choice for choice in one.choices) for one in found} == dict(CHOICES)
    assert all(one.choices[0].chosen and one.choices[0].difference == 0 for one in found)
    assert all(getattr(DEFAULT, name) == choices[0] for name, choices in CHOICES.items())


def test_an_effect_says_by_how_much_and_through_which_kpis():
    known = {**all_best(Category.REPUBLICAN), "9.4": measured("9.4", 15.0)}
    effect = next(one for one in effects(rated(known)) if one.reading == "at_most")
    mirror, linear, nothing = effect.choices
    assert mirror.spheres["security"] == pytest.approx((132 - 8 / 3) / 132)
    assert linear.difference == pytest.approx(25 * 8 * (0.5 - 2 / 3) / 132)
    assert nothing.difference == pytest.approx(25 * 8 * (0 - 2 / 3) / 132)
    assert linear.kpis == nothing.kpis == ("9.4",)
    assert effect.matters
    json.dumps(effect.as_dict())


def test_a_measured_reading_uses_what_was_measured_under_it():
    other = measured("9.8", 40.0)
    known = {"9.8": measured("9.8", 10.0, variants={("fold", "mean"): other})}
    report = rated(known)
    assert report.kpi("9.8").score.score == 1
    assert under(report, "fold", "mean").kpi("9.8").score.score == 0.25
    assert under(report, "fold", "last").kpi("9.8").score.score == 1


# folding


def value(number, status=Status.COMPUTED, **changes):
    known = KpiValue(id="9.4", unit="minute", definition_version="9.4/1", status=status, value=number, n=1)
    return Measured(replace(known, **changes), Origin.STORE, number)


NONE = value(None, Status.NO_DATA, missing=(Missing.NOTIFICATION_TIMES,))


@pytest.mark.parametrize(
    ("parts", "how", "number", "status"),
    [
        ([value(10), value(20), value(30)], "mean", 20, Status.COMPUTED),
        ([value(10), value(20), value(30)], "last", 30, Status.COMPUTED),
        ([value(10), NONE, value(30)], "mean", 20, Status.PRELIMINARY),
        ([value(10), value(30, Status.PRELIMINARY)], "mean", 20, Status.PRELIMINARY),
        ([value(10), NONE], "last", None, Status.NO_DATA),
        ([NONE, NONE], "mean", None, Status.NO_DATA),
        ([], "mean", 7, Status.COMPUTED),
    ],
)
def test_a_year_is_folded_from_its_months(parts, how, number, status):
    found = folded(value(7), parts, how)
    assert (found.value.value, found.value.status) == (number, status)
    assert found.fact == number


def test_changes_are_folded_as_changes():
    parts = [
        replace(value(5), fact={"base": 100.0, "fact": 95.0}),
        replace(value(-15), fact={"base": 20.0, "fact": 23.0}),
    ]
    found = folded(value(0), parts, "mean")
    assert found.fact["base"] - found.fact["fact"] == pytest.approx(-0.05)
    assert found.value.value == -5


@pytest.mark.parametrize(
    ("kpi_id", "report", "expected"),
    [
        ("9.4", PeriodKind.YEAR, PeriodKind.MONTH),
        ("9.4", PeriodKind.QUARTER, PeriodKind.MONTH),
        ("9.4", PeriodKind.MONTH, None),
        ("9.1", PeriodKind.YEAR, PeriodKind.QUARTER),
        ("9.1", PeriodKind.QUARTER, None),
        ("1.1", PeriodKind.YEAR, PeriodKind.MONTH),
        ("1.17", PeriodKind.MONTH, None),
        ("6.4", PeriodKind.YEAR, None),
    ],
)
def test_what_a_report_is_folded_from(kpi_id, report, expected):
    assert shorter_kind(BOOK.kpis[kpi_id], report) is expected


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ([(80.0, 8, 10), (50.0, 20, 40)], 56.0),
        ([(80.0, 8, 10), (50.0, None, None)], None),
        ([(80.0, 8, 10)], None),
        ([(80.0, 8, 10), (51.0, 20, 40)], None),
    ],
)
def test_an_imported_year_is_made_of_its_months_only_where_all_their_parts_are_told(ratios, expected):
    kpi = BOOK.kpis["2.2"]
    parts = [
        replace(one, value=replace(one.value, numerator=top, denominator=bottom))
        for number, top, bottom in ratios
        for one in [imported(kpi, number, USED)]
    ]
    found = whole_of_parts(kpi, parts, 2)
    assert (found is None) is (expected is None)
    assert found is None or found.fact == pytest.approx(expected)


@pytest.mark.parametrize(
    ("computed", "taken", "source", "number", "origin"),
    [
        (value(10), measured("9.4", 12.0), "computed", 10, Origin.STORE),
        (value(10), measured("9.4", 12.0), "imported", 12, Origin.IMPORT),
        (NONE, measured("9.4", 12.0), "computed", 12, Origin.IMPORT),
        (value(10), None, "imported", 10, Origin.STORE),
        (None, None, "computed", None, None),
    ],
)
def test_which_of_a_computed_and_an_imported_value_counts(computed, taken, source, number, origin):
    found = chosen(computed, taken, Readings(source=source))
    if number is None:
        assert found is None
        return
    assert (found.value.value, found.origin) == (number, origin)
    assert (found.value.extra.get("imported_value") == 12) is (origin is Origin.STORE and taken is not None)


# what no reading may break

READINGS = st.builds(Readings, **{name: st.sampled_from(choices) for name, choices in CHOICES.items()})
FACTS = st.dictionaries(st.sampled_from(list(BOOK.kpis)), st.floats(0, 1e5), max_size=118)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    facts=FACTS, category=st.sampled_from(Category), readings=READINGS, year=st.sampled_from(["2026", "2028", "2030"])
)
def test_every_score_is_in_range_under_every_reading(facts, category, readings, year):
    report = rated(
        {key: measured(key, fact) for key, fact in facts.items()}, category, Period.parse(year), readings=readings
    )
    for one in report.kpis:
        assert one.score.score is None or 0 <= one.score.score <= 1
        assert one.score.uncapped is None or one.score.score == min(1, one.score.uncapped)
    for one in report.spheres:
        for score in (one.score.score, one.score.score_missing_as_zero, one.score.coverage):
            assert score is None or 0 <= score <= 1
        assert one.contribution is None or 0 <= one.contribution <= one.sphere.weight
    for score in (report.city.score, report.city.score_missing_as_zero, report.rating.base):
        assert score is None or 0 <= score <= 100 + 1e-9
    if report.city.score is not None:
        assert report.city.score_missing_as_zero <= report.city.score + 1e-9
    assert sum(one.sphere.weight for one in report.spheres) == 100


UPWARD = {Rule.GE, Rule.GROWTH_AT_LEAST}
DOWNWARD = {Rule.LE, Rule.LE_PARTS}


@given(
    kpi=st.sampled_from(list(BOOK.kpis.values())),
    category=st.sampled_from(Category),
    readings=READINGS,
    low=st.floats(0, 1e4),
    more=st.floats(0, 1e4),
)
def test_a_better_value_never_scores_less(kpi, category, readings, low, more):
    rule = kpi.targets[category].rule
    if rule not in UPWARD | DOWNWARD:
        return
    scores = [score_kpi(kpi, category, fact, readings=readings).score for fact in (low, low + more)]
    assert scores[0] <= scores[1] + 1e-12 if rule in UPWARD else scores[1] <= scores[0] + 1e-12


@given(extra=st.floats(0, 50), readings=READINGS)
def test_more_false_alarms_never_raise_the_city(extra, readings):
    known = all_best(Category.REPUBLICAN)
    before = rated(known, readings=readings).rating.base
    after = rated({**known, "9.9": measured("9.9", 1 + extra)}, readings=readings).rating.base
    assert after <= before + 1e-9


def test_a_missing_kpi_is_named_and_a_report_is_json():
    report = rated({})
    one = report.kpi("2.2")
    assert (one.status, one.value.missing, one.origin) == (Status.NO_DATA, (Missing.IMPORTED_VALUE,), Origin.NONE)
    assert unmeasured(BOOK.kpis["6.4"], Missing.WHOLE_YEAR).value.missing == (Missing.WHOLE_YEAR,)
    told = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert (len(told["kpis"]), told["official"], told["rating"]["band"]) == (118, False, None)
    with pytest.raises(KeyError):
        report.kpi("17.1")


def test_measured_readings_are_among_all_readings():
    assert set(MEASURED) < set(CHOICES)
    assert not math.isnan(sum(len(choices) for choices in CHOICES.values()))
