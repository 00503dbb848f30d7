"""False alarms of a span by camera and rule, with bounds, and by hour of the city's day.

What counts is what KPI 9.9 counts of alerts: raised by the system, no drill, not merged into another.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from incidents.alert import Verdict
from qyran.errors import InputError
from qyran.wilson import wilson
from service.access import require
from service.alarm_statistics.thresholds import Judged, Point, Proposal, curve, proposal
from service.kpi_analysis.false_shares import FalseAlarms, counting
from service.operators.board import READERS
from service.store.alert_tables import Alert
from service.store.database import Work

HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Source:
    """Alerts of one rule at one camera.

    Attributes:
        counts: false, judged and unjudged with the share's interval; its key is the rule.
        scored: judged alerts with a score: what the curve and the proposal rest on.
    """

    camera: str
    counts: FalseAlarms
    scored: int
    curve: tuple[Point, ...]
    proposal: Proposal | None


@dataclass(frozen=True, slots=True)
class Sources:
    """All of a span: by camera and rule, the highest lower bound first; by hour; together."""

    rows: tuple[Source, ...]
    hours: tuple[FalseAlarms, ...]
    whole: FalseAlarms


@dataclass(slots=True)
class _Tally:
    false: int = 0
    true: int = 0
    unjudged: int = 0
    judged: list[Judged] = field(default_factory=list)

    def add(self, verdict: str | None, score: float | None) -> None:
        if verdict not in {Verdict.TRUE, Verdict.FALSE}:
            self.unjudged += 1
            return
        is_true = verdict == Verdict.TRUE
        self.true += is_true
        self.false += not is_true
        if score is not None:
            self.judged.append(Judged(score, is_true))

    def view(self, key: str) -> FalseAlarms:
        judged = self.false + self.true
        low, high = wilson(self.false, judged)
        share = 100 * self.false / judged if judged else None
        return FalseAlarms(key, self.false, judged, self.unjudged, share, 100 * low, 100 * high)


def sources(work: Work, start: datetime, end: datetime) -> Sources:
    """Where the false alarms detected from `start` up to `end` come from.

    Raises:
        AccessError: the actor sees no alerts.
        InputError: the span ends before it begins.
    """
    require(work.actor, READERS)
    if end <= start:
        raise InputError("The span ends before it begins.")
    zone = ZoneInfo(work.store.settings.time_zone)
    pairs: dict[tuple[str, str], _Tally] = defaultdict(_Tally)
    hours: dict[int, _Tally] = defaultdict(_Tally)
    whole = _Tally()
    columns = (Alert.camera_id, Alert.kind, Alert.verdict, Alert.score, Alert.t_detect)
    query = select(*columns).where(*counting(), Alert.t_detect >= start, Alert.t_detect < end)
    for camera, kind, verdict, score, at in work.session.execute(query):
        for tally in (pairs[camera, kind], hours[at.astimezone(zone).hour], whole):
            tally.add(verdict, score)
    rows = [
        Source(camera, tally.view(kind), len(tally.judged), curve(tally.judged), proposal(tally.judged))
        for (camera, kind), tally in pairs.items()
    ]
    rows.sort(key=lambda one: (-one.counts.low if one.counts.judged else 1.0, -one.counts.judged, one.camera))
    by_hour = tuple(hours[hour].view(f"{hour:02}") for hour in range(HOURS))
    return Sources(tuple(rows), by_hour, whole.view(""))
