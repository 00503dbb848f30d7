"""A smoke or heat sensor: what it reports, and what follows from a report or from silence.

Pure: whoever receives reports (MQTT, HTTP) keeps a `SensorState` for each sensor and asks here what a report means, or
time that passes without one. A sensor that repeats its alarm is in one alarm; a report that comes late or twice changes
nothing that a newer one has said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from qyran.errors import InputError

MISSED: Final = 3
"""A sensor is lost after this many heartbeats that did not come; one may be lost in the air, two by chance."""
BATTERY_LOW_PERCENT: Final = 20.0
BATTERY_SWING_PERCENT: Final = 5.0
"""So far above it is told as good again: a battery's reading swings by some per cent with the temperature."""
AHEAD: Final = timedelta(minutes=5)
"""A report from further in the future is refused: its clock is wrong, and it would silence all reports to come."""
BEHIND: Final = timedelta(hours=1)
"""A report this much older than the newest one was not delayed: its clock was set back, and would silence an alarm."""


class SensorKind(StrEnum):
    """What a sensor feels."""

    SMOKE = "smoke"
    HEAT = "heat"
    MANUAL = "manual"  # a call point that somebody pressed


class SensorEvent(StrEnum):
    """What a report or a silence means."""

    ALARM = "alarm"
    CLEARED = "cleared"
    BATTERY_LOW = "battery_low"
    BATTERY_BACK = "battery_back"
    TAMPERED = "tampered"
    UNTAMPERED = "untampered"
    FAULT = "fault"
    FAULT_ENDED = "fault_ended"
    LOST = "lost"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Sensor:
    """A registered sensor.

    Attributes:
        object_id: the protected object it belongs to; None where it stands alone.
        latitude, longitude: WGS 84 degrees; None where not known.
        heartbeat_s: how often it reports when nothing happens, seconds.
        battery_least: charge below which its battery is low, per cent.
    """

    id: str
    kind: SensorKind
    object_id: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    heartbeat_s: float = 60.0
    battery_least: float = BATTERY_LOW_PERCENT

    @property
    def patience(self) -> timedelta:
        """How long it may be silent."""
        return timedelta(seconds=MISSED * self.heartbeat_s)

    def __post_init__(self) -> None:
        if self.heartbeat_s <= 0:
            raise InputError(f"The heartbeat of the sensor {self.id} is a number of seconds above 0.")


@dataclass(frozen=True, slots=True)
class Report:
    """One message of a sensor.

    Attributes:
        at: by its own clock, aware.
        alarm: whether it is in alarm; None where the message says nothing of it (a plain heartbeat).
        battery_percent: None where it has no battery or does not tell.
        tampered: taken off its socket or opened; None where it does not tell.
        fault: a code of what is wrong with it, empty where it says that nothing is; None where it does not tell.
        is_test: somebody pressed its test button.
    """

    sensor_id: str
    at: datetime
    alarm: bool | None = None
    battery_percent: float | None = None
    tampered: bool | None = None
    fault: str | None = None
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class SensorState:
    """What is known of a sensor.

    Attributes:
        heard_at: when the last report was received, by our clock; None before the first.
        reported_at: time of the newest report by the sensor's clock.
        alarm_at: time of the newest report that said whether it is in alarm.
        alarm_since: None while it is not in alarm.
        is_test: whether the alarm is a test.
    """

    heard_at: datetime | None = None
    reported_at: datetime | None = None
    alarm_at: datetime | None = None
    alarm_since: datetime | None = None
    is_test: bool = False
    battery_percent: float | None = None
    battery_low: bool = False
    tampered: bool = False
    fault: str | None = None
    lost: bool = False

    @property
    def works(self) -> bool:
        """Whether it counts as equipment of its object (KPI 10.6): heard of, in its place, sound, with a battery."""
        ails = self.lost or self.tampered or self.battery_low or self.fault is not None
        return self.heard_at is not None and not ails

    @property
    def trusted(self) -> bool:
        """Whether its alarm may confirm what a camera saw: sound, in its place, and no test."""
        return not self.tampered and self.fault is None and not self.is_test


def heard(
    state: SensorState, report: Report, received: datetime, *, battery_least: float = BATTERY_LOW_PERCENT
) -> tuple[SensorState, tuple[SensorEvent, ...]]:
    """The state after a report, and what the report means.

    Args:
        state: so far.
        report: what the sensor said.
        received: when it came in, by our clock.
        battery_least: charge below which its battery is low, per cent.

    Raises:
        InputError: the report comes from the future.
    """
    if report.at - received > AHEAD:
        raise InputError(
            f"The clock of the sensor {report.sensor_id} is ahead by {(report.at - received).total_seconds():.0f} s; "
            "set it."
        )
    events: list[SensorEvent] = []
    if state.lost:
        events.append(SensorEvent.BACK)
    last = received if state.heard_at is None else max(state.heard_at, received)
    now = replace(state, heard_at=last, lost=False)
    if state.reported_at is not None and report.at <= state.reported_at:
        # A heartbeat that overtook an alarm says nothing against it.
        now, event = _alarm(now, report)
        return now, (*events, event) if event else tuple(events)
    now = replace(now, reported_at=report.at)
    for step in (_alarm, _tampered, _fault):
        now, event = step(now, report)
        events += [event] if event else []
    now, event = _battery(now, report, battery_least)
    return now, (*events, event) if event else tuple(events)


def clock_wrong(state: SensorState, at: datetime, received: datetime) -> bool:
    """Whether a report's time cannot be: from the future, or so far before the newest one that the clock was set back.

    Whoever receives it then takes the time it came in, so that no alarm is lost to a bad clock.
    """
    if at - received > AHEAD:
        return True
    return state.reported_at is not None and state.reported_at - at > BEHIND


def silent(sensor: Sensor, state: SensorState, now: datetime) -> tuple[SensorState, tuple[SensorEvent, ...]]:
    """The state after time has passed without a report; a sensor in alarm that falls silent stays in alarm."""
    if state.lost or state.heard_at is None:
        return state, ()
    if now - state.heard_at <= sensor.patience:
        return state, ()
    return gone(state)


def gone(state: SensorState) -> tuple[SensorState, tuple[SensorEvent, ...]]:
    """The state after its broker or gateway said that the line to it is dead (a last will)."""
    return (state, ()) if state.lost else (replace(state, lost=True), (SensorEvent.LOST,))


def _alarm(state: SensorState, report: Report) -> tuple[SensorState, SensorEvent | None]:
    if report.alarm is None or (state.alarm_at is not None and report.at <= state.alarm_at):
        return state, None
    state = replace(state, alarm_at=report.at)
    if report.alarm is True and (state.alarm_since is None or (state.is_test and not report.is_test)):
        # Also where it began as a test and is none.
        return replace(state, alarm_since=report.at, is_test=report.is_test), SensorEvent.ALARM
    if report.alarm is False and state.alarm_since is not None:
        return replace(state, alarm_since=None, is_test=False), SensorEvent.CLEARED
    return state, None


def _tampered(state: SensorState, report: Report) -> tuple[SensorState, SensorEvent | None]:
    if report.tampered is None or report.tampered == state.tampered:
        return state, None
    event = SensorEvent.TAMPERED if report.tampered else SensorEvent.UNTAMPERED
    return replace(state, tampered=report.tampered), event


def _fault(state: SensorState, report: Report) -> tuple[SensorState, SensorEvent | None]:
    said = report.fault or None
    if report.fault is None or said == state.fault:
        return state, None
    return replace(state, fault=said), SensorEvent.FAULT if said else SensorEvent.FAULT_ENDED


def _battery(state: SensorState, report: Report, least: float) -> tuple[SensorState, SensorEvent | None]:
    if report.battery_percent is None:
        return state, None
    state = replace(state, battery_percent=report.battery_percent)
    if not state.battery_low and report.battery_percent < least:
        return replace(state, battery_low=True), SensorEvent.BATTERY_LOW
    if state.battery_low and report.battery_percent > least + BATTERY_SWING_PERCENT:
        return replace(state, battery_low=False), SensorEvent.BATTERY_BACK
    return state, None
