"""The city's rating from a store: what is counted, kept and counted anew, imported, folded and entered."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from kpi_catalog.city import Origin
from kpi_catalog.period import Period
from kpi_catalog.readings import Readings
from kpi_catalog.status import Status
from kpi_catalog.value import Missing
from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import SYSTEM, Role
from service import city_inputs
from service.alerts import SITUATION_ROOM
from service.rating import city_report, effects, initiatives
from service.rating.asked import readings_of
from service.rating.spans import Span, incidents_of, keep_months
from service.rating.speeds import keep_days, speeds_of
from service.store.alert_tables import Alert, AlertNotification
from service.store.exchange_tables import ExchangeDay, ExchangeRound
from service.store.import_tables import CityImport, CityImportRow
from service.store.passage_tables import PassageTombstone
from service.store.rating_tables import CityInitiative, RatingTally
from service.store.tables import Passage, ViolationCase

MAY, JUNE = Period.parse("2026-05"), Period.parse("2026-06")
JULY = datetime(2026, 7, 10, 12, tzinfo=UTC)
MONTH = Span(MAY.start, MAY.end)


def an_alert(at, kind="crash", verdict="true", **changes):
    name = str(uuid4())
    given = {
        "id": name, "incident_id": name, "camera_id": "abay-12", "kind": kind, "type": "incident", "state": "closed",
        "seq": 1, "head": "0" * 64, "version": 1, "t_detect": at, "t_received": at, "video_s": 0.0, "last_seen": at,
        "changed_at": at, "initiator": "system", "verdict": verdict,
    }  # fmt: skip
    return Alert(**{**given, **changes})


def a_case(at, kind="no_parking", verdict="true", **changes):
    given = {
        "id": str(uuid4()), "camera_id": "abay-12", "kind": kind, "state": "closed", "seq": 1, "head": "0" * 64,
        "version": 1, "t_detect": at, "t_received": at, "video_s": 0.0, "last_seen": at, "changed_at": at,
        "verdict": verdict, "t_officer_decision": at,
    }  # fmt: skip
    return ViolationCase(**{**given, **changes})


def a_passage(at, speed, camera="abay-12", line="count", **changes):
    given = {"id": str(uuid4()), "camera_id": camera, "line": line, "kind": "control", "time": at, "video_s": 0.0}
    return Passage(**{**given, "speed_kmh": speed, "class_": "car", **changes})


def add(world, *rows):
    with world.store.write() as work:
        work.session.add_all(rows)


def during(day, hour=7, **more):
    """A moment of May 2026 in UTC; 7 hours UTC are noon in the city."""
    return datetime(2026, 5, day, hour, tzinfo=UTC) + timedelta(**more)


def give(world, name, value, as_of=date(2026, 6, 1)):
    with world.store.write(SYSTEM) as work:
        city_inputs.enter(work, name, value, source="a register", as_of=as_of)


def import_value(world, kpi_id, period, value, numerator=None, denominator=None):
    at, name = world.clock(), str(uuid4())
    with world.store.write() as work:
        work.session.add(
            CityImport(
                id=name, kind="kpi_values", source="SDU", as_of=date(2026, 6, 30), sha256="0" * 64, format="csv",
                rows=1, refused=0, first_day=date(2026, 5, 1), entered_at=at, entered_by="somebody", touched=[],
            )
        )  # fmt: skip
        work.session.flush()
        told = {"kpi_id": kpi_id, "period": period, "value": value, "unit": "percent"}
        if numerator is not None:
            told |= {"numerator": numerator, "denominator": denominator}
        work.session.add(CityImportRow(import_id=name, number=2, kind="kpi_values", key=kpi_id, value=told))


@pytest.fixture
def summer(world):
    world.clock.now = JULY
    return world


def test_an_empty_store_has_no_score_and_says_for_each_kpi_what_is_missing(summer):
    report = city_report(summer.store, "republican", MAY)
    assert len(report.kpis) == 118
    assert (report.city.score, report.city.coverage, report.rating.band) == (None, 0, None)
    assert all(one.value.missing or one.value.status is Status.NO_DATA for one in report.kpis)
    assert {one.origin for one in report.kpis} == {Origin.STORE, Origin.NONE}


def test_incidents_and_crashes_come_from_the_store(both):
    both.clock.now = JULY
    add(
        both,
        an_alert(datetime(2025, 4, 1, tzinfo=UTC), "stopped_vehicle"),
        *(an_alert(during(2, minutes=n), t_dispatch=during(2, minutes=n + 6)) for n in range(9)),
        *(an_alert(datetime(2026, 4, 10, n, tzinfo=UTC)) for n in range(10)),
        an_alert(during(3), "fire", type="fire_alert", verdict="false"),
        an_alert(during(3), merged_into=str(uuid4())),
        an_alert(during(3), is_drill=True),
        an_alert(during(3), state="test"),
        a_case(during(4)),
        a_case(during(4), "paid_parking"),
        a_case(during(4), "no_stopping", "false"),
        a_case(during(4), "red_light"),
        a_case(during(4), merged_into=str(uuid4())),
        a_case(datetime(2026, 6, 4, tzinfo=UTC)),
    )
    give(both, "registered_vehicles", {"value": 19_000})
    give(both, "parking_places", {"parkings": [{"id": "p", "name": "P", "places": 500, "automated": True}]})
    report = city_report(both.store, "republican", MAY)
    values = {one.kpi.id: one.value for one in report.kpis}
    assert values["1.12"].value == 10
    assert report.kpi("1.12").measured.fact == {"base": 10.0, "fact": 9.0}
    assert (values["1.7"].numerator, values["1.7"].denominator) == (0, 10)
    assert (values["6.7"].value, values["6.7"].n) == (6, 9)
    assert (values["6.4"].value, report.kpi("6.4").status) == (10, Status.PARTIAL)
    assert (values["5.7"].numerator, values["5.7"].value) == (2, 4)
    assert (values["5.1"].value, report.kpi("5.1").score.score) == (100, 1)
    crashes = next(one for one in effects(report) if one.reading == "crashes")
    assert crashes.choices[1].kpis == ("6.4",)
    assert report.kpi("1.12").score.score == 1


def test_an_incident_is_handled_without_an_operator_where_the_system_told_a_service_first(summer):
    rows = [an_alert(during(5, minutes=n), "debris", t_ack=during(5, minutes=n + 3)) for n in range(4)]
    add(summer, *rows)
    told = [("101", "system", 1), ("102", "human", 1), (SITUATION_ROOM, "system", 1), ("102", "system", 5)]
    for row, (recipient, initiator, minutes) in zip(rows, told, strict=True):
        sent = row.t_detect + timedelta(minutes=minutes)
        add(
            summer,
            AlertNotification(alert_id=row.id, channel="cap", recipient=recipient, initiator=initiator, sent_at=sent),
        )
    value = city_report(summer.store, "republican", MAY).kpi("1.7").value
    assert (value.numerator, value.denominator) == (1, 4)


def test_a_month_that_is_over_is_kept_and_counted_anew_on_any_change(both):
    both.clock.now = JULY
    row = an_alert(during(2))
    add(both, row, an_alert(during(3), verdict=None))
    assert keep_months(both.store, [MONTH]) == 1
    assert keep_months(both.store, [MONTH]) == 0
    with both.store.write() as work:
        work.session.get(Alert, row.id).verdict = "false"
    with both.store.read() as work:
        assert incidents_of(work, MONTH).crashes == 0
    assert keep_months(both.store, [MONTH]) == 1
    add(both, an_alert(during(9)))
    assert keep_months(both.store, [MONTH, Span(MAY.start, JUNE.end)]) == 2
    with both.store.read() as work:
        assert incidents_of(work, MONTH).as_dict() == {"incidents": 3, "crashes": 1, "road": 1}
        kept = work.session.scalars(select(RatingTally).order_by(RatingTally.first)).all()
    assert [one.first for one in kept] == [date(2026, 5, 1), date(2026, 6, 1)]


def test_the_present_month_is_never_kept(summer):
    assert keep_months(summer.store, [Span(JULY - timedelta(days=9), JULY + timedelta(days=40))]) == 0


def test_an_incident_over_midnight_of_two_months_counts_once(summer):
    first = an_alert(MAY.end - timedelta(minutes=1))
    add(summer, first, an_alert(MAY.end + timedelta(minutes=1), incident_id=first.id))
    with summer.store.read() as work:
        assert incidents_of(work, MONTH).crashes == 1
        assert incidents_of(work, Span(JUNE.start, JUNE.end)).incidents == 0
        assert incidents_of(work, Span(MAY.start, JUNE.end)).crashes == 1


def rush(day, hour, speed, **more):
    return a_passage(datetime(2026, 5, day, hour - 5, 30, tzinfo=UTC), speed, **more)


def test_speeds_are_those_of_rush_hours_on_working_days(both):
    both.clock.now = JULY
    add(
        both,
        rush(5, 8, 20.0), rush(5, 18, 40.0), rush(5, 9, 50.0, camera="dostyk-3"), rush(5, 8, None),
        rush(5, 13, 90.0), rush(9, 8, 90.0), rush(5, 8, 5.0, class_="person"),
    )  # fmt: skip
    with both.store.read() as work:
        found = speeds_of(work, MAY)
    assert dict(found.routes) == {"abay-12 count": (2, 60_000), "dostyk-3 count": (1, 50_000)}
    assert found.without_speed == 1
    value = city_report(both.store, "republican", MAY).kpi("6.1").value
    assert (value.value, value.n, value.status) == (40, 3, Status.PRELIMINARY)


def test_speeds_outlive_their_passages(summer):
    summer.clock.now = during(8)
    add(summer, rush(5, 8, 30.0), rush(6, 8, 50.0))
    assert keep_days(summer.store) == 3
    with summer.store.write() as work:
        work.session.query(Passage).delete()
        span = {"first": during(5), "last": during(11)}
        work.session.add(PassageTombstone(number=1, at=during(12), ground="term", removed=2, held=0, **span))
    summer.clock.now = JULY
    with summer.store.read() as work:
        found = speeds_of(work, MAY)
    assert dict(found.routes) == {"abay-12 count": (2, 80_000)}
    assert found.lost_days == 2  # 8 and 11 May
    assert keep_days(summer.store) == 0


def test_a_kept_day_takes_in_late_passages_and_then_rests(summer):
    summer.clock.now = during(6)
    add(summer, rush(5, 8, 30.0))
    assert keep_days(summer.store) == 1
    add(summer, rush(5, 8, 50.0))
    summer.clock.now = during(10)
    assert keep_days(summer.store) == 4
    with summer.store.read() as work:
        assert speeds_of(work, Period.parse("2026-05-05")).routes["abay-12 count"] == (2, 80_000)
        stamps = {row.first.day: row.stamp for row in work.session.scalars(select(RatingTally))}
    assert stamps == {5: "settled", 6: "settled", 7: "young", 8: "young"}


@pytest.mark.parametrize(
    ("told", "period", "expected"),
    [
        ([("2.2", "2026-05", 88.0)], "2026-05", (88, Origin.IMPORT)),
        ([("2.2", "2026-04", 88.0)], "2026-05", (None, Origin.NONE)),
        ([("3.5", "2026-Q2", 91.0)], "2026-05", (91, Origin.IMPORT)),  # a quarterly KPI in a month's report
        ([("2.2", "2026", 91.0)], "2026-05", (None, Origin.NONE)),  # a monthly KPI is not its year's
        ([("11.3", "2026", 91.0)], "2026-05", (91, Origin.IMPORT)),
        ([("2.2", "2026-04", 80.0), ("2.2", "2026-05", 90.0)], "2026-Q2", (None, Origin.NONE)),
    ],
)
def test_imported_values_count_in_their_period(summer, told, period, expected):
    for one in told:
        import_value(summer, *one)
    found = city_report(summer.store, "republican", period, readings=Readings(stages="ignored")).kpi(told[0][0])
    assert (found.value.value, found.origin) == expected


def test_an_imported_quarter_is_what_its_months_parts_make_and_folds_as_read(summer):
    for month, value, top, bottom in (("04", 80.0, 8, 10), ("05", 50.0, 20, 40), ("06", 90.0, 45, 50)):
        import_value(summer, "2.2", f"2026-{month}", value, top, bottom)
    report = city_report(summer.store, "republican", "2026-Q2")
    assert report.kpi("2.2").value.value == pytest.approx(73)
    variants = report.kpi("2.2").measured.variants
    assert variants["fold", "mean"].value.value == pytest.approx(220 / 3)
    assert variants["fold", "last"].value.value == 90


def test_an_imported_value_stands_beside_a_computed_one(summer):
    give(summer, "parking_places", {"parkings": [{"id": "p", "name": "P", "places": 5, "automated": False}]})
    import_value(summer, "5.1", "2026-Q2", 95.0)
    report = city_report(summer.store, "republican", "2026-Q2")
    assert (report.kpi("5.1").value.value, report.kpi("5.1").value.extra["imported_value"]) == (0, 95.0)
    other = city_report(summer.store, "republican", "2026-Q2", readings=Readings(source="imported"))
    assert (other.kpi("5.1").value.value, other.kpi("5.1").score.score) == (95, 1)
    assert next(one for one in effects(report) if one.reading == "source").matters


def test_a_change_of_base_is_measured_both_ways(summer):
    add(
        summer,
        an_alert(datetime(2025, 1, 1, tzinfo=UTC)),
        *(an_alert(datetime(2025, 5, 10, n, tzinfo=UTC)) for n in range(4)),
        *(an_alert(datetime(2026, 4, 10, n, tzinfo=UTC)) for n in range(2)),
        *(an_alert(during(10, n)) for n in range(3)),
    )
    kpi = city_report(summer.store, "republican", MAY).kpi("1.12")
    assert kpi.value.value == -50
    assert kpi.measured.variants["change_base", "same_last_year"].value.value == 25


def test_ambulances_and_the_fire_service_arrive(summer):
    covers = {"covers_from": MAY.start.isoformat(), "covers_until": MAY.end.isoformat()}

    def calls(*minutes):
        return [
            {"id": str(n), "t_call_received": during(3).isoformat(), "t_arrive": during(3, minutes=one).isoformat()}
            for n, one in enumerate(minutes)
        ]

    give(summer, "fire_calls", {**covers, "calls": calls(5, 7)})
    half = city_report(summer.store, "republican", MAY).kpi("1.11")
    assert (half.value.value, half.status, half.value.missing) == (50, Status.PARTIAL, (Missing.AMBULANCE_CALL_LOG,))
    give(summer, "ambulance_arrivals", {**covers, "calls": calls(3, 6)})
    whole = city_report(summer.store, "republican", MAY).kpi("1.11")
    assert (whole.value.value, whole.status) == (75, Status.COMPUTED)
    assert whole.score.score == pytest.approx(75 / 90)


def test_delay_and_frequency_of_updates_come_from_the_exchange(summer):
    minute = 60_000_000
    add(
        summer,
        ExchangeDay(
            day=date(2026, 5, 4), kind="alert", records=9, measured=4, delay_us=40 * minute, longest_us=minute * 25
        ),
        *(
            ExchangeRound(at=during(4, hour), day=date(2026, 5, 4), records=1, security=1, last_seq=hour, gap_us=gap)
            for hour, gap in ((1, None), (2, 60 * minute), (3, 60 * minute))
        ),
    )  # fmt: skip
    report = city_report(summer.store, "republican", "2026-05-04")
    delay, updates = report.kpi("1.1"), report.kpi("1.4")
    assert (delay.value.value, delay.value.n, delay.score.score) == (10, 4, 1)
    assert (updates.status, set(updates.value.missing)) == (Status.PARTIAL, {Missing.OTHER_UPDATE_TIMES})
    others = {"security": 99, "housing_utilities": 24, "ecology": 2, "education": 24}
    import_value(summer, "1.4", "2026-05-04", others)
    known = city_report(summer.store, "republican", "2026-05-04").kpi("1.4")
    assert known.measured.fact == {**others, "security": updates.value.value}
    assert known.status is Status.COMPUTED
    assert known.score.score < 1


def test_only_readers_of_kpis_are_told(world):
    with pytest.raises(AccessError):
        city_report(world.store, actor=world.person(Role.POLICE_OFFICER))
    assert city_report(world.store, actor=world.person(Role.AUDITOR)).kpis


@pytest.mark.parametrize(
    ("category", "period", "said"),
    [
        ("village", "2026", "A city category is one of"),
        ("regional", "2026-13", "not in the calendar"),
        ("regional", "2025", "hold from 2026-01-01"),
    ],
)
def test_what_cannot_be_asked_is_refused(world, category, period, said):
    with pytest.raises(InputError, match=said):
        city_report(world.store, category, period)


@pytest.mark.parametrize("asked", [["at_most"], ["at_most:never"], ["nothing:mirror"]])
def test_a_reading_that_is_none_is_refused(asked):
    with pytest.raises(InputError):
        readings_of(asked)


# additional initiatives

GIVEN = {
    "name": "Smart light", "road_map": "RM-7", "road_map_approved": "2026-02-01", "report": "Report 12",
    "report_signer": "deputy_head", "report_signed": "2026-06-10", "description": "Lamps", "start": "2026-03-01",
    "end": "2026-06-01", "results": "1200 lamps", "indicators": [{"name": "Energy", "value": 38, "unit": "%"}],
    "sphere": 5, "sphere_name": "as in the order",
}  # fmt: skip


def test_the_register_of_initiatives_keeps_every_step(both):
    both.clock.now = JULY
    evaluator = both.person(Role.EVALUATOR)
    body = initiatives.checked(GIVEN)
    one = both.do(evaluator, initiatives.enter, body)
    assert city_report(both.store, "republican", MAY).rating.additional_points == 2
    assert city_report(both.store, "republican", "2026-07").rating.additional_points == 0
    both.do(evaluator, initiatives.decide, one, accepted=False, reason="the report is of another city")
    assert city_report(both.store, "republican", MAY).rating.additional_points == 0
    both.do(evaluator, initiatives.change, one, initiatives.checked({**GIVEN, "name": "Light"}))
    assert both.do(evaluator, initiatives.standing)[0].initiative.refused == "the report is of another city"
    both.do(evaluator, initiatives.decide, one, accepted=True, reason="a new report came")
    assert city_report(both.store, "republican", MAY).rating.additional_points == 2
    both.do(evaluator, initiatives.withdraw, one, "entered twice")
    assert both.do(evaluator, initiatives.standing) == ()
    steps = both.do(evaluator, initiatives.history, one)
    assert [step.last.action for step in steps] == ["entered", "refused", "changed", "accepted", "withdrawn"]
    assert {step.last.by for step in steps} == {evaluator.id}
    assert [step.initiative.name for step in steps] == ["Smart light", "Smart light", "Light", "Light", "Light"]
    with pytest.raises(NotFound):
        both.do(evaluator, initiatives.change, one, body)
    with pytest.raises(DBAPIError, match="append-only"), both.store.write() as work:
        work.session.execute(update(CityInitiative).values(action="entered"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "at name"),
        ({"sphere": 9}, "at sphere"),
        ({"report_signer": "akim"}, "at report_signer"),
        ({"start": "2026-07-01"}, "ends before it starts"),
        ({"indicators": [{"name": "x", "value": "many"}]}, "at indicators.0.value"),
        ({"shoe": 1}, "at shoe"),
    ],
)
def test_a_wrong_initiative_is_refused_with_its_place(changes, said):
    with pytest.raises(InputError, match=said):
        initiatives.checked({**GIVEN, **changes})


def test_no_paper_is_of_a_day_to_come(summer):
    body = initiatives.checked({**GIVEN, "report_signed": "2026-07-11"})
    with pytest.raises(InputError, match="has not come yet"):
        summer.do(SYSTEM, initiatives.enter, body)


def test_who_may_enter_and_who_may_read(summer):
    auditor = summer.person(Role.AUDITOR)
    with pytest.raises(AccessError):
        summer.do(auditor, initiatives.enter, initiatives.checked(GIVEN))
    assert summer.do(auditor, initiatives.standing) == ()
    with pytest.raises(AccessError):
        summer.do(summer.person(Role.POLICE_OFFICER), initiatives.standing)


@pytest.mark.parametrize(
    ("accepted", "reason", "said"), [(True, "why", "is not refused"), (False, " ", "needs its reason")]
)
def test_a_decision_decides_something_and_says_why(summer, accepted, reason, said):
    one = summer.do(SYSTEM, initiatives.enter, initiatives.checked(GIVEN))
    with pytest.raises(InputError, match=said):
        summer.do(SYSTEM, initiatives.decide, one, accepted=accepted, reason=reason)
