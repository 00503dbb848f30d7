"""Holds the catalogue to the order's own sums, so that a slip in the data cannot pass unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from kpi_catalog.catalogue import Catalogue, Category, Rule, Target


@dataclass(frozen=True, slots=True)
class Sums:
    """What an edition of the order adds up to.

    Attributes:
        counts, points: number of KPIs and sum of their points by initiative (appendix 4).
        spheres: weight (appendix 5, p. 3) and sum of points by sphere.
        bands: lower bounds of the grades (appendix 5, p. 7).
    """

    counts: Mapping[int, int]
    points: Mapping[int, int]
    spheres: Mapping[str, tuple[int, int]]
    bands: tuple[int, ...]


SUMS: Final[Mapping[str, Sums]] = MappingProxyType(
    {
        "1": Sums(
            counts={
                1: 21, 2: 7, 3: 7, 4: 7, 5: 7, 6: 7, 7: 7, 8: 7, 9: 9, 10: 7, 11: 6, 12: 6, 13: 5, 14: 5, 15: 5, 16: 5,
            },
            points={
                1: 177, 2: 58, 3: 60, 4: 61, 5: 58, 6: 62, 7: 57, 8: 58, 9: 73, 10: 59, 11: 48, 12: 52, 13: 45, 14: 45,
                15: 45, 16: 45,
            },
            spheres={
                "city_management": (25, 235),
                "security": (25, 132),
                "transport": (20, 296),
                "ecology": (15, 100),
                "housing_utilities": (15, 240),
            },
            bands=(90, 75, 60, 45, 0),
        )
    }
)  # fmt: skip
"""By edition; written down apart from the data, from the order's own tables."""
FULL_WEIGHT: Final = 100
LANGUAGES: Final = frozenset({"kk", "ru", "en"})
TEXTS: Final = ("name", "description", "formula", "data_source", "information_system", "target_text")
COMPARATORS: Final[Mapping[str, Rule]] = MappingProxyType({">=": Rule.GE, "<=": Rule.LE})
"""How the transcript of the order names what is not called by its rule."""
LOWER: Final = ("value", "min", "min_pct", "value_pct")
UPPER: Final = ("value_alt", "max", "max_pct")


def problems(catalogue: Catalogue) -> tuple[str, ...]:
    """Everything in the catalogue that does not agree with the order; empty when it is sound."""
    sums = SUMS.get(catalogue.version)
    if sums is None:
        return (f"the sums of edition {catalogue.version} of the order are not known; write them into SUMS",)
    return tuple(_sums(catalogue, sums) + _shape(catalogue))


def differences(catalogue: Catalogue, transcript: Mapping[str, Any]) -> tuple[str, ...]:
    """Where the catalogue says other things than a transcript of the order (``kpi_catalog.json``); empty if nowhere."""
    found: list[str] = []
    rows = {raw["id"]: raw for initiative in transcript["initiatives"] for raw in initiative["kpis"]}
    found += [f"KPI {key} is not in the transcript" for key in catalogue.kpis if key not in rows]
    found += [f"KPI {key} is not in the catalogue" for key in rows if key not in catalogue.kpis]
    for key in rows.keys() & catalogue.kpis.keys():
        found += _row_differences(catalogue, key, rows[key])
    for raw in transcript["initiatives"]:
        mine = catalogue.initiatives[raw["number"]]
        stages = {one["category"]: (one["stage"], one["year_from"], one["year_to"]) for one in raw["stages"]}
        own = {key.value: (one.stage, one.year_from, one.year_to) for key, one in mine.stages.items()}
        told = (raw["sphere_id"], raw["points_total"], raw["name_ru"], raw["name_kk"], stages)
        if (mine.sphere, mine.points, mine.name["ru"], mine.name["kk"], own) != told:
            found.append(f"initiative {raw['number']} is another one in the transcript")
    return tuple(sorted(found))


def _row_differences(catalogue: Catalogue, key: str, raw: Mapping[str, Any]) -> Iterable[str]:
    kpi = catalogue.kpis[key]
    for name in ("points", "period", "unit"):
        told = raw[name]
        either = name == "unit" and told.startswith("AMBIGUOUS") and "unit" in kpi.contested and kpi.unit in told
        if getattr(kpi, name) != told and not either:
            yield f"KPI {key}: {name} is {getattr(kpi, name)}, in the transcript {told}"
    for name in ("name", "description", "formula", "data_source", "information_system"):
        for language in ("ru", "kk"):
            if _plain(getattr(kpi, name)[language]) != _plain(raw[f"{name}_{language}"]):
                yield f"KPI {key}: {name} in {language} is worded otherwise in the transcript"
    for category in Category:
        target, told = kpi.targets[category], raw["targets"][category.value]
        rule = COMPARATORS.get(told["comparator"], told["comparator"])
        if target.rule != rule and target.rule is not Rule.LE_PARTS:
            yield f"KPI {key}, {category}: the rule is {target.rule}, in the transcript {told['comparator']}"
        lower = next((told[name] for name in LOWER if name in told), None)
        upper = next((told[name] for name in UPPER if name in told), None)
        if target.rule is not Rule.TEXT and (target.value, target.upper) != (lower, upper):
            yield f"KPI {key}, {category}: the target is {target.value} {target.upper}, not {lower} {upper}"


def _plain(text: str) -> str:
    """Without what a broken line of the print adds."""
    return "".join(text.split()).replace("-", "")


def _sums(catalogue: Catalogue, sums: Sums) -> list[str]:
    found: list[str] = []
    counts = Counter(kpi.initiative for kpi in catalogue.kpis.values())
    points: Counter[int] = Counter()
    for kpi in catalogue.kpis.values():
        points[kpi.initiative] += kpi.points
    for number, expected in sums.counts.items():
        if counts[number] != expected:
            found.append(f"initiative {number} has {counts[number]} KPIs, the order {expected}")
        if points[number] != sums.points[number] or catalogue.initiatives[number].points != sums.points[number]:
            found.append(f"initiative {number} has {points[number]} points, the order {sums.points[number]}")
    for sphere in catalogue.spheres:
        total = sum(kpi.points for kpi in catalogue.kpis_of(sphere.id))
        if (sphere.weight, total) != sums.spheres[sphere.id]:
            found.append(f"sphere {sphere.id} has weight {sphere.weight} and {total} points, not those of the order")
    if sum(sphere.weight for sphere in catalogue.spheres) != FULL_WEIGHT:
        found.append("the weights of the spheres do not add up to 100")
    if tuple(band.lower for band in catalogue.bands) != sums.bands:
        found.append(f"the bands do not begin at {', '.join(str(one) for one in sums.bands)}")
    return found


def _shape(catalogue: Catalogue) -> list[str]:
    found: list[str] = []
    numbers: dict[int, int] = {}
    for kpi in catalogue.kpis.values():
        numbers[kpi.initiative] = numbers.get(kpi.initiative, 0) + 1
        if kpi.id != f"{kpi.initiative}.{numbers[kpi.initiative]}":
            found.append(f"KPI {kpi.id} stands out of the order's sequence")
        found.extend(
            f"KPI {kpi.id} lacks its {name.replace('_', ' ')} in one of kk, ru, en"
            for name in TEXTS
            if set(getattr(kpi, name)) != LANGUAGES or not all(getattr(kpi, name).values())
        )
        if set(kpi.targets) != set(Category):
            found.append(f"KPI {kpi.id} lacks the target of a category")
        found.extend(
            f"KPI {kpi.id}, {category}: the target does not fit its rule {target.rule}"
            for category, target in kpi.targets.items()
            if not _fits(target)
        )
    return found


def _fits(target: Target) -> bool:
    match target.rule:
        case Rule.TEXT:
            return target.value is None and bool(target.text)
        case Rule.NOT_SET:
            return target.value is None and not target.text
        case Rule.LE_PARTS:
            return bool(target.parts) and min(target.parts.values()) > 0
        case Rule.RANGE | Rule.REDUCTION_RANGE:
            return target.value is not None and target.upper is not None and 0 < target.value < target.upper
        case _:
            return target.value is not None and target.value > 0
