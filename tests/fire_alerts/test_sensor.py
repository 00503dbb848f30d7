from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fire_alerts.sensor import (
    MISSED,
    Report,
    Sensor,
    SensorEvent,
    SensorKind,
    SensorState,
    heard,
    silent,
)
from qyran.errors import InputError

T0 = datetime(2026, 11, 23, 4, tzinfo=UTC)
SENSOR = Sensor("s-1", SensorKind.SMOKE, object_id="school-7", heartbeat_s=60)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def after(*reports: Report) -> tuple[SensorState, list[SensorEvent]]:
    state, events = SensorState(), []
    for report in reports:
        state, found = heard(state, report, report.at)
        events += found
    return state, events


def says(seconds: float, **what) -> Report:
    return Report("s-1", at(seconds), **what)


@pytest.mark.parametrize(
    ("reports", "events"),
    [
        ([says(0)], []),
        ([says(0, alarm=False), says(60, alarm=True)], [SensorEvent.ALARM]),
        ([says(0, alarm=True), says(10, alarm=True), says(20)], [SensorEvent.ALARM]),
        ([says(0, alarm=True), says(60, alarm=False)], [SensorEvent.ALARM, SensorEvent.CLEARED]),
        ([says(0, alarm=True, is_test=True), says(5, alarm=True)], [SensorEvent.ALARM, SensorEvent.ALARM]),
        ([says(0, battery_percent=19), says(60, battery_percent=18)], [SensorEvent.BATTERY_LOW]),
        ([says(0, battery_percent=19), says(60, battery_percent=22)], [SensorEvent.BATTERY_LOW]),
        (
            [says(0, battery_percent=19), says(60, battery_percent=90)],
            [SensorEvent.BATTERY_LOW, SensorEvent.BATTERY_BACK],
        ),
        ([says(0, tampered=True), says(60, tampered=False)], [SensorEvent.TAMPERED, SensorEvent.UNTAMPERED]),
    ],
)
def test_what_reports_mean(reports, events):
    assert after(*reports)[1] == events


def test_a_sensor_is_lost_after_three_heartbeats_and_back_with_the_next_report():
    state, _ = after(says(0))

    assert silent(SENSOR, state, at(MISSED * 60))[1] == ()
    state, events = silent(SENSOR, state, at(MISSED * 60 + 1))
    assert (events, state.works) == ((SensorEvent.LOST,), False)
    assert silent(SENSOR, state, at(9999))[1] == ()
    state, events = heard(state, says(10_000), at(10_000))
    assert (events, state.works) == ((SensorEvent.BACK,), True)


def test_a_sensor_never_heard_of_is_not_lost_and_does_not_count():
    assert silent(SENSOR, SensorState(), at(1e6)) == (SensorState(), ())
    assert not SensorState().works


def test_an_alarm_outlasts_the_silence_of_a_burning_sensor():
    state, _ = after(says(0, alarm=True))

    state, events = silent(SENSOR, state, at(3600))

    assert (state.alarm_since, events) == (T0, (SensorEvent.LOST,))


def test_a_late_report_does_not_undo_a_newer_one():
    state, _ = after(says(60, alarm=True))

    state, events = heard(state, says(0, alarm=False), at(61))

    assert (state.alarm_since, events) == (at(60), ())


def test_a_report_from_the_future_is_refused_with_the_fix():
    with pytest.raises(InputError, match=r"ahead by 3600 s; set it"):
        heard(SensorState(), says(3600), T0)


def test_a_heartbeat_without_seconds_is_refused():
    with pytest.raises(InputError, match="above 0"):
        Sensor("s", SensorKind.HEAT, heartbeat_s=0)


REPORTS = st.lists(
    st.builds(
        says,
        st.integers(0, 1000),
        alarm=st.sampled_from([None, True, False]),
        battery_percent=st.one_of(st.none(), st.floats(0, 100)),
        tampered=st.sampled_from([None, True, False]),
    ),
    max_size=20,
)


@given(REPORTS)
def test_every_report_twice_is_as_good_as_once(reports):
    twice = [one for report in reports for one in (report, report)]

    assert after(*twice) == after(*reports)


@given(REPORTS)
def test_alarms_and_their_ends_take_turns(reports):
    events = [one for one in after(*reports)[1] if one in {SensorEvent.ALARM, SensorEvent.CLEARED}]

    assert events == [SensorEvent.ALARM, SensorEvent.CLEARED] * (len(events) // 2) + events[len(events) // 2 * 2 :]
    assert events[-1:] != [SensorEvent.CLEARED] or len(events) % 2 == 0
