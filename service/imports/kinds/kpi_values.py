"""Values of KPIs that Qyran cannot compute: a number, its parts, what it is the ratio of, or base and fact."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from kpi_catalog.catalogue import Category, Kpi, Rule, catalogue
from kpi_catalog.period import Period
from kpi_catalog.scoring import CHANGES
from service.imports.cells import UNITS, in_bounds
from service.imports.columns import Column, Fault, Refused, Type, shown
from service.imports.kinds.base import Context, Kind, Record, Values

COMPUTED: Final = frozenset({"security"})
"""Spheres whose values come from the store alone."""
PARTS: Final = ("security", "housing_utilities", "ecology", "education")
"""Of KPI 1.4, in hours."""
PARTED: Final = "1.4"
FACTORS: Final = {
    "percent": 100.0, "percent_change": 100.0, "per_1000_residents": 1e3, "per_1000_passengers": 1e3,
    "per_1000_places": 1e3, "per_1000_vehicles": 1e3, "per_10000_vehicles_year": 1e4, "per_million_trips": 1e6,
    "per_100_km": 100.0,
}  # fmt: skip
"""What numerator / denominator is multiplied by."""
BOUNDS: Final = {
    "percent": (0.0, 100.0), "percent_change": (-100.0, 1000.0), "score_10": (1.0, 10.0), "score_5": (1.0, 5.0),
    "km_per_hour": (0.0, 150.0), "hour": (0.0, 8784.0), "minute": (0.0, 525_600.0),
}  # fmt: skip
"""Least and most of a unit; all others begin at 0."""
MOST: Final = 1e12
AGREES: Final = 0.005
"""A value told beside its parts may differ from their ratio by so much of itself: it was rounded."""
FORMS: Final = (("value",), ("numerator", "denominator"), ("base", "fact"), PARTS)


def _number(name: str) -> Column:
    return Column(name, Type.NUMBER, most=MOST, least=-MOST)


COLUMNS: Final = (
    Column("kpi_id", Type.KPI, required=True),
    Column("period", Type.PERIOD, required=True),
    _number("value"),
    Column("unit", Type.UNIT, required=True),
    _number("numerator"),
    _number("denominator"),
    _number("base"),
    _number("fact"),
    *(Column(name, Type.NUMBER, unit="hour", least=0, most=8784) for name in PARTS),
    Column("category", Type.CHOICE, choices=tuple(Category)),
)


def _check(values: Values, context: Context) -> Iterable[Fault]:
    kpi = catalogue().kpis[values["kpi_id"]]
    if catalogue().sphere_of(kpi.id) in COMPUTED:
        yield Fault("kpi_computed", {}, "kpi_id", kpi.id)
        return
    if values["category"] not in {None, context.category}:
        yield Fault("category_other", {"category": context.category}, "category", values["category"])
    wrong = [*_unit(kpi, values), *_form(kpi, values)]
    yield from wrong or _amount(kpi, values)


def _unit(kpi: Kpi, values: Values) -> Iterable[Fault]:
    given = values["unit"]
    if given != kpi.unit and given not in UNITS.get(kpi.unit, ()):
        yield Fault("unit_wrong", {"unit": kpi.unit}, "unit", given)


def _form(kpi: Kpi, values: Values) -> Iterable[Fault]:
    """Exactly one way of telling the value, and one that fits the KPI; a ratio may stand beside its value."""
    told = [form for form in FORMS if any(values[name] is not None for name in form)]
    halved = [name for form in told for name in form if values[name] is None]
    if not told:
        yield Fault("absent", {}, "value")
    elif halved:
        yield Fault("part_absent", {}, halved[0])
    elif len(told) > 1 and told != [FORMS[0], FORMS[1]]:
        yield Fault("forms_two", {}, told[1][0], shown(values[told[1][0]]))
    elif PARTS in told and kpi.id != PARTED:
        yield Fault("parts_not_here", {"kpi": PARTED}, PARTS[0], shown(values[PARTS[0]]))
    elif FORMS[2] in told and not _is_change(kpi):
        yield Fault("base_not_here", {}, "base", shown(values["base"]))


def _amount(kpi: Kpi, values: Values) -> Iterable[Fault]:
    if values["denominator"] is not None:
        if values["numerator"] < 0 or values["denominator"] <= 0:
            yield Fault("not_above", {"least": 0}, "denominator", shown(values["denominator"]))
            return
        ratio = _ratio(kpi, values)
        if values["value"] is not None and abs(values["value"] - ratio) > AGREES * max(abs(ratio), 1.0):
            yield Fault("parts_disagree", {"value": round(ratio, 3)}, "value", shown(values["value"]))
    if values["base"] is not None and (values["base"] <= 0 or values["fact"] < 0):
        yield Fault("not_above", {"least": 0}, "base", shown(values["base"]))
    value = _value(kpi, values)
    if isinstance(value, float):
        least, most = BOUNDS.get(kpi.unit, (0.0, MOST))
        column = Column("value", Type.NUMBER, unit=kpi.unit, least=least, most=most)
        try:
            in_bounds(value, column)
        except Refused as error:
            yield Fault(error.code, error.values, "value", shown(f"{value:g}"))


def _is_change(kpi: Kpi) -> bool:
    return any(target.rule in CHANGES for target in kpi.targets.values())


def _ratio(kpi: Kpi, values: Values) -> float:
    return float(values["numerator"]) / float(values["denominator"]) * FACTORS.get(kpi.unit, 1.0)


def _value(kpi: Kpi, values: Values) -> float | dict[str, float]:
    if values["value"] is not None:
        return float(values["value"])
    if values["denominator"] is not None:
        return _ratio(kpi, values)
    return {name: float(values[name]) for name in (PARTS if values[PARTS[0]] is not None else ("base", "fact"))}


def _record(values: Values, _: Context) -> Record:
    kpi = catalogue().kpis[values["kpi_id"]]
    found: Record = {"kpi_id": kpi.id, "period": values["period"], "value": _value(kpi, values), "unit": kpi.unit}
    for name in ("numerator", "denominator", "note"):
        if values[name] is not None:
            found[name] = values[name]
    return found


def _at(values: Values, context: Context) -> datetime:
    return Period.parse(values["period"], str(context.zone)).start


def suspicious(values: Values) -> bool:
    """A share that was perhaps told as a fraction: 0.85 where 85 % was meant."""
    kpi = catalogue().kpis[values["kpi_id"]]
    told = values["value"]
    at_least = any(target.rule is Rule.GE for target in kpi.targets.values())
    return kpi.unit == "percent" and at_least and told is not None and 0 < told <= 1


KPI_VALUES: Final = Kind(
    name="kpi_values",
    columns=COLUMNS,
    key=lambda values: f"{values['kpi_id']}|{values['period']}",
    check=_check,
    record=_record,
    at=_at,
    examples=(
        {"kpi_id": "2.2", "period": "2026-10", "value": "87,5", "unit": "%"},
        {"kpi_id": "3.1", "period": "2026-Q3", "unit": "%", "numerator": "1 250", "denominator": "1 420"},
        {"kpi_id": "1.12", "period": "2026-10", "unit": "%", "base": "118", "fact": "109"},
        {"kpi_id": "1.4", "period": "2026-10", "unit": "ч", "security": "0,5", "housing_utilities": "12",
         "ecology": "0,9", "education": "20"},
    ),
)  # fmt: skip
