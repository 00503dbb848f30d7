"""The state of public safety at a moment: told at least every quarter of an hour, so that silence is no quiet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from incidents.alert import OPEN
from service.exchange.drafts import Draft
from service.exchange.shapes import Kind
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.exchange_tables import ExchangePending
from service.store.tables import Camera, ViolationCase
from violations.case import CaseState

EVERY: Final = timedelta(minutes=15)
SUBJECT: Final = "state/security"
WAITS: Final = (CaseState.SCREENED, CaseState.IN_REVIEW, CaseState.SECOND_LOOK)


def tell_state(work: Work, last: datetime | None, now: datetime) -> Iterator[Draft]:
    """One draft where the last is a quarter of an hour old."""
    if last is not None and now - last < EVERY:
        return
    cameras = _cameras(work)
    of_kind = select(Alert.kind, func.count()).where(Alert.state.in_(OPEN), Alert.merged_into.is_(None))
    open_alerts = work.session.execute(of_kind.group_by(Alert.kind).order_by(Alert.kind)).all()
    waiting = select(func.count()).select_from(ViolationCase).where(ViolationCase.state.in_(WAITS))
    oldest = work.session.scalar(select(func.min(ExchangePending.at)))
    data = {
        "as_of": now,
        "cameras_up": cameras.get("up", 0),
        "cameras_down": cameras.get("down", 0),
        "cameras_unknown": sum(n for status, n in cameras.items() if status not in {"up", "down"}),
        "open_alerts": [{"alert_kind": kind, "count": int(n)} for kind, n in open_alerts],
        "cases_waiting": int(work.session.scalar(waiting) or 0),
        "complete_to": min(now, oldest) if oldest is not None else now,
    }
    yield Draft(kind=Kind.SECURITY_STATE, subject=SUBJECT, data=data, occurred_at=now, received_at=now, measured=False,
                always=True)  # fmt: skip


def _cameras(work: Work) -> dict[str, int]:
    """Cameras in service by status."""
    today = work.now.astimezone(work.store.settings.zone).date()
    there = select(Camera.status, func.count()).where(Camera.retired.is_(None) | (Camera.retired > today))
    return {status: int(n) for status, n in work.session.execute(there.group_by(Camera.status))}
