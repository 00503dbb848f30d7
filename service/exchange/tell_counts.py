"""Violations for the feed: counts by camera, kind and hour, never a single case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, func, select

from service.exchange.drafts import Draft, ident
from service.exchange.shapes import Kind
from service.exchange.waiting import Waiting
from service.store.database import Work
from service.store.tables import Camera, ViolationCase
from violations.case import CaseState

HOUR: Final = timedelta(hours=1)
STANDINGS: Final = ("detected", "waiting", "set_aside", "confirmed", "rejected", "cancelled")
"""What is counted: all that were found, and what became of them so far; the five add up to the first."""
ASIDE: Final = (CaseState.AUTO_REJECTED, CaseState.RETURNED, CaseState.EXPIRED, CaseState.CLOSED)
"""Where a case without a verdict waits for no officer."""


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """One camera and hour (UTC)."""

    hour: datetime
    camera: str


def tell_counts(work: Work, waiting: Mapping[str, Waiting]) -> Iterator[Draft]:
    """A draft for each kind in each camera's hour in which a case changed."""
    table = ViolationCase
    oldest: dict[tuple[Bucket, str], Waiting] = {}
    query = select(table.id, table.camera_id, table.kind, table.t_detect).where(table.id.in_(waiting))
    for row in work.session.execute(query):
        bucket = Bucket(_hour(row.t_detect), row.camera_id)
        one, before = waiting[row.id], oldest.get((bucket, row.kind))
        if before is None or (one.live, before.at) > (before.live, one.at):
            oldest[bucket, row.kind] = one
    territories = _territories(work, {bucket.camera for bucket, _ in oldest})
    for bucket in sorted({bucket for bucket, _ in oldest}):
        counted = counts_of(work, bucket)
        for kind in sorted(kind for where, kind in oldest if where == bucket):
            yield _draft(work, bucket, kind, counted.get(kind, {}), oldest[bucket, kind], territories)


def counts_of(work: Work, bucket: Bucket) -> dict[str, dict[str, int]]:
    """The cases of a camera's hour by kind and by what became of them; a merged one counts where it went."""
    table = ViolationCase
    cancelled = table.t_cancelled.is_not(None)
    aside = table.state.in_(ASIDE)
    query = (
        select(
            table.kind,
            func.count().label("detected"),
            _sum(cancelled).label("cancelled"),
            _sum(~cancelled & (table.verdict == "true")).label("confirmed"),
            _sum(~cancelled & (table.verdict == "false")).label("rejected"),
            _sum(~cancelled & table.verdict.is_(None) & ~aside).label("waiting"),
            _sum(~cancelled & table.verdict.is_(None) & aside).label("set_aside"),
        )
        .where(
            table.camera_id == bucket.camera,
            table.t_detect >= bucket.hour,
            table.t_detect < bucket.hour + HOUR,
            table.merged_into.is_(None),
        )
        .group_by(table.kind)
    )
    return {row.kind: {name: int(getattr(row, name)) for name in STANDINGS} for row in work.session.execute(query)}


def _draft(
    work: Work,
    bucket: Bucket,
    kind: str,
    counts: Mapping[str, int],
    one: Waiting,
    territories: Mapping[str, str | None],
) -> Draft:
    data = {
        "camera": bucket.camera,
        "territory": ident(territories.get(bucket.camera)),
        "violation": kind,
        "hour": bucket.hour,
        "day": bucket.hour.astimezone(work.store.settings.zone).date(),
        **{name: counts.get(name, 0) for name in STANDINGS},
    }
    return Draft(
        kind=Kind.VIOLATION_COUNT,
        subject=f"count/{bucket.camera}/{kind}/{bucket.hour:%Y-%m-%dT%H}",
        data=data,
        occurred_at=bucket.hour,
        received_at=one.at,
        measured=one.live,
        origin=one.origin,
    )


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _sum(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _territories(work: Work, cameras: Iterable[str]) -> dict[str, str | None]:
    query = select(Camera.id, Camera.territory).where(Camera.id.in_(cameras))
    return {row.id: row.territory for row in work.session.execute(query)}
