"""Taking reports of analysis into the store, many at once: which stretch of which camera's video was analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, select, update

from kpi_catalog.tally import Part
from service.event import Event
from service.store.bulk import CHUNK, among, put_rows
from service.store.database import Work
from service.store.marks import Mark, leave
from service.store.partitions import month_of
from service.store.tables import Camera, CameraLog

ANALYSED: Final = "analysed"
LONGEST: Final = timedelta(days=1)
ROW: Final = timedelta(hours=1)
"""A row of the log lasts so long at most: ten thousand cameras write some 240,000 a day, not 28 million."""
TOGETHER: Final = timedelta(milliseconds=2)
"""Ends and beginnings are rounded to a millisecond."""


def stretch(event: Event) -> tuple[datetime, datetime]:
    """From when until when the stretch of a stream event lasted.

    Raises:
        ValueError: no stretch lasts so long.
    """
    seconds = event.video_s - event.onset_s if event.onset_s is not None else 0.0
    if not 0 <= seconds <= LONGEST.total_seconds():
        raise ValueError("an analysed stretch has 0 to 86400 seconds")
    return event.time - timedelta(seconds=seconds), event.time


def take_beats(work: Work, events: Sequence[Event]) -> None:
    """Store reports of analysis, none of them taken before.

    Raises:
        ValueError: one tells of an impossible stretch.
    """
    spans = [stretch(event) for event in events]
    known = _locked(work, {event.camera for event in events})
    _mark(work, events, spans, known)
    _keep(work, events, spans, known)
    last: dict[str, datetime] = {}
    for event in events:
        last[event.camera] = max(event.time, last.get(event.camera, event.time))
    later = [
        {"camera": camera, "seen": moment}
        for camera, moment in sorted(last.items())
        if camera in known and (known[camera] is None or moment > known[camera])  # type: ignore[operator]
    ]
    if later:
        table = Camera.__table__
        statement = update(Camera.__table__).where(table.c.id == bindparam("camera"))  # type: ignore[arg-type]
        work.session.connection().execute(statement.values(last_analysed=bindparam("seen")), later)


@dataclass(slots=True)
class _Stretch:
    """A row of the log: as it stands (`kept` is None where it is new) and as it shall."""

    id: str
    camera: str
    start: datetime
    end: datetime
    kept: datetime | None


def _keep(
    work: Work,
    events: Sequence[Event],
    spans: Sequence[tuple[datetime, datetime]],
    known: dict[str, datetime | None],
) -> None:
    """Write the stretches; one that goes on where the camera's last ended makes that longer, up to `ROW`."""
    newest = _newest(work, known, spans)
    changed: list[_Stretch] = []
    for event, (start, end) in sorted(zip(events, spans, strict=True), key=lambda one: (one[1][1], one[0].id)):
        last = newest.get(event.camera)
        if last is not None and last.start <= start <= last.end + TOGETHER and _fits(last, end):
            if last.kept is not None and last.kept == last.end:
                changed.append(last)
            last.end = end
            continue
        newest[event.camera] = fresh = _Stretch(str(event.id), event.camera, start, end, None)
        changed.append(fresh)
    names = ("event_id", "camera_id", "kind", "start", "end", "source")
    rows = [(one.id, one.camera, ANALYSED, one.start, one.end, "worker") for one in changed if one.kept is None]
    put_rows(work.session, CameraLog, names, rows)
    longer = [
        {"row": one.id, "before": one.kept, "until": one.end}
        for one in changed
        if one.kept is not None and one.kept != one.end
    ]
    if longer:
        log = CameraLog.__table__.c
        statement = update(CameraLog.__table__).where(  # type: ignore[arg-type]
            log.event_id == bindparam("row"), log.end == bindparam("before")
        )
        work.session.connection().execute(statement.values(end=bindparam("until")), longer)


def _fits(last: _Stretch, end: datetime) -> bool:
    """Whether a row may last until then: no longer than `ROW`, and in one month."""
    return last.end <= end <= last.start + ROW and month_of(last.end) == month_of(end)


def _newest(
    work: Work, known: dict[str, datetime | None], spans: Sequence[tuple[datetime, datetime]]
) -> dict[str, _Stretch]:
    """The last stretch of each camera, where one of these may go on from it."""
    earliest, latest = min(start for start, _ in spans), max(end for _, end in spans)
    near = sorted((camera, last) for camera, last in known.items()
                  if last is not None and earliest - TOGETHER <= last <= latest)  # fmt: skip
    found: dict[str, _Stretch] = {}
    for start in range(0, len(near), CHUNK):
        chunk = near[start : start + CHUNK]
        query = select(CameraLog.event_id, CameraLog.camera_id, CameraLog.start, CameraLog.end).where(
            among(work.session, CameraLog.camera_id, [camera for camera, _ in chunk]),
            CameraLog.kind == ANALYSED,
            CameraLog.end >= min(last for _, last in chunk),
            CameraLog.end <= max(last for _, last in chunk),
        )
        wanted = dict(chunk)
        for identity, camera, begun, ended in work.session.execute(query):
            if ended == wanted[camera]:
                found[camera] = _Stretch(identity, camera, begun, ended, ended)
    return found


def _locked(work: Work, cameras: set[str]) -> dict[str, datetime | None]:
    """When each registered camera was last analysed, its row locked: always in the same order."""
    found: dict[str, datetime | None] = {}
    wanted = sorted(cameras)
    for start in range(0, len(wanted), CHUNK):
        these = among(work.session, Camera.id, wanted[start : start + CHUNK])
        query = select(Camera.id, Camera.last_analysed).where(these)
        found |= dict(work.session.execute(query.order_by(Camera.id).with_for_update()).all())
    return found


def _mark(
    work: Work,
    events: Sequence[Event],
    spans: Sequence[tuple[datetime, datetime]],
    known: dict[str, datetime | None],
) -> None:
    """Mark the days of the stretches, one mark a day; the first word of a camera's analytics tells of all after it."""
    zone = work.store.settings.zone
    days: dict[tuple[int, int], tuple[datetime, datetime]] = {}
    first: dict[str, tuple[datetime, datetime]] = {}
    for event, span in zip(events, spans, strict=True):
        key = (span[0].astimezone(zone).toordinal(), span[1].astimezone(zone).toordinal())
        since, until = days.get(key, span)
        days[key] = min(since, span[0]), max(until, span[1])
        last, before = known.get(event.camera), first.get(event.camera)
        if (last is None or last > event.time) and (before is None or span[1] < before[1]):
            first[event.camera] = span
    unheard = [camera for camera, span in first.items() if not _heard(work, camera, span[1])]
    leave(
        work.session,
        [
            *(Mark(Part.CAMERAS, since, until) for since, until in days.values()),
            *(Mark(Part.CAMERAS, *first[camera], open=True) for camera in unheard),
        ],
    )


def _heard(work: Work, camera: str, until: datetime) -> bool:
    """Whether a camera's analytics were heard of up to a moment."""
    query = select(CameraLog.event_id).where(
        CameraLog.camera_id == camera, CameraLog.kind == ANALYSED, CameraLog.end <= until
    )
    return work.session.scalar(query.limit(1)) is not None
