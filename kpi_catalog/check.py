"""Holds the catalogue to the order's own sums, so that a slip in the data cannot pass unseen."""

from __future__ import annotations

from collections import Counter

from kpi_catalog.catalogue import Catalogue, Category, Rule, Target

# Appendix 4: number of KPIs and sum of points of each initiative.
KPI_COUNTS = {1: 21, 2: 7, 3: 7, 4: 7, 5: 7, 6: 7, 7: 7, 8: 7, 9: 9, 10: 7, 11: 6, 12: 6, 13: 5, 14: 5, 15: 5, 16: 5}
POINTS = {
    1: 177, 2: 58, 3: 60, 4: 61, 5: 58, 6: 62, 7: 57, 8: 58, 9: 73, 10: 59, 11: 48, 12: 52, 13: 45, 14: 45, 15: 45,
    16: 45,
}  # fmt: skip
# Appendix 5, p. 3: weight of each sphere; with it the sum of its KPIs' points.
SPHERES = {
    "city_management": (25, 235),
    "security": (25, 132),
    "transport": (20, 296),
    "ecology": (15, 100),
    "housing_utilities": (15, 240),
}
BAND_BOUNDS = (90, 75, 60, 45, 0)
LANGUAGES = {"kk", "ru", "en"}


def problems(catalogue: Catalogue) -> tuple[str, ...]:
    """Everything in the catalogue that does not agree with the order; empty when it is sound."""
    return tuple(_sums(catalogue) + _shape(catalogue))


def _sums(catalogue: Catalogue) -> list[str]:
    found: list[str] = []
    counts = Counter(kpi.initiative for kpi in catalogue.kpis.values())
    points: Counter[int] = Counter()
    for kpi in catalogue.kpis.values():
        points[kpi.initiative] += kpi.points
    for number, expected in KPI_COUNTS.items():
        if counts[number] != expected:
            found.append(f"initiative {number} has {counts[number]} KPIs, the order {expected}")
        if points[number] != POINTS[number] or catalogue.initiatives[number].points != POINTS[number]:
            found.append(f"initiative {number} has {points[number]} points, the order {POINTS[number]}")
    for sphere in catalogue.spheres:
        total = sum(kpi.points for kpi in catalogue.kpis_of(sphere.id))
        if (sphere.weight, total) != SPHERES[sphere.id]:
            found.append(f"sphere {sphere.id} has weight {sphere.weight} and {total} points, not those of the order")
    if tuple(band.lower for band in catalogue.bands) != BAND_BOUNDS:
        found.append("the bands do not begin at 90, 75, 60, 45 and 0")
    return found


def _shape(catalogue: Catalogue) -> list[str]:
    found: list[str] = []
    numbers: dict[int, int] = {}
    for kpi in catalogue.kpis.values():
        numbers[kpi.initiative] = numbers.get(kpi.initiative, 0) + 1
        if kpi.id != f"{kpi.initiative}.{numbers[kpi.initiative]}":
            found.append(f"KPI {kpi.id} stands out of the order's sequence")
        if set(kpi.name) != LANGUAGES or not all(kpi.name.values()):
            found.append(f"KPI {kpi.id} lacks a name in one of kk, ru, en")
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
