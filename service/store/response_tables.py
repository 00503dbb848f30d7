"""How alerts are answered: services on their way, drills, calls of the fire service; and what was down and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Id


class AlertService(Base):
    """One service at one alert: when it was told and what it did, by its own clock where it says so.

    Attributes:
        service: 101, 102, 103 or 112.
        cycle: of the alert: how many times it had been reopened; a service can be sent out anew in each.
        state: sent, received, departed, arrived, finished or called_off, as its times say.
        number: of the incident at the service.
        initiator: who told the service: system or human.
        found: what the crew found, true or false; None until it says so.
        time_sources: of each time its source (server, external, typed) and by whom.
    """

    __tablename__ = "alert_service"

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"))
    service: Mapped[str] = mapped_column(Code)
    cycle: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    number: Mapped[str | None] = mapped_column(Code, index=True)
    initiator: Mapped[str] = mapped_column(String(16))
    found: Mapped[bool | None]
    t_sent: Mapped[datetime]
    t_dispatch: Mapped[datetime | None]
    t_call_received: Mapped[datetime | None]
    t_depart: Mapped[datetime | None]
    t_arrive: Mapped[datetime | None]
    t_resolved: Mapped[datetime | None]
    t_called_off: Mapped[datetime | None]
    time_sources: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (UniqueConstraint("alert_id", "service", "cycle"), Index(None, "service", "alert_id"))


class Drill(Base):
    """An announced drill: alerts of its cameras, sensors and objects within its span are exercises.

    Attributes:
        everywhere: all of the city; otherwise only what is listed.
        ended_at, ended_by: where somebody ended it before its time.
    """

    __tablename__ = "drill"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    everywhere: Mapped[bool]
    cameras: Mapped[list[Any]]
    sensors: Mapped[list[Any]]
    objects: Mapped[list[Any]]
    start: Mapped[datetime]
    end: Mapped[datetime] = mapped_column(index=True)
    announced_at: Mapped[datetime]
    announced_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)


class PlannedWorks(Base):
    """Announced works: alerts of their kinds at their cameras, sensors and objects are held back within their span.

    Attributes:
        reason: maintenance of what sees, or known works in its sight.
        ended_at, ended_by: where somebody ended them before their time.
    """

    __tablename__ = "planned_works"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Code)
    kinds: Mapped[list[Any]]
    cameras: Mapped[list[Any]]
    sensors: Mapped[list[Any]]
    objects: Mapped[list[Any]]
    start: Mapped[datetime]
    end: Mapped[datetime] = mapped_column(index=True)
    announced_at: Mapped[datetime]
    announced_by: Mapped[str] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)


class CallMatch(Base):
    """A call in the fire service's log and an alert of ours that may be the same.

    Attributes:
        how: what ties them: number, object, place or time; person where somebody said so without any of them.
        standing: matched, candidate or refused.
        seconds: from the alert's detection to the call.
        metres: between the two; None where one place is not known.
        judged_by: who confirmed or refused; None where the machine was sure.
    """

    __tablename__ = "call_match"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[str] = mapped_column(Code)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"), index=True)
    how: Mapped[str] = mapped_column(String(16))
    standing: Mapped[str] = mapped_column(String(16))
    seconds: Mapped[float]
    metres: Mapped[float | None]
    t_call_received: Mapped[datetime] = mapped_column(index=True)
    found_at: Mapped[datetime]
    judged_at: Mapped[datetime | None]
    judged_by: Mapped[str | None] = mapped_column(Id)

    __table_args__ = (UniqueConstraint("call_id", "alert_id"),)


class Outage(Base):
    """A span in which a part did not work; open while `end` is None, one open span a part.

    Attributes:
        component: server, database, worker:NAME, camera:ID, broker:NAME, receiver:ID or disk:FOLDER.
        reason: a code.
    """

    __tablename__ = "outage"

    id: Mapped[int] = mapped_column(primary_key=True)
    component: Mapped[str] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(Code)
    start: Mapped[datetime] = mapped_column(index=True)
    end: Mapped[datetime | None] = mapped_column(index=True)

    __table_args__ = (
        Index(
            "uq_outage_open",
            "component",
            unique=True,
            sqlite_where=text('"end" IS NULL'),
            postgresql_where=text('"end" IS NULL'),
        ),
        Index(None, "component", "start"),
    )


class Heartbeat(Base):
    """When a part that could die unnoticed was last alive.

    Attributes:
        stopped: it was ended in good order; its absence is no fault.
    """

    __tablename__ = "heartbeat"

    component: Mapped[str] = mapped_column(String(128), primary_key=True)
    at: Mapped[datetime]
    stopped: Mapped[bool]
