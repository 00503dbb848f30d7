"""Tables of the port to face recognition: orders, who approved them, each crop that was sent, each match that came.

Qyran recognises no face. What a match names, and the crop it was found in, lie sealed in `personal` under its id.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Hash, Id

Words = String(255)


class FaceOrder(Base):
    """An order to look for people of a named list at named cameras.

    Attributes:
        number: of the document that orders it.
        legal_ground: article and act.
        list_name: of the list in the external system.
        owner: the role that sees matches.
        cameras: ids; nowhere else is a crop taken from.
        ended_at, ended_by, end_reason: when it was refused or revoked; None while it holds or expires by itself.
    """

    __tablename__ = "face_order"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Code)
    legal_ground: Mapped[str] = mapped_column(Words)
    purpose: Mapped[str] = mapped_column(Words)
    list_name: Mapped[str] = mapped_column(Code)
    owner: Mapped[str] = mapped_column(String(32))
    cameras: Mapped[list[Any]]
    valid_until: Mapped[datetime]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)
    end_reason: Mapped[str | None] = mapped_column(Words)


class FaceApproval(Base):
    """Somebody's yes to an order; one for each role, by different people."""

    __tablename__ = "face_approval"

    order_id: Mapped[str] = mapped_column(ForeignKey("face_order.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    by: Mapped[str] = mapped_column(Id)
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("order_id", "by"),)


class FaceRequest(Base):
    """A crop that was to be sent, and what came of it; the crop itself is kept with a match alone.

    Attributes:
        time: when the camera saw it.
        sha256: of the crop.
        outcome: sending, refused, failed, nothing, matched or discarded.
    """

    __tablename__ = "face_request"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("face_order.id"), index=True)
    camera_id: Mapped[str] = mapped_column(Code)
    time: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(Hash)
    by: Mapped[str] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Code)
    settled_at: Mapped[datetime | None]


class FaceMatch(Base):
    """What the external system says it found; a person judges it.

    Attributes:
        score: as that system gives it, 0 to 1.
        state: new, confirmed or misread.
    """

    __tablename__ = "face_match"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("face_order.id"), index=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("face_request.id"), index=True)
    score: Mapped[float]
    raised_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16))
    judged_at: Mapped[datetime | None]
    judged_by: Mapped[str | None] = mapped_column(Id)
