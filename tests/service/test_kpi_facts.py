from __future__ import annotations

from datetime import date, timedelta

import pytest

from incidents.alert import Verdict
from kpi_catalog.period import Period
from kpi_catalog.records import Decision
from kpi_catalog.status import Status
from qyran.errors import AccessError, InputError
from qyran.roles import Role
from service import alerts, cases, city_inputs, signing
from service.jobs import keep_house
from service.kpi import security_report
from service.kpi_facts import city_facts
from service.owners import load_owner
from service.ports.erap import development_erap
from service.ports.vehicles import InventedRegister
from tests.service.world import World

NOVEMBER = Period.parse("2026-11")


@pytest.fixture
def demo(settings):
    with World(settings, demo=True) as made:
        made.officer = made.person(Role.POLICE_OFFICER)
        made.operator = made.person(Role.SITUATIONAL_OPERATOR)
        yield made


def facts(world):
    with world.store.read() as work:
        return city_facts(work, NOVEMBER)


def kpi(world, number: str):
    report = security_report(world.store, "republican", "2026-11")
    return next(one for one in report.kpis if one.kpi.id == number)


def decide(world, *, owner: bool = True, reject: bool = False, **changes: object) -> str:
    case_id = world.case(**changes)
    offence = world.do(world.officer, cases.claim, case_id).offences[0]
    if owner:
        load_owner(world.store, world.officer, case_id, InventedRegister())
    if reject:
        world.do(world.officer, cases.reject, case_id, "no_violation")
    else:
        world.do(world.officer, cases.confirm, case_id, offence)
    return case_id


def judge(world, alert_id: str, verdict: Verdict, **named: object) -> None:
    world.do(world.operator, alerts.acknowledge, alert_id)
    world.do(world.operator, alerts.verdict, alert_id, verdict, **named)


def test_an_empty_store_has_no_value_and_no_zero_where_something_is_missing(demo):
    report = security_report(demo.store)
    assert str(report.period) == "2026-11"
    values = {one.kpi.id: one for one in report.kpis}
    assert len(values) == 16
    for number in ("9.1", "9.2", "9.3", "9.5", "9.9", "10.1", "10.2", "10.6", "10.7"):
        assert values[number].value.value is None, number
        assert values[number].value.status in {Status.NO_DATA, Status.NOT_CONFIGURED}, number


def test_a_decided_case_is_counted_with_what_the_system_filled_in(demo):
    case_id = decide(demo)
    decide(demo, reject=True, plate="456DEF02")
    found = {fact.id: fact for fact in facts(demo).cases}
    assert found[case_id].decision is Decision.CONFIRMED
    assert found[case_id].auto_filled >= found[case_id].mandatory_fields
    assert {fact.verdict for fact in found.values()} == {True, False}
    assert kpi(demo, "9.9").value.value == 50.0


def test_a_plate_typed_by_the_officer_is_no_automatic_processing(demo):
    decide(demo)
    case_id = demo.case(plate=None)
    offence = demo.do(demo.officer, cases.claim, case_id).offences[0]
    demo.do(demo.officer, cases.confirm, case_id, offence, plate="456DEF02")
    measured = kpi(demo, "9.3").value
    assert (measured.numerator, measured.denominator) == (1, 2)


def test_violations_per_thousand_need_the_citys_vehicles_from_outside(demo):
    decide(demo)
    assert kpi(demo, "9.2").value.value is None
    evaluator = demo.person(Role.EVALUATOR)
    demo.do(evaluator, city_inputs.enter, "registered_vehicles", {"value": 2000}, source="ПДД", as_of=date(2026, 11, 1))
    assert kpi(demo, "9.2").value.value == pytest.approx(0.5)


def test_the_way_to_the_notice_ends_only_when_the_register_acknowledges(demo):
    case_id = decide(demo)
    demo.do(demo.officer, signing.sign, case_id)
    assert keep_house(demo.store).sent == 1
    assert kpi(demo, "9.4").value.value is None
    demo.clock.forward(minutes=30)
    assert development_erap(demo.store).acknowledge(demo.clock()) == 1
    assert keep_house(demo.store).answered == 2
    found = next(fact for fact in facts(demo).cases if fact.id == case_id)
    assert found.t_first_notification_sent - found.t_detect >= timedelta(minutes=30)
    assert kpi(demo, "9.4").value.value == pytest.approx(30, abs=0.1)


def test_an_answered_incident_counts_and_a_merged_one_does_not(demo):
    first = demo.event("crash", type="incident", plate=None)
    again = demo.event("crash", type="incident", plate=None)
    demo.take(first, again)
    judge(demo, str(first.id), Verdict.TRUE)
    demo.clock.forward(minutes=4)
    demo.do(demo.operator, alerts.dispatch, str(first.id), "103")
    assert kpi(demo, "9.6").value.value == 1
    assert kpi(demo, "9.8").value.value == pytest.approx(4, abs=0.1)


def test_a_wrong_way_driver_is_counted_once_in_false_alarms(demo):
    violation = demo.event("wrong_way")
    incident = demo.event("wrong_way", type="incident")
    demo.take(violation, incident)
    judge(demo, str(incident.id), Verdict.TRUE)
    demo.do(demo.officer, cases.claim, str(violation.id))
    demo.do(demo.officer, cases.send_on, str(violation.id), "596-3")
    found = facts(demo)
    assert found.alerts[0].linked_case_id == str(violation.id)
    assert found.cases[0].decision is Decision.NON_PAYABLE
    assert kpi(demo, "9.9").value.n == 1


def test_hours_analysed_are_those_of_the_durable_log(demo):
    def stream(kind: str, **changes):
        return demo.event(kind, type="stream", plate=None, track=None, evidence=None, **{"onset_s": None, **changes})

    demo.take(stream("up"))
    demo.clock.forward(hours=2)
    demo.take(stream("analysed", onset_s=0.0, video_s=3600.0), stream("down"))
    (camera,) = facts(demo).cameras
    assert sum((end - start for start, end in camera.up), timedelta()) == pytest.approx(
        timedelta(hours=2), abs=timedelta(1e-5)
    )
    assert kpi(demo, "9.7").value.value == pytest.approx(50, abs=0.01)


def test_road_in_view_is_measured_in_kilometres(demo):
    demo.register(covers=[[76.90, 43.20], [76.90, 43.209]])
    demo.take(demo.event("up", type="stream", plate=None, track=None, evidence=None, onset_s=None))
    evaluator = demo.person(Role.EVALUATOR)
    demo.do(evaluator, city_inputs.enter, "roads", {"length_km": 10.0}, source="Минтранс", as_of=date(2026, 11, 1))
    assert kpi(demo, "9.1").value.numerator == pytest.approx(1.0, abs=0.001)


def test_vehicles_that_passed_are_counted_once_each(demo):
    for plate in ("123ABC02", "123ABC02", "456DEF02", None):
        demo.take(demo.event("control", type="passage", plate=plate, evidence=None))
    assert facts(demo).inputs.passed_vehicles.value == 2


BAD_INPUTS = {
    "unknown": ("rainfall", {"value": 1}, "ГМС", "There is no input"),
    "no source": ("registered_vehicles", {"value": 1}, " ", "needs its source"),
    "another shape": ("registered_vehicles", {"cars": 1}, "МВД", "wrong at value"),
    "impossible": ("registered_vehicles", {"value": -1}, "МВД", "wrong at value"),
}


@pytest.mark.parametrize(("name", "value", "source", "words"), BAD_INPUTS.values(), ids=BAD_INPUTS)
def test_an_input_that_cannot_be_used_is_refused(demo, name, value, source, words):
    evaluator = demo.person(Role.EVALUATOR)
    with pytest.raises(InputError, match=words):
        demo.do(evaluator, city_inputs.enter, name, value, source=source, as_of=date(2026, 11, 1))


def test_every_kind_of_input_reaches_the_facts(demo):
    at, until = "2026-11-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00"
    span = {"covers_from": at, "covers_until": until}
    given = {
        "payments": span,
        "phone_notifications": span,
        "fire_norm": {"minutes": 3, "event": "depart"},
        "fire_calls": {**span, "calls": [{"id": "1", "t_call_received": at, "t_depart": at}]},
        "objects": {"objects": [{"id": "school-1"}]},
        "sensors": {"sensors": [{"id": "s1", "object_id": "school-1", "working": [[at, None]]}]},
        "surveys": {"surveys": [{"id": "q4", "t_closed": at, "question": "?", "scores": {"9": 10}}]},
    }
    for name, value in given.items():
        demo.do(demo.person(Role.EVALUATOR), city_inputs.enter, name, value, source="test", as_of=date(2026, 11, 1))
    found = facts(demo)
    assert found.fire_calls.calls[0].id == "1"
    assert found.objects.objects[0].id == found.sensors[0].object_id
    assert found.surveys[0].scores == {9: 10}
    assert found.inputs.payments.source == found.inputs.phone_notifications.source == "test"
    assert found.inputs.fire_norm.minutes == 3


@pytest.mark.parametrize("role", [Role.POLICE_OFFICER, Role.ADMINISTRATOR])
def test_who_is_no_evaluator_reads_no_kpis(demo, role):
    with pytest.raises(AccessError):
        security_report(demo.store, actor=demo.person(role))
    with pytest.raises(InputError, match="city category"):
        security_report(demo.store, "village")
