"""Tables of evidence that leaves: time stamps, locks, masked copies, exports, published heads of the ledger."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Hash, Id


class EvidenceStamp(Base):
    """The time stamp of a package: asked for until an authority gave it.

    Attributes:
        state: `pending` or `stamped`.
        attempts, next_try, error: of those in vain; `error` is what the authority did, in a sentence.
        time: when the authority saw the manifest.
        serial, policy, authority: the token's number, the authority's policy and the name of its certificate.
        anchored: whether that certificate leads to an authority trusted here.
        token_sha256: of the token.
    """

    __tablename__ = "evidence_stamp"

    event_id: Mapped[str] = mapped_column(Id, primary_key=True)
    manifest_sha256: Mapped[str] = mapped_column(Hash)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    next_try: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(255))
    time: Mapped[datetime | None]
    serial: Mapped[str | None] = mapped_column(String(64))
    policy: Mapped[str | None] = mapped_column(String(128))
    authority: Mapped[str | None] = mapped_column(String(255))
    anchored: Mapped[bool] = mapped_column(default=False)
    token_sha256: Mapped[str | None] = mapped_column(Hash)

    __table_args__ = (Index(None, "state", "next_try"),)


class EvidenceLock(Base):
    """Somebody keeps the evidence of a case or an alert from every retention, until it is released.

    Attributes:
        reason: a code of `service.evidence_locks.REASONS`; `note` in words, such as the number of a court's ruling.
        until: it ends by itself then; None never.
    """

    __tablename__ = "evidence_lock"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    record: Mapped[str] = mapped_column(Id, index=True)
    reason: Mapped[str] = mapped_column(Code)
    note: Mapped[str] = mapped_column(Text)
    set_by: Mapped[str] = mapped_column(Id)
    set_at: Mapped[datetime]
    until: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(Id)
    released_at: Mapped[datetime | None]
    release_note: Mapped[str | None] = mapped_column(Text)


class MaskedCopy(Base):
    """A masked copy of a package that is wanted, or was made; the copy says the rest of itself (``masked.json``).

    Attributes:
        kind: `pictures` or `clip`.
        state: `wanted`, `made` or `failed`; `error` why.
    """

    __tablename__ = "masked_copy"

    event_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    record: Mapped[str] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(255))


class EvidenceExport(Base):
    """A file that left with a case's evidence: who took it, in which variant, what for."""

    __tablename__ = "evidence_export"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    record: Mapped[str] = mapped_column(Id, index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Id)
    role: Mapped[str] = mapped_column(String(32))
    variant: Mapped[str] = mapped_column(String(16))
    purpose: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Hash)
    bytes: Mapped[int] = mapped_column(BigInteger)


class LedgerPublication(Base):
    """The ledger's head of one day on its way to one place; `head` is the signed JSON, the same for every place."""

    __tablename__ = "ledger_publication"

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    place: Mapped[str] = mapped_column(String(255))
    head: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    next_try: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(255))
    published_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("day", "place"), Index(None, "state", "next_try"))
