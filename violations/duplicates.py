"""Whether two reports are of one act: the same rule, the same vehicle, the same place, within the city's term.

A pure decision. It merges nothing by itself, and an officer can part again what it took for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from qyran.earth import distance_m
from qyran.errors import InputError

Why = Literal["same_plate", "doubtful_sign", "same_track"]

STANDING: Final = frozenset({"no_stopping", "no_parking", "pavement_parking", "paid_parking"})
"""Kinds whose act lasts: a vehicle that is lost from sight and found again is still standing there."""
SECTION: Final = "section_speeding"
"""The one kind whose place is a stretch of road: two reports of one vehicle whose times overlap are one drive."""


@dataclass(frozen=True, slots=True)
class MergeTerms:
    """Within what two reports are taken for one act; parameters of the city.

    Attributes:
        moment: longest time between two reports of an act that has no length.
        standing: the same for vehicles that stand.
        metres: cameras no farther apart than this look at one place.
    """

    moment: timedelta = timedelta(seconds=60)
    standing: timedelta = timedelta(minutes=30)
    metres: float = 60.0

    def span(self, kind: str) -> timedelta:
        """The longest time between two reports of a kind."""
        return self.standing if kind in STANDING else self.moment


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of one report.

    Attributes:
        kind: name of the rule.
        camera: id; track numbers mean something on one camera only.
        place: latitude and longitude of the camera in degrees, None where they are not known.
        line: the line that was crossed, None where the rule has none.
        track: number of the vehicle's track.
        plate: as read, None where it was not.
        doubtful: positions of its doubtful signs, from 0.
        start, end: when the act began and was last seen.
    """

    kind: str
    camera: str
    place: tuple[float, float] | None
    line: str | None
    track: int | None
    plate: str | None
    doubtful: frozenset[int]
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Raise where the act ends before it begins."""
        if self.end < self.start:
            raise InputError("A report ends before it begins.")


@dataclass(frozen=True, slots=True)
class Sameness:
    """Two reports are of one act: by what, how far apart in seconds, and in metres where both places are known."""

    why: Why
    seconds: float
    metres: float | None


def same_act(one: Report, other: Report, terms: MergeTerms) -> Sameness | None:
    """By what two reports are of one act, or None; the order of the two does not matter."""
    if one.kind != other.kind:
        return None
    gap = max(one.start - other.end, other.start - one.end, timedelta(0))
    if gap > (timedelta(0) if one.kind == SECTION else terms.span(one.kind)):
        return None
    metres = _apart(one, other)
    if not _same_place(one, other, metres, terms):
        return None
    why = _same_vehicle(one, other)
    return None if why is None else Sameness(why, gap.total_seconds(), metres)


def _apart(one: Report, other: Report) -> float | None:
    if one.camera == other.camera:
        return 0.0
    return distance_m(one.place, other.place) if one.place and other.place else None


def _same_place(one: Report, other: Report, metres: float | None, terms: MergeTerms) -> bool:
    if one.kind == SECTION:
        return True
    if one.camera != other.camera:
        return metres is not None and metres <= terms.metres
    return one.line is None or other.line is None or one.line == other.line


def _same_vehicle(one: Report, other: Report) -> Why | None:
    tracked = one.camera == other.camera and one.track is not None and one.track == other.track
    if one.plate is None or other.plate is None:
        return "same_track" if tracked else None
    if one.plate == other.plate:
        return "same_plate"
    if len(one.plate) != len(other.plate):
        return "same_track" if tracked and (one.doubtful or other.doubtful) else None
    differs = {n for n, (a, b) in enumerate(zip(one.plate, other.plate, strict=True)) if a != b}
    if not differs <= one.doubtful | other.doubtful:
        return None  # two plates that were both read for certain are two vehicles, whatever a tracker says
    if len(differs) == 1:
        return "doubtful_sign"
    return "same_track" if tracked else None
