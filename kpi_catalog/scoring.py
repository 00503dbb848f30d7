"""CityScore of order 469/НҚ, appendix 5: from a fact to a score, a sphere, the city and its band.

The formulas of the appendix were published as pictures that the text lacks. What its words fix is kept: a score
is the share of the target reached and lies in 0..1 (p. 2); a sphere is the mean of its KPIs weighted by points
(p. 4 (1)); the city is the sum of the spheres times their weights 25, 25, 20, 15, 15 and lies in 0..100 (p. 3,
p. 4 (2)-(3)); bands begin at 90, 75, 60, 45 (p. 7). What they leave open is a named choice in `Readings`, the
default first. The rule for "at most" mirrors "at least" as Boston's CityScore does (target / value).

Missing facts are shown both ways everywhere: `score` is over the KPIs that have one, `score_missing_as_zero`
counts the missing as 0, and `coverage` = points of KPIs that have a score / points of KPIs that apply, in 0..1.
A KPI applies unless its status is `not_applicable` or `not_yet_due`; one whose target is words applies and
cannot be computed. These are internal figures, not the official rating (methodology, p. 12.4, p. 35).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from kpi_catalog.catalogue import Catalogue, Category, Kpi, Rule, Target, catalogue
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.status import OUTSIDE, SCORED, Status
from qyran.errors import InputError

Fact = float | Mapping[str, float]
"""A fact: one number; for KPI 1.4 hours by part; for a change, if wanted, ``{"base": ..., "fact": ...}``."""

BASE_AND_FACT = frozenset({"base", "fact"})
FULL_WEIGHT = 100  # appendix 5, p. 3: the weights of all spheres together
CHANGES = frozenset({Rule.REDUCTION_RANGE, Rule.GROWTH_AT_LEAST})


@dataclass(frozen=True, slots=True)
class KpiScore:
    """One KPI's score.

    Attributes:
        score: 0..1, None unless the status is one of `SCORED`.
        uncapped: the same ratio without the cap at 1, so that score = min(1, uncapped); None where there is no
            score and where the ratio has no bound (at most 10, fact 0: the score is 1).
        status: why there is or is not a score.
    """

    score: float | None
    uncapped: float | None
    status: Status


@dataclass(frozen=True, slots=True)
class SphereScore:
    """One sphere: scores 0..1; None where no KPI has a score, or where none applies."""

    score: float | None
    score_missing_as_zero: float | None
    coverage: float | None
    points_scored: int
    points_applicable: int


@dataclass(frozen=True, slots=True)
class CityScore:
    """The city: scores 0..100.

    Attributes:
        coverage: points scored / points that apply, over all spheres.
        weight_scored: sum of the weights of the spheres that have a score: what `score` is out of.
        band: id of the grade of the score that `Readings.missing` names; None while that is not out of 100.
    """

    score: float | None
    score_missing_as_zero: float | None
    coverage: float | None
    weight_scored: int
    band: str | None


def score_kpi(
    kpi: Kpi,
    category: Category,
    fact: Fact | None,
    *,
    year: int | None = None,
    readings: Readings = DEFAULT,
    book: Catalogue | None = None,
) -> KpiScore:
    """Score one fact.

    Args:
        kpi: the row of the catalogue.
        category: of the city.
        fact: None where it is missing.
        year: of the period, if the stages of introduction (appendix 2) are to play a part.
        readings: of the places that the order leaves open.
        book: the catalogue that the stages are in; None takes the one in force.

    Raises:
        InputError: the fact is not a finite number, or is one that cannot be measured.
    """
    target = kpi.targets[category]
    ratio = None if fact is None else _ratio(kpi, target, fact, readings)
    outside = standing(kpi, category, year, book)
    if outside is not None:
        return KpiScore(None, None, outside)
    if not target.numeric:
        return KpiScore(None, None, Status.TARGET_NOT_NUMERIC)
    if fact is None:
        return KpiScore(None, None, Status.NO_DATA)
    if ratio is None:
        return KpiScore(None, None, Status.PARTIAL)
    return KpiScore(min(1.0, ratio), ratio if math.isfinite(ratio) else None, Status.COMPUTED)


def standing(kpi: Kpi, category: Category, year: int | None, book: Catalogue | None = None) -> Status | None:
    """Why a KPI does not apply to a category of city in a year; None where it does.

    Without a year only the target decides: a category for which the order sets none is `not_applicable`.
    """
    if kpi.targets[category].rule is Rule.NOT_SET:
        return Status.NOT_APPLICABLE
    if year is None:
        return None
    stage = (book or catalogue()).stage_of(kpi.id, category)
    if stage is None:
        return Status.NOT_APPLICABLE
    return Status.NOT_YET_DUE if year < stage.year_from else None


def sphere_score(scores: Iterable[tuple[int, KpiScore]]) -> SphereScore:
    """Mean of KPI scores weighted by points; takes (points, score) of every KPI of the sphere."""
    applying = [(points, one) for points, one in scores if one.status not in OUTSIDE]
    scored = [(points, one.score) for points, one in applying if one.status in SCORED and one.score is not None]
    total = sum(points for points, _ in applying)
    part = sum(points for points, _ in scored)
    reached = math.fsum(points * score for points, score in scored)
    return SphereScore(
        score=reached / part if part else None,
        score_missing_as_zero=reached / total if total else None,
        coverage=part / total if total else None,
        points_scored=part,
        points_applicable=total,
    )


def city_score(
    spheres: Mapping[str, SphereScore], readings: Readings = DEFAULT, book: Catalogue | None = None
) -> CityScore:
    """Sum of the spheres times their weights."""
    weights = {sphere.id: sphere.weight for sphere in (book or catalogue()).spheres}
    scored = {key: one.score for key, one in spheres.items() if one.score is not None}
    applying = {key: one.score_missing_as_zero for key, one in spheres.items() if one.score_missing_as_zero is not None}
    points = sum(one.points_applicable for one in spheres.values())
    score, as_zero = _sum(scored, weights, readings), _sum(applying, weights, readings)
    counting = applying if readings.missing == "zero" else scored
    graded = as_zero if readings.missing == "zero" else score
    whole = (
        counting.keys() == applying.keys()
        if readings.absent_sphere == "rescale"
        else sum(weights[key] for key in counting) == FULL_WEIGHT
    )
    return CityScore(
        score=score,
        score_missing_as_zero=as_zero,
        coverage=sum(one.points_scored for one in spheres.values()) / points if points else None,
        weight_scored=sum(weights[key] for key in scored),
        band=band(graded, readings, book) if graded is not None and whole else None,
    )


def band(score: float, readings: Readings = DEFAULT, book: Catalogue | None = None) -> str:
    """The grade of a city score, 0 or more.

    The order prints whole numbers (75-89, 90-100). By default a grade begins at its lower number and nothing is
    rounded up; `Readings.bands` may round to the nearest whole number first, a half upwards.
    """
    graded = math.floor(score + 0.5) if readings.bands == "nearest" else score
    return next(one.id for one in (book or catalogue()).bands if graded >= one.lower)


def _sum(scores: Mapping[str, float], weights: Mapping[str, int], readings: Readings) -> float | None:
    if not scores:
        return None
    total = math.fsum(weights[key] * score for key, score in scores.items())
    if readings.absent_sphere == "rescale":
        return FULL_WEIGHT * total / sum(weights[key] for key in scores)
    return total


def _ratio(kpi: Kpi, target: Target, fact: Fact, readings: Readings) -> float | None:
    """The share of the target reached, 0 or more and without a cap; None where it cannot be said."""
    if isinstance(fact, Mapping):
        if target.rule in CHANGES:
            return _change(target, _percent_change(kpi, fact, target.rule), readings)
        if target.rule is Rule.LE_PARTS:
            return _parts(kpi, target, fact, readings)
        if target.numeric:
            raise InputError(f"values.{kpi.id}: one number is needed, not an object")
        return None
    number = _finite(fact, kpi.id)
    if target.rule in CHANGES:
        signed = target.rule is Rule.REDUCTION_RANGE and readings.change == "signed"
        return _change(target, -number if signed else number, readings)
    if target.rule is Rule.LE_PARTS:
        return _parts(kpi, target, dict.fromkeys(target.parts, number), readings)
    return _ratio_of_number(kpi, target, number, readings)


def _ratio_of_number(kpi: Kpi, target: Target, number: float, readings: Readings) -> float | None:
    rule = target.rule
    if rule is Rule.UP_TO:
        rule = Rule.LE if readings.up_to == "ceiling" else Rule.GE
    match rule:
        case Rule.GE:
            top = target.scale_max if readings.index == "scale_maximum" else None
            return max(0.0, number / (top or _bound(target, readings.bound)))
        case Rule.LE:
            return _at_most(kpi.id, number, _bound(target, "lower"), readings)
        case Rule.RANGE:
            return _range(number, _bound(target, "lower"), _bound(target, "upper"))
        case _:
            return None


def _bound(target: Target, which: Literal["lower", "upper"]) -> float:
    number = target.upper if which == "upper" and target.upper is not None else target.value
    if number is None:
        raise ValueError(f"target {target.text!r} has no number")
    return number


def _at_most(key: str, fact: float, limit: float, readings: Readings) -> float:
    if fact < 0:
        raise InputError(f"values.{key}: {fact} is below zero, which a value with an upper limit cannot be")
    match readings.at_most:
        case "mirror":
            return limit / fact if fact else math.inf
        case "linear":
            return max(0.0, 2 - fact / limit)
        case "all_or_nothing":
            return float(fact <= limit)


def _range(fact: float, low: float, high: float) -> float:
    if fact < low:
        return max(0.0, fact / low)
    return high / fact if fact > high else 1.0


def _change(target: Target, percent: float, readings: Readings) -> float:
    return max(0.0, percent / _bound(target, readings.bound))


def _percent_change(kpi: Kpi, fact: Mapping[str, float], rule: Rule) -> float:
    """Per cent of the base by which the fact fell (`REDUCTION_RANGE`) or rose."""
    if set(fact) != BASE_AND_FACT:
        raise InputError(f'values.{kpi.id}: write one number, or an object with "base" and "fact" alone')
    base, now = (_finite(fact[key], f"{kpi.id}.{key}") for key in ("base", "fact"))
    if base <= 0:
        raise InputError(f"values.{kpi.id}.base: a change can be measured from a base above zero only")
    return ((base - now) if rule is Rule.REDUCTION_RANGE else (now - base)) / base * 100


def _parts(kpi: Kpi, target: Target, fact: Mapping[str, float], readings: Readings) -> float | None:
    """One ratio of several limits; below 1 it is the mean (or worst) score, and above it the worst ratio."""
    unknown = sorted(set(fact) - set(target.parts))
    if unknown:
        raise InputError(f"values.{kpi.id}.{unknown[0]}: no such part; the parts are {', '.join(target.parts)}")
    ratios = [
        _at_most(f"{kpi.id}.{key}", _finite(number, f"{kpi.id}.{key}"), target.parts[key], readings)
        for key, number in fact.items()
    ]
    if len(ratios) < len(target.parts):
        return None
    worst = min(ratios)
    if worst >= 1 or readings.parts == "worst":
        return worst
    return math.fsum(min(1.0, ratio) for ratio in ratios) / len(ratios)


def _finite(number: object, key: str) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InputError(f"values.{key}: a number is needed, not {number!r:.40}")
    try:
        as_float = float(number)
    except OverflowError:
        as_float = math.inf
    if not math.isfinite(as_float):
        raise InputError(f"values.{key}: a finite number is needed, not {number!r:.40}")
    return as_float
