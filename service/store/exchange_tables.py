"""Tables of the exchange with the situational centre: what waits, the feed itself, its manifests, its readers.

Triggers put a line into `exchange_pending` in the transaction that changes a case, an alert, a camera or a quarantine;
the publisher turns lines into records of the feed and removes exactly those it has read, so that a transaction that
commits late is taken in the next round. A record's `seq` is given under one lock that is held until the commit.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import ChainEvent, Code, Hash, Id

Subject = String(200)
Microseconds = BigInteger()


class ExchangePending(Base):
    """Something changed that the feed may have to tell.

    Attributes:
        source: alert, case, camera, view or quarantine.
        subject: its id.
        at: when the change reached the store.
        origin: live, or backfill for what was there before the exchange began.
    """

    __tablename__ = "exchange_pending"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(Code)
    at: Mapped[datetime]
    origin: Mapped[str] = mapped_column(String(8))

    __table_args__ = (Index(None, "source", "id"),)


class ExchangeRecord(Base):
    """One record of the feed; the database refuses to change or delete it.

    Attributes:
        seq: its place, without a gap, in the order of commits.
        id: made of city, kind, subject and revision: the same fact told twice has one id.
        op: new, correction or tombstone; `replaces` is the record it refers to.
        day: local day of `published_at`.
        measured: whether its way from `received_at` to `published_at` counts for KPI 1.1.
        content: SHA-256 of what it says without the envelope; the same again is not told again.
        line: the record as it is served, canonical JSON; `sha256` of these bytes.
    """

    __tablename__ = "exchange_record"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Id, unique=True)
    kind: Mapped[str] = mapped_column(String(24))
    subject: Mapped[str] = mapped_column(Subject)
    revision: Mapped[int]
    op: Mapped[str] = mapped_column(String(12))
    replaces: Mapped[str | None] = mapped_column(Id)
    day: Mapped[date]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime]
    published_at: Mapped[datetime]
    measured: Mapped[bool]
    content: Mapped[str] = mapped_column(Hash)
    sha256: Mapped[str] = mapped_column(Hash)
    line: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("subject", "revision"),
        Index(None, "day", "seq"),
        Index(None, "published_at"),
        Index(None, "kind", "seq"),
    )


class ExchangeRound(Base):
    """One update of the feed: the log of updates that KPI 1.4 is counted from.

    Attributes:
        gap_us: microseconds since the round before that told something of public safety; None for the first.
    """

    __tablename__ = "exchange_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    day: Mapped[date] = mapped_column(index=True)
    records: Mapped[int]
    security: Mapped[int]
    last_seq: Mapped[int]
    gap_us: Mapped[int | None] = mapped_column(Microseconds)


class ExchangeDay(Base):
    """What a local day published of one kind, and how long it had been on its way (KPI 1.1)."""

    __tablename__ = "exchange_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    records: Mapped[int]
    measured: Mapped[int]
    delay_us: Mapped[int] = mapped_column(Microseconds)
    longest_us: Mapped[int] = mapped_column(Microseconds)


class ExchangeManifest(Base):
    """The signed manifest of a day; the database refuses to change or delete it.

    Attributes:
        text: canonical JSON with its signature; `sha256` of these bytes is what the next one names.
        state, seq, head: of its chain, whose head enters the hourly signed root like that of a case.
    """

    __tablename__ = "exchange_manifest"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Hash)
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(24))
    seq: Mapped[int]
    head: Mapped[str] = mapped_column(Hash)
    changed_at: Mapped[datetime]


class ExchangeEvent(ChainEvent, Base):
    """That a manifest was signed; the database refuses to change or delete it."""

    __tablename__ = "exchange_event"


class ExchangeReader(Base):
    """A machine of the centre that reads: its token's hash, what it may ask, how far it has read.

    Attributes:
        scopes: feed, assistant or both.
        last_seq: the last record it was given.
        asked_seq: the cursor of its last request: everything up to there it had taken.
    """

    __tablename__ = "exchange_reader"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Code, unique=True)
    token_hash: Mapped[str] = mapped_column(Hash, unique=True)
    scopes: Mapped[list[Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(Id)
    revoked_at: Mapped[datetime | None]
    last_seq: Mapped[int]
    asked_seq: Mapped[int]
    last_read_at: Mapped[datetime | None]


class ExchangeReconciliation(Base):
    """What a reader said it holds of a day, and what differs."""

    __tablename__ = "exchange_reconciliation"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    reader: Mapped[str] = mapped_column(Id)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(12))
    count: Mapped[int]
    theirs: Mapped[int]
    report: Mapped[dict[str, Any]]


class ExchangePush(Base):
    """How far an endpoint that is pushed to has taken the feed, and its breaker."""

    __tablename__ = "exchange_push"

    endpoint: Mapped[str] = mapped_column(Code, primary_key=True)
    seq: Mapped[int]
    attempts: Mapped[int]
    next_attempt: Mapped[datetime]
    error: Mapped[str | None] = mapped_column(String(255))
    pushed_at: Mapped[datetime | None]


class ExchangeDeadLetter(Base):
    """A record that an endpoint will not take: it waits for a person."""

    __tablename__ = "exchange_dead_letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint: Mapped[str] = mapped_column(Code)
    seq: Mapped[int] = mapped_column(ForeignKey("exchange_record.seq"))
    error: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("endpoint", "seq"),)
