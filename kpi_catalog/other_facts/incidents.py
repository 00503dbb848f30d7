"""From alerts to the tally of a span: distinct incidents, and time with congestion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kpi_catalog.other_facts.records import CONGESTION, CRASH, FIRE_KINDS, ROAD_KINDS, IncidentTally

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Alerted:
    """One alert that was raised and is no drill, test or duplicate.

    Attributes:
        incident_id: of the happening; the same for alerts of one happening.
        by_camera: raised by the video system, not entered by a person.
        first_service: who first told a service of it: True the system, False a person, None nobody.
        last_seen: until when it was seen to go on.
    """

    id: str
    incident_id: str
    camera_id: str
    kind: str
    t_detect: datetime
    verdict: bool | None
    by_camera: bool = True
    t_onset: datetime | None = None
    last_seen: datetime | None = None
    t_ack: datetime | None = None
    t_dispatch: datetime | None = None
    first_service: bool | None = None


def tally_of(alerts: Iterable[Alerted], start: datetime, end: datetime) -> IncidentTally:
    """What [start, end) adds.

    Args:
        alerts: every alert of each incident that begins in the span, and every congestion that touches it. An incident
            belongs to the moment of its first alert.
        start: first moment of the span.
        end: first moment after it.
    """
    groups: dict[str, list[Alerted]] = defaultdict(list)
    jams: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for one in alerts:
        groups[one.incident_id].append(one)
        if one.kind == CONGESTION and one.by_camera and one.verdict is not False:
            since, until = one.t_onset or one.t_detect, one.last_seen or one.t_detect
            jams[one.camera_id].append((max(since, start), min(until, end)))
    total = IncidentTally(congestion_us=sum(_length(spans) for spans in jams.values()))
    for group in groups.values():
        if start <= min(one.t_detect for one in group) < end:
            total += _incident(group)
    return total


def _incident(group: list[Alerted]) -> IncidentTally:
    told = [one.first_service for one in group if one.first_service is not None]
    seen = [one for one in group if one.by_camera]
    kinds = {one.kind for one in seen}
    confirmed = any(one.verdict is True for one in seen)
    base = IncidentTally(
        incidents=1,
        automatic=int(bool(told) and all(told)),
        fires=int(confirmed and bool(kinds & FIRE_KINDS)),
        crashes=int(confirmed and CRASH in kinds),
    )
    if not (confirmed and kinds & ROAD_KINDS):
        return base
    since = min(one.t_detect for one in seen)
    ack, ack_us, ack_reversed = _reaction(since, (one.t_ack for one in seen))
    dispatch, dispatch_us, dispatch_reversed = _reaction(since, (one.t_dispatch for one in seen))
    return base + IncidentTally(
        road=1,
        ack=ack,
        ack_us=ack_us,
        ack_reversed=ack_reversed,
        dispatch=dispatch,
        dispatch_us=dispatch_us,
        dispatch_reversed=dispatch_reversed,
    )


def _reaction(since: datetime, moments: Iterable[datetime | None]) -> tuple[int, int, int]:
    """(measured, microseconds, reversed) of one incident."""
    first = min((one for one in moments if one is not None), default=None)
    if first is None:
        return 0, 0, 0
    us = (first - since) // MICROSECOND
    return (1, us, 0) if us >= 0 else (0, 0, 1)


def _length(spans: list[tuple[datetime, datetime]]) -> int:
    """Length of the union, microseconds."""
    total, reached = 0, None
    for since, until in sorted(spans):
        begin = since if reached is None else max(since, reached)
        if until > begin:
            total += (until - begin) // MICROSECOND
            reached = until
    return total
