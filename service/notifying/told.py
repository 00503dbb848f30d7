"""What an alert's messages became, for whoever may see the alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from service.store.database import Work
from service.store.notice_tables import AlertAttempt, AlertMessage, AlertNotice


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt."""

    at: datetime
    outcome: str
    error: str | None
    took_ms: int


@dataclass(frozen=True, slots=True)
class Told:
    """A message about an alert."""

    id: int
    key: str
    receiver: str
    channel: str
    step: str
    version: int
    state: str
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    error: str | None
    answer: str | None
    attempts: tuple[Attempt, ...]


def messages_of(work: Work, alert_id: str) -> tuple[Told, ...]:
    """Every message about an alert with its attempts, in the order in which they were queued."""
    tried: dict[int, list[Attempt]] = {}
    attempts = (
        select(AlertAttempt)
        .join(AlertMessage, AlertMessage.id == AlertAttempt.message_id)
        .where(AlertMessage.alert_id == alert_id)
        .order_by(AlertAttempt.id)
    )
    for one in work.session.scalars(attempts):
        tried.setdefault(one.message_id, []).append(Attempt(one.at, one.outcome, one.error, one.took_ms))
    rows = (
        select(AlertMessage, AlertNotice.step)
        .join(AlertNotice, AlertNotice.id == AlertMessage.notice_id)
        .where(AlertMessage.alert_id == alert_id)
        .order_by(AlertMessage.id)
    )
    return tuple(
        Told(
            id=row.id,
            key=row.key,
            receiver=row.receiver,
            channel=row.channel,
            step=step,
            version=row.seq,
            state=row.state,
            created_at=row.created_at,
            sent_at=row.sent_at,
            delivered_at=row.delivered_at,
            acknowledged_at=row.acknowledged_at,
            error=row.error,
            answer=row.answer,
            attempts=tuple(tried.get(row.id, ())),
        )
        for row, step in work.session.execute(rows)
    )
