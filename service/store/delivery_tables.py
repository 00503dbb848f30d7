"""The tables of delivery: what waits to be sent, every attempt, every receipt; numbers held for decisions to come.

No address, name or identification number stands here: they are read from the case's sealed facts when a letter is
written, so that an erasure of the case leaves nothing behind.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base

Id = String(36)
Code = String(64)
Hash = String(64)
Key = String(128)


class OutboxMessage(Base):
    """Something that has to reach somebody outside, written in the transaction of the step that asks for it.

    Attributes:
        case_id, seq: the messages of a case leave in this order.
        kind: what is sent (`decision`).
        channel: register, sms, email or post.
        key: what tells the receiving system that an attempt is a repetition; a repaired message gets a new one.
        state: see `service.outbox.State`.
        attempts: since it was last queued.
        next_attempt: not before this moment.
        leased_until: a worker is sending it; after this moment another may.
        error: code of the last failure, free of personal data.
        external_id: what the receiving system calls it.
        handed_at: the channel accepted it.
        settled_at: delivered, undeliverable, given up or called off.
        batch, position: the printed batch it went with, and its place there.
        appeal_id: the appeal whose resolution it carries; None where it carries the decision.
        sending_at: since when its content goes out by a channel that cannot count a repetition once.
    """

    __tablename__ = "outbox_message"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("violation_case.id"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(Code)
    channel: Mapped[str] = mapped_column(Code)
    key: Mapped[str] = mapped_column(Key, unique=True)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_attempt: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Code)
    external_id: Mapped[str | None] = mapped_column(Key)
    handed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    batch: Mapped[int | None]
    position: Mapped[int | None]
    appeal_id: Mapped[str | None] = mapped_column(Id)
    sending_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        Index(None, "state", "next_attempt"),
        Index(None, "batch", "position"),
    )


class DeliveryAttempt(Base):
    """One attempt to hand a message over: what came of it, and why not."""

    __tablename__ = "delivery_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(Code)
    took_ms: Mapped[int]


class DeliveryReceipt(Base):
    """What a channel said afterwards; `receipt` names it there, so that one told twice counts once."""

    __tablename__ = "delivery_receipt"

    channel: Mapped[str] = mapped_column(Code, primary_key=True)
    receipt: Mapped[str] = mapped_column(Key, primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Code)
    time: Mapped[datetime]
    stored_at: Mapped[datetime]


class ChannelBreaker(Base):
    """A channel that failed again and again is left alone for a while.

    Attributes:
        failures: in a row.
        opened_at: since when it is left alone; None where it works.
        open_until: then one message tries it.
    """

    __tablename__ = "channel_breaker"

    channel: Mapped[str] = mapped_column(Code, primary_key=True)
    failures: Mapped[int]
    opened_at: Mapped[datetime | None]
    open_until: Mapped[datetime | None]


class PostBatch(Base):
    """Letters printed together: one PDF, one address file, one manifest in `folder` under the documents."""

    __tablename__ = "post_batch"

    number: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(Id)
    letters: Mapped[int]
    folder: Mapped[str] = mapped_column(String(255))
    manifest_sha256: Mapped[str] = mapped_column(Hash)


class ReservedNumber(Base):
    """A document number that is held while its decision is rendered and signed.

    Attributes:
        case_id: for whom; None where that came to nothing: the next decision of the series takes it.
    """

    __tablename__ = "reserved_number"

    series: Mapped[str] = mapped_column(Code, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str | None] = mapped_column(Id, unique=True)
    taken_at: Mapped[datetime]


class OfficerCertificate(Base):
    """A signing certificate that belongs to an officer, known by its fingerprint; nothing of its subject is kept."""

    __tablename__ = "officer_certificate"

    sha256: Mapped[str] = mapped_column(Hash, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"), index=True)
    serial: Mapped[str] = mapped_column(Key)
    not_after: Mapped[datetime]
    registered_at: Mapped[datetime]
    registered_by: Mapped[str] = mapped_column(Id)
    withdrawn_at: Mapped[datetime | None]


class DecisionSignature(Base):
    """A detached national signature (CMS) over a decision's PDF, as the verifying service judged it."""

    __tablename__ = "decision_signature"

    case_id: Mapped[str] = mapped_column(ForeignKey("violation_case.id"), primary_key=True)
    file: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(Hash)
    certificate_sha256: Mapped[str] = mapped_column(Hash)
    serial: Mapped[str] = mapped_column(Key)
    verified_by: Mapped[str] = mapped_column(Code)
    verified_at: Mapped[datetime]
