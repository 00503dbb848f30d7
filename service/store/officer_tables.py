"""Tables of the work of officers: what was merged, cameras under quarantine, notices to staff, runs of jobs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Id


class CaseMerge(Base):
    """Two reports taken for one act, and whether an officer parted them again; a parted pair is never merged anew.

    Attributes:
        case_id: the report that was merged.
        into: the case that keeps both.
        why: same_plate, doubtful_sign or same_track.
        seconds, metres: how far apart the two were; metres is None where a camera's place is not known.
        reason: why they were parted.
    """

    __tablename__ = "case_merge"

    case_id: Mapped[str] = mapped_column(Id, primary_key=True)
    into: Mapped[str] = mapped_column(Id, primary_key=True, index=True)
    why: Mapped[str] = mapped_column(Code)
    seconds: Mapped[float]
    metres: Mapped[float | None]
    at: Mapped[datetime]
    parted_at: Mapped[datetime | None]
    parted_by: Mapped[str | None] = mapped_column(Id)
    reason: Mapped[str | None] = mapped_column(Code)


class Quarantine(Base):
    """A camera's rule whose cases wait, because officers reject unusually many of them or a senior officer said so.

    Attributes:
        began_by: who set it; `system` where the rates did.
        anchor: the case whose chain holds when it began and ended.
        figures: what was counted and by which parameters (`violations.quality.Alarm`); empty where a person set it.
        outcome: released or returned: what became of the cases that waited.
    """

    __tablename__ = "quarantine"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    camera_id: Mapped[str] = mapped_column(Code)
    kind: Mapped[str] = mapped_column(Code)
    began_at: Mapped[datetime]
    began_by: Mapped[str] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(Code)
    figures: Mapped[dict[str, Any]]
    anchor: Mapped[str | None] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)
    end_reason: Mapped[str | None] = mapped_column(Code)
    outcome: Mapped[str | None] = mapped_column(String(16))

    __table_args__ = (Index(None, "camera_id", "kind", "began_at"),)


class StaffNotice(Base):
    """Something that somebody of a role has to know; it stays until one of them has seen it.

    Attributes:
        key: what it is about; the same thing is told once.
        code: text key under `staff_notice.`; `values` fill its blanks.
        roles: whom it is for.
        territory: of whom, None for all of them.
    """

    __tablename__ = "staff_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    at: Mapped[datetime] = mapped_column(index=True)
    code: Mapped[str] = mapped_column(Code)
    values: Mapped[dict[str, Any]]
    roles: Mapped[list[Any]]
    territory: Mapped[str | None] = mapped_column(Code)
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None] = mapped_column(Id)


class JobRun(Base):
    """One run of a job, with an account of what it did.

    Attributes:
        day: the day it was run for, in the city's time zone.
        as_of: the moment its conditions were asked for.
        outcome: running, done or failed; one that runs for ever was killed, and is run again.
        account: counts by name.
        error: the sentence of a failure.
    """

    __tablename__ = "job_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Code)
    day: Mapped[date]
    as_of: Mapped[datetime]
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(Id)
    outcome: Mapped[str] = mapped_column(String(16))
    account: Mapped[dict[str, Any]]
    error: Mapped[str | None] = mapped_column(String(255))

    __table_args__ = (Index(None, "name", "day"),)
