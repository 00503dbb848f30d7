"""The table of camera files: every version for good, so that a finding can be judged by the scene of its day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base

Hash = String(64)


class CameraFile(Base):
    """One version of a camera's file; append-only, the database itself refuses changes.

    Attributes:
        sha256: of the content's canonical JSON: the same file twice is one version.
        file_sha256: of the file as workers get it, which is what evidence names; None for versions older than that.
        source: `file` where an installer registered it, `page` where it was drawn.
        comment: why, in the author's words.
        restores: the older version it brings back.
    """

    __tablename__ = "camera_file"

    camera_id: Mapped[str] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(Hash)
    content: Mapped[dict[str, Any]]
    since: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(36))
    file_sha256: Mapped[str | None] = mapped_column(Hash)
    source: Mapped[str] = mapped_column(String(16), server_default="file")
    comment: Mapped[str | None] = mapped_column(Text)
    restores: Mapped[int | None]
