"""The rating of a whole city: all 118 KPIs scored, five spheres, the city, its grade, additional initiatives.

Pure: whoever measures the KPIs gives one `Measured` each (computed from the store, imported, or missing by name) and
gets a `CityReport`. These are internal figures, not the official rating (methodology, p. 12.4, p. 35).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from kpi_catalog.additional import JudgedInitiative
from kpi_catalog.catalogue import Catalogue, Category, Kpi, Sphere, Target, catalogue
from kpi_catalog.period import Period
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.scoring import (
    FULL_WEIGHT,
    CityScore,
    Fact,
    KpiScore,
    SphereScore,
    band,
    city_score,
    score_kpi,
    sphere_score,
    standing,
)
from kpi_catalog.status import SCORED, Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

IMPORT_VERSION = "import/1"
"""Definition version of a value that was taken over as it came."""

Choice = tuple[str, str]
"""A reading and one of its choices, such as ("fold", "mean")."""


class Origin(StrEnum):
    """Where a KPI's value comes from."""

    STORE = "store"  # computed from the installation's own records
    IMPORT = "import"  # taken over from elsewhere, with its source and day
    NONE = "none"  # not known


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one KPI.

    Attributes:
        value: with numerator, denominator, inputs, status and what is missing.
        fact: what is held against the target; differs from `value.value` where a KPI has parts (1.4) or is a change
            (``{"base": ..., "fact": ...}``).
        variants: what would be measured under another choice of a reading, where it differs.
    """

    value: KpiValue
    origin: Origin
    fact: Fact | None = None
    variants: Mapping[Choice, Measured] = field(default_factory=dict)

    def under(self, choice: Choice) -> Measured:
        """As measured under a choice."""
        return self.variants.get(choice, self)


def unmeasured(kpi: Kpi, *missing: Missing) -> Measured:
    """A KPI of which nothing is known: nobody imported it, or what `missing` names is not there."""
    value = KpiValue(
        id=kpi.id,
        unit=kpi.unit,
        definition_version=IMPORT_VERSION,
        status=Status.NO_DATA,
        missing=missing or (Missing.IMPORTED_VALUE,),
    )
    return Measured(value, Origin.NONE)


def imported(kpi: Kpi, fact: Fact, used: InputUsed) -> Measured:
    """A KPI whose value was taken over."""
    value = KpiValue(
        id=kpi.id,
        unit=kpi.unit,
        definition_version=IMPORT_VERSION,
        status=Status.COMPUTED,
        value=None if isinstance(fact, Mapping) else float(fact),
        inputs=(used,),
        extra=dict(fact) if isinstance(fact, Mapping) else {},
    )
    return Measured(value, Origin.IMPORT, fact)


@dataclass(frozen=True, slots=True)
class CityKpi:
    """One KPI of the city: the order's row, what was measured, the target used and the score.

    `score.status` is what to show: the measurement's own unless the KPI does not apply, is not yet due or has a
    target of words.
    """

    kpi: Kpi
    sphere: str
    target: Target
    measured: Measured
    score: KpiScore

    @property
    def value(self) -> KpiValue:
        """What was measured."""
        return self.measured.value

    @property
    def origin(self) -> Origin:
        """Where it comes from."""
        return self.measured.origin

    @property
    def status(self) -> Status:
        """What to show."""
        return self.score.status


@dataclass(frozen=True, slots=True)
class CitySphere:
    """One of the five spheres.

    Attributes:
        contribution: what it adds to the city's score, 0 to its weight; None where it has no score.
    """

    sphere: Sphere
    score: SphereScore
    contribution: float | None


@dataclass(frozen=True, slots=True)
class Rating:
    """What the city is graded by.

    Attributes:
        base: the city's score that `Readings.missing` names, 0..100.
        additional_points: of the additional initiatives that meet every criterion.
        total: both together as `Readings.additional` has it; None without a base.
        band: id of the grade; None while the base is not out of 100.
    """

    base: float | None
    additional_points: int
    total: float | None
    band: str | None


@dataclass(frozen=True, slots=True)
class CityReport:
    """The whole city for one period.

    Attributes:
        complete: whether the period had ended when the data were read.
        kpis: all 118 in the order's sequence.
        additional: every additional initiative with what its criteria come to.
    """

    category: Category
    period: Period
    as_of: datetime
    complete: bool
    readings: Readings
    catalogue_version: str
    kpis: tuple[CityKpi, ...]
    spheres: tuple[CitySphere, ...]
    city: CityScore
    additional: tuple[JudgedInitiative, ...]
    rating: Rating

    def kpi(self, kpi_id: str) -> CityKpi:
        """One KPI.

        Raises:
            KeyError: there is no such KPI.
        """
        found = next((one for one in self.kpis if one.kpi.id == kpi_id), None)
        if found is None:
            raise KeyError(kpi_id)
        return found

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form, for pages, the API and exchange files."""
        return {
            "category": self.category.value,
            "period": str(self.period),
            "zone": self.period.zone,
            "as_of": self.as_of.isoformat(),
            "complete": self.complete,
            "official": False,
            "catalogue_version": self.catalogue_version,
            "readings": asdict(self.readings),
            "kpis": [_row(one) for one in self.kpis],
            "spheres": {
                one.sphere.id: asdict(one.score) | {"weight": one.sphere.weight, "contribution": one.contribution}
                for one in self.spheres
            },
            "city": asdict(self.city),
            "additional": [one.as_dict() for one in self.additional],
            "rating": asdict(self.rating),
        }


def city_rating(
    measured: Mapping[str, Measured],
    category: Category | str,
    period: Period,
    as_of: datetime,
    *,
    readings: Readings = DEFAULT,
    additional: Sequence[JudgedInitiative] = (),
    book: Catalogue | None = None,
) -> CityReport:
    """Score what was measured.

    Args:
        measured: by KPI id; a KPI that is not in it has no data.
        category: of the city.
        period: that was measured.
        as_of: when the data were read.
        readings: of the places that the order leaves open.
        additional: initiatives beyond the order's sixteen.
        book: the catalogue of the period; None takes the one in force.
    """
    book = book or catalogue()
    category = Category(category)
    year = period.year if readings.stages == "observed" else None
    kpis = []
    for kpi in book.kpis.values():
        known = measured.get(kpi.id) or unmeasured(kpi)
        score = _score(kpi, category, known, year, readings, book)
        kpis.append(CityKpi(kpi, book.sphere_of(kpi.id), kpi.targets[category], known, score))
    scores = {
        sphere.id: sphere_score((one.kpi.points, one.score) for one in kpis if one.sphere == sphere.id)
        for sphere in book.spheres
    }
    city = city_score(scores, readings, book)
    return CityReport(
        category=category,
        period=period,
        as_of=as_of,
        complete=as_of >= period.end,
        readings=readings,
        catalogue_version=book.version,
        kpis=tuple(kpis),
        spheres=tuple(_sphere(sphere, scores[sphere.id], readings) for sphere in book.spheres),
        city=city,
        additional=tuple(additional),
        rating=_rating(city, sum(one.points for one in additional), readings, book),
    )


def _score(
    kpi: Kpi, category: Category, known: Measured, year: int | None, readings: Readings, book: Catalogue
) -> KpiScore:
    outside = standing(kpi, category, year, book)
    if outside is not None:
        return KpiScore(None, None, outside)
    if not kpi.targets[category].numeric:
        return KpiScore(None, None, Status.TARGET_NOT_NUMERIC)
    if known.value.status not in SCORED or known.fact is None:
        return KpiScore(None, None, known.value.status)
    score = score_kpi(kpi, category, known.fact, readings=readings, book=book)
    return replace(score, status=known.value.status) if score.status is Status.COMPUTED else score


def _sphere(sphere: Sphere, score: SphereScore, readings: Readings) -> CitySphere:
    counted = score.score_missing_as_zero if readings.missing == "zero" else score.score
    return CitySphere(sphere, score, None if counted is None else sphere.weight * counted)


def _rating(city: CityScore, points: int, readings: Readings, book: Catalogue) -> Rating:
    base = city.score_missing_as_zero if readings.missing == "zero" else city.score
    if base is None:
        return Rating(None, points, None, None)
    match readings.additional:
        case "on_top":
            total = base + points
        case "up_to_100":
            total = min(float(FULL_WEIGHT), base + points)
        case "apart":
            total = base
    return Rating(base, points, total, None if city.band is None else band(total, readings, book))


def _row(one: CityKpi) -> dict[str, Any]:
    fact = one.measured.fact
    return {
        **one.value.as_dict(),
        "name": dict(one.kpi.name),
        "sphere": one.sphere,
        "initiative": one.kpi.initiative,
        "origin": one.origin.value,
        "fact": dict(fact) if isinstance(fact, Mapping) else fact,
        "measured": one.value.status.value,
        "status": one.status.value,
        "score": one.score.score,
        "uncapped": one.score.uncapped,
        "points": one.kpi.points,
        "target": {
            "rule": one.target.rule.value,
            "value": one.target.value,
            "upper": one.target.upper,
            "text": one.target.text,
            "order_text": dict(one.kpi.target_text),
        },
    }
