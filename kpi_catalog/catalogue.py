"""The order's catalogue: 118 KPIs, 16 initiatives, 5 spheres, 3 categories of city, 5 bands.

Source: order No. 469/НҚ of 12 September 2025, appendices 2 (initiatives, stages), 4 (KPIs) and 5 (weights,
bands). The texts of the order are kept as published, its misprints included, save broken lines; the English
is ours. `kpi_catalog.check` holds the data to the order's own sums.

The data are versioned by their days: `data/order*.json` hold one edition of the order each (weights, initiatives,
bands), `data/kpis*.json` rows of KPIs, each with the first and last day it holds for. An amendment is a further file;
what it ends gets its last day. `catalogue(day)` is what held on a day; validity that overlaps is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from qyran.errors import ConfigError, InputError

Text = Mapping[str, str]
"""A text by language: kk, ru, en."""

Raw = Mapping[str, Any]


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
    """The whole order as it holds on a day, in the order's own sequence.

    Attributes:
        version: of the edition of the order.
        valid_from, valid_until: first and last day on which exactly this holds; no last day while nothing ends it.
    """

    version: str
    valid_from: date
    valid_until: date | None
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


def catalogue(on: date | None = None) -> Catalogue:
    """The catalogue shipped with the project.

    Args:
        on: the day it shall hold for; None takes the newest.

    Raises:
        InputError: no edition of the order holds on that day.
        ConfigError: the shipped data contradict themselves.
    """
    starts = _starts()
    begun = [start for start in starts if on is None or start <= on]
    if not begun:
        raise InputError(f"The order's KPIs hold from {starts[0]}; there are none for {on}.")
    found = _on(begun[-1])
    if on is not None and found.valid_until is not None and on > found.valid_until:
        raise InputError(f"The order's KPIs held until {found.valid_until}; there are none for {on}.")
    return found


def editions() -> tuple[Catalogue, ...]:
    """What held one after another, the oldest first."""
    return tuple(_on(start) for start in _starts())


def assemble(orders: Iterable[Raw], rows: Iterable[Raw], on: date) -> Catalogue:
    """The catalogue of a day from raw editions of the order and raw rows of KPIs.

    Raises:
        InputError: no edition holds on that day.
        ConfigError: two editions, or two rows of one KPI, hold on one day.
    """
    orders, rows = list(orders), list(rows)
    _refuse_overlaps("the order", orders)
    ids = {raw["id"]: [one for one in rows if one["id"] == raw["id"]] for raw in rows}
    for key, versions in ids.items():
        _refuse_overlaps(f"KPI {key}", versions)
    order = next((raw for raw in orders if _holds(raw, on)), None)
    if order is None:
        raise InputError(f"No edition of the order holds on {on}.")
    kpis = [_kpi(raw) for raw in rows if _holds(raw, on)]
    kpis.sort(key=lambda kpi: (kpi.initiative, int(kpi.id.partition(".")[2])))
    initiatives = (_initiative(raw) for raw in order["initiatives"])
    every = [*orders, *rows]
    ends = [
        day - timedelta(days=1) for day in (_day(raw["valid_from"]) for raw in every) if day is not None and day > on
    ]
    ends += [day for day in (_day(raw["valid_until"]) for raw in every) if day is not None and day >= on]
    return Catalogue(
        version=order["version"],
        valid_from=max(day for day in _bounds(every) if day <= on),
        valid_until=min(ends, default=None),
        order=MappingProxyType(order["order"]),
        categories=MappingProxyType({Category(key): _text(names) for key, names in order["categories"].items()}),
        spheres=tuple(Sphere(raw["id"], raw["weight"], _text(raw["name"])) for raw in order["spheres"]),
        initiatives=MappingProxyType({one.number: one for one in initiatives}),
        bands=tuple(Band(raw["id"], raw["from"], _text(raw["name"])) for raw in order["bands"]),
        kpis=MappingProxyType({kpi.id: kpi for kpi in kpis}),
    )


@cache
def _on(start: date) -> Catalogue:
    return assemble(*_shipped(), start)


@cache
def _starts() -> tuple[date, ...]:
    """The days on which something begins to hold or to hold no more, while an edition of the order holds."""
    orders, rows = _shipped()
    return tuple(sorted(day for day in _bounds([*orders, *rows]) if any(_holds(raw, day) for raw in orders)))


@cache
def _shipped() -> tuple[tuple[Raw, ...], tuple[Raw, ...]]:
    folder = resources.files("kpi_catalog").joinpath("data")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".json"))
    orders = tuple(_read(name) for name in names if name.startswith("order"))
    tables = [_read(name) for name in names if name.startswith("kpis")]
    shared = ("source", "valid_from", "valid_until")
    rows = ({**{key: table[key] for key in shared}, **raw} for table in tables for raw in table["kpis"])
    return orders, tuple(rows)


def _bounds(every: Iterable[Raw]) -> set[date]:
    starts = {date.fromisoformat(raw["valid_from"]) for raw in every}
    ends = {_day(raw["valid_until"]) for raw in every}
    return starts | {day + timedelta(days=1) for day in ends if day is not None}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _holds(raw: Raw, day: date) -> bool:
    until = _day(raw["valid_until"])
    return date.fromisoformat(raw["valid_from"]) <= day and (until is None or day <= until)


def _refuse_overlaps(what: str, versions: Iterable[Raw]) -> None:
    spans = sorted((date.fromisoformat(raw["valid_from"]), _day(raw["valid_until"])) for raw in versions)
    for (first, last), (following, _) in pairwise(spans):
        if last is None or following <= last:
            raise ConfigError(
                f"The catalogue has two versions of {what} on {following}; end the one of {first} before."
            )
    for first, last in spans:
        if last is not None and last < first:
            raise ConfigError(f"The catalogue lets {what} of {first} end on {last}, before it begins.")


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
