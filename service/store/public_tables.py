"""When the public page answered: one row for each unbroken run of probes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class PublicUptime(Base):
    """A span in which every probe of the public page was answered; what lies between two spans is downtime."""

    __tablename__ = "public_uptime"

    id: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[datetime]
    end: Mapped[datetime] = mapped_column(index=True)
