"""What the archive holds of a camera: segments by their times, and the gaps between them with what is known of each.

Segments are found by their names on disk; the store is asked for nothing but alarms, locks and tombstones.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import or_, select

from qyran.errors import InputError, NotFound
from service.objects_store import ObjectsAway
from service.settings import Settings
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Camera
from service.store.video_tables import VideoLock, VideoTombstone
from service.video.stored import shelf_of
from vision.segments import Segment, notes, segment_named, segments

TOUCH: Final = timedelta(seconds=1)
"""Segments this near follow one another: a key frame may come a little late."""
MOST_SPAN: Final = timedelta(days=8)
"""No more is listed at once."""
REASONS: Final = ("paused", "lost", "gap", "clock_step", "repaired", "configuration")
"""What the recorder writes down that explains a gap, the likeliest first."""
NEAR: Final = timedelta(seconds=5)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without video.

    Attributes:
        reason: a code of `REASONS`, `removed` where retention took it, `store_away` where the object store that may
            hold it does not answer, None where nothing is known.
    """

    start: datetime
    end: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a span.

    Attributes:
        segments: that show any of it, the oldest first.
        gaps: spans of it without video, as far as it is past.
    """

    segments: tuple[Segment, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """An alarm on the time line."""

    alert_id: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """A camera's day of the city's calendar.

    Attributes:
        start, end: of the day.
        runs: spans with video, segments that follow one another joined.
        gaps, marks, locks: what stands on it.
    """

    start: datetime
    end: datetime
    runs: tuple[tuple[datetime, datetime], ...]
    gaps: tuple[Gap, ...]
    marks: tuple[Mark, ...]
    locks: tuple[VideoLock, ...]


def find(work: Work, camera: str, start: datetime, end: datetime) -> Found:
    """What the archive holds between two moments.

    Raises:
        InputError: the span is none, or too long.
    """
    if not start < end <= start + MOST_SPAN:
        raise InputError(f"A span ends after it begins, and is at most {MOST_SPAN.days} days long.")
    held = segments(work.store.settings.video_folder, camera, start, end)
    away = False
    shelf = shelf_of(work.store.settings)
    if shelf is not None:
        try:
            held = _joined(held, shelf.between(camera, start, end))
        except ObjectsAway as error:
            log.warning("The archive of %s is shown as far as it lies here: %s.", camera, error)
            away = True
    missing = gaps_between(held, start, min(end, work.now))
    return Found(tuple(held), tuple(_explained(work, camera, missing, away=away)))


def named(work: Work, camera: str, name: str) -> Segment:
    """The segment of a name; `at_hand` brings its file.

    Raises:
        NotFound: the archive holds none.
        ObjectsAway: it is not here, and the object store does not answer.
    """
    found = segment_named(work.store.settings.video_folder, camera, name)
    shelf = shelf_of(work.store.settings) if found is None else None
    if shelf is not None:
        found = shelf.named(camera, name)
    if found is None:
        raise NotFound(f"The archive holds no segment {name} of this camera.")
    return found


def at_hand(settings: Settings, segment: Segment) -> Segment:
    """The segment with its file on this machine.

    Raises:
        NotFound: the archive holds it no longer.
        ObjectsAway: it is not here, and the object store does not answer.
    """
    shelf = shelf_of(settings)
    return segment if shelf is None or segment.path.is_file() else shelf.fetch(segment)


def day_of(work: Work, camera: str, day: date) -> Day:
    """A camera's day, with its alarms and locks.

    Raises:
        NotFound: there is no such camera.
    """
    if work.session.get(Camera, camera) is None:
        raise NotFound(f"There is no camera {camera}.")
    zone = work.store.settings.zone
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    found = find(work, camera, start, end)
    return Day(start, end, tuple(runs_of(found.segments)), found.gaps, marks(work, camera, start, end),
               locks_between(work, camera, start, end))  # fmt: skip


def gaps_between(held: Sequence[Segment], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The spans that no segment shows."""
    found, shown = [], start
    for one in held:
        if one.start - shown > TOUCH:
            found.append((shown, one.start))
        shown = max(shown, one.end)
    if end - shown > TOUCH:
        found.append((shown, end))
    return found


def runs_of(held: Iterable[Segment]) -> list[tuple[datetime, datetime]]:
    """Spans with video, what follows one another joined."""
    found: list[tuple[datetime, datetime]] = []
    for one in held:
        if found and one.start - found[-1][1] <= TOUCH:
            found[-1] = (found[-1][0], max(found[-1][1], one.end))
        else:
            found.append((one.start, one.end))
    return found


def marks(work: Work, camera: str, start: datetime, end: datetime) -> tuple[Mark, ...]:
    """The camera's alarms between two moments."""
    query = (
        select(Alert.id, Alert.kind, Alert.t_onset, Alert.t_detect)
        .where(Alert.camera_id == camera, Alert.t_detect >= start, Alert.t_detect < end)
        .where(Alert.state.not_in(("merged", "suppressed", "test")))
        .order_by(Alert.t_detect)
    )
    return tuple(Mark(one.id, one.kind, one.t_onset or one.t_detect) for one in work.session.execute(query))


def locks_between(work: Work, camera: str, start: datetime, end: datetime) -> tuple[VideoLock, ...]:
    """Locks that stand on a span."""
    query = select(VideoLock).where(
        VideoLock.camera_id == camera, VideoLock.start < end, VideoLock.end > start, VideoLock.released_at.is_(None),
        or_(VideoLock.until.is_(None), VideoLock.until > work.now),
    )  # fmt: skip
    return tuple(work.session.scalars(query.order_by(VideoLock.start)))


def _joined(here: Sequence[Segment], stored: Sequence[Segment]) -> list[Segment]:
    """The segments of both, each once; the file here is the nearer one."""
    names = {one.name for one in here}
    return sorted([*here, *(one for one in stored if one.name not in names)])


def _explained(
    work: Work, camera: str, missing: Sequence[tuple[datetime, datetime]], *, away: bool = False
) -> list[Gap]:
    """Gaps with what was written down near them; `away` says that the object store did not answer."""
    if not missing:
        return []
    said: list[tuple[datetime, str]] = []
    days = {at.date() for span in missing for at in span}
    for day in sorted(days):
        told = _told(work.store.settings, camera, f"{day:%Y-%m-%d}", away=away)
        said += [(datetime.fromisoformat(str(one["at"])), str(one["kind"])) for one in told]
    removed = _removed(work, camera, missing)
    unknown = "store_away" if away else None
    return [
        Gap(start, end, _reason(said, start, end) or _tombstone(removed, start, end) or unknown)
        for start, end in missing
    ]


def _told(settings: Settings, camera: str, day: str, *, away: bool) -> list[dict[str, object]]:
    here = notes(settings.video_folder, camera, day)
    shelf = None if here or away else shelf_of(settings)
    try:
        return here if shelf is None else shelf.notes(camera, day)
    except ObjectsAway:
        return here


def _reason(said: Sequence[tuple[datetime, str]], start: datetime, end: datetime) -> str | None:
    near = {kind for at, kind in said if start - NEAR <= at <= end + NEAR}  # of what begins or ends it
    return next((kind for kind in REASONS if kind in near), None)


def _removed(work: Work, camera: str, missing: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    query = select(VideoTombstone.first, VideoTombstone.last).where(
        VideoTombstone.camera_id == camera, VideoTombstone.first < missing[-1][1], VideoTombstone.last > missing[0][0]
    )
    return [(one.first, one.last) for one in work.session.execute(query)]


def _tombstone(removed: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime) -> str | None:
    return "removed" if any(first < end and last > start for first, last in removed) else None
