"""Arithmetic of spans of time: clip, join, intersect, measure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kpi_catalog.records import CameraFact, Interval

Span = tuple[datetime, datetime]
SECONDS_PER_HOUR = 3600.0


def joined(spans: Iterable[Interval], since: datetime, until: datetime) -> list[Span]:
    """The union of spans within [since, until), as disjoint spans in order; an open end runs to `until`."""
    clipped = ((max(a, since), until if b is None else min(b, until)) for a, b in spans)
    result: list[Span] = []
    for a, b in sorted(span for span in clipped if span[0] < span[1]):
        if result and a <= result[-1][1]:
            result[-1] = (result[-1][0], max(b, result[-1][1]))
        else:
            result.append((a, b))
    return result


def common(first: list[Span], second: list[Span]) -> list[Span]:
    """What two lists of disjoint spans, each in order, share."""
    result: list[Span] = []
    i = j = 0
    while i < len(first) and j < len(second):
        since, until = max(first[i][0], second[j][0]), min(first[i][1], second[j][1])
        if since < until:
            result.append((since, until))
        if first[i][1] <= second[j][1]:
            i += 1
        else:
            j += 1
    return result


def hours(spans: Iterable[Span]) -> float:
    """Length of disjoint spans, hours."""
    return sum((b - a).total_seconds() for a, b in spans) / SECONDS_PER_HOUR


def service_time(commission: Interval, since: datetime, until: datetime) -> list[Span]:
    """The part of [since, until) that lies within a camera's commission."""
    return joined([commission], since, until)


def was_up(camera: CameraFact, since: datetime, until: datetime) -> bool:
    """Whether a camera in commission gave video at some time in [since, until)."""
    if not camera.up:
        return False
    service = service_time((camera.commissioned_at, camera.decommissioned_at), since, until)
    return bool(common(joined(camera.up, since, until), service))
