"""Tables about passages: finding plates without revealing them, who searched and why, watch lists and their hits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Hash, Id

Text128 = String(128)
Text255 = String(255)


class PlateIndex(Base):
    """A plate that some passage has, sealed; goes with the last passage of it.

    Attributes:
        token: the keyed token that passages of this plate have.
        wrapped_key, sealed: the plate, bound to the token.
        month: of the city's time zone, the newest in which it passed, 2026-11; None where it never did.
    """

    __tablename__ = "plate_index"

    token: Mapped[str] = mapped_column(Hash, primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    month: Mapped[str | None] = mapped_column(String(7), index=True)


class PlateGram(Base):
    """A pair of neighbouring signs of a plate, as one of few keyed buckets: many pairs share one, so none is told.

    Written and deleted with its `PlateIndex` only; seven a plate, so that no key of the database looks each up again.
    """

    __tablename__ = "plate_gram"

    bucket: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(Hash, primary_key=True)

    __table_args__ = (Index(None, "token"),)


class QueryLog(Base):
    """Who searched passages or cases, when, why, and how much was found; the database refuses to change or delete it.

    The reason's number and words and what was searched for lie sealed in `personal` under the query's id.

    Attributes:
        kind: search, route or cases.
        reason: code of the reason.
        plate_token: keyed token of the wanted plate or pattern, None where none was wanted.
        results: how many passages or cases matched.
    """

    __tablename__ = "query_log"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(Id, index=True)
    role: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Code)
    plate_token: Mapped[str | None] = mapped_column(Hash)
    results: Mapped[int]


class WatchList(Base):
    """Plates that somebody may look for: what for, on which ground, until when.

    Attributes:
        owner: the role that is alerted.
    """

    __tablename__ = "watch_list"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text128)
    purpose: Mapped[str] = mapped_column(Code)
    legal_ground: Mapped[str] = mapped_column(Text255)
    owner: Mapped[str] = mapped_column(String(32))
    valid_until: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)


class WatchEntry(Base):
    """A plate or pattern of a list; it lies sealed in `personal` under the entry's id.

    Attributes:
        token: keyed token of a whole plate; None for a pattern with wildcards.
    """

    __tablename__ = "watch_entry"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    list_id: Mapped[str] = mapped_column(ForeignKey("watch_list.id"), index=True)
    token: Mapped[str | None] = mapped_column(Hash, index=True)
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(Id)
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[str | None] = mapped_column(Id)


class WatchHit(Base):
    """A passage that an entry of a list matched.

    Attributes:
        state: new, acknowledged, confirmed, misread or closed.
        shown_at: when a console of its owner first showed it.
        closed_at: the investigation has ended; from then on the hit holds its passage no more.
    """

    __tablename__ = "watch_hit"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    list_id: Mapped[str] = mapped_column(ForeignKey("watch_list.id"), index=True)
    entry_id: Mapped[str] = mapped_column(ForeignKey("watch_entry.id"))
    passage_id: Mapped[str] = mapped_column(Id, index=True)
    camera_id: Mapped[str] = mapped_column(Code)
    time: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), index=True)
    version: Mapped[int] = mapped_column()
    raised_at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime] = mapped_column(index=True)
    shown_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None] = mapped_column(Id)
    outcome: Mapped[str | None] = mapped_column(String(16))
    outcome_at: Mapped[datetime | None]
    outcome_by: Mapped[str | None] = mapped_column(Id)
    closed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("passage_id", "list_id"),)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class PassageTombstone(Base):
    """What retention removed in one round: how many passages of which time, and how many something held."""

    __tablename__ = "passage_tombstone"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    ground: Mapped[str] = mapped_column(Code)
    removed: Mapped[int]
    held: Mapped[int]
    first: Mapped[datetime]
    last: Mapped[datetime] = mapped_column(index=True)


class VehicleMonth(Base):
    """A vehicle that passed in a month whose passages retention has removed: only to count different vehicles by.

    Attributes:
        month: of the city's time zone, 2026-11.
        token: keyed with the month, so that it leads to no plate and to no other month.
    """

    __tablename__ = "vehicle_month"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    token: Mapped[str] = mapped_column(Hash, primary_key=True)
