"""Tables of what others tell us: device records, registers, permits, a controller's flags, parking payments.

Plates lie here as keyed tokens only; where somebody has to read them again, sealed in `personal` under the row's id.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Hash, Id

Words = String(128)
Source = String(255)


class DeviceRecord(Base):
    """A record of somebody else's device; its id is the id of the case it may ground.

    Attributes:
        serial, record: which together name it for ever.
        sha256: of its canonical content, to tell a repetition from a contradiction.
        over_kmh: excess of speed that counts, once judged.
        picture: name of the picture as the device gave it, with its hash; `picture_held` whether its bytes came.
        outcome: None until judged; `case`, or the code of why it grounds none.
        trace: why, or why not.
        match, passage_id, match_score: what our camera saw of it.
    """

    __tablename__ = "device_record"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    serial: Mapped[str] = mapped_column(Words)
    record: Mapped[str] = mapped_column(Code)
    kind: Mapped[str] = mapped_column(Code)
    camera_id: Mapped[str] = mapped_column(Code)
    time: Mapped[datetime]
    received_at: Mapped[datetime]
    received_from: Mapped[str] = mapped_column(Id)
    sha256: Mapped[str] = mapped_column(Hash)
    device_type: Mapped[str] = mapped_column(Words)
    certificate: Mapped[str | None] = mapped_column(Words)
    verification: Mapped[str | None] = mapped_column(Words)
    verified_until: Mapped[date | None]
    measured_kmh: Mapped[float | None]
    permitted_kmh: Mapped[float | None]
    margin_kmh: Mapped[float | None]
    length_m: Mapped[float | None]
    over_kmh: Mapped[float | None]
    plate_token: Mapped[str | None] = mapped_column(Hash)
    picture: Mapped[str | None] = mapped_column(Words)
    picture_sha256: Mapped[str | None] = mapped_column(Hash)
    picture_held: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str | None] = mapped_column(Code)
    trace: Mapped[list[Any]] = mapped_column(default=list)
    match: Mapped[str | None] = mapped_column(String(16))
    passage_id: Mapped[str | None] = mapped_column(Id)
    match_score: Mapped[float | None]

    __table_args__ = (UniqueConstraint("serial", "record"), Index(None, "outcome", "received_at"))


class RegisterEntry(Base):
    """One line of a register of insurance or inspection: a plate's keyed token and the days that are covered."""

    __tablename__ = "register_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(String(16))
    plate_token: Mapped[str] = mapped_column(Hash)
    valid_from: Mapped[date]
    valid_until: Mapped[date]

    __table_args__ = (UniqueConstraint("register", "plate_token", "valid_from", "valid_until"),)


class RegisterFeed(Base):
    """One delivery of a register: what it is from and of which moment; only a fresh one is asked."""

    __tablename__ = "register_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(String(16), index=True)
    as_of: Mapped[datetime]
    source: Mapped[str] = mapped_column(Source)
    entries: Mapped[int]
    received_at: Mapped[datetime]
    received_from: Mapped[str] = mapped_column(Id)


class Permit(Base):
    """Who may do what a rule forbids: one plate, a class of vehicles, or everybody.

    Attributes:
        ground: emergency, permit or grace.
        plate_token: None where it is for a class or everybody.
        kinds, cameras, zones: where it holds; empty means everywhere.
        grace_s: it holds for acts no longer than this.
        document: what it rests on, such as the number of an order.
        ended_at: from then on it no longer holds, whatever `valid_until` says.
    """

    __tablename__ = "permit"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    ground: Mapped[str] = mapped_column(String(16))
    plate_token: Mapped[str | None] = mapped_column(Hash, index=True)
    class_: Mapped[str | None] = mapped_column("class", Code)
    kinds: Mapped[list[Any]]
    cameras: Mapped[list[Any]]
    zones: Mapped[list[Any]]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    grace_s: Mapped[float | None]
    document: Mapped[str] = mapped_column(Words)
    entered_at: Mapped[datetime]
    entered_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)


class ControllerFlag(Base):
    """A traffic controller stood at a camera's place: what he ordered overrules lamps, signs and markings."""

    __tablename__ = "controller_flag"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    camera_id: Mapped[str] = mapped_column(Code, index=True)
    start: Mapped[datetime]
    end: Mapped[datetime]
    kinds: Mapped[list[Any]]
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)


class ParkingPayment(Base):
    """A paid stay in a tariff zone; `reference` is the payment provider's number."""

    __tablename__ = "parking_payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(Code, unique=True)
    tariff: Mapped[str] = mapped_column(Code)
    plate_token: Mapped[str] = mapped_column(Hash)
    start: Mapped[datetime]
    end: Mapped[datetime]
    amount_kzt: Mapped[int]
    received_at: Mapped[datetime]
    received_from: Mapped[str] = mapped_column(Id)

    __table_args__ = (Index(None, "plate_token", "end"),)


class FeedToken(Base):
    """What a machine of others identifies itself by; the token is told once, its SHA-256 is here."""

    __tablename__ = "feed_token"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Code, unique=True)
    token_hash: Mapped[str] = mapped_column(Hash, unique=True)
    feeds: Mapped[list[Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(Id)
    revoked_at: Mapped[datetime | None]
