"""Taking a sensor's message: what it means is noted, an alarm is raised, and what cannot be taken is put aside.

Everything a message sets off is one transaction. A message that comes again, late or kept by the broker changes nothing
that a newer one has said; a bad clock never costs an alarm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import func, select

from fire_alerts import sensor as life
from fire_alerts.sensor import SensorEvent as Meaning
from fire_alerts.sensor import SensorKind, SensorState
from service.sensors import notices
from service.sensors.alarm import raise_for
from service.sensors.payload import ReportBody, Word, words_of
from service.sensors.registry import in_test, state_of
from service.sensors.working import reckon_span
from service.store.database import Work
from service.store.sensor_tables import FireSensor, SensorEvent, SensorMessage

Standing = Literal["taken", "repeated", "late", "aside"]
KEPT_TOPIC: Final = 255
KNOWN: Final = ("heard_at", "reported_at", "alarm_at", "alarm_since", "is_test", "battery_percent", "battery_low",
                "tampered", "fault", "lost")  # fmt: skip
"""What is kept of a sensor's state, by the names of `fire_alerts.sensor.SensorState`."""
MOST_ASIDE: Final = 20_000
"""Messages put aside that are kept: whoever sends rubbish without end fills no disk."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that came in.

    Attributes:
        source: mqtt:<broker> or http:<gateway>.
        data: its bytes.
        topic: of MQTT.
        sensor: whom the topic names.
        gateway: the machine that sent it, where the topic or the token names one.
        retained: the broker had kept it.
    """

    source: str
    data: bytes
    topic: str | None = None
    sensor: str | None = None
    gateway: str | None = None
    retained: bool = False

    @property
    def via(self) -> str:
        """Which way it came: mqtt or http."""
        return self.source.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one report.

    Attributes:
        reason: why it was put aside or what of it was, a code.
        events: what it meant.
        alert_id: of the alert it raised.
    """

    standing: Standing
    sensor: str | None
    message_id: str | None = None
    reason: str | None = None
    events: tuple[str, ...] = ()
    alert_id: str | None = None


def take(work: Work, arrival: Arrival) -> tuple[Outcome, ...]:
    """Take a message: an outcome for each of its reports."""
    return tuple(_take(work, arrival, word) for word in words_of(arrival.data))


def put_aside(work: Work, arrival: Arrival, reason: str) -> Outcome:
    """Keep a whole message that broke what takes messages."""
    text = arrival.data[:4096].decode("utf-8", errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return _aside(work, arrival, Word(text, None), arrival.sensor, reason)


def _take(work: Work, arrival: Arrival, word: Word) -> Outcome:
    sensor_id = arrival.sensor or word.sensor
    if sensor_id is None and arrival.gateway is not None and arrival.via == "http":
        sensor_id = arrival.gateway  # a sensor with a token of its own need not say its name again
    row = None if sensor_id is None else _row_of(work, sensor_id)
    reason = _why_aside(arrival, word, sensor_id, row)
    if reason is not None or row is None or word.body is None:
        return _aside(work, arrival, word, sensor_id, reason or "unknown_sensor")
    if word.key is not None and _known(work, row.id, word.key):
        return Outcome("repeated", row.id, word.body.id)
    if arrival.retained and _stale(work, row, word.body):
        if word.body.alarm and row.alarm_since is None and not word.body.test:
            notices.begin(work, row.id, "stale_alarm")
        return _kept(work, arrival, word, row, "late", "stale", ())
    return _heard(work, arrival, word, word.body, row)


def _row_of(work: Work, sensor_id: str) -> FireSensor | None:
    return work.session.scalar(select(FireSensor).where(FireSensor.id == sensor_id).with_for_update())


def _why_aside(arrival: Arrival, word: Word, sensor_id: str | None, row: FireSensor | None) -> str | None:
    """Why a report is not taken; None where it is."""
    reasons = {
        word.reason or "no_report": word.body is None,
        "no_sensor": sensor_id is None,
        "other_sensor": word.body is not None and word.body.sensor not in {None, sensor_id},
        "unknown_sensor": row is None,
        "retired": row is not None and row.retired is not None,
        "other_gateway": row is not None and arrival.gateway not in {None, row.gateway, row.id},
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _heard(work: Work, arrival: Arrival, word: Word, body: ReportBody, row: FireSensor) -> Outcome:
    before = state_of(row)
    at = _dated(work, row, body, before)
    received = at if arrival.retained else work.now
    report = life.Report(
        sensor_id=row.id,
        at=at,
        alarm=body.alarm,
        battery_percent=body.battery_percent,
        tampered=body.tampered,
        fault=body.fault,
        is_test=body.test or in_test(row, work.now),
    )
    state, found = life.heard(before, report, received, battery_least=row.battery_least)
    late = before.reported_at is not None and at <= before.reported_at
    if late and body.alarm and state.alarm_since is None and not report.is_test:
        notices.begin(work, row.id, "late_alarm")
    row.via = arrival.via
    store_state(work, row, before, state, found, at)
    if Meaning.BACK in found and row.gateway is not None:
        notices.end(work, f"{notices.GATEWAY}{row.gateway}", "lost")
    names = tuple(_name(one, state) for one in found)
    alert_id = None
    if Meaning.ALARM in found and not state.is_test:
        alert_id = raise_for(work, row, report, received=work.now, raw=word.raw, source=arrival.source,
                             topic=arrival.topic)  # fmt: skip
        row.alert_id = alert_id
    _note(work, row, names, alert_id)
    standing: Standing = "late" if late and not found else "taken"
    return _kept(work, arrival, word, row, standing, word.reason, names, alert_id, at)


def store_state(
    work: Work,
    row: FireSensor,
    before: SensorState,
    state: SensorState,
    found: Iterable[Meaning],
    at: datetime,
) -> None:
    """Write what is known of a sensor now, what follows for its span, and what the operator is told."""
    for name in KNOWN:
        setattr(row, name, getattr(state, name))
    events = tuple(found)
    if events:
        row.version += 1
        row.changed_at = work.now
    for one in events:
        if one in notices.BEGIN:
            notices.begin(work, row.id, notices.BEGIN[one])
        if one in notices.END:
            notices.end(work, row.id, notices.END[one])
    if before.works != state.works or before.heard_at is None:
        since = work.now if state.works else at
        reckon_span(work, row, works=state.works, at=since)


def _dated(work: Work, row: FireSensor, body: ReportBody, state: SensorState) -> datetime:
    """When a report is from: its own time unless its clock is wrong; then the time it came in."""
    if body.time is None:
        return work.now
    wrong = life.clock_wrong(state, body.time, work.now)
    ahead = body.time - work.now > life.AHEAD
    if wrong and (ahead or body.alarm or row.clock_doubt):
        row.clock_doubt = True
        notices.begin(work, row.id, "clock")
        return work.now
    if row.clock_doubt and not wrong:
        row.clock_doubt = False
        notices.end(work, row.id, "clock")
    return body.time


def _stale(work: Work, row: FireSensor, body: ReportBody) -> bool:
    """Whether what the broker had kept is too old to be news."""
    patience = life.Sensor(row.id, SensorKind(row.kind), heartbeat_s=row.heartbeat_s).patience
    return body.time is None or work.now - body.time > patience


def _name(event: Meaning, state: SensorState) -> str:
    return "test_alarm" if event is Meaning.ALARM and state.is_test else event.value


def _note(work: Work, row: FireSensor, names: Iterable[str], alert_id: str | None) -> None:
    for name in names:
        told = alert_id if name == Meaning.ALARM else None
        work.session.add(SensorEvent(sensor_id=row.id, at=work.now, event=name, alert_id=told))


def _known(work: Work, sensor_id: str, key: str) -> bool:
    query = select(SensorMessage.id).where(SensorMessage.sensor_id == sensor_id, SensorMessage.message_id == key)
    return work.session.scalar(query) is not None


def _kept(
    work: Work,
    arrival: Arrival,
    word: Word,
    row: FireSensor,
    standing: Standing,
    reason: str | None,
    names: tuple[str, ...],
    alert_id: str | None = None,
    at: datetime | None = None,
) -> Outcome:
    _store(work, arrival, word, row.id, word.key, standing, reason, names, at)
    if reason is not None and reason.startswith("only_"):
        notices.begin(work, row.id, "unreadable")
    message_id = word.body.id if word.body else None
    return Outcome(standing, row.id, message_id, reason, names, alert_id)


def _aside(work: Work, arrival: Arrival, word: Word, sensor_id: str | None, reason: str) -> Outcome:
    _store(work, arrival, word, None, None, "aside", reason, (), None)
    alarm = word.body is not None and word.body.alarm and not word.body.test
    subject = (sensor_id or arrival.gateway or arrival.source)[:64]
    kind = "unknown_alarm" if alarm else "unknown_sensor" if reason == "unknown_sensor" else "unreadable"
    if reason != "retired" or alarm:
        notices.begin(work, subject, kind)
    return Outcome("aside", sensor_id, word.body.id if word.body else None, reason)


def _store(
    work: Work, arrival: Arrival, word: Word, sensor_id: str | None, key: str | None, standing: Standing,
    reason: str | None, names: tuple[str, ...], at: datetime | None,
) -> None:  # fmt: skip
    if standing == "aside" and _full(work):
        return
    work.session.add(
        SensorMessage(
            received_at=work.now,
            source=arrival.source[:255],
            topic=(arrival.topic or "")[:KEPT_TOPIC] or None,
            sensor_id=sensor_id,
            message_id=key,
            reported_at=at,
            payload=word.raw,
            outcome=standing,
            reason=reason,
            events=list(names),
            meant=bool(names) or standing == "aside",
        )
    )


def _full(work: Work) -> bool:
    query = select(func.count()).select_from(SensorMessage).where(SensorMessage.outcome == "aside")
    return (work.session.scalar(query) or 0) >= MOST_ASIDE
