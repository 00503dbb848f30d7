"""What each contested reading does to a city's score: the same city under every other choice, one reading at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from kpi_catalog.catalogue import Catalogue
from kpi_catalog.city import CityReport, city_rating
from kpi_catalog.readings import CHOICES, MEASURED, Readings


@dataclass(frozen=True, slots=True)
class ChoiceEffect:
    """The city under one choice.

    Attributes:
        score: what it is graded by, 0..100 and additional points.
        spheres: score of each, 0..1.
        kpis: ids of KPIs whose score is another than under the report's own choice.
    """

    choice: str
    chosen: bool
    score: float | None
    difference: float | None
    band: str | None
    spheres: Mapping[str, float | None]
    kpis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadingEffect:
    """One contested reading with all its choices, the default first."""

    reading: str
    choices: tuple[ChoiceEffect, ...]

    @property
    def matters(self) -> bool:
        """Whether any other choice changes the score or its grade here."""
        return len({(one.score, one.band) for one in self.choices}) > 1

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"reading": self.reading, "matters": self.matters, "choices": [asdict(one) for one in self.choices]}


def effects(report: CityReport, book: Catalogue | None = None) -> tuple[ReadingEffect, ...]:
    """Score, spheres, grade and changed KPIs of a report under each choice of each reading."""
    return tuple(
        ReadingEffect(reading, tuple(_effect(report, reading, choice, book) for choice in choices))
        for reading, choices in CHOICES.items()
    )


def under(report: CityReport, reading: str, choice: str, book: Catalogue | None = None) -> CityReport:
    """The report as it would be under another choice of one reading."""
    changed: dict[str, Any] = {reading: choice}
    readings: Readings = replace(report.readings, **changed)
    key = (reading, choice)
    return city_rating(
        {one.kpi.id: one.measured.under(key) if reading in MEASURED else one.measured for one in report.kpis},
        report.category,
        report.period,
        report.as_of,
        readings=readings,
        additional=report.additional,
        book=book,
    )


def _effect(report: CityReport, reading: str, choice: str, book: Catalogue | None) -> ChoiceEffect:
    chosen = getattr(report.readings, reading) == choice
    other = report if chosen else under(report, reading, choice, book)
    base, score = report.rating.total, other.rating.total
    zero = other.readings.missing == "zero"
    return ChoiceEffect(
        choice=choice,
        chosen=chosen,
        score=score,
        difference=None if base is None or score is None else score - base,
        band=other.rating.band,
        spheres={one.sphere.id: one.score.score_missing_as_zero if zero else one.score.score for one in other.spheres},
        kpis=tuple(mine.kpi.id for mine, its in zip(report.kpis, other.kpis, strict=True) if mine.score != its.score),
    )
