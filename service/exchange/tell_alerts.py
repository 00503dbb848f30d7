"""Alerts for the feed: what was raised, masked; what was taken back leaves a tombstone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from service.exchange.drafts import Draft, Gone, ident, utc
from service.exchange.shapes import Kind
from service.exchange.waiting import Waiting
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Camera


def tell_alerts(work: Work, waiting: Mapping[str, Waiting]) -> Iterator[Draft]:
    """A draft for each alert that changed; tombstones only matter where something was told before."""
    rows = work.session.scalars(select(Alert).where(Alert.id.in_(waiting)).order_by(Alert.t_detect, Alert.id)).all()
    places = _places(work, {row.camera_id for row in rows})
    for row in rows:
        one = waiting[row.id]
        gone = _gone(row)
        yield Draft(
            kind=Kind.ALERT,
            subject=f"alert/{row.id}",
            data=None if gone else _data(row, places.get(row.camera_id)),
            occurred_at=row.t_detect,
            received_at=one.at,
            measured=one.live,
            origin=one.origin,
            gone=gone,
            see=f"alert/{row.merged_into}" if gone == "merged" else None,
        )
    known = {row.id for row in rows}
    for subject, one in waiting.items():
        if subject not in known:
            yield Draft(kind=Kind.ALERT, subject=f"alert/{subject}", data=None, occurred_at=one.at,
                        received_at=one.at, measured=False, origin=one.origin, gone="removed")  # fmt: skip


def _gone(row: Alert) -> Gone | None:
    """Why an alert is none for others; what was never raised was never told either."""
    if row.merged_into is not None:
        return "merged"
    if row.t_raised is None:
        return "test" if row.state == "test" else "suppressed"
    return None


def _data(row: Alert, camera: Any) -> dict[str, Any]:
    return {
        "type": row.type,
        "alert_kind": row.kind,
        "state": row.state,
        "verdict": row.verdict,
        "camera": row.camera_id,
        "territory": None if camera is None else ident(camera.territory),
        "latitude": None if camera is None else camera.latitude,
        "longitude": None if camera is None else camera.longitude,
        "detected_at": utc(row.t_detect),
        "onset_at": utc(row.t_onset),
        "notified_at": utc(row.t_notify_sent),
        "acknowledged_at": utc(row.t_ack),
        "verdict_at": utc(row.t_verdict),
        "dispatched_at": utc(row.t_dispatch),
        "departed_at": utc(row.t_depart),
        "arrived_at": utc(row.t_arrive),
        "controlled_at": utc(row.t_control),
        "closed_at": utc(row.t_closed),
        "services": sorted(set(row.services)),
        "reports": row.reports,
        "drill": row.is_drill,
        "found_by": "camera" if row.initiator == "system" else "operator",
        "at_protected_object": row.object_id is not None,
        "reason": row.reason,
        "closing": row.closing_code,
    }


def _places(work: Work, cameras: Iterable[str]) -> dict[str, Any]:
    query = select(Camera.id, Camera.territory, Camera.latitude, Camera.longitude).where(Camera.id.in_(cameras))
    return {row.id: row for row in work.session.execute(query)}
