"""KPIs outside the security sphere that the store feeds: each by hand-made tallies, and what is missing by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.other_facts.definitions import OTHER, fact_of
from kpi_catalog.other_facts.incidents import Alerted, tally_of
from kpi_catalog.other_facts.records import (
    ArrivalTally,
    CameraPlace,
    Delayed,
    IncidentTally,
    OtherFacts,
    ParkingRegister,
    SpeedTally,
    Stop,
    StopRegister,
    Uptime,
    incidents_together,
)
from kpi_catalog.other_facts.rush_hour_speed import has_rush_hours
from kpi_catalog.period import Period
from kpi_catalog.readings import Readings
from kpi_catalog.records import Dated, Definitions, Import
from kpi_catalog.status import Status
from kpi_catalog.value import Missing

MARCH = Period.parse("2026-03")
AFTER = datetime(2026, 4, 2, tzinfo=UTC)
DAY = date(2026, 3, 31)
JOURNAL = Import(MARCH.start, MARCH.end, "101")
MINUTE_US = 60_000_000
DAY_S = 86_400.0


def facts(**changes):
    return OtherFacts(**{"as_of": AFTER, "category": Category.REPUBLICAN, **changes})


def arrivals(*minutes, without=0, backwards=0, imported=JOURNAL, covered=True):
    calls = len(minutes) + without + backwards
    return ArrivalTally(calls, tuple(float(one) for one in minutes), without, backwards, imported, covered)


BOTH = {"fire_calls": arrivals(4, 6, 8), "ambulance_calls": arrivals(5, 5.9, 20, without=1)}
CRASHES = {"seen_kinds": frozenset({"crash"})}
VEHICLES = {"registered_vehicles": Dated(500_000, DAY, "МВД")}
PARKINGS = {"parkings": ParkingRegister(8, 6, 20_000, DAY, "ЦОДД")}
STOPS = {
    "stops": StopRegister(
        (Stop("a", 76.9, 43.2, True), Stop("b", 76.9, 43.25), Stop("c"), Stop("d", 76.95, 43.2)), DAY, "КГТ"
    )
}
ROAD = IncidentTally(road=4, dispatch=3, dispatch_us=30 * MINUTE_US, ack=2, ack_us=4 * MINUTE_US, dispatch_reversed=1)


@pytest.mark.parametrize(
    ("kpi_id", "given", "value", "numerator", "denominator", "status"),
    [
        ("1.1", {"delay": Delayed(12.5, 8, 40)}, 12.5, 100, 8, Status.COMPUTED),
        (
            "1.2",
            {"uptime": Uptime(31 * DAY_S - 6696, 31 * DAY_S, MARCH.start)},
            99.75,
            44_528.4,
            44_640,
            Status.COMPUTED,
        ),
        ("1.2", {"uptime": Uptime(3000, 3600, MARCH.start + timedelta(days=1))}, 250 / 3, 50, 60, Status.PRELIMINARY),
        ("1.4", {"update_hours": {"security": 0.5}}, 0.5, None, None, Status.PARTIAL),
        (
            "1.4",
            {"update_hours": {"security": 0.5, "housing_utilities": 20, "ecology": 1, "education": 12}},
            0.5,
            None,
            None,
            Status.COMPUTED,
        ),
        ("1.7", {"incidents": IncidentTally(incidents=40, automatic=36)}, 90, 36, 40, Status.COMPUTED),
        ("1.11", BOTH, 4 / 7 * 100, 4, 7, Status.PRELIMINARY),
        ("1.11", {**BOTH, "definitions": Definitions(known_share=0.8)}, 4 / 7 * 100, 4, 7, Status.COMPUTED),
        ("1.11", {**BOTH, "category": Category.REGIONAL}, 5 / 7 * 100, 5, 7, Status.PRELIMINARY),
        (
            "1.11",
            {**BOTH, "category": Category.REGIONAL, "readings": Readings(arrival_limit="lower")},
            4 / 7 * 100,
            4,
            7,
            Status.PRELIMINARY,
        ),
        ("1.11", {"fire_calls": arrivals(4, 10)}, 50, 1, 2, Status.PARTIAL),
        (
            "1.12",
            {**CRASHES, "incidents": IncidentTally(fires=3, crashes=16), "base": IncidentTally(fires=5, crashes=15)},
            5,
            19,
            20,
            Status.COMPUTED,
        ),
        ("1.12", {"incidents": IncidentTally(fires=3), "base": IncidentTally(fires=2)}, -50, 3, 2, Status.PARTIAL),
        ("5.1", PARKINGS, 75, 6, 8, Status.COMPUTED),
        ("5.7", {**PARKINGS, "parking": 190}, 9.5, 190, 20, Status.COMPUTED),
        (
            "6.1",
            {"speeds": SpeedTally({"a north": (4, 4 * 30_000), "b ": (1, 20_000)})},
            25,
            50,
            2,
            Status.COMPUTED,
        ),
        ("6.1", {"speeds": SpeedTally({"a": (1, 30_000)}, lost_days=1)}, 30, 30, 1, Status.PRELIMINARY),
        ("6.1", {"speeds": SpeedTally({"a": (9, 9 * 30_000)}, without_speed=1)}, 30, 30, 1, Status.PRELIMINARY),
        (
            "6.3",
            {
                "seen_kinds": frozenset({"congestion"}),
                "incidents": IncidentTally(congestion_us=360 * 60 * MINUTE_US),
                "analysed_hours": 3600.0,
            },
            10,
            360,
            3600,
            Status.COMPUTED,
        ),
        ("6.4", {**CRASHES, **VEHICLES, "year": IncidentTally(crashes=250)}, 5, 250, 50, Status.PARTIAL),
        (
            "6.4",
            {**CRASHES, **VEHICLES, "year": IncidentTally(crashes=250), "readings": Readings(crashes="cameras")},
            5,
            250,
            50,
            Status.COMPUTED,
        ),
        ("6.7", {"incidents": ROAD}, 10, 30, 3, Status.COMPUTED),
        ("6.7", {"incidents": ROAD, "definitions": Definitions(reaction="ack")}, 2, 4, 2, Status.COMPUTED),
        ("8.7", STOPS, 25, 1, 4, Status.COMPUTED),
        (
            "8.7",
            {**STOPS, "cameras": (CameraPlace("c", 76.9501, 43.2), CameraPlace("far", 76.8, 43.1))},
            50,
            2,
            4,
            Status.COMPUTED,
        ),
    ],
)
def test_a_value_by_its_definition(kpi_id, given, value, numerator, denominator, status):
    found = OTHER[kpi_id](facts(**given), MARCH)
    assert found.value == pytest.approx(value)
    assert (found.numerator, found.denominator) == (pytest.approx(numerator), pytest.approx(denominator))
    assert found.status is status
    assert found.id == kpi_id
    assert found.unit == catalogue().kpis[kpi_id].unit


@pytest.mark.parametrize(
    ("kpi_id", "given", "missing"),
    [
        ("1.1", {}, {Missing.UPDATE_DELAYS}),
        ("1.1", {"delay": Delayed(None, 0)}, {Missing.UPDATE_DELAYS}),
        ("1.2", {}, {Missing.AVAILABILITY_LOG}),
        ("1.4", {}, {Missing.UPDATE_TIMES, Missing.OTHER_UPDATE_TIMES}),
        ("1.4", {"update_hours": {"security": 1}}, {Missing.OTHER_UPDATE_TIMES}),
        ("1.7", {}, {Missing.INCIDENTS}),
        ("1.11", {}, {Missing.FIRE_CALL_LOG, Missing.AMBULANCE_CALL_LOG}),
        ("1.11", {"fire_calls": arrivals(), "ambulance_calls": arrivals()}, {Missing.EMERGENCY_CALLS}),
        ("1.11", {"fire_calls": arrivals(without=3), "ambulance_calls": arrivals()}, {Missing.ARRIVAL_TIMES}),
        ("1.12", {}, {Missing.BASE_PERIOD}),
        ("1.12", {"base": IncidentTally()}, {Missing.BASE_INCIDENTS}),
        ("1.12", {"base": IncidentTally(fires=1)}, {Missing.CRASH_WATCH}),
        ("5.1", {}, {Missing.PARKING_REGISTER}),
        ("5.7", {}, {Missing.PARKING_PLACES}),
        ("6.1", {}, {Missing.PASSAGE_SPEEDS}),
        ("6.3", {}, {Missing.CONGESTION_WATCH, Missing.HEARTBEAT_LOG}),
        ("6.3", {"analysed_hours": 10.0}, {Missing.CONGESTION_WATCH}),
        ("6.4", {}, {Missing.CRASH_WATCH, Missing.WHOLE_YEAR, Missing.REGISTERED_VEHICLES}),
        ("6.4", {**CRASHES, **VEHICLES, "year": IncidentTally()}, {Missing.CRASH_REGISTER}),
        ("6.7", {}, {Missing.ROAD_INCIDENTS}),
        ("6.7", {"incidents": IncidentTally(road=2)}, {Missing.REACTION_TIMES}),
        ("8.7", {}, {Missing.STOP_REGISTER}),
    ],
)
def test_what_is_absent_is_named_and_never_scored(kpi_id, given, missing):
    found = OTHER[kpi_id](facts(**given), MARCH)
    assert set(found.missing) == missing
    assert found.status in {Status.NO_DATA, Status.PARTIAL}


def test_a_day_has_no_monthly_rate_of_parking_violations():
    found = OTHER["5.7"](facts(**PARKINGS, parking=3), Period.parse("2026-03-02"))
    assert (found.value, found.missing) == (None, (Missing.WHOLE_MONTH,))


@pytest.mark.parametrize("kpi_id", ["1.12", "5.7", "6.3"])
def test_a_period_that_runs_is_preliminary(kpi_id):
    given = facts(
        **PARKINGS,
        as_of=MARCH.start + timedelta(days=3),
        seen_kinds=frozenset({"crash", "congestion"}),
        base=IncidentTally(fires=1),
        analysed_hours=5.0,
    )
    assert OTHER[kpi_id](given, MARCH).status is Status.PRELIMINARY


def test_a_change_is_scored_by_its_base_and_fact_and_updates_by_their_parts():
    changed = facts(**CRASHES, incidents=IncidentTally(fires=19), base=IncidentTally(fires=20))
    assert fact_of(OTHER["1.12"](changed, MARCH), changed) == {"base": 20.0, "fact": 19.0}
    updated = facts(update_hours={"security": 2, "ecology": 1, "nonsense": 9})
    assert fact_of(OTHER["1.4"](updated, MARCH), updated) == {"security": 2, "ecology": 1}
    assert fact_of(OTHER["1.4"](facts(), MARCH), facts()) is None


# incidents

T = datetime(2026, 3, 10, 12, tzinfo=UTC)


def alert(name, **changes):
    given = {
        "id": name,
        "incident_id": name,
        "camera_id": "c",
        "kind": "stopped_vehicle",
        "t_detect": T,
        "verdict": True,
    }
    return Alerted(**{**given, **changes})


def at(minutes):
    return T + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ([alert("a"), alert("b", verdict=False), alert("c", verdict=None)], {"incidents": 3, "road": 1}),
        ([alert("a", incident_id="i"), alert("b", incident_id="i")], {"incidents": 1, "road": 1}),
        ([alert("a", kind="crash")], {"incidents": 1, "road": 1, "crashes": 1}),
        ([alert("a", kind="fire"), alert("b", kind="smoke", incident_id="a")], {"incidents": 1, "fires": 1}),
        ([alert("a", kind="crash", verdict=False)], {"incidents": 1}),
        ([alert("a", kind="crash", by_camera=False)], {"incidents": 1}),
        (
            [alert("a", first_service=True), alert("b", first_service=False)],
            {"incidents": 2, "automatic": 1, "road": 2},
        ),
        (
            [alert("a", incident_id="i", first_service=True), alert("b", incident_id="i", first_service=False)],
            {"incidents": 1, "road": 1},
        ),
        (
            [alert("a", t_ack=at(2), t_dispatch=at(5)), alert("b", incident_id="a", t_detect=at(1), t_ack=at(1.5))],
            {"incidents": 1, "road": 1, "ack": 1, "ack_us": 90_000_000, "dispatch": 1, "dispatch_us": 300_000_000},
        ),
        ([alert("a", t_dispatch=at(-1))], {"incidents": 1, "road": 1, "dispatch_reversed": 1}),
        ([alert("a", t_detect=MARCH.start - timedelta(minutes=1)), alert("b", incident_id="a")], {}),
        (
            [
                alert("a", kind="congestion", t_onset=at(-10), last_seen=at(20)),
                alert("b", kind="congestion", t_onset=at(10), last_seen=at(30)),
                alert("c", kind="congestion", camera_id="d", last_seen=at(5)),
                alert("e", kind="congestion", verdict=False, last_seen=at(500)),
            ],
            {"incidents": 4, "congestion_us": 45 * MINUTE_US},
        ),
        (
            [
                alert(
                    "a",
                    kind="congestion",
                    t_detect=MARCH.start - timedelta(hours=1),
                    last_seen=MARCH.start + timedelta(minutes=4),
                )
            ],
            {"congestion_us": 4 * MINUTE_US},
        ),
    ],
)
def test_alerts_become_distinct_incidents(alerts, expected):
    assert tally_of(alerts, MARCH.start, MARCH.end).as_dict() == expected


moments = st.integers(0, 60 * 24 * 30).map(at)
KINDS = ("crash", "fire", "congestion", "animal")


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(KINDS), moments, st.none() | moments, st.sampled_from([True, False, None])),
        max_size=30,
    ),
    cut=st.integers(0, 60 * 24 * 30).map(at),
)
def test_two_spans_add_up_to_their_union(rows, cut):
    alerts = [
        alert(
            str(n),
            kind=kind,
            t_detect=detect,
            t_dispatch=dispatch,
            verdict=verdict,
            last_seen=detect + timedelta(hours=5),
        )
        for n, (kind, detect, dispatch, verdict) in enumerate(rows)
    ]
    begin, end = T - timedelta(days=1), T + timedelta(days=40)
    whole = tally_of(alerts, begin, end)
    assert incidents_together([tally_of(alerts, begin, cut), tally_of(alerts, cut, end)]) == whole


counts = st.integers(0, 1000)


@given(total=st.integers(1, 1000), automatic=counts)
def test_more_handled_without_a_person_never_lowers_1_7(total, automatic):
    automatic = min(automatic, total - 1)
    values = [
        OTHER["1.7"](facts(incidents=IncidentTally(incidents=total, automatic=n)), MARCH).value
        for n in (automatic, automatic + 1)
    ]
    assert 0 <= values[0] < values[1] <= 100


@given(now=counts, base=st.integers(1, 1000))
def test_a_rise_of_major_incidents_is_below_zero(now, base):
    given = facts(**CRASHES, incidents=IncidentTally(fires=now), base=IncidentTally(crashes=base))
    found = OTHER["1.12"](given, MARCH).value
    assert (found < 0) is (now > base)
    assert found <= 100


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50), st.integers(0, 10**7)), min_size=1, max_size=20))
def test_speeds_add_up_in_any_order(rows):
    tallies = [SpeedTally({route: (number, total)}) for route, number, total in rows]
    forward, backward = SpeedTally(), SpeedTally()
    for one, other in zip(tallies, reversed(tallies), strict=True):
        forward, backward = forward + one, backward + other
    assert dict(forward.routes) == dict(backward.routes)


@pytest.mark.parametrize(("day", "expected"), [("2026-03-06", True), ("2026-03-07", False), ("2026-03-08", False)])
def test_rush_hours_are_of_working_days(day, expected):
    assert has_rush_hours(date.fromisoformat(day)) is expected


@pytest.mark.parametrize("kpi_id", OTHER)
def test_a_value_says_what_it_was_made_by(kpi_id):
    found = OTHER[kpi_id](replace(facts(), category=Category.REGIONAL), MARCH)
    assert found.definition_version == f"{kpi_id}/1"
    assert found.as_dict()["missing"]
