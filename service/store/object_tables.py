"""The table of what the object store is still to be told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base


class ObjectOwed(Base):
    """A file to put, or objects to delete, noted in the transaction that made it so; gone once it is done.

    Attributes:
        action: ``put`` or ``drop``.
        key: of the object; of a drop, a prefix too.
    """

    __tablename__ = "object_owed"

    id: Mapped[int] = mapped_column(primary_key=True)
    action: Mapped[str] = mapped_column(String(4))
    key: Mapped[str] = mapped_column(String(255))
    since: Mapped[datetime]
