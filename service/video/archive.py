"""What the archive holds of a camera: segments by their times, and the gaps between them with what is known of each.

Segments are found by their names on disk; the store is asked for nothing but alarms, locks and tombstones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import or_, select

from qyran.errors import InputError, NotFound
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Camera
from service.store.video_tables import VideoLock, VideoTombstone
from vision.segments import Segment, notes, segment_named, segments

TOUCH: Final = timedelta(seconds=1)
"""Segments this near follow one another: a key frame may come a little late."""
MOST_SPAN: Final = timedelta(days=8)
"""No more is listed at once."""
REASONS: Final = ("paused", "lost", "gap", "clock_step", "repaired", "configuration")
"""What the recorder writes down that explains a gap, the likeliest first."""
NEAR: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without video.

    Attributes:
        reason: a code of `REASONS`, `removed` where retention took it, None where nothing is known.
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
    missing = gaps_between(held, start, min(end, work.now))
    return Found(tuple(held), tuple(_explained(work, camera, missing)))


def named(work: Work, camera: str, name: str) -> Segment:
    """The segment of a name.

    Raises:
        NotFound: the archive holds none.
    """
    found = segment_named(work.store.settings.video_folder, camera, name)
    if found is None:
        raise NotFound(f"The archive holds no segment {name} of this camera.")
    return found


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


def _explained(work: Work, camera: str, missing: Sequence[tuple[datetime, datetime]]) -> list[Gap]:
    """Gaps with what was written down near them."""
    if not missing:
        return []
    said: list[tuple[datetime, str]] = []
    days = {at.date() for span in missing for at in span}
    for day in sorted(days):
        told = notes(work.store.settings.video_folder, camera, f"{day:%Y-%m-%d}")
        said += [(datetime.fromisoformat(str(one["at"])), str(one["kind"])) for one in told]
    removed = _removed(work, camera, missing)
    return [Gap(start, end, _reason(said, start, end) or _tombstone(removed, start, end)) for start, end in missing]


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
