from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from qyran.errors import AccessError, InputError
from qyran.roles import Role
from service.outages import begin, end, listing, running
from service.outages.heartbeat import BEAT, MISSED, SILENT, Pulse, watch_workers
from service.store.database import Store


def down(world, since=None) -> list[tuple[str, str, float | None]]:
    """Component, reason, and how long in whole seconds; None while it lasts."""
    with world.store.read() as work:
        found = listing(work, since)
    return [(one.component, one.reason, None if one.end is None else round(one.seconds)) for one in found]


def test_an_outage_begins_once_and_ends_once(both):
    assert [begin(both.store, "receiver:101", "refused") for _ in range(3)] == [True, False, False]
    both.clock.forward(seconds=40)
    assert down(both) == [("receiver:101", "refused", None)]
    assert [end(both.store, "receiver:101") for _ in range(2)] == [True, False]
    assert down(both) == [("receiver:101", "refused", 40)]
    assert begin(both.store, "receiver:101", "timeout")
    with both.store.read() as work:
        assert [one.reason for one in running(work)] == ["timeout"]
    assert [one[2] for one in down(both)] == [None, 40]


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ("router:1", "x"), ("camera:", "x"), ("camera", "x"), ("server:1", "x"), ("camera:a", "Lost!"),
        ("camera:a", ""),
    ],
)  # fmt: skip
def test_what_is_no_component_or_no_code_is_refused(world, component, reason):
    with pytest.raises(InputError):
        begin(world.store, component, reason)


def test_a_killed_server_is_found_by_its_successor(world):
    pulse = Pulse(world.store)
    assert pulse.start() is None
    for _ in range(4):
        world.clock.forward(seconds=BEAT.total_seconds())
        pulse.beat()
    world.clock.forward(minutes=7)
    gap = Pulse(world.store).start()
    assert timedelta(minutes=7) <= gap < timedelta(minutes=7, seconds=1)
    assert down(world) == [("server", "killed", 420)]
    assert Pulse(world.store).start() is None


def test_a_server_ended_in_good_order_says_so(world):
    pulse = Pulse(world.store)
    pulse.start()
    pulse.stop()
    world.clock.forward(seconds=8)
    Pulse(world.store).start()
    assert down(world) == [("server", "stopped", 8)]


def test_a_late_beat_is_no_outage(world):
    pulse = Pulse(world.store)
    pulse.start()
    world.clock.forward(seconds=MISSED.total_seconds() - 1)
    assert Pulse(world.store).start() is None
    assert down(world) == []


def test_a_database_that_was_away_is_noted_when_it_is_back(world, monkeypatch):
    pulse = Pulse(world.store)
    pulse.start()
    with monkeypatch.context() as away:
        away.setattr(Store, "write", lambda *_: (_ for _ in ()).throw(OperationalError("x", {}, OSError())))
        for _ in range(3):
            with pytest.raises(OperationalError):
                pulse.beat()
            world.clock.forward(seconds=5)
    pulse.beat()
    pulse.beat()
    assert down(world) == [("database", "unreachable", 15)]


def stream(world, kind: str, **changes):
    given = {"type": "stream", "plate": None, "track": None, "evidence": None, "onset_s": None, "class": None}
    return world.event(kind, **{**given, **changes})


def test_a_cameras_own_log_says_when_its_stream_was_lost(world):
    world.take(stream(world, "up"), stream(world, "down"))
    world.clock.forward(seconds=33)
    assert down(world) == [("camera:abay-12", "stream_lost", None)]
    world.take(stream(world, "up"))
    assert down(world) == [("camera:abay-12", "stream_lost", 33)]


def test_a_worker_that_fell_silent_is_down_since_its_last_word(world):
    world.take(stream(world, "up"), stream(world, "analysed", onset_s=0.0, video_s=30.0))
    world.clock.forward(seconds=SILENT.total_seconds() - 1)
    assert watch_workers(world.store) == 0
    world.clock.forward(seconds=60)
    assert (watch_workers(world.store), watch_workers(world.store)) == (1, 0)
    assert down(world) == [("worker:abay-12", "silent", None)]
    world.take(stream(world, "analysed", onset_s=30.0, video_s=60.0))
    assert watch_workers(world.store) == 1
    assert down(world) == [("worker:abay-12", "silent", round(SILENT.total_seconds()) + 59)]


def test_a_camera_that_is_known_to_be_down_has_no_silent_worker(world):
    world.take(stream(world, "up"), stream(world, "analysed", onset_s=0.0, video_s=30.0), stream(world, "down"))
    world.clock.forward(hours=1)
    assert watch_workers(world.store) == 0
    assert [one[0] for one in down(world)] == ["camera:abay-12"]


def test_a_span_is_asked_for_and_who_has_nothing_to_do_with_it_sees_none(world):
    begin(world.store, "disk:evidence", "full")
    end(world.store, "disk:evidence")
    world.clock.forward(hours=2)
    assert down(world, world.clock() - timedelta(hours=1)) == []
    with pytest.raises(AccessError), world.store.read(world.person(Role.POLICE_OFFICER)) as work:
        listing(work)
