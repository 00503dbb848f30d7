"""The tables, a class each.

Times are UTC. Ids of cases and alerts are the ids of the worker's events, so that taking an event twice is
impossible. The rows of cases and alerts are views of their last event; the events are the truth.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from service.store.base import Base

Id = String(36)
Code = String(64)
Hash = String(64)


class StoreMeta(Base):
    """One row: what this store is.

    Attributes:
        demo: a store of rendered scenes and invented people; only it accepts development adapters.
    """

    __tablename__ = "store_meta"

    id: Mapped[int] = mapped_column(primary_key=True)
    city_id: Mapped[str] = mapped_column(Code)
    demo: Mapped[bool]
    created_at: Mapped[datetime]


class Counter(Base):
    """Numbers without a gap: documents of a year, tombstones."""

    __tablename__ = "counter"

    series: Mapped[str] = mapped_column(Code, primary_key=True)
    last: Mapped[int]


class Camera(Base):
    """A registered camera; `covers` is the road axis in its view, (longitude, latitude) pairs."""

    __tablename__ = "camera"

    id: Mapped[str] = mapped_column(Code, primary_key=True)
    name: Mapped[dict[str, Any]]
    territory: Mapped[str | None] = mapped_column(Code)
    commissioned: Mapped[date | None]
    retired: Mapped[date | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    covers: Mapped[list[Any]]
    file_version: Mapped[int]
    registered_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16), default="unknown")
    status_at: Mapped[datetime | None]
    last_analysed: Mapped[datetime | None]


class CameraLog(Base):
    """When a camera was up, down, and which stretch of its video was analysed (KPI 9.1, 9.7).

    Partitioned by month in PostgreSQL.
    """

    __tablename__ = "camera_log"

    event_id: Mapped[str] = mapped_column(Id, primary_key=True)
    camera_id: Mapped[str] = mapped_column(Code)
    kind: Mapped[str] = mapped_column(String(16))
    start: Mapped[datetime]
    end: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(16))

    __table_args__ = (Index(None, "camera_id", "end"), Index(None, "end"), Index(None, "camera_id", "kind", "end"))


class Ingested(Base):
    """Ids of events that were taken; partitioned by month in PostgreSQL.

    Attributes:
        time: the event's own, so that an event that comes again is looked for where it was put.
        at: when it was taken.
    """

    __tablename__ = "ingested"

    event_id: Mapped[str] = mapped_column(Id, primary_key=True)
    type: Mapped[str] = mapped_column(String(16))
    time: Mapped[datetime]
    at: Mapped[datetime]


class Passage(Base):
    """A vehicle that crossed a control line; partitioned by month in PostgreSQL.

    Attributes:
        plate_token: keyed token of its plate.
        wrapped_key, sealed: the plate under a key of its own, bound like a row of `personal`; None when erased.
        plate_score, plate_uncertain: how far the plate's reading is to be trusted, positions of doubtful signs.
        still: folder of its pictures, relative to the store's folder of passages.
        still_files: SHA-256 of each picture as the worker named it; empty where one was not what it named.
        held_for: what somebody keeps it for beyond its term, and who and when.
        erased_at: when its plate was erased.
    """

    __tablename__ = "passage"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    camera_id: Mapped[str] = mapped_column(Code)
    line: Mapped[str | None] = mapped_column(Code)
    kind: Mapped[str] = mapped_column(Code)
    direction: Mapped[str | None] = mapped_column(String(16))
    time: Mapped[datetime]
    video_s: Mapped[float]
    track: Mapped[int | None]
    class_: Mapped[str | None] = mapped_column("class", Code)
    speed_kmh: Mapped[float | None]
    speed_uncertainty_kmh: Mapped[float | None]
    score: Mapped[float | None]
    plate_token: Mapped[str | None] = mapped_column(Hash)
    lane: Mapped[str | None] = mapped_column(Code)
    vehicle_type: Mapped[str | None] = mapped_column(String(16))
    colour: Mapped[str | None] = mapped_column(String(16))
    plate_score: Mapped[float | None]
    plate_uncertain: Mapped[list[Any] | None]
    still: Mapped[str | None] = mapped_column(String(255))
    still_files: Mapped[dict[str, Any] | None]
    held_for: Mapped[str | None] = mapped_column(String(128))
    held_by: Mapped[str | None] = mapped_column(Id)
    held_at: Mapped[datetime | None]
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    erased_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "time"), Index(None, "camera_id", "time"), Index(None, "plate_token", "time"))


class Record:
    """What a case and an alert share: where it was seen, its chain's head, its optimistic lock."""

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    camera_id: Mapped[str] = mapped_column(Code)
    kind: Mapped[str] = mapped_column(Code)
    state: Mapped[str] = mapped_column(String(24), index=True)
    seq: Mapped[int]
    head: Mapped[str] = mapped_column(Hash)
    version: Mapped[int]
    t_onset: Mapped[datetime | None]
    t_detect: Mapped[datetime] = mapped_column(index=True)
    t_received: Mapped[datetime]
    video_s: Mapped[float]
    onset_s: Mapped[float | None]
    track: Mapped[int | None]
    class_: Mapped[str | None] = mapped_column("class", Code)
    line: Mapped[str | None] = mapped_column(Code)
    score: Mapped[float | None]
    box: Mapped[list[Any] | None]
    last_seen: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    merged_into: Mapped[str | None] = mapped_column(Id)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]


class ViolationCase(Record, Base):
    """A violation case: the view of its last event.

    Attributes:
        plate_score, plate_uncertain: how far the machine's reading is to be trusted, positions of doubtful signs.
        held_by: the quarantine for which it waits in the queue.
        repeat_of, repeat_source: the earlier case of the same plate and article within the term, where it is ours, and
            who knows of a repeat: store, register or both.
    """

    __tablename__ = "violation_case"

    territory: Mapped[str | None] = mapped_column(Code)
    plate_token: Mapped[str | None] = mapped_column(Hash)
    plate_read: Mapped[bool] = mapped_column(default=False)
    plate_score: Mapped[float | None]
    plate_uncertain: Mapped[list[Any] | None]
    speed_kmh: Mapped[float | None]
    speed_uncertainty_kmh: Mapped[float | None]
    over_kmh: Mapped[float | None]
    alert_id: Mapped[str | None] = mapped_column(Id)
    t_screened: Mapped[datetime | None]
    held_by: Mapped[str | None] = mapped_column(Id, index=True)
    claimed_by: Mapped[str | None] = mapped_column(Id)
    claimed_at: Mapped[datetime | None]
    first_reviewer: Mapped[str | None] = mapped_column(Id)
    second_look: Mapped[str | None] = mapped_column(Code)
    second_looked: Mapped[bool] = mapped_column(default=False)
    t_officer_decision: Mapped[datetime | None] = mapped_column(index=True)
    decided_by: Mapped[str | None] = mapped_column(Id)
    verdict: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Code)
    offence: Mapped[str | None] = mapped_column(Code)
    penalty_kind: Mapped[str | None] = mapped_column(String(16))
    fine_mci: Mapped[float | None]
    fine_kzt: Mapped[int | None]
    repeat_of: Mapped[str | None] = mapped_column(Id)
    repeat_source: Mapped[str | None] = mapped_column(String(16))
    edited: Mapped[list[Any]] = mapped_column(default=list)
    owner_loaded: Mapped[bool] = mapped_column(default=False)
    limitation_ends: Mapped[datetime | None]
    t_signed: Mapped[datetime | None] = mapped_column(index=True)
    document_no: Mapped[str | None] = mapped_column(Code)
    registration: Mapped[str | None] = mapped_column(String(16))
    register_no: Mapped[str | None] = mapped_column(Code)
    t_registered: Mapped[datetime | None]
    delivery: Mapped[str | None] = mapped_column(String(16))
    delivery_channel: Mapped[str | None] = mapped_column(Code)
    t_first_notification_sent: Mapped[datetime | None] = mapped_column(index=True)
    t_delivered: Mapped[datetime | None]
    payment: Mapped[str | None] = mapped_column(String(16))
    payment_term_ends: Mapped[datetime | None] = mapped_column(index=True)
    t_payment: Mapped[datetime | None]
    appeal: Mapped[str | None] = mapped_column(String(16))
    enforcement: Mapped[str | None] = mapped_column(String(16))
    t_cancelled: Mapped[datetime | None]
    t_closed: Mapped[datetime | None]

    __table_args__ = (
        Index(None, "state", "t_detect", "territory"),
        Index(None, "state", "limitation_ends", "t_detect"),
        Index(None, "camera_id", "t_detect"),
        Index(None, "kind", "t_detect"),
        Index(None, "offence", "t_detect"),
        Index(None, "decided_by", "t_officer_decision"),
        Index(None, "kind", "verdict", "t_detect", "merged_into"),
        *(Index(None, name) for name in ("claimed_by", "plate_token", "document_no", "merged_into")),
    )


class ChainEvent:
    """One link of a record's chain (`evidence.chain`); the payload and its salt lie in `personal`.

    `header` is canonical JSON; the columns after `hash` repeat it for queries and are checked against it.
    """

    record: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    prev: Mapped[str] = mapped_column(Hash)
    header: Mapped[str] = mapped_column(Text)
    commitment: Mapped[str] = mapped_column(Hash)
    hash: Mapped[str] = mapped_column(Hash)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(Id)
    role: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(24))
    source: Mapped[str | None] = mapped_column(String(24))
    target: Mapped[str | None] = mapped_column(String(24))
    reason: Mapped[str | None] = mapped_column(Code)


class CaseEvent(ChainEvent, Base):
    """An event of a case; the database refuses to change or delete it."""

    __tablename__ = "case_event"
    __table_args__ = (Index(None, "actor", "at"),)


class Personal(Base):
    """Salt and payload of one event: sealed with a key of its own that an erasure destroys.

    Attributes:
        record, seq: the event; seq is 0 for what has no chain.
        wrapped_key: the row's key under the installation's key; None when erased.
        sealed: nonce and AES-256-GCM of the canonical JSON; None when erased.
        tombstone: number under which it was erased.
    """

    __tablename__ = "personal"

    record: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    tombstone: Mapped[int | None]
    erased_at: Mapped[datetime | None]


class Evidence(Base):
    """An evidence package that was taken over; `folder` is relative to the store's evidence folder."""

    __tablename__ = "evidence"

    event_id: Mapped[str] = mapped_column(Id, primary_key=True)
    record: Mapped[str] = mapped_column(Id, index=True)
    folder: Mapped[str] = mapped_column(String(255))
    manifest_sha256: Mapped[str | None] = mapped_column(Hash)
    files: Mapped[list[Any]]
    trace: Mapped[list[Any]]
    marks: Mapped[dict[str, Any]]
    intact: Mapped[bool]
    erased: Mapped[bool] = mapped_column(default=False)
    faults: Mapped[list[Any]]
    verified_at: Mapped[datetime]


class Decision(Base):
    """A signed decision document; what it says about a person lies in the case's sealed events."""

    __tablename__ = "decision"

    case_id: Mapped[str] = mapped_column(ForeignKey("violation_case.id"), primary_key=True)
    year: Mapped[int]
    number: Mapped[int]
    document_no: Mapped[str] = mapped_column(Code, unique=True)
    file: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(Hash)
    package_sha256: Mapped[str | None] = mapped_column(Hash)
    signed_at: Mapped[datetime]
    signed_by: Mapped[str] = mapped_column(Id)
    languages: Mapped[list[Any]]

    __table_args__ = (UniqueConstraint("year", "number"),)


class LedgerRoot(Base):
    """An hourly signed Merkle root over the heads that moved since the root before."""

    __tablename__ = "ledger_root"

    id: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[str] = mapped_column(String(40))
    root: Mapped[str] = mapped_column(Hash)
    prev: Mapped[str] = mapped_column(Hash)
    key: Mapped[str] = mapped_column(Hash)
    signature: Mapped[str] = mapped_column(String(128))


class LedgerHead(Base):
    """A chain's head as one root holds it."""

    __tablename__ = "ledger_head"

    root_id: Mapped[int] = mapped_column(ForeignKey("ledger_root.id"), primary_key=True)
    record: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(Hash)

    __table_args__ = (Index(None, "record", "seq"),)


class AppUser(Base):
    """Somebody who can log in; `name` is what documents and lists show."""

    __tablename__ = "app_user"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(String(128))
    password_hash: Mapped[str] = mapped_column(String(255))
    roles: Mapped[list[Any]]
    territories: Mapped[list[Any]]
    service: Mapped[str | None] = mapped_column(String(8))
    position: Mapped[dict[str, Any] | None]
    language: Mapped[str] = mapped_column(String(2))
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class UserSession(Base):
    """A login; the token itself is only in the browser's cookie, its SHA-256 here.

    Attributes:
        id: what lists of logins name it by; where it came from lies sealed in `personal` under it.
        stage: full; code while a second factor is awaited.
    """

    __tablename__ = "user_session"

    token_hash: Mapped[str] = mapped_column(Hash, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"), index=True)
    csrf: Mapped[str] = mapped_column(Hash)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    id: Mapped[str | None] = mapped_column(Id, index=True)
    stage: Mapped[str] = mapped_column(String(8), default="full")


class LoginAttempt(Base):
    """A failed login, for throttling; `subject` is a keyed hash of the name or the address."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(Hash)
    at: Mapped[datetime]

    __table_args__ = (Index(None, "subject", "at"),)


class AccessLog(Base):
    """Who looked at whose record, and what for.

    Attributes:
        reason: code of the purpose; None in entries of before purposes were written down.
        territory: of the record, where it has one.
    """

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(Id)
    role: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(Code)
    record: Mapped[str] = mapped_column(Code, index=True)
    reason: Mapped[str | None] = mapped_column(Code)
    territory: Mapped[str | None] = mapped_column(Code)


class CityInput(Base):
    """A figure from outside that a KPI needs, with its source: of a name's entries the one of the newest day stands.

    Attributes:
        import_id: the imported file it came with; None where somebody entered it by hand.
    """

    __tablename__ = "city_input"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Code)
    value: Mapped[dict[str, Any]]
    source: Mapped[str] = mapped_column(String(255))
    as_of: Mapped[date]
    entered_at: Mapped[datetime]
    entered_by: Mapped[str] = mapped_column(Id)
    import_id: Mapped[str | None] = mapped_column(Id)
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "name", "as_of"),)
