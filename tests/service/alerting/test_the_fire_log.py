from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from incidents.alert import Verdict
from incidents.response import ResponseStep
from qyran.errors import AccessError, NotFound, TransitionError
from qyran.roles import Role
from service import alerts
from service.alerting import fire_log
from service.alerting.drills import mark_drill
from service.alerting.services import ServiceReport
from service.imports.intake import Upload, take, withdraw
from service.imports.kinds import KINDS
from service.store.alert_tables import Alert
from tests.service.imports.bring import as_file

HERE = {"latitude": 43.2389, "longitude": 76.8897}


@pytest.fixture
def operator(world):
    return world.person(Role.SITUATIONAL_OPERATOR)


@pytest.fixture
def evaluator(world):
    return world.person(Role.EVALUATOR)


def fire(world, operator, *, verdict: Verdict | None = Verdict.TRUE, **facts) -> str:
    """A fire alert with what is known of its place; answered and judged."""
    alert_id = world.alert("fire", "fire_alert")
    with world.store.write() as work:
        row = work.session.get_one(Alert, alert_id)
        for name, value in facts.items():
            setattr(row, name, value)
    if verdict is not None:
        world.do(operator, alerts.acknowledge, alert_id)
        world.do(operator, alerts.verdict, alert_id, verdict)
    return alert_id


def call(call_id: str, received: datetime, **facts) -> dict[str, str]:
    """A line of the log: departed a minute after the call, arrived after six, if nothing else is said."""
    times = {"received": 0, "departed": 60, "arrived": 360}
    told = {name: f"{received + timedelta(seconds=after):%Y-%m-%dT%H:%M:%SZ}" for name, after in times.items()}
    return {"call_id": call_id, **told, **{name: str(value).replace(".", ",") for name, value in facts.items()}}


def bring(world, evaluator, *rows: dict[str, str]) -> str:
    """Import the log, match it; the import's id."""
    world.clock.forward(hours=1)
    day = world.clock().date()
    file = as_file("fire_calls", list(rows), "csv")
    taken = world.do(evaluator, take, Upload(KINDS["fire_calls"], file, "ДЧС", day, since=day))
    fire_log.match_new(world.store)
    return taken.id


def loop(world, actor) -> fire_log.Loop:
    with world.store.read(actor) as work:
        return fire_log.loop(work, work.now - timedelta(days=1), work.now)


def moment(world) -> datetime:
    return world.clock().replace(microsecond=0)


def test_a_call_at_the_place_of_an_alert_gives_it_the_services_own_times(world, operator, evaluator):
    alert_id = fire(world, operator, radius_m=30.0, **HERE)
    received = moment(world) + timedelta(minutes=1)
    bring(world, evaluator, call("101-1", received, **HERE))
    found = world.do(operator, alerts.open_alert, alert_id)
    assert (found.t_call_received, found.t_depart) == (received, received + timedelta(minutes=1))
    assert (found.t_arrive, found.time_sources["t_arrive"].clock) == (received + timedelta(minutes=6), "external")
    (part,) = found.responses
    assert (part.service, part.state, part.number, part.initiator) == ("101", "arrived", "101-1", "external")
    assert (found.history[-1].data["step"], found.chain_fault) == ("call_log", None)
    (pair,) = loop(world, operator).matched
    assert (pair.alert_id, pair.how, pair.by_person) == (alert_id, "place", False)


def test_the_log_corrects_what_was_clicked_even_after_the_alert_was_closed(world, operator, evaluator):
    alert_id = fire(world, operator, service_numbers={"101": "101-9"})
    received = moment(world)
    world.do(operator, alerts.dispatch, alert_id, "101")
    world.clock.forward(minutes=8)
    world.do(operator, alerts.depart, alert_id)
    world.do(operator, alerts.resolve, alert_id)
    world.do(operator, alerts.close, alert_id, "handled")
    bring(world, evaluator, call("101-9", received))
    found = world.do(operator, alerts.open_alert, alert_id)
    assert (found.t_depart - received, found.state) == (timedelta(minutes=1), "closed")
    assert (found.chain_fault, found.responses[0].time_sources["t_depart"].clock) == (None, "external")


def test_what_each_side_knew_alone_is_listed(world, operator, evaluator):
    ours = fire(world, operator, radius_m=30.0, **HERE)
    world.clock.forward(hours=2)
    fire(world, operator, verdict=None)
    bring(world, evaluator, call("101-2", moment(world) - timedelta(minutes=30)))
    found = loop(world, operator)
    assert [one.id for one in found.service_only] == ["101-2"]
    assert [one.alert_id for one in found.ours_only] == [ours]
    assert (found.matched, found.candidates) == ((), ())


def test_where_only_the_time_speaks_a_person_says_whether_it_is_one(world, operator, evaluator):
    alert_id = fire(world, operator)
    received = moment(world) + timedelta(minutes=2)
    bring(world, evaluator, call("101-3", received))
    (pair,) = loop(world, operator).candidates
    assert (pair.alert_id, pair.how) == (alert_id, "time")
    assert world.do(operator, alerts.open_alert, alert_id).t_depart is None
    world.do(operator, fire_log.judge, "101-3", alert_id, same=True)
    found = loop(world, operator)
    assert [one.by_person for one in found.matched] == [True]
    assert found.candidates == found.service_only == found.ours_only == ()
    assert world.do(operator, alerts.open_alert, alert_id).t_call_received == received


def test_a_pair_that_a_person_refused_is_not_offered_again(world, operator, evaluator):
    alert_id = fire(world, operator)
    bring(world, evaluator, call("101-4", moment(world)))
    world.do(operator, fire_log.judge, "101-4", alert_id, same=False)
    with world.store.write() as work:
        assert fire_log.match(work, work.now - timedelta(days=1), work.now) == 0
    found = loop(world, operator)
    assert [one.id for one in found.service_only] == ["101-4"]
    assert [one.alert_id for one in found.ours_only] == [alert_id]


def test_a_call_belongs_to_one_alert(world, operator, evaluator):
    first = fire(world, operator, radius_m=30.0, **HERE)
    received = moment(world)
    world.clock.forward(hours=2)
    second = fire(world, operator)
    bring(world, evaluator, call("101-5", received, **HERE))
    with pytest.raises(TransitionError, match="belongs to another"):
        world.do(operator, fire_log.judge, "101-5", second, same=True)
    with pytest.raises(NotFound):
        world.do(operator, fire_log.judge, "no-such", first, same=True)


def test_matching_again_changes_nothing(world, operator, evaluator):
    alert_id = fire(world, operator, radius_m=30.0, **HERE)
    bring(world, evaluator, call("101-6", moment(world), **HERE))
    before = world.do(operator, alerts.open_alert, alert_id).version
    with world.store.write() as work:
        assert fire_log.match(work, work.now - timedelta(days=1), work.now) == 0
    assert fire_log.match_new(world.store) == 0
    assert world.do(operator, alerts.open_alert, alert_id).version == before


@pytest.mark.parametrize("left_out", ["drill of ours", "drill of theirs", "withdrawn"])
def test_exercises_and_what_was_withdrawn_are_nobodys_miss(world, operator, evaluator, left_out):
    alert_id = fire(world, operator)
    if left_out == "drill of ours":
        world.do(operator, mark_drill, alert_id, drill=True)
    facts = {"closing_code": "drill"} if left_out == "drill of theirs" else {}
    import_id = bring(world, evaluator, call("101-7", moment(world), **facts))
    if left_out == "withdrawn":
        world.do(evaluator, withdraw, import_id, "қате файл")
    found = loop(world, operator)
    assert (found.matched, found.candidates) == ((), ())
    assert [one.id for one in found.service_only] == (["101-7"] if left_out == "drill of ours" else [])


def test_who_judges_and_who_only_reads(world, operator, evaluator):
    alert_id = fire(world, operator)
    bring(world, evaluator, call("101-8", moment(world)))
    with pytest.raises(AccessError):
        world.do(evaluator, fire_log.judge, "101-8", alert_id, same=True)
    assert len(loop(world, evaluator).candidates) == 1
    with pytest.raises(AccessError):
        loop(world, world.person(Role.SERVICE_DISPATCHER))


def test_a_click_after_the_log_does_not_replace_it(world, operator, evaluator):
    alert_id = fire(world, operator, radius_m=30.0, **HERE)
    received = moment(world)
    world.do(operator, alerts.dispatch, alert_id, "101")
    bring(world, evaluator, call("101-9", received, **HERE))
    found = world.do(operator, alerts.service_step, alert_id, "101", ServiceReport(ResponseStep.DEPART))
    assert found.t_depart == received + timedelta(minutes=1)
