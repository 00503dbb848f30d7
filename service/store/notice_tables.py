"""What is told of alerts to receivers outside: the outbox, its attempts, and how each receiver does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code

KEY_LENGTH = 128


class AlertNotice(Base):
    """What there was to tell of an alert at one step, as it was then; every receiver is told from this one row.

    Attributes:
        seq: number of the alert's last event then; it rises with every change.
        step: what happened (`service.notifying.hearing.STEPS`).
        facts: `service.notifying.facts.AlertFacts`; nothing about a person.
        initiator: whether the system did it by itself, or a person.
    """

    __tablename__ = "alert_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"))
    seq: Mapped[int]
    step: Mapped[str] = mapped_column(String(16))
    initiator: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]

    __table_args__ = (UniqueConstraint("alert_id", "seq"),)


class AlertMessage(Base):
    """A message to one receiver about one version of an alert; `key` is the same at every attempt.

    Attributes:
        rank: graver alerts leave first; see `service.notifying.queueing.rank_of`.
        tried_since: from when on it counts whether it has to be given up; a person who sends it again begins anew.
        sent_at: when the receiver's system took it.
        delivered_at: when it proved to have it; None where its channel proves nothing.
        acknowledged_at: when the service said that it takes the alert on (CAP Ack).
        error: why the last attempt failed, a short code; what the receiver wrote is under `answer`.
    """

    __tablename__ = "alert_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    receiver: Mapped[str] = mapped_column(Code)
    channel: Mapped[str] = mapped_column(String(16))
    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"), index=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("alert_notice.id"))
    seq: Mapped[int]
    key: Mapped[str] = mapped_column(String(KEY_LENGTH), unique=True)
    rank: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    tried_since: Mapped[datetime]
    next_attempt: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Code)
    answer: Mapped[str | None] = mapped_column(String(255))

    __table_args__ = (
        UniqueConstraint("receiver", "alert_id", "seq"),
        Index(None, "state", "receiver", "rank", "id"),
        Index(None, "receiver", "settled_at"),
    )


class AlertAttempt(Base):
    """One attempt to hand a message over."""

    __tablename__ = "alert_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("alert_message.id"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(Code)
    took_ms: Mapped[int]


class AlertReceiver(Base):
    """How a receiver does: its breaker, its last success and its last failure.

    Attributes:
        failures: in a row.
        failing_since: when the first of them was.
        opened_at: since when it is left alone; None while it is told everything at once.
        open_until: when one message is tried again.
        pulled: of a receiver that fetches: the last message it was given.
    """

    __tablename__ = "alert_receiver"

    receiver: Mapped[str] = mapped_column(Code, primary_key=True)
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    open_until: Mapped[datetime | None]
    last_success: Mapped[datetime | None]
    last_failure: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Code)
    pulled: Mapped[datetime | None]
