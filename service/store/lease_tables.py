"""Tables about who watches a camera: the machines that do, what each holds, and what was refused from whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Id

Version = String(32)


class LeaseHolder(Base):
    """A machine that watches cameras; all its leases live as long as it is heard of.

    Attributes:
        name: the machine's, which its token has too.
        session: of its home folder; another folder may not speak in its name while it lives.
        heard_at, until: when it was last heard, and until when its leases last, by the store's clock.
        term_s: how long they last after each word.
        beats: how often it was heard.
        ahead_s: how far its clock is ahead of the store's, seconds.
        version: of its program.
    """

    __tablename__ = "lease_holder"

    name: Mapped[str] = mapped_column(Code, primary_key=True)
    session: Mapped[str] = mapped_column(Id)
    heard_at: Mapped[datetime]
    until: Mapped[datetime]
    term_s: Mapped[float]
    beats: Mapped[int]
    ahead_s: Mapped[float]
    version: Mapped[str] = mapped_column(Version)


class CameraLease(Base):
    """One term of one camera's only writer; the term with the highest epoch is in force.

    Attributes:
        epoch: counts the terms of a camera from 1.
        since: from when on what the holder sees counts, by the store's clock.
        ended: when the next term began; what the holder saw from then on counts no more.
        released: the holder watches the camera no longer, and nobody follows yet.
        heir: the machine that may follow at once.
        ahead_s: how far the holder's clock was ahead of the store's when it was last heard, seconds.
    """

    __tablename__ = "camera_lease"

    camera_id: Mapped[str] = mapped_column(Code, primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str] = mapped_column(Code)
    since: Mapped[datetime]
    ended: Mapped[datetime | None]
    released: Mapped[bool] = mapped_column(default=False)
    heir: Mapped[str | None] = mapped_column(Code)
    ahead_s: Mapped[float]

    __table_args__ = (Index(None, "holder", "ended"),)


class LeaseRefusal(Base):
    """How many events of a term were refused, and why."""

    __tablename__ = "lease_refusal"

    camera_id: Mapped[str] = mapped_column(Code, primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(16), primary_key=True)
    events: Mapped[int]
    last_at: Mapped[datetime]
