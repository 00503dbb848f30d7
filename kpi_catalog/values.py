"""The body of ``qyran kpi score VALUES.json``: given values in, scores of the whole order out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.period import Period
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.scoring import Fact, KpiScore, city_score, score_kpi, sphere_score
from qyran.errors import InputError

KEYS = ("city_category", "values", "period")


def score_values(payload: object, readings: Readings = DEFAULT) -> dict[str, Any]:
    """Score the values of one city.

    Args:
        payload: ``{"city_category": "republican" | "regional" | "district", "values": {KPI id: fact},
            "period": "2026-03"}``. A fact is a number in the KPI's unit, or null where it is missing. KPI 1.4
            takes hours by part (``{"security": 0.5, ...}``) or one number for all four; KPIs 1.12, 1.13 and
            1.16 take the fall achieved in per cent (5 means 5 % less), 1.20 the growth, each also as
            ``{"base": ..., "fact": ...}``. The period is optional (2026, 2026-Q1, 2026-03 or 2026-03-15); with
            it a KPI whose initiative has not begun in that category is `not_yet_due`, one whose initiative is
            not foreseen there `not_applicable`, and both stay outside scores and coverage.
        readings: of the places that the order leaves open.

    Returns:
        JSON-ready dict. ``kpis``: all 118 with score (0..1), uncapped and status. ``spheres``: score and
        score_missing_as_zero (0..1), coverage (points scored / points that apply, 0..1). ``city``: the same with
        scores 0..100, weight_scored (what its score is out of) and band, which is null until every sphere has
        a score. Null stands for what cannot be said. Nothing is rounded.

    Raises:
        InputError: the payload is not of that shape; the sentence names the key.
    """
    category, values, year = _read(payload)
    book = catalogue()
    scores: dict[str, KpiScore] = {
        key: score_kpi(kpi, category, values.get(key), year=year, readings=readings) for key, kpi in book.kpis.items()
    }
    spheres = {
        sphere.id: sphere_score((kpi.points, scores[kpi.id]) for kpi in book.kpis_of(sphere.id))
        for sphere in book.spheres
    }
    return {
        "kpis": {key: asdict(one) | {"status": one.status.value} for key, one in scores.items()},
        "spheres": {
            key: {
                "score": one.score,
                "score_missing_as_zero": one.score_missing_as_zero,
                "coverage": one.coverage,
            }
            for key, one in spheres.items()
        },
        "city": asdict(city_score(spheres, readings)),
    }


def _read(payload: object) -> tuple[Category, Mapping[str, Fact | None], int | None]:
    if not isinstance(payload, Mapping):
        raise InputError('the values must be one JSON object with "city_category" and "values"')
    unknown = sorted(str(key) for key in payload if key not in KEYS)
    if unknown:
        raise InputError(f"{unknown[0]}: no such key; the keys are {', '.join(KEYS)}")
    given = payload.get("city_category")
    if given not in list(Category):
        raise InputError(f"city_category: one of {', '.join(Category)} is needed, not {given!r:.40}")
    values = payload.get("values")
    if not isinstance(values, Mapping):
        raise InputError("values: an object of KPI ids and numbers is needed")
    for key, fact in values.items():
        _check(key, fact)
    period = payload.get("period")
    if period is not None and not isinstance(period, str):
        raise InputError(f'period: a text such as "2026-03" is needed, not {period!r:.40}')
    year = None if period is None else Period.parse(period).year
    return Category(cast("str", given)), values, year


def _check(key: object, fact: object) -> None:
    if key not in catalogue().kpis:
        raise InputError(f"values.{key}: the order has no such KPI")
    if fact is None or isinstance(fact, Mapping) or (isinstance(fact, int | float) and not isinstance(fact, bool)):
        return
    raise InputError(f"values.{key}: a number is needed, not {fact!r:.40}")
