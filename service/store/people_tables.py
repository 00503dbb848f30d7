"""Tables about people: how they prove who they are, what is denied to them, and what they may ask about their data.

What is personal in a request, a breach or a denial lies sealed in `personal` under its id.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Hash, Id

Kind = String(16)
Words = String(255)
PERSON = "app_user.id"


class UserSecurity(Base):
    """How a person proves who he is, beside the password.

    Attributes:
        wrapped_key, sealed: the secret of the second factor; None where there is none.
        enrolled_at: a code of it was given; None while it is only offered.
        last_step: time step of the last code taken: it and those before are worth nothing any more.
        password_at: when the password was set.
        must_change: somebody else set the password; it opens nothing but its own change.
    """

    __tablename__ = "user_security"

    user_id: Mapped[str] = mapped_column(ForeignKey(PERSON), primary_key=True)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    enrolled_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=-1)
    password_at: Mapped[datetime | None]
    must_change: Mapped[bool] = mapped_column(default=False)


class RecoveryCode(Base):
    """A code that stands in once for a lost second factor; only its keyed hash is here."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(Hash, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey(PERSON), index=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class KnownPlace(Base):
    """A name and an address, as one keyed hash, that logged in together: others' wrong tries do not stop them."""

    __tablename__ = "known_place"

    subject: Mapped[str] = mapped_column(Hash, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class AccessDenial(Base):
    """What somebody may not see, whatever his roles grant.

    Attributes:
        kind: function, territory or vehicle.
        target: code of the function or territory, keyed token of the vehicle's plate.
        ground: why.
    """

    __tablename__ = "access_denial"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey(PERSON), index=True)
    kind: Mapped[str] = mapped_column(Kind)
    target: Mapped[str] = mapped_column(Hash)
    ground: Mapped[str] = mapped_column(Words)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)


class SubjectRecord(Base):
    """In which records somebody is: the keyed token of his IIN, so that a request about him finds them."""

    __tablename__ = "subject_record"

    token: Mapped[str] = mapped_column(Hash, primary_key=True)
    record: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Kind)

    __table_args__ = (Index(None, "record"),)


class SubjectRequest(Base):
    """What somebody asked about his data, and what came of it.

    Attributes:
        kind: access, correction, restriction or erasure.
        state: received, decided or done.
        identified_by, ground: codes.
        received_on, due_on: days of the city; the term in working days it was counted with, and its source.
        person_token, plate_token: whom and which vehicle it is about.
        records: ids of cases and passages it is about, once they were looked up.
        decision: granted, partly or refused; `reason` its code, the words lie sealed.
        done: what was done, a line each: a code, a record, a number.
    """

    __tablename__ = "subject_request"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Code, unique=True)
    kind: Mapped[str] = mapped_column(Kind)
    state: Mapped[str] = mapped_column(Kind, index=True)
    language: Mapped[str] = mapped_column(String(2))
    channel: Mapped[str] = mapped_column(Kind)
    identified_by: Mapped[str] = mapped_column(Code)
    ground: Mapped[str] = mapped_column(Code)
    received_on: Mapped[date]
    due_on: Mapped[date] = mapped_column(index=True)
    term_days: Mapped[int]
    term_source: Mapped[str] = mapped_column(Words)
    term_verified: Mapped[bool]
    person_token: Mapped[str | None] = mapped_column(Hash)
    plate_token: Mapped[str | None] = mapped_column(Hash)
    records: Mapped[list[Any]]
    decision: Mapped[str | None] = mapped_column(Kind)
    reason: Mapped[str | None] = mapped_column(Code)
    done: Mapped[list[Any]]
    registered_at: Mapped[datetime]
    registered_by: Mapped[str] = mapped_column(Id)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(Id)
    done_at: Mapped[datetime | None]
    letter_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Restriction(Base):
    """A record that is blocked at somebody's request: nobody uses it but for a lock on its evidence.

    Attributes:
        record: of a case; of the request itself where it is a vehicle's passages.
        plate_token: of the vehicle whose passages are blocked, also those to come.
    """

    __tablename__ = "restriction"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    record: Mapped[str] = mapped_column(Id, index=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("subject_request.id"), index=True)
    since: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)
    plate_token: Mapped[str | None] = mapped_column(String(64), index=True)


class Breach(Base):
    """Personal data that came to somebody it was not meant for, or was lost; the words lie sealed.

    Attributes:
        noticed_at: the clock of the notice starts.
        due_at: the end of its last working day.
        began, ended: when it happened.
        data_kinds: codes of what was affected.
        wanted: the question to the access register that found who is affected.
        affected: how many records.
    """

    __tablename__ = "breach"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Code, unique=True)
    kind: Mapped[str] = mapped_column(Kind)
    noticed_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    term_days: Mapped[int]
    term_source: Mapped[str] = mapped_column(Words)
    term_verified: Mapped[bool]
    began: Mapped[datetime]
    ended: Mapped[datetime]
    data_kinds: Mapped[list[Any]]
    wanted: Mapped[dict[str, Any]]
    affected: Mapped[int]
    registered_at: Mapped[datetime]
    registered_by: Mapped[str] = mapped_column(Id)
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[str | None] = mapped_column(Id)
    acknowledged_at: Mapped[datetime | None]
    acknowledgement: Mapped[str | None] = mapped_column(Code)
    closed_at: Mapped[datetime | None]


class BreachRecord(Base):
    """A record that a breach touched, and how often it was opened then."""

    __tablename__ = "breach_record"

    breach_id: Mapped[str] = mapped_column(ForeignKey("breach.id"), primary_key=True)
    record: Mapped[str] = mapped_column(Code, primary_key=True)
    times: Mapped[int]


class PrivacyTerm(Base):
    """A term the city's lawyer set: of a procedure in working days, of keeping data in days; the newest day stands."""

    __tablename__ = "privacy_term"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Code)
    value: Mapped[int]
    valid_from: Mapped[date]
    source: Mapped[str] = mapped_column(Words)
    verified: Mapped[bool]
    entered_at: Mapped[datetime]
    entered_by: Mapped[str] = mapped_column(Id)

    __table_args__ = (UniqueConstraint("name", "valid_from", "entered_at"),)


class RetentionRun(Base):
    """What one round of retention removed of a kind of data, and how many somebody or something held."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(Code)
    term_days: Mapped[int]
    removed: Mapped[int]
    held: Mapped[int]
