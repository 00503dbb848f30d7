from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from qyran.errors import AccessError, NotFound, TransitionError
from qyran.roles import Actor, Role
from service import outbox
from service.courier import deliver
from service.delivery import send_again
from service.delivery_settings import Delivery, Plan
from service.outbox import BREAKS_AFTER, LEASE, LONGEST_WAIT, State, open_for, wait_after
from service.ports.channels import ChannelDown, Handed, Refused
from service.store.delivery_tables import ChannelBreaker, DeliveryAttempt, OutboxMessage
from service.store.tables import ViolationCase
from tests.service.sent import a_signed, case_row, signed_row, states, with_files

PLAN = Plan(("sms", "email"), frozenset({"sms"}), 4, register=False)
NOTHING_CONFIGURED = (
    'notify = ["sms", "email"]\n[sms]\nurl = "http://127.0.0.1:9"\n[email]\nhost = "h"\nsender = "a@b.kz"\n'
)


class Channel:
    """A channel whose answers are written down beforehand; then it works."""

    def __init__(self, name: str, *answers: Exception | None) -> None:
        self.name, self.answers, self.letters = name, list(answers), []

    def send(self, letter):
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.letters.append(letter)
        return Handed(f"{self.name}-{len(self.letters)}")

    def receipts(self):
        return iter(())

    def seen(self, receipt): ...


def by(*channels: Channel, plan: Plan = PLAN) -> Delivery:
    return Delivery(plan, {one.name: one for one in channels}, None)


@pytest.fixture
def ready(both):
    with_files(both, NOTHING_CONFIGURED)
    return both


@pytest.fixture
def quick(world):
    with_files(world, NOTHING_CONFIGURED)
    return world


def messages(world) -> list[OutboxMessage]:
    with world.store.read() as work:
        return list(work.session.scalars(select(OutboxMessage).order_by(OutboxMessage.created_at)))


def test_a_message_is_stored_with_the_step_that_asks_for_it_or_not_at_all(ready):
    def sign_and_fail(work) -> None:
        signed_row(work)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ready.do(Actor("d", frozenset({Role.DETECTOR})), sign_and_fail)
    assert messages(ready) == []


def test_what_was_handed_over_once_is_not_handed_over_again(ready):
    case = a_signed(ready)
    sms = Channel("sms")
    assert deliver(ready.store, by(sms)).handed == 1
    assert deliver(ready.store, by(sms)).handed == 0
    assert states(ready, case) == [("sms", "handed")]
    row = case_row(ready, case)
    assert (row.delivery, row.delivery_channel) == ("notified", "sms")
    assert row.t_first_notification_sent is not None
    assert row.t_delivered is None


def test_a_failed_attempt_waits_and_is_dated(ready):
    a_signed(ready)
    sms = Channel("sms", ChannelDown("timeout"))
    assert deliver(ready.store, by(sms)).put_off == 1
    (message,) = messages(ready)
    assert (message.state, message.attempts, message.error) == ("queued", 1, "timeout")
    assert timedelta(seconds=15) <= message.next_attempt - ready.clock.now <= timedelta(seconds=30)
    assert deliver(ready.store, by(sms)) == deliver(ready.store, by(sms))
    assert sms.letters == []
    ready.clock.forward(seconds=31)
    assert deliver(ready.store, by(sms)).handed == 1
    with ready.store.read() as work:
        tried = [(one.outcome, one.error) for one in work.session.scalars(select(DeliveryAttempt))]
    assert tried == [("failed", "timeout"), ("handed", None)]


def test_every_attempt_carries_the_same_key(quick):
    a_signed(quick)
    (key,) = [one.key for one in messages(quick)]
    sms = Channel("sms", ChannelDown("timeout"), ChannelDown("timeout"))
    for _ in range(3):
        deliver(quick.store, by(sms))
        quick.clock.forward(hours=6)
    assert [letter.key for letter in sms.letters] == [key]


def test_who_dies_with_a_message_leaves_it_to_others_when_his_lease_ends(ready):
    a_signed(ready)
    with ready.store.write() as work:
        assert outbox.take(work, ["sms"]) is not None
    sms = Channel("sms")
    assert deliver(ready.store, by(sms)).handed == 0
    ready.clock.forward(seconds=LEASE.total_seconds() + 1)
    assert deliver(ready.store, by(sms)).handed == 1


def test_a_message_nobody_takes_is_given_up_and_the_next_channel_tries(quick):
    case = a_signed(quick)
    sms, email = Channel("sms", *[ChannelDown("http_503")] * 9), Channel("email")
    for _ in range(PLAN.attempts):
        deliver(quick.store, by(sms))
        quick.clock.forward(hours=7)
    assert states(quick, case) == [("sms", "dead"), ("email", "queued")]
    assert deliver(quick.store, by(sms, email)).handed == 1
    assert case_row(quick, case).delivery_channel == "email"


def test_what_is_refused_is_not_tried_again(quick):
    case = a_signed(quick)
    sms = Channel("sms", Refused("unknown_recipient"))
    assert deliver(quick.store, by(sms)).refused == 1
    assert states(quick, case) == [("sms", "refused"), ("email", "queued")]


def test_the_messages_of_a_case_leave_in_their_order(quick):
    case = a_signed(quick)
    with quick.store.write() as work:
        outbox.enqueue(work, work.session.get_one(ViolationCase, case), "email")
    sms, email = Channel("sms", ChannelDown("timeout")), Channel("email")
    assert deliver(quick.store, by(sms, email)).handed == 0
    assert email.letters == []
    quick.clock.forward(minutes=1)
    assert deliver(quick.store, by(sms, email)).handed == 2


def test_one_case_that_waits_does_not_hold_up_another(quick):
    a_signed(quick)
    quick.clock.forward(seconds=1)
    a_signed(quick)
    sms = Channel("sms", ChannelDown("timeout"))
    done = deliver(quick.store, by(sms))
    assert (done.put_off, done.handed) == (1, 1)


def test_a_channel_that_fails_again_and_again_is_left_alone_then_tried_with_one(ready):
    for _ in range(BREAKS_AFTER + 2):
        a_signed(ready)
    sms = Channel("sms", *[ChannelDown("no_connection")] * (BREAKS_AFTER + 1))
    assert deliver(ready.store, by(sms)).put_off == BREAKS_AFTER
    with ready.store.read() as work:
        breaker = work.session.get_one(ChannelBreaker, "sms")
        since = breaker.opened_at
    assert breaker.open_until is not None
    ready.clock.forward(seconds=61)
    assert deliver(ready.store, by(sms)).put_off == 1
    with ready.store.read() as work:
        breaker = work.session.get_one(ChannelBreaker, "sms")
        assert (breaker.opened_at, breaker.failures) == (since, BREAKS_AFTER + 1)
    ready.clock.forward(minutes=3)
    assert deliver(ready.store, by(sms)).handed == BREAKS_AFTER + 2
    with ready.store.read() as work:
        assert work.session.get_one(ChannelBreaker, "sms").opened_at is None


def test_an_open_channel_does_not_stop_another(quick):
    case = a_signed(quick, owner={"name": "x", "address": "", "email": "a@b.kz"})
    with quick.store.write() as work:
        until = work.now + timedelta(hours=1)
        work.session.add(ChannelBreaker(channel="sms", failures=9, opened_at=work.now, open_until=until))
    assert deliver(quick.store, by(Channel("sms"), Channel("email"))).handed == 1
    assert states(quick, case) == [("email", "handed")]


def test_a_cancelled_decision_is_not_sent(quick):
    case = a_signed(quick)
    with quick.store.write() as work:
        work.session.get_one(ViolationCase, case).state = "cancelled"
    sms = Channel("sms")
    assert deliver(quick.store, by(sms)).handed == 0
    assert states(quick, case) == [("sms", "cancelled")]
    assert sms.letters == []


def test_a_document_that_was_altered_is_not_sent(quick):
    case = a_signed(quick)
    next(quick.settings.documents_folder.rglob("*.pdf")).write_bytes(b"%PDF another")
    sms = Channel("sms")
    deliver(quick.store, by(sms))
    assert sms.letters == []
    assert states(quick, case)[0] == ("sms", "refused")


@pytest.mark.parametrize(("state", "same_key"), [(State.DEAD, True), (State.REFUSED, False)])
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SENIOR_OFFICER])
def test_who_may_sends_again_what_was_given_up(quick, role, state, same_key):
    case = a_signed(quick)
    (before,) = messages(quick)
    with quick.store.write() as work:
        stuck = work.session.get_one(OutboxMessage, before.id)
        stuck.state, stuck.attempts = state, 4
    quick.do(quick.person(role), send_again, before.id)
    sms = Channel("sms")
    assert deliver(quick.store, by(sms)).handed == 1
    assert (sms.letters[0].key == before.key) is same_key
    assert states(quick, case) == [("sms", "handed")]


def test_others_do_not_and_what_is_under_way_is_left_alone(quick):
    a_signed(quick)
    (message,) = messages(quick)
    with pytest.raises(AccessError):
        quick.do(quick.person(Role.POLICE_OFFICER), send_again, message.id)
    with pytest.raises(TransitionError, match="given up or refused"):
        quick.do(quick.person(Role.ADMINISTRATOR), send_again, message.id)
    with pytest.raises(NotFound):
        quick.do(quick.person(Role.ADMINISTRATOR), send_again, "nothing")


@given(st.integers(1, 60), st.floats(0, 1))
def test_waits_grow_are_spread_and_end(attempts, chance):
    wait = wait_after(attempts, chance)
    whole = wait_after(attempts, 1.0)
    assert whole / 2 <= wait <= whole <= LONGEST_WAIT
    assert whole <= wait_after(attempts + 1, 1.0)
    assert open_for(attempts) <= open_for(attempts + 1) <= timedelta(hours=1)


def test_no_address_lies_in_the_outbox_or_in_a_message_of_its_parts(quick):
    a_signed(quick)
    sms = Channel("sms")
    deliver(quick.store, by(sms))
    assert "7701" not in repr(sms.letters[0])
    with quick.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = (quick.settings.home / "qyran.db").read_bytes()
    for secret in ("+77010000001", "owner@example.kz", "Мысалов"):
        assert secret.encode() not in stored
