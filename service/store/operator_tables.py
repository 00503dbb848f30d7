"""Tables of the operators' console: muted sound, camera walls, the shift that is handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Id


class SoundEvent(Base):
    """What an operator did with the sound of his console: muted it, switched it on again, or tried it out.

    Attributes:
        kind: mute, unmute, heard or unheard (the trial at the start of a shift).
        until: a mute's end by itself.
    """

    __tablename__ = "sound_event"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(Id, index=True)
    kind: Mapped[str] = mapped_column(String(16))
    until: Mapped[datetime | None]


class WallLayout(Base):
    """A camera wall somebody keeps.

    Attributes:
        cells: ids of cameras by place; None for an empty place.
    """

    __tablename__ = "wall_layout"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(Code)
    cells: Mapped[list[Any]]
    changed_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("owner", "name"),)


class ShiftHandover(Base):
    """A shift as it was handed over; the words lie sealed in `personal` under its id.

    Attributes:
        facts: what stood at that moment: open alerts, mutes, what was down; codes and ids, no names.
        since: when the shift began: the handover before.
        confirmed_at, confirmed_by: the incoming operator, by his own login.
    """

    __tablename__ = "shift_handover"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    written_at: Mapped[datetime]
    written_by: Mapped[str] = mapped_column(Id)
    since: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(Id)

    __table_args__ = (Index(None, "written_at"),)
