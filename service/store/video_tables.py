"""Tables of the archive of video: locks, exports, looks, terms of cameras, and tombstones of what went.

Segments are found by their names on disk, not here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Hash, Id


class VideoLock(Base):
    """Somebody keeps a span of a camera's video from every retention, until it is released.

    Attributes:
        start, end: the span.
        reason: a code of `service.video.locks.REASONS`; `note` what it rests on.
        record: the alert or case it is for, where there is one.
        until: it ends by itself then; None never.
    """

    __tablename__ = "video_lock"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    camera_id: Mapped[str] = mapped_column(Code)
    start: Mapped[datetime]
    end: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Code)
    note: Mapped[str] = mapped_column(Text)
    record: Mapped[str | None] = mapped_column(Id)
    set_by: Mapped[str] = mapped_column(Id)
    set_at: Mapped[datetime]
    until: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(Id)
    released_at: Mapped[datetime | None]
    release_note: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "camera_id", "end"),)


class VideoExport(Base):
    """A span of video on its way out of the house.

    Attributes:
        state: `wanted`, `making`, `ready`, `failed` or `gone` (its time was over).
        done: share that is made, 0 to 1.
        masked: a masked copy leaves, and not the original packets.
        gaps: spans without video inside it, `[start, end]` each in ISO 8601.
        file: its name under the folder of exports.
        taken: how many times it was fetched.
    """

    __tablename__ = "video_export"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    camera_id: Mapped[str] = mapped_column(Code, index=True)
    start: Mapped[datetime]
    end: Mapped[datetime]
    purpose: Mapped[str] = mapped_column(Text)
    masked: Mapped[bool] = mapped_column(default=False, server_default="0")
    asked_by: Mapped[str] = mapped_column(Id)
    role: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    done: Mapped[float]
    error: Mapped[str | None] = mapped_column(String(255))
    gaps: Mapped[list[Any]] = mapped_column(default=list)
    file: Mapped[str | None] = mapped_column(String(128))
    sha256: Mapped[str | None] = mapped_column(Hash)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    taken: Mapped[int] = mapped_column(default=0)


class VideoLook(Base):
    """Somebody looked at a span of a camera's video, and what for.

    Attributes:
        kind: `archive` or `live`.
        start, end: the span that is open to him; of a live look, when it began and last was seen.
        alert_id: the alert whose own span it is; None where a purpose was given.
        purpose: a code of `service.video.looks.PURPOSES`; `note` in words.
        until: it opens nothing any more after that.
    """

    __tablename__ = "video_look"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(Id)
    role: Mapped[str] = mapped_column(String(32))
    camera_id: Mapped[str] = mapped_column(Code, index=True)
    kind: Mapped[str] = mapped_column(String(16))
    start: Mapped[datetime]
    end: Mapped[datetime]
    alert_id: Mapped[str | None] = mapped_column(Id)
    purpose: Mapped[str] = mapped_column(Code)
    note: Mapped[str | None] = mapped_column(Text)
    until: Mapped[datetime]


class VideoTerm(Base):
    """How long a camera's video is kept, where it is not as the settings say."""

    __tablename__ = "video_term"

    camera_id: Mapped[str] = mapped_column(Code, primary_key=True)
    days: Mapped[int]
    set_by: Mapped[str] = mapped_column(Id)
    set_at: Mapped[datetime]


class VideoTombstone(Base):
    """Video of a camera's day that was removed, counted.

    Attributes:
        day: UTC day the segments began on.
        ground: `retention_over` or `disk_share`.
        segments, bytes: how many went.
        first, last: of what they showed.
    """

    __tablename__ = "video_tombstone"

    camera_id: Mapped[str] = mapped_column(Code, primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    ground: Mapped[str] = mapped_column(String(16), primary_key=True)
    at: Mapped[datetime]
    segments: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[datetime]
    last: Mapped[datetime]
