from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from incidents.alert import Verdict
from qyran.errors import AccessError, TransitionError
from qyran.roles import SYSTEM, Role
from service import alerts


@pytest.fixture
def operator(both):
    return both.person(Role.SITUATIONAL_OPERATOR, name="Айгерім")


def test_an_alarm_is_answered_from_the_list_to_the_end(both, operator):
    dispatcher = both.person(Role.SERVICE_DISPATCHER, service="101")
    alert_id = both.alert("smoke", "fire_alert")
    (line,) = both.do(operator, alerts.listing).items
    assert (line.id, line.state, line.open) == (alert_id, "notified", True)
    both.clock.forward(seconds=40)
    taken = both.do(operator, alerts.acknowledge, alert_id)
    assert taken.ack_by_name == "Айгерім"
    assert timedelta(seconds=40) <= taken.t_ack - taken.t_notify_sent < timedelta(seconds=41)
    found = both.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
    assert (found.state, found.verdict) == ("confirmed", "true")
    assert found.t_ack < found.t_verdict
    sent = both.do(operator, alerts.dispatch, alert_id, "101", note="екінші қабат")
    assert sent.notifications[-1].model_dump(include={"recipient", "initiator"}) == {
        "recipient": "101", "initiator": "human"}  # fmt: skip
    both.do(dispatcher, alerts.depart, alert_id)
    both.do(dispatcher, alerts.arrive, alert_id)
    both.do(dispatcher, alerts.resolve, alert_id)
    closed = both.do(operator, alerts.close, alert_id, "handled")
    assert (closed.state, closed.closing_code, closed.open) == ("closed", "handled", False)
    times = [closed.t_detect, closed.t_notify_sent, closed.t_ack, closed.t_verify_start, closed.t_verdict,
             closed.t_dispatch, closed.t_depart, closed.t_arrive, closed.t_control, closed.t_closed]  # fmt: skip
    assert times == sorted(times)
    assert [item.target for item in closed.history] == [
        "candidate", "raised", "notified", "acknowledged", "verifying", "confirmed", "dispatched", "departed",
        "arrived", "resolved", "closed"]  # fmt: skip
    assert closed.chain_fault is None


def test_a_false_alarm_names_its_reason(both, operator):
    alert_id = both.alert()
    both.do(operator, alerts.acknowledge, alert_id)
    with pytest.raises(TransitionError, match="reason code"):
        both.do(operator, alerts.verdict, alert_id, Verdict.FALSE)
    found = both.do(operator, alerts.verdict, alert_id, Verdict.FALSE, reason="lawful_stop")
    assert (found.verdict, found.reason) == ("false", "lawful_stop")


def test_nothing_half_done_stays_when_a_verdict_is_refused(both, operator):
    alert_id = both.alert()
    both.do(operator, alerts.acknowledge, alert_id)
    with pytest.raises(TransitionError):
        both.do(operator, alerts.verdict, alert_id, Verdict.FALSE, reason="because")
    assert both.do(operator, alerts.open_alert, alert_id).state == "acknowledged"


def test_new_information_turns_a_verdict_and_the_last_one_stands(world):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    alert_id = world.alert()
    world.do(operator, alerts.acknowledge, alert_id)
    first = world.do(operator, alerts.verdict, alert_id, Verdict.UNDETERMINED)
    world.clock.forward(minutes=2)
    world.do(operator, alerts.start_verification, alert_id)
    last = world.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
    assert last.verdict == "true"
    assert last.t_verdict > first.t_verdict
    assert last.t_verify_start == first.t_verify_start


def test_a_crew_decides_what_nobody_could_judge_from_the_picture(world):
    operator, crew = world.person(Role.SITUATIONAL_OPERATOR), world.person(Role.SERVICE_DISPATCHER)
    alert_id = world.alert("smoke", "fire_alert")
    world.do(operator, alerts.acknowledge, alert_id)
    world.do(operator, alerts.verdict, alert_id, Verdict.UNDETERMINED)
    world.do(operator, alerts.dispatch, alert_id, "101")
    world.do(crew, alerts.arrive, alert_id)
    with pytest.raises(TransitionError, match="found it true"):
        world.do(crew, alerts.resolve, alert_id)
    assert world.do(crew, alerts.verdict, alert_id, Verdict.FALSE, reason="steam_or_dust").verdict == "false"


def test_a_dispatcher_sees_the_alerts_sent_to_his_service_and_no_other(both, operator):
    fire, police = (both.person(Role.SERVICE_DISPATCHER, service=service) for service in ("101", "102"))
    alert_id = both.alert()
    both.do(operator, alerts.acknowledge, alert_id)
    both.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
    both.do(operator, alerts.dispatch, alert_id, "102")
    assert [item.id for item in both.do(police, alerts.listing).items] == [alert_id]
    assert both.do(fire, alerts.listing).total == 0
    with pytest.raises(AccessError, match="own service"):
        both.do(fire, alerts.open_alert, alert_id)


@pytest.mark.parametrize("role", [Role.POLICE_OFFICER, Role.ADMINISTRATOR, Role.EVALUATOR, Role.CAMERA_OPERATOR])
def test_who_has_nothing_to_do_with_alerts_sees_none(world, role):
    with pytest.raises(AccessError):
        world.do(world.person(role), alerts.listing)


def test_a_second_service_is_sent_while_the_first_is_under_way(world):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    alert_id = world.alert("crash")
    world.do(operator, alerts.acknowledge, alert_id)
    world.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
    first = world.do(operator, alerts.dispatch, alert_id, "102")
    world.do(operator, alerts.depart, alert_id)
    second = world.do(operator, alerts.dispatch, alert_id, "103")
    assert (second.services, second.t_dispatch) == (("102", "103"), first.t_dispatch)


def test_a_reopened_alert_can_be_sent_out_again(world):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    alert_id = world.alert()
    world.do(operator, alerts.acknowledge, alert_id)
    world.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
    world.do(operator, alerts.dispatch, alert_id, "102")
    world.do(operator, alerts.resolve, alert_id)
    world.do(operator, alerts.close, alert_id, "handled")
    assert world.do(operator, alerts.reopen, alert_id).services == ()
    world.do(operator, alerts.acknowledge, alert_id)
    world.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
    assert world.do(operator, alerts.dispatch, alert_id, "102").services == ("102",)


def test_an_announced_drill_counts_as_one(world):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    detail = world.do(operator, alerts.cancel, world.alert(), "drill_announced")
    assert (detail.state, detail.is_drill) == ("cancelled", True)


def test_two_operators_who_acknowledge_at_once_do_it_once(both, operator):
    people = [operator, both.person(Role.SITUATIONAL_OPERATOR)]
    alert_id = both.alert()
    start, done, refused = threading.Barrier(2), [], []

    def acknowledge(person):
        start.wait()
        try:
            done.append(both.do(person, alerts.acknowledge, alert_id))
        except TransitionError as error:
            refused.append(error)

    threads = [threading.Thread(target=acknowledge, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), len(refused)) == (1, 1)
    states = [item.target for item in both.do(operator, alerts.open_alert, alert_id).history]
    assert states.count("acknowledged") == 1


def test_delivery_to_a_console_is_an_event_and_happens_once(both, operator):
    alert_id = both.alert()
    for _ in range(2):
        both.do(operator, alerts.mark_delivered, [alert_id])
    detail = both.do(operator, alerts.open_alert, alert_id)
    assert detail.t_notify_delivered == detail.notifications[0].delivered_at
    assert [item.kind for item in detail.history].count("delivered") == 1
    assert (detail.state, detail.chain_fault) == ("notified", None)


def test_an_alarm_is_acknowledged_although_a_console_was_shown_it_meanwhile(both, operator):
    alert_id = both.alert()
    seen = both.do(operator, alerts.open_alert, alert_id).version
    both.do(SYSTEM, alerts.mark_delivered, [alert_id])
    assert both.do(operator, alerts.acknowledge, alert_id, version=seen).state == "acknowledged"
    with pytest.raises(TransitionError, match="changed"):
        both.do(operator, alerts.start_verification, alert_id, version=seen)
