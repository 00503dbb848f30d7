"""Tables of what follows a signed decision: payments and refunds of fines, appeals, what went to enforcement."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Hash, Id

Given = String(128)


class FinePayment(Base):
    """One payment as a bank, the treasury or the register told it; never changed but for whose it is.

    Attributes:
        source, reference: who told it, and that source's number of the payment.
        sha256: of its canonical content, to tell a repetition from a contradiction.
        document_no: the decision as the payer wrote it, in the stored form.
        case_id: whose it is; None while nobody knows, and for what contradicts an earlier line.
        fault: code of why it is nobody's; None once it is somebody's.
        assigned_by, assigned_at, note: who gave it to a case by hand or took it away, when and why.
    """

    __tablename__ = "fine_payment"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(Given)
    reference: Mapped[str] = mapped_column(Code)
    sha256: Mapped[str] = mapped_column(Hash)
    paid_on: Mapped[date]
    amount_tiyn: Mapped[int] = mapped_column(BigInteger)
    document_no: Mapped[str | None] = mapped_column(Code)
    received_at: Mapped[datetime]
    received_from: Mapped[str] = mapped_column(Id)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("violation_case.id"), index=True)
    fault: Mapped[str | None] = mapped_column(Code, index=True)
    assigned_by: Mapped[str | None] = mapped_column(Id)
    assigned_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("source", "reference", "sha256"), Index(None, "received_at"))


class FineRefund(Base):
    """Money to be paid back: ordered by a senior officer, paid when the treasury says so."""

    __tablename__ = "fine_refund"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("violation_case.id"), index=True)
    amount_tiyn: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Code)
    ordered_at: Mapped[datetime]
    ordered_by: Mapped[str] = mapped_column(Id)
    paid_on: Mapped[date | None]
    reference: Mapped[str | None] = mapped_column(Code)
    withdrawn_at: Mapped[datetime | None]


class Appeal(Base):
    """An appeal against a decision; who appeals and what is said lies in the case's sealed events.

    Attributes:
        instance: `body` that issued the decision, or `court`.
        restored: why a missed term was restored; None where it was kept.
        outcome: upheld, changed, cancelled or withdrawn; None while it runs.
        told_on: day the answer was told to the person, from which the terms run again; None while it runs, and until
            the resolution sent to him is delivered.
    """

    __tablename__ = "appeal"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("violation_case.id"), index=True)
    number: Mapped[int]
    instance: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    filed_on: Mapped[date]
    restored: Mapped[str | None] = mapped_column(Code)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(Id)
    outcome: Mapped[str | None] = mapped_column(String(16), index=True)
    reason: Mapped[str | None] = mapped_column(Code)
    told_on: Mapped[date | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(Id)

    __table_args__ = (UniqueConstraint("case_id", "number"),)


class AppealResolution(Base):
    """The signed resolution that answers an appeal; what it says about a person lies in the case's sealed events."""

    __tablename__ = "appeal_resolution"

    appeal_id: Mapped[str] = mapped_column(ForeignKey("appeal.id"), primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("violation_case.id"), index=True)
    year: Mapped[int]
    number: Mapped[int]
    document_no: Mapped[str] = mapped_column(Code, unique=True)
    file: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(Hash)
    signed_at: Mapped[datetime]
    signed_by: Mapped[str] = mapped_column(Id)

    __table_args__ = (UniqueConstraint("year", "number"),)


class EnforcementItem(Base):
    """A case handed to compulsory recovery, in which batch."""

    __tablename__ = "enforcement_item"

    case_id: Mapped[str] = mapped_column(ForeignKey("violation_case.id"), primary_key=True)
    batch: Mapped[int] = mapped_column(index=True)
    amount_tiyn: Mapped[int] = mapped_column(BigInteger)
    exported_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
