"""The catalogue for readers: as JSON, and searched by words, sphere and initiative."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kpi_catalog.catalogue import Catalogue, Initiative, Kpi, Target


def as_dict(book: Catalogue) -> dict[str, Any]:
    """JSON-ready form of all of it."""
    return {
        "version": book.version,
        "valid_from": book.valid_from.isoformat(),
        "valid_until": _day(book.valid_until),
        "order": dict(book.order),
        "categories": {key.value: dict(names) for key, names in book.categories.items()},
        "spheres": [{"id": one.id, "weight": one.weight, "name": dict(one.name)} for one in book.spheres],
        "initiatives": [initiative_dict(one) for one in book.initiatives.values()],
        "bands": [{"id": one.id, "from": one.lower, "name": dict(one.name)} for one in book.bands],
        "kpis": [kpi_dict(book, one) for one in book.kpis.values()],
    }


def initiative_dict(one: Initiative) -> dict[str, Any]:
    """JSON-ready form of an initiative."""
    stages = {key.value: {"stage": s.stage, "from": s.year_from, "to": s.year_to} for key, s in one.stages.items()}
    return {
        "number": one.number,
        "sphere": one.sphere,
        "name": dict(one.name),
        "points": one.points,
        "stages": stages,
        "executors": dict(one.executors),
    }


def kpi_dict(book: Catalogue, kpi: Kpi) -> dict[str, Any]:
    """JSON-ready form of a KPI."""
    texts = ("name", "description", "formula", "data_source", "information_system", "target_text")
    return {
        "id": kpi.id,
        "initiative": kpi.initiative,
        "sphere": book.sphere_of(kpi.id),
        **{name: dict(getattr(kpi, name)) for name in texts},
        "period": kpi.period,
        "unit": kpi.unit,
        "points": kpi.points,
        "targets": {key.value: _target(one) for key, one in kpi.targets.items()},
        "thresholds": dict(kpi.thresholds),
        "contested": list(kpi.contested),
        "source": dict(kpi.source),
        "valid_from": kpi.valid_from.isoformat(),
        "valid_until": _day(kpi.valid_until),
    }


def found(book: Catalogue, words: str = "", *, sphere: str = "", initiative: int | None = None) -> tuple[Kpi, ...]:
    """KPIs in the order's sequence that hold every word in any language, of a sphere, of an initiative.

    A word that is a KPI's number ("9.8") finds that KPI alone.
    """
    wanted = words.casefold().split()
    return tuple(
        kpi
        for kpi in book.kpis.values()
        if (not sphere or book.sphere_of(kpi.id) == sphere)
        and (initiative is None or kpi.initiative == initiative)
        and all(word == kpi.id if word in book.kpis else word in _haystack(kpi) for word in wanted)
    )


def _haystack(kpi: Kpi) -> str:
    texts: tuple[Mapping[str, str], ...] = (kpi.name, kpi.description, kpi.formula, kpi.data_source)
    return " ".join([kpi.id, *(said for text in texts for said in text.values())]).casefold()


def _target(one: Target) -> dict[str, Any]:
    return {
        "rule": one.rule.value,
        "text": one.text,
        "value": one.value,
        "upper": one.upper,
        "parts": dict(one.parts),
        "scale_max": one.scale_max,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
