"""Who is killed while sending holds a message for seconds only; who sends for long says so, and nobody sends beside."""

from __future__ import annotations

import threading

import pytest

from service.notifying import deliver, deliverer
from service.notifying.deliverer import Runner
from service.notifying.messages import LEASE, Outcome, State
from service.notifying.routing import alerts_file
from tests.service.notifying.told import messages as stored
from tests.service.notifying.told import states, webhook, with_receivers


@pytest.fixture
def slow(monkeypatch):
    """A receiver that answers when told to."""
    begun, answer = threading.Event(), threading.Event()

    def attempt(channel, note):
        begun.set()
        assert answer.wait(60)
        return Outcome(note)

    monkeypatch.setattr(deliverer, "attempt", attempt)
    monkeypatch.setattr(deliverer, "RENEW_S", 0.02)
    return begun, answer


def test_a_message_that_takes_long_stays_with_who_sends_it(world, slow, monkeypatch):
    begun, answer = slow
    monkeypatch.setenv("QYRAN_TEST_SECRET", "of-the-tests")
    with_receivers(world, webhook("http://127.0.0.1:9"))
    alert = world.alert()
    (receiver,) = alerts_file(world.settings).receivers
    renewed = threading.Event()
    renew = deliverer.messages.renew

    def noted(work, ids):
        renew(work, ids)
        if ids and work.now > first:
            renewed.set()

    monkeypatch.setattr(deliverer.messages, "renew", noted)
    first = world.clock.now
    runner = threading.Thread(target=Runner(world.store, receiver).run, kwargs={"until_empty": True})
    runner.start()
    assert begun.wait(60)
    world.clock.forward(seconds=LEASE.total_seconds() / 2)
    assert renewed.wait(60)
    world.clock.forward(seconds=LEASE.total_seconds() * 0.9)
    assert [one.attempts for one in stored(world, alert)] == [1]
    assert deliver(world.store).handed == 0
    answer.set()
    runner.join()
    assert states(world, alert) == [("city", State.HANDED)]
