"""The table of the passwords of streams: sealed, never shown, replaced by setting them anew."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class CameraSecret(Base):
    """User and password of one stream, or of all streams of one recorder.

    Attributes:
        name: what a camera file says after ``sealed:``, mostly the camera's id.
        number: grows with every password set, so that no older one can be put back in its place.
        wrapped: the data key under the installation's key for cameras, see `service.camera_secrets`.
        sealed: user and password under it.
    """

    __tablename__ = "camera_secret"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(36))
