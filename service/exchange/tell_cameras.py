"""Cameras for the feed: where they stand, whether their picture arrives; a camera taken out leaves a tombstone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from service.exchange.drafts import Draft, ident, masked, utc
from service.exchange.shapes import Kind
from service.exchange.waiting import Waiting
from service.i18n import LANGUAGES, named
from service.store.database import Work
from service.store.tables import Camera, CameraLog, Ingested


def tell_cameras(work: Work, waiting: Mapping[str, Waiting]) -> Iterator[Draft]:
    """A draft for each camera that changed."""
    today = work.now.astimezone(work.store.settings.zone).date()
    for row in work.session.scalars(select(Camera).where(Camera.id.in_(waiting)).order_by(Camera.id)):
        one = waiting[row.id]
        gone = row.retired is not None and row.retired <= today
        arrived = None if gone else _arrived(work, row)
        yield Draft(
            kind=Kind.CAMERA_STATUS,
            subject=f"camera/{row.id}",
            data=None if gone else _data(row),
            occurred_at=row.status_at or row.registered_at,
            received_at=arrived.at if arrived is not None else work.now,
            measured=one.live and arrived is not None,
            origin=one.origin,
            gone="retired" if gone else None,
        )


def tell_views(work: Work, waiting: Mapping[str, Waiting]) -> Iterator[Draft]:
    """A record of data quality for each time a camera's view was lost or came back."""
    query = (
        select(CameraLog, Ingested.at)
        .join(Ingested, Ingested.event_id == CameraLog.event_id)
        .where(CameraLog.event_id.in_(waiting))
        .order_by(CameraLog.end, CameraLog.event_id)
    )
    for row, arrived in work.session.execute(query):
        one = waiting[row.event_id]
        data = {"event": row.kind, "camera": row.camera_id, "violation": None, "began_at": utc(row.end),
                "ended_at": None, "outcome": None}  # fmt: skip
        yield Draft(kind=Kind.DATA_QUALITY, subject=f"view/{row.event_id}", data=data, occurred_at=row.end,
                    received_at=arrived, measured=one.live, origin=one.origin)  # fmt: skip


def _arrived(work: Work, row: Camera) -> Ingested | None:
    """When the word that a camera is up or down reached the store; None where this status came from no word."""
    query = (
        select(Ingested)
        .join(CameraLog, CameraLog.event_id == Ingested.event_id)
        .where(CameraLog.camera_id == row.id, CameraLog.kind == row.status, CameraLog.end == row.status_at)
    )
    return None if row.status_at is None else work.session.scalar(query.limit(1))


def _data(row: Camera) -> dict[str, Any]:
    names = {lang: masked(named(lang, dict(row.name), row.id))[:200] for lang in LANGUAGES}
    return {
        "camera": row.id,
        "name": names,
        "territory": ident(row.territory),
        "latitude": row.latitude,
        "longitude": row.longitude,
        "status": row.status if row.status in {"up", "down"} else "unknown",
        "since": utc(row.status_at),
        "commissioned": row.commissioned,
        "retired": row.retired,
    }
