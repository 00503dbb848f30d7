"""How soon alarms are acknowledged: by day and night shift, never by person."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from qyran.errors import InputError
from service.access import require
from service.charts.bars import Bin
from service.operators.board import READERS
from service.store.alert_tables import Alert
from service.store.database import Work

DAY_BEGINS: Final = 8
NIGHT_BEGINS: Final = 20
"""Hours of the city's day at which a shift of twelve hours begins."""
SHIFTS: Final = ("all", "day", "night")
EDGES_S: Final = (0.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Columns of the histogram, seconds; the last one is open."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Seconds from raised to acknowledged.

    Attributes:
        shift: all, day or night.
        n: acknowledged alarms.
        unanswered: alarms of the span that nobody has acknowledged.
        median_s, p90_s, longest_s: None where there is none.
    """

    shift: str
    n: int
    unanswered: int
    median_s: float | None
    p90_s: float | None
    longest_s: float | None
    bins: tuple[Bin, ...]


def answers(work: Work, start: datetime, end: datetime) -> tuple[Answers, ...]:
    """How soon the alarms raised from `start` up to `end` were acknowledged, drills among them.

    Raises:
        AccessError: the actor sees no alerts.
        InputError: the span ends before it begins.
    """
    require(work.actor, READERS)
    if end <= start:
        raise InputError("The span ends before it begins.")
    zone = ZoneInfo(work.store.settings.time_zone)
    query = select(Alert.t_raised, Alert.t_ack).where(Alert.t_raised >= start, Alert.t_raised < end)
    taken: dict[str, list[float]] = {shift: [] for shift in SHIFTS}
    open_: dict[str, int] = dict.fromkeys(SHIFTS, 0)
    for raised, acknowledged in work.session.execute(query):
        if raised is None:
            continue
        day = DAY_BEGINS <= raised.astimezone(zone).hour < NIGHT_BEGINS
        for shift in ("all", "day" if day else "night"):
            if acknowledged is None:
                open_[shift] += 1
            else:
                taken[shift].append(max(0.0, (acknowledged - raised).total_seconds()))
    return tuple(_view(shift, sorted(taken[shift]), open_[shift]) for shift in SHIFTS)


def _view(shift: str, times: Sequence[float], unanswered: int) -> Answers:
    longest = times[-1] if times else None
    return Answers(shift, len(times), unanswered, _share(times, 0.5), _share(times, 0.9), longest, _bins(times))


def _share(times: Sequence[float], share: float) -> float | None:
    """The time within which this share was acknowledged."""
    return times[math.ceil(share * len(times)) - 1] if times else None


def _bins(times: Sequence[float]) -> tuple[Bin, ...]:
    ends: list[float | None] = [*EDGES_S[1:], None]
    return tuple(
        Bin(low, high, sum(low <= one and (high is None or one < high) for one in times))
        for low, high in zip(EDGES_S, ends, strict=True)
    )
