"""The outbox of alerts: once each, in order per alert, through every fault of a receiver, on each database."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import Verdict
from qyran.errors import AccessError, TransitionError
from qyran.roles import Role
from service import alerts
from service.bench_alerts_receiver import FAULTS, StandIn, receiving
from service.notifying import deliver, messages, queue, queueing
from service.notifying.breaker import BREAKS_AFTER, LONGEST_OPEN, SILENT_FOR, open_for
from service.notifying.channels.webhook import SIGNATURE, TIMESTAMP, signature
from service.notifying.facts import AlertFacts
from service.notifying.messages import FIRST_WAIT, LEASE, LONGEST_WAIT, State, wait_after
from service.notifying.routing import alerts_file
from service.store.alert_tables import Alert
from tests.service.notifying.told import (
    alert_row,
    attempts,
    notifications,
    outages,
    receiver_row,
    states,
    webhook,
    with_receivers,
)
from tests.service.notifying.told import messages as stored

SECRET = "of-the-tests"
KINDS = ("stopped_vehicle", "animal", "debris", "crowd", "congestion", "intrusion")
"""One alert each: reports of one kind at one camera within a minute are of one happening."""


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is tried is ours, not the databases'."""


@pytest.fixture(autouse=True)
def _secret(monkeypatch):
    monkeypatch.setenv("QYRAN_TEST_SECRET", SECRET)


@pytest.fixture
def stand_in():
    return StandIn()


@pytest.fixture
def city(both, stand_in):
    with receiving(stand_in) as url:
        with_receivers(both, webhook(url))
        both.operator = both.person(Role.SITUATIONAL_OPERATOR)
        both.url = url
        yield both


def confirm(world, alert: str) -> None:
    world.do(world.operator, alerts.acknowledge, alert)
    world.do(world.operator, alerts.verdict, alert, Verdict.TRUE)


def receiver_of(world):
    (found,) = alerts_file(world.settings).receivers
    return found


def settle_all(world, most: int = 60) -> None:
    """Deliver until nothing waits, the clock moved on each time."""
    for _ in range(most):
        deliver(world.store)
        if not [one for one in states(world) if one[1] == State.QUEUED]:
            return
        world.clock.forward(seconds=LONGEST_WAIT.total_seconds())
    raise AssertionError(states(world))


@on_sqlite
def test_a_raised_alert_leaves_signed_and_is_recorded_as_told(city, stand_in):
    alert = city.alert("fire", "fire_alert")
    assert deliver(city.store).handed == 1
    ((key, headers, body, _),) = stand_in.bodies
    found = json.loads(body)
    assert headers["idempotency-key"] == key == found["key"]
    assert headers[SIGNATURE] == signature(SECRET.encode(), headers[TIMESTAMP], body)
    assert (found["step"], found["status"], found["previous"]) == ("raised", "actual", None)
    assert found["alert"]["place"]["words"]["ru"] == "Абай 12"
    assert (found["alert"]["alert_id"], found["alert"]["severity"]) == (alert, "Severe")
    assert notifications(city, alert)[-1] == ("webhook", "city", "system", True)
    row = alert_row(city, alert)
    assert row.t_notify_delivered is not None


@on_sqlite
@pytest.mark.parametrize("leased", [False, True], ids=["queued", "leased by one who died"])
def test_an_alert_of_a_clock_that_ran_ahead_leaves_as_soon_as_the_clock_is_right(city, leased):
    city.clock.forward(hours=1)
    city.alert("fire", "fire_alert")
    if leased:
        with city.store.write() as work:
            assert messages.lease(work, receiver_of(city), 1)
    city.clock.forward(hours=-1)
    assert deliver(city.store).handed == 1


@on_sqlite
def test_steps_arrive_in_their_order_and_steps_of_one_transaction_are_one_message(city, stand_in):
    alert = city.alert()
    confirm(city, alert)
    city.do(city.operator, alerts.dispatch, alert, "102")
    assert deliver(city.store).handed == 4
    told = [json.loads(body) for _, _, body, _ in stand_in.bodies]
    assert [one["step"] for one in told] == ["raised", "acknowledged", "confirmed", "dispatched"]
    assert [one["previous"] for one in told] == [None, *[one["key"] for one in told[:-1]]]
    assert told[-1]["alert"]["services"] == ["102"]
    assert stand_in.overtakings == 0


@pytest.mark.parametrize(
    ("fault", "database_url"),
    [*((fault, "sqlite") for fault in FAULTS), pytest.param("lose", "postgresql", marks=pytest.mark.postgres)],
    indirect=["database_url"],
)
def test_whatever_goes_wrong_each_message_counts_once_and_none_overtakes(city, stand_in, fault):
    if fault != "hang":  # a machine that is busy must not look like a receiver that is
        with_receivers(city, webhook(city.url).replace("timeout_s = 0.2", "timeout_s = 5"))
    stand_in.fails, stand_in.faults = 0.5, (fault,)
    ids = [city.alert(kind) for kind in KINDS[:3]]
    for alert in ids:
        confirm(city, alert)
    settle_all(city)
    assert sorted(stand_in.order) == sorted(ids)
    assert len(stand_in.taken) == 9
    assert stand_in.overtakings == 0
    assert fault == "hang" or (stand_in.repeats > 0) == (fault == "lose")
    assert {outcome for outcome, _ in attempts(city)} == {"handed", "failed"}


def test_a_later_version_waits_for_the_one_that_fails(city, stand_in):
    stand_in.fails, stand_in.faults = 1.0, ("busy",)
    alert = city.alert()
    confirm(city, alert)
    assert deliver(city.store).put_off == 1
    assert [one.attempts for one in stored(city, alert)] == [1, 0, 0]
    first = stored(city, alert)[0]
    assert FIRST_WAIT / 2 <= first.next_attempt - city.clock.now <= FIRST_WAIT
    assert first.error == "http_503"
    stand_in.fails = 0.0
    city.clock.forward(seconds=2)
    assert deliver(city.store).handed == 3


@on_sqlite
def test_a_receiver_that_is_away_holds_up_no_other(city, stand_in):
    with_receivers(city, webhook(city.url) + webhook("http://127.0.0.1:9", "away"))
    alert = city.alert()
    deliver(city.store)
    assert states(city, alert) == [("city", State.HANDED), ("away", State.QUEUED)]
    assert receiver_row(city, "away").error == "no_connection"


def test_who_dies_while_sending_sends_again_under_the_same_key_after_the_lease(city, stand_in):
    city.alert()
    with city.store.write() as work:
        (receiver,) = alerts_file(city.store.settings).receivers
        (note,) = messages.lease(work, receiver, 5)
    assert deliver(city.store).handed == 0
    city.clock.forward(seconds=LEASE.total_seconds())
    assert deliver(city.store).handed == 1
    assert stand_in.bodies[0][0] == note.key


@on_sqlite
def test_a_receiver_that_fails_all_the_time_is_left_alone_and_then_asked_with_one_message(city, stand_in):
    stand_in.fails, stand_in.faults = 1.0, ("busy",)
    ids = [city.alert(kind) for kind in KINDS]
    deliver(city.store)
    assert receiver_row(city).opened_at is None
    city.clock.forward(seconds=SILENT_FOR.total_seconds())
    deliver(city.store)
    row = receiver_row(city)
    assert row.opened_at is not None
    assert row.failures >= BREAKS_AFTER
    asked = stand_in.requests
    city.clock.now = row.open_until
    deliver(city.store)
    assert stand_in.requests == asked + 1
    assert outages(city) == [("receiver:city", None)]
    stand_in.fails = 0.0
    city.clock.forward(seconds=LONGEST_OPEN.total_seconds())
    assert deliver(city.store).handed == len(ids)
    assert receiver_row(city).opened_at is None
    assert [ended is not None for _, ended in outages(city)] == [True]


@on_sqlite
def test_a_message_that_is_refused_waits_for_a_person_and_the_rest_goes_on(city, stand_in):
    stand_in.answer = 422
    alert = city.alert()
    assert deliver(city.store).refused == 1
    assert states(city) == [("city", State.REFUSED)]
    stand_in.answer = 200
    (row,) = stored(city)
    with pytest.raises(AccessError):
        city.do(city.person(Role.AUDITOR), messages.again, row.id)
    city.do(city.operator, messages.again, row.id)
    assert deliver(city.store).handed == 1
    with pytest.raises(TransitionError, match="given up or refused"):
        city.do(city.operator, messages.again, row.id)
    assert [one["alert"]["alert_id"] for one in (json.loads(b[2]) for b in stand_in.bodies)] == [alert]


@on_sqlite
def test_what_is_given_up_is_not_sent_after_something_newer(city, stand_in):
    with_receivers(city, webhook(city.url, more="give_up_hours = 0.001"))
    stand_in.fails, stand_in.faults = 1.0, ("busy",)
    alert = city.alert()
    deliver(city.store)
    city.clock.forward(seconds=5)
    deliver(city.store)
    assert states(city, alert) == [("city", State.DEAD)]
    stand_in.fails = 0.0
    city.do(city.operator, alerts.acknowledge, alert)
    city.clock.forward(minutes=1)
    deliver(city.store)
    assert states(city, alert) == [("city", State.DEAD), ("city", State.HANDED)]
    dead = stored(city, alert)[0].id
    with pytest.raises(TransitionError, match="would mislead"):
        city.do(city.operator, messages.again, dead)
    city.do(city.operator, messages.call_off, dead)
    assert states(city, alert)[0] == ("city", State.CALLED_OFF)


def test_updates_nobody_got_are_left_out_only_where_the_receiver_wants_the_newest(city, stand_in, caplog):
    with_receivers(city, webhook(city.url, more="collapse = true"))
    stand_in.fails, stand_in.faults = 1.0, ("busy",)
    alert = city.alert()
    deliver(city.store)
    city.do(city.operator, alerts.acknowledge, alert)
    city.do(city.operator, alerts.verdict, alert, Verdict.FALSE, reason="weather")
    assert states(city, alert) == [("city", State.QUEUED), ("city", State.SUPERSEDED), ("city", State.QUEUED)]
    stand_in.fails = 0.0
    city.clock.forward(seconds=5)
    deliver(city.store)
    assert [json.loads(body)["step"] for _, _, body, _ in stand_in.bodies] == ["raised", "false"]


@on_sqlite
def test_graver_alerts_leave_first(city, stand_in):
    with_receivers(city, webhook(city.url, more="parallel = 1"))
    city.alert("congestion")
    city.alert("stopped_vehicle", track=2)
    city.alert("fire", "fire_alert", track=3)
    deliver(city.store)
    kinds = [json.loads(body)["alert"]["kind"] for _, _, body, _ in stand_in.bodies]
    assert kinds == ["fire", "stopped_vehicle", "congestion"]


@on_sqlite
def test_a_file_that_cannot_be_read_leaves_the_one_before_and_raises_the_alert_all_the_same(city, stand_in):
    city.alert()
    city.store.settings.alerts_file.write_text("receivers = 7")
    alert = city.alert("animal")
    assert states(city, alert) == [("city", State.QUEUED)]


@on_sqlite
def test_nothing_is_queued_where_the_transaction_is_undone(city):
    alert = city.alert()

    def slip() -> None:
        with city.store.write(city.operator) as work:
            alerts.acknowledge(work, alert)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        slip()
    assert len(states(city, alert)) == 1


@on_sqlite
def test_a_change_without_an_event_of_its_own_is_told_to_nobody_twice(city, stand_in):
    alert = city.alert()
    with city.store.write() as work:
        queue(work, work.session.get_one(Alert, alert), "updated")
    deliver(city.store)
    assert [json.loads(body)["step"] for _, _, body, _ in stand_in.bodies] == ["raised"]


@on_sqlite
def test_an_alert_that_cannot_be_told_is_raised_all_the_same(city, monkeypatch):
    monkeypatch.setattr(queueing, "facts_of", lambda *_: AlertFacts.model_validate({}))
    alert = city.alert()
    assert alert_row(city, alert).state == "notified"
    assert states(city, alert) == []


@given(attempts=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_waits_grow_to_a_quarter_of_a_minute_and_never_come_together(attempts, chance):
    wait = wait_after(attempts, chance)
    assert FIRST_WAIT / 2 <= wait <= LONGEST_WAIT
    assert wait_after(attempts, 1) >= wait
    assert timedelta(0) < open_for(attempts) <= LONGEST_OPEN
