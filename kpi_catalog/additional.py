"""Additional initiatives of a city (order 469/НҚ, appendix 5, p. 5 and p. 6): what they must show, and +2 points each.

An initiative counts where every criterion of p. 6 is met in the period; each criterion is judged by itself with the
reason, so that nobody has to guess what is wanting. Contested wording: the Russian text of p. 6 (3) asks for "less than
one indicator", the Kazakh for at least one; the Kazakh is followed, since the Russian lost a "not". The names of the
eight spheres of the methodology, p. 5, are entered as the order has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from kpi_catalog.period import Period

POINTS: Final = 2
"""Appendix 5, p. 5: points of one additional initiative; the order names no maximum of initiatives."""
SPHERES: Final = range(1, 9)
"""Numbers of the spheres of the methodology, p. 5, that an additional initiative may belong to."""


class Signer(StrEnum):
    """Who may sign the report (p. 6 (2))."""

    DEPUTY_HEAD = "deputy_head"  # the deputy head (akim) who coordinates digital development
    HEAD_OF_APPARATUS = "head_of_apparatus"


class Criterion(StrEnum):
    """The criteria of p. 6, the second in its parts."""

    ROAD_MAP = "road_map"
    REPORT_SIGNED = "report_signed"
    DESCRIPTION = "description"
    DATES = "dates"
    RESULTS = "results"
    INDICATOR = "indicator"
    IN_PERIOD = "in_period"
    SPHERE = "sphere"


@dataclass(frozen=True, slots=True)
class Indicator:
    """A quantitative (with a value) or qualitative (in words) indicator of what came of it."""

    name: str
    value: float | None = None
    unit: str | None = None
    words: str | None = None

    @property
    def says(self) -> bool:
        """Whether it tells anything."""
        return bool(self.name.strip()) and (self.value is not None or bool((self.words or "").strip()))


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionalInitiative:
    """One additional initiative as its city describes it; None and empty are what is not known.

    Attributes:
        road_map: number or name of the approved road map it stands in, with the day of approval.
        report: number or name of the report, by whom and when it was signed.
        start, end: first and last day of the work; no end while it goes on.
        sphere: its number among the eight of the methodology, p. 5, with the order's wording.
        refused: why the evaluator does not count it, whatever its papers say.
    """

    id: str
    name: str
    road_map: str | None = None
    road_map_approved: date | None = None
    report: str | None = None
    report_signer: Signer | None = None
    report_signed: date | None = None
    description: str = ""
    start: date | None = None
    end: date | None = None
    results: str = ""
    indicators: tuple[Indicator, ...] = ()
    sphere: int | None = None
    sphere_name: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What one criterion came to; `reason` is a code that `texts/` says in three languages."""

    criterion: Criterion
    met: bool
    reason: str


@dataclass(frozen=True, slots=True)
class JudgedInitiative:
    """An additional initiative with every criterion judged."""

    initiative: AdditionalInitiative
    criteria: tuple[Judged, ...]

    @property
    def met(self) -> bool:
        """Whether it counts."""
        return self.initiative.refused is None and all(one.met for one in self.criteria)

    @property
    def points(self) -> int:
        """What it adds to the rating."""
        return POINTS if self.met else 0

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "id": self.initiative.id,
            "name": self.initiative.name,
            "sphere": self.initiative.sphere,
            "refused": self.initiative.refused,
            "criteria": {one.criterion.value: {"met": one.met, "reason": one.reason} for one in self.criteria},
            "met": self.met,
            "points": self.points,
        }


def judge(one: AdditionalInitiative, period: Period, today: date) -> JudgedInitiative:
    """Hold an initiative to the criteria in a period.

    Args:
        one: the initiative.
        period: the reporting period; its work must have touched it (p. 6 (4)).
        today: local day of the judgement; a paper of a later day is not there yet.
    """
    reasons: Mapping[Criterion, str] = {
        Criterion.ROAD_MAP: _road_map(one, today),
        Criterion.REPORT_SIGNED: _report(one, today),
        Criterion.DESCRIPTION: MET if one.description.strip() else "no_description",
        Criterion.DATES: _dates(one),
        Criterion.RESULTS: MET if one.results.strip() else "no_results",
        Criterion.INDICATOR: MET if any(each.says for each in one.indicators) else "no_indicator",
        Criterion.IN_PERIOD: _in_period(one, period),
        Criterion.SPHERE: MET if one.sphere in SPHERES and (one.sphere_name or "").strip() else "no_sphere",
    }
    return JudgedInitiative(one, tuple(Judged(key, reason == MET, reason) for key, reason in reasons.items()))


MET: Final = "met"
REASONS: Final = (
    MET,
    "no_road_map",
    "road_map_not_approved",
    "no_report",
    "report_not_signed",
    "no_description",
    "no_dates",
    "ends_before_it_starts",
    "no_results",
    "no_indicator",
    "outside_period",
    "no_sphere",
)
"""Why a criterion is or is not met."""


def _road_map(one: AdditionalInitiative, today: date) -> str:
    if not (one.road_map or "").strip():
        return "no_road_map"
    approved = one.road_map_approved
    return MET if approved is not None and approved <= today else "road_map_not_approved"


def _report(one: AdditionalInitiative, today: date) -> str:
    if not (one.report or "").strip():
        return "no_report"
    signed = one.report_signed is not None and one.report_signed <= today and one.report_signer is not None
    return MET if signed else "report_not_signed"


def _dates(one: AdditionalInitiative) -> str:
    if one.start is None or one.end is None:
        return "no_dates"
    return MET if one.start <= one.end else "ends_before_it_starts"


def _in_period(one: AdditionalInitiative, period: Period) -> str:
    if one.start is None:
        return "no_dates"
    begins_before_its_end = one.start < period.end.astimezone(ZoneInfo(period.zone)).date()
    still_runs = one.end is None or one.end >= period.first
    return MET if begins_before_its_end and still_runs else "outside_period"
