from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.alert import Verdict
from incidents.response import ResponseStep
from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import Role
from service import alerts
from service.alerting.desk import report_of_machine
from service.alerting.services import ServiceReport, tell_service
from service.feeds import dispatch_actor, make_feed
from service.store.alert_tables import Alert
from service.store.tables import AppUser

R = ResponseStep


@pytest.fixture
def operator(world):
    return world.person(Role.SITUATIONAL_OPERATOR, name="Айгерім")


@pytest.fixture
def fire(world):
    return world.person(Role.SERVICE_DISPATCHER, service="101")


@pytest.fixture
def police(world):
    return world.person(Role.SERVICE_DISPATCHER, service="102")


@pytest.fixture
def administrator(world):
    return world.person(Role.ADMINISTRATOR)


@pytest.fixture
def system_of_101(world, administrator):
    """The actor behind the token of the fire service's own system."""
    token = world.do(administrator, make_feed, "dispatch-101", ["dispatch_101"])
    return dispatch_actor(world.store, token, "101")


def confirmed(world, operator, *services: str) -> str:
    alert_id = world.alert("fire", "fire_alert")
    world.do(operator, alerts.acknowledge, alert_id)
    world.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
    for service in services:
        world.do(operator, alerts.dispatch, alert_id, service)
    return alert_id


def told_by_system(world, service: str = "101") -> str:
    alert_id = world.alert("fire", "fire_alert")
    with world.store.write() as work:
        tell_service(work, work.session.get_one(Alert, alert_id), service)
    return alert_id


def report(world, actor, alert_id: str, service: str, step: R, **facts):
    return world.do(actor, alerts.service_step, alert_id, service, ServiceReport(step, **facts))


def test_each_service_has_times_of_its_own_and_the_alert_the_earliest(world, operator, fire, police):
    alert_id = confirmed(world, operator, "101", "102")
    world.clock.forward(minutes=1)
    report(world, police, alert_id, "102", R.DEPART)
    world.clock.forward(minutes=1)
    report(world, fire, alert_id, "101", R.RECEIVE, number="101-77")
    report(world, fire, alert_id, "101", R.DEPART)
    world.clock.forward(minutes=3)
    found = report(world, fire, alert_id, "101", R.ARRIVE)
    first, second = found.responses
    assert (first.service, first.state, first.number) == ("101", "arrived", "101-77")
    assert (second.service, second.state) == ("102", "departed")
    assert found.t_depart == second.t_depart < first.t_depart
    assert (found.t_arrive, found.t_call_received) == (first.t_arrive, first.t_call_received)
    assert (found.state, found.service_numbers) == ("arrived", {"101": "101-77"})


def test_every_time_says_whose_clock_it_is_of_and_who_gave_it(world, operator, fire):
    alert_id = confirmed(world, operator, "101")
    found = report(world, operator, alert_id, "101", R.DEPART, at=world.clock() - timedelta(seconds=20))
    sources = {name: (one.clock, one.by) for name, one in found.time_sources.items()}
    assert sources["t_detect"] == ("device", "abay-12")
    assert sources["t_ack"] == sources["t_dispatch"] == ("server", operator.id)
    assert sources["t_depart"] == ("typed", operator.id)
    assert set(sources) >= {"t_onset", "t_raised", "t_notify_sent", "t_verify_start", "t_verdict"}


def test_the_operator_is_not_needed_where_the_system_told_the_service(world, fire):
    alert_id = told_by_system(world)
    assert report(world, fire, alert_id, "101", R.RECEIVE).state == "acknowledged"
    gone = report(world, fire, alert_id, "101", R.DEPART)
    assert (gone.state, gone.services) == ("departed", ("101",))
    report(world, fire, alert_id, "101", R.ARRIVE)
    assert world.do(fire, alerts.verdict, alert_id, Verdict.TRUE).responses[0].found is True
    done = report(world, fire, alert_id, "101", R.FINISH)
    assert (done.state, done.responses[0].state) == ("resolved", "finished")


def test_the_alert_ends_with_the_last_service(world, operator, fire, police):
    alert_id = confirmed(world, operator, "101", "102")
    report(world, fire, alert_id, "101", R.ARRIVE)
    assert report(world, fire, alert_id, "101", R.FINISH).state == "arrived"
    assert report(world, operator, alert_id, "102", R.CALL_OFF).responses[1].state == "called_off"
    assert report(world, police, alert_id, "102", R.FINISH).state == "resolved"


@pytest.mark.parametrize("step", list(R))
def test_a_service_has_no_part_in_anothers(world, operator, police, step):
    alert_id = confirmed(world, operator, "101")
    with pytest.raises(AccessError):
        report(world, police, alert_id, "101", step)
    with pytest.raises(AccessError):
        report(world, police, alert_id, "102", step)
    with pytest.raises(AccessError, match="own service"):
        world.do(police, alerts.add_note, alert_id, "біз де барамыз")


def test_a_service_that_nobody_told_sees_nothing(world, operator, police, fire):
    alert_id = told_by_system(world)
    assert world.do(police, alerts.listing).total == 0
    assert [one.id for one in world.do(fire, alerts.listing).items] == [alert_id]
    with pytest.raises(TransitionError, match="not sent"):
        report(world, operator, alert_id, "103", R.DEPART)


def test_a_service_calls_nobody_off(world, operator, fire):
    alert_id = confirmed(world, operator, "101")
    with pytest.raises(AccessError, match="called off by an operator"):
        report(world, fire, alert_id, "101", R.CALL_OFF)


def test_the_services_system_reports_late_twice_and_out_of_order(world, operator, system_of_101):
    alert_id = confirmed(world, operator, "101")
    start = world.clock()
    world.clock.forward(minutes=20)
    steps = [(R.ARRIVE, 9), (R.DEPART, 2), (R.ARRIVE, 9), (R.RECEIVE, 1), (R.DEPART, 2)]
    for step, minutes in steps:
        given = ServiceReport(step, at=start + timedelta(minutes=minutes), clock="external", number="101-5")
        world.do(system_of_101, report_of_machine, "101", given, alert_id if step is R.ARRIVE else None)
    found = world.do(operator, alerts.open_alert, alert_id)
    part = found.responses[0]
    assert [(at - start).total_seconds() / 60 for at in (part.t_call_received, part.t_depart, part.t_arrive)] == [
        1,
        2,
        9,
    ]
    assert found.time_sources["t_depart"].clock == "external"
    told = [one for one in found.history if one.data.get("service") == "101" and one.target != "dispatched"]
    assert len(told) == 3
    assert (found.state, found.chain_fault) == ("arrived", None)


def test_a_system_of_one_service_is_none_of_another(world, administrator):
    token = world.do(administrator, make_feed, "dispatch-103", ["dispatch_103"])
    with pytest.raises(AccessError, match="may not deliver"):
        dispatch_actor(world.store, token, "101")


def test_a_systems_word_reaches_the_alert_that_stands(world, operator, system_of_101):
    with pytest.raises(InputError, match="Name the alert"):
        world.do(system_of_101, report_of_machine, "101", ServiceReport(R.DEPART, at=world.clock()), None)


def test_an_alert_is_handed_over_to_another_operator(world, operator):
    other = world.person(Role.SITUATIONAL_OPERATOR, name="Ерлан")
    alert_id = world.alert()
    assert world.do(operator, alerts.acknowledge, alert_id).assigned_to == operator.id
    assert world.do(operator, alerts.assign, alert_id, other.id, note="ауысым").assigned_to_name == "Ерлан"
    with pytest.raises(InputError, match="situational operator"):
        world.do(operator, alerts.assign, alert_id, world.person(Role.EVALUATOR).id)
    with world.store.write() as work:
        work.session.get_one(AppUser, other.id).disabled = True
    with pytest.raises(InputError, match="situational operator"):
        world.do(operator, alerts.assign, alert_id, other.id)


def test_a_note_is_sealed_and_changes_nothing_else(world, operator):
    alert_id = world.alert()
    found = world.do(operator, alerts.add_note, alert_id, "  көлік иесі орнында  ")
    assert (found.history[-1].kind, found.history[-1].note, found.state) == ("note", "көлік иесі орнында", "notified")


@pytest.mark.parametrize(("name", "minutes", "refused"), [("t_onset", -3, None), ("t_call_received", -1, None),
                                                          ("t_onset", 1, "before it is detected"),
                                                          ("t_depart", -1, "told by hand")])  # fmt: skip
def test_when_it_began_can_be_told_by_hand(world, operator, name, minutes, refused):
    alert_id = world.alert()
    world.clock.forward(minutes=5)
    at = world.do(operator, alerts.open_alert, alert_id).t_detect + timedelta(minutes=minutes)
    if refused is not None:
        with pytest.raises(InputError, match=refused):
            world.do(operator, alerts.correct_time, alert_id, name, at)
        return
    found = world.do(operator, alerts.correct_time, alert_id, name, at)
    assert (getattr(found, name), found.time_sources[name].clock) == (at, "typed")
