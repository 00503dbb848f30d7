"""Alerts, who was told of them, and the events they stand on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import ChainEvent, Code, Id, Record


class Alert(Record, Base):
    """An alert: the view of its last event. `type` is incident or fire_alert.

    Attributes:
        camera_id: the device that saw it: a camera or, where `sensor_id` is given too, that sensor.
        sensor_id: the sensor that raised it.
        sources: every camera and sensor that told of it, as `camera:ID` and `sensor:ID`.
        latitude, longitude, radius_m: WGS 84 degrees, and metres around them that hold the place 95 times in 100.
        region: outline of where it can be, `[latitude, longitude]` each; None where the circle says it.
        place_source: how the place is known: plane, bearing, crossed, camera, sensor, object or person.
        address: nearest known address by language.
        severity, certainty: in the words of CAP 1.2.
        t_call_received: when the service took the call, from its journal.
        service_numbers: the number of the incident at each service, by service.
        escalation, t_escalated: how many times nobody answered in time, and when it was passed on last.
        time_sources: of each time its source (device, server, external, typed) and by whom.
        cycle: how many times it was reopened.
        t_waiting: since when it waits for what comes next: to be answered, judged, gone to.
        escalation_step, escalation_due: how much of the present escalation is done, and when the next step is due.
        assigned_to, t_assigned: the operator who has it in hand, and since when.
        stream_seq: grows with every change of any alert, in the order of commits: what live lists go by.
    """

    __tablename__ = "alert"

    type: Mapped[str] = mapped_column(String(16))
    incident_id: Mapped[str] = mapped_column(Id, index=True)
    object_id: Mapped[str | None] = mapped_column(Code)
    case_id: Mapped[str | None] = mapped_column(Id, index=True)
    initiator: Mapped[str] = mapped_column(String(16))
    is_drill: Mapped[bool] = mapped_column(default=False)
    reports: Mapped[int] = mapped_column(default=1)
    verdict: Mapped[str | None] = mapped_column(String(16))
    verdict_by: Mapped[str | None] = mapped_column(Id)
    reason: Mapped[str | None] = mapped_column(Code)
    closing_code: Mapped[str | None] = mapped_column(Code)
    repeat_of: Mapped[str | None] = mapped_column(Id)
    t_raised: Mapped[datetime | None]
    t_notify_sent: Mapped[datetime | None]
    t_notify_delivered: Mapped[datetime | None]
    t_ack: Mapped[datetime | None]
    ack_by: Mapped[str | None] = mapped_column(Id)
    t_verify_start: Mapped[datetime | None]
    t_verdict: Mapped[datetime | None]
    t_dispatch: Mapped[datetime | None]
    t_depart: Mapped[datetime | None]
    t_arrive: Mapped[datetime | None]
    t_control: Mapped[datetime | None]
    t_closed: Mapped[datetime | None]
    services: Mapped[list[Any]] = mapped_column(default=list)
    sensor_id: Mapped[str | None] = mapped_column(Code, index=True)
    sources: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    radius_m: Mapped[float | None]
    region: Mapped[list[Any] | None]
    place_source: Mapped[str | None] = mapped_column(String(16))
    address: Mapped[dict[str, Any] | None]
    severity: Mapped[str | None] = mapped_column(String(16))
    certainty: Mapped[str | None] = mapped_column(String(16))
    t_call_received: Mapped[datetime | None]
    service_numbers: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    escalation: Mapped[int] = mapped_column(default=0, server_default="0")
    t_escalated: Mapped[datetime | None]
    time_sources: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    cycle: Mapped[int] = mapped_column(default=0, server_default="0")
    t_waiting: Mapped[datetime | None]
    escalation_step: Mapped[int] = mapped_column(default=0, server_default="0")
    escalation_due: Mapped[datetime | None] = mapped_column(index=True)
    assigned_to: Mapped[str | None] = mapped_column(Id)
    t_assigned: Mapped[datetime | None]
    stream_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", index=True)

    __table_args__ = (Index(None, "t_detect", "version"), Index(None, "last_seen"))


class AlertNotification(Base):
    """A notification of an alert: who was told, by which channel, by the system or a person (KPI 10.4)."""

    __tablename__ = "alert_notification"

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"), index=True)
    channel: Mapped[str] = mapped_column(Code)
    recipient: Mapped[str] = mapped_column(Code)
    initiator: Mapped[str] = mapped_column(String(16))
    sent_at: Mapped[datetime] = mapped_column(index=True)
    delivered_at: Mapped[datetime | None]


class AlertEvent(ChainEvent, Base):
    """An event of an alert; the database refuses to change or delete it."""

    __tablename__ = "alert_event"
