"""The order's catalogue: 118 KPIs, 16 initiatives, 5 spheres, 3 categories of city, 5 bands.

Source: order No. 469/НҚ of 12 September 2025, appendices 2 (initiatives, stages), 4 (KPIs) and 5 (weights,
bands). The texts of the order are kept as published, its misprints included, save broken lines; the English
names are ours. `kpi_catalog.check` holds the data to the order's own sums.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

Text = Mapping[str, str]
"""A text by language: kk and ru always, en where the order's own wording is not needed."""


class Category(StrEnum):
    """The three categories of city (methodology, p. 7)."""

    REPUBLICAN = "republican"
    REGIONAL = "regional"
    DISTRICT = "district"


class Rule(StrEnum):
    """How a fact is held against its target."""

    GE = "ge"  # at least `value`
    LE = "le"  # at most `value`
    LE_PARTS = "le_parts"  # at most `parts[name]` for each named part (KPI 1.4)
    RANGE = "range"  # between `value` and `upper`
    REDUCTION_RANGE = "reduction_range"  # a fall by `value` to `upper` per cent
    GROWTH_AT_LEAST = "growth_at_least"  # a rise by `value` per cent
    UP_TO = "up_to"  # "up to `value`" (KPI 1.19)
    TEXT = "text"  # words without a number
    NOT_SET = "not_set"  # the order names no target for this category


@dataclass(frozen=True, slots=True)
class Target:
    """One KPI's target for one category of city.

    Attributes:
        rule: how the fact is compared.
        text: the order's own wording (Russian), empty where it sets none.
        value: the number, or the lower bound; per cent for the two rules of change.
        upper: the upper bound where the order gives two numbers.
        parts: limits by part, for `Rule.LE_PARTS` alone.
        scale_max: the top of the scale where the KPI is a mean score.
    """

    rule: Rule
    text: str
    value: float | None = None
    upper: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    scale_max: float | None = None

    @property
    def numeric(self) -> bool:
        """Whether a fact can be scored against it."""
        return self.rule not in {Rule.TEXT, Rule.NOT_SET}


@dataclass(frozen=True, slots=True)
class Kpi:
    """One row of appendix 4.

    Attributes:
        thresholds: limits inside the formula by category (1.8 seconds, 1.11 minutes), with their `unit`.
        contested: what in the row can be read in more than one way (see `kpi_catalog.scoring.Readings`).
    """

    id: str
    initiative: int
    name: Text
    description: Text
    formula: Text
    data_source: Text
    information_system: Text
    period: str
    unit: str
    points: int
    target_text: Text
    targets: Mapping[Category, Target]
    source: Text
    valid_from: date
    valid_until: date | None
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    contested: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """When an initiative is introduced in a category of city: stage number, first and last year."""

    stage: int
    year_from: int
    year_to: int


@dataclass(frozen=True, slots=True)
class Initiative:
    """One row of appendix 2; a category without a stage is one the order does not foresee it for."""

    number: int
    sphere: str
    name: Text
    points: int
    stages: Mapping[Category, Stage]
    executors: Text


@dataclass(frozen=True, slots=True)
class Sphere:
    """One of the five weighted spheres; weights add up to 100."""

    id: str
    weight: int
    name: Text


@dataclass(frozen=True, slots=True)
class Band:
    """One grade of the rating, from its lower bound (inclusive) up."""

    id: str
    lower: int
    name: Text


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The whole order, in the order's own sequence."""

    version: str
    order: Mapping[str, Any]
    categories: Mapping[Category, Text]
    spheres: tuple[Sphere, ...]
    initiatives: Mapping[int, Initiative]
    bands: tuple[Band, ...]
    kpis: Mapping[str, Kpi]

    def sphere_of(self, kpi_id: str) -> str:
        """The sphere that a KPI counts in."""
        return self.initiatives[self.kpis[kpi_id].initiative].sphere

    def kpis_of(self, sphere: str) -> tuple[Kpi, ...]:
        """The KPIs of a sphere."""
        return tuple(k for k in self.kpis.values() if self.initiatives[k.initiative].sphere == sphere)

    def stage_of(self, kpi_id: str, category: Category) -> Stage | None:
        """The stage of a KPI's initiative in a category, None where the order does not foresee it."""
        return self.initiatives[self.kpis[kpi_id].initiative].stages.get(category)


@cache
def catalogue() -> Catalogue:
    """The catalogue shipped with the project, read once."""
    order = _read("order_469.json")
    rows = _read("kpis.json")
    defaults = {key: rows[key] for key in ("source", "valid_from", "valid_until")}
    kpis = (_kpi({**defaults, **raw}) for raw in rows["kpis"])
    initiatives = (_initiative(raw) for raw in order["initiatives"])
    return Catalogue(
        version=order["version"],
        order=MappingProxyType(order["order"]),
        categories=MappingProxyType({Category(key): _text(names) for key, names in order["categories"].items()}),
        spheres=tuple(Sphere(raw["id"], raw["weight"], _text(raw["name"])) for raw in order["spheres"]),
        initiatives=MappingProxyType({one.number: one for one in initiatives}),
        bands=tuple(Band(raw["id"], raw["from"], _text(raw["name"])) for raw in order["bands"]),
        kpis=MappingProxyType({kpi.id: kpi for kpi in kpis}),
    )


def _read(name: str) -> dict[str, Any]:
    text = resources.files("kpi_catalog").joinpath("data", name).read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def _text(names: Mapping[str, str]) -> Text:
    return MappingProxyType(dict(names))


def _initiative(raw: Mapping[str, Any]) -> Initiative:
    stages = {Category(key): Stage(one["stage"], one["from"], one["to"]) for key, one in raw["stages"].items()}
    return Initiative(
        number=raw["number"],
        sphere=raw["sphere"],
        name=_text(raw["name"]),
        points=raw["points"],
        stages=MappingProxyType(stages),
        executors=_text(raw["executors"]),
    )


def _kpi(raw: Mapping[str, Any]) -> Kpi:
    texts = {key: _text(raw[key]) for key in ("name", "description", "formula", "data_source", "information_system")}
    until = raw["valid_until"]
    return Kpi(
        id=raw["id"],
        initiative=raw["initiative"],
        **texts,
        period=raw["period"],
        unit=raw["unit"],
        points=raw["points"],
        target_text=_text(raw["target_text"]),
        targets=MappingProxyType({Category(key): _target(one) for key, one in raw["targets"].items()}),
        source=MappingProxyType(raw["source"]),
        valid_from=date.fromisoformat(raw["valid_from"]),
        valid_until=None if until is None else date.fromisoformat(until),
        thresholds=MappingProxyType(raw.get("thresholds", {})),
        contested=tuple(raw.get("contested", ())),
    )


def _target(raw: Mapping[str, Any]) -> Target:
    return Target(
        rule=Rule(raw["rule"]),
        text=raw["text"],
        value=raw.get("value"),
        upper=raw.get("upper"),
        parts=MappingProxyType(raw.get("parts", {})),
        scale_max=raw.get("scale_max"),
    )
