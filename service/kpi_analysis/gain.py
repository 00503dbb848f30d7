"""What would raise the score most: the points each KPI still has to give, and the missing inputs that hold points back.

Two KPIs reward more violations and more incidents (9.2, 9.6). They are shown, and never given as advice: more
violations found is a success only while there are more violations to find.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kpi_catalog.catalogue import Kpi, Target, catalogue
from kpi_catalog.status import OUTSIDE, SCORED, Status

PERVERSE: Final = frozenset({"9.2", "9.6"})
"""KPIs whose value grows with violations and incidents: shown, never optimised."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A KPI as it stands: value, score and what is missing (names of inputs)."""

    kpi: Kpi
    target: Target
    status: Status
    value: float | None
    score: float | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gain:
    """What one KPI could still add.

    Attributes:
        reached: of its points, None where it has no score.
        points: still to gain, of the KPI's own points.
        sphere: what they add to the sphere's score with the missing as 0, points of 100.
        city: what they add to the city's score, points of 100: the sphere's gain by its weight.
        missing: inputs without which it has no score.
        advised: False for a KPI that rewards more violations.
    """

    standing: Standing
    reached: float | None
    points: float
    sphere: float
    city: float
    missing: tuple[str, ...]
    advised: bool


def gains(standings: Iterable[Standing]) -> tuple[Gain, ...]:
    """The gains of every KPI that applies and can be scored, the largest for the city first; unadvised ones last."""
    rows = [one for one in standings if one.status not in OUTSIDE]
    book = catalogue()
    weights = {sphere.id: sphere.weight for sphere in book.spheres}
    totals = _points(rows)
    found = []
    for one in rows:
        if not one.target.numeric:
            continue
        sphere = book.sphere_of(one.kpi.id)
        scored = one.status in SCORED and one.score is not None
        reached = one.kpi.points * one.score if scored and one.score is not None else None
        left = one.kpi.points - (reached or 0.0)
        share = left / totals[sphere]
        found.append(
            Gain(
                standing=one,
                reached=reached,
                points=left,
                sphere=100 * share,
                city=weights[sphere] * share,
                missing=() if scored else one.missing,
                advised=one.kpi.id not in PERVERSE,
            )
        )
    return tuple(sorted(found, key=lambda gain: (not gain.advised, -gain.city)))


def _points(rows: Iterable[Standing]) -> Mapping[str, int]:
    """Points that apply, by sphere: what its score with the missing as 0 is out of."""
    totals: dict[str, int] = {}
    for one in rows:
        sphere = catalogue().sphere_of(one.kpi.id)
        totals[sphere] = totals.get(sphere, 0) + one.kpi.points
    return totals
