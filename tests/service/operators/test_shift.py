from __future__ import annotations

from datetime import timedelta

import pytest

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import Role
from service import alerts, outages
from service.operators import handovers, sound, walls


@pytest.fixture
def outgoing(both):
    return both.person(Role.SITUATIONAL_OPERATOR, name="Айгерім")


@pytest.fixture
def incoming(both):
    return both.person(Role.SITUATIONAL_OPERATOR, name="Ерлан")


def test_a_handover_keeps_what_stood_when_it_was_written(both, outgoing, incoming):
    waiting, taken = both.alert("crash", track=None), both.alert("intrusion", track=None)
    both.do(outgoing, alerts.acknowledge, taken)
    both.do(outgoing, sound.mute, 60)
    outages.begin(both.store, "receiver:101", "unreachable")
    written = both.do(outgoing, handovers.write, " Камера жыпылықтайды. ")
    both.do(incoming, alerts.acknowledge, waiting)
    outages.end(both.store, "receiver:101")
    found = both.do(incoming, handovers.opened, written)
    assert (found.writer, found.notes, found.confirmed_at) == ("Айгерім", "Камера жыпылықтайды.", None)
    assert [(one.id, one.state, one.holder) for one in found.standing.open] == [
        (waiting, "notified", None), (taken, "acknowledged", "Айгерім")]  # fmt: skip
    assert [(one.name, one.kind, one.seconds) for one in found.standing.sounds] == [("Айгерім", "mute", 60.0)]
    assert [(one.component, one.reason) for one in found.standing.down] == [("receiver:101", "unreachable")]
    both.do(incoming, handovers.confirm, written)
    assert both.do(outgoing, handovers.opened, written).taker == "Ерлан"
    assert both.do(outgoing, handovers.standing).since == found.written_at


@pytest.fixture
def leaving(world):
    return world.person(Role.SITUATIONAL_OPERATOR, name="Айгерім")


@pytest.fixture
def coming(world):
    return world.person(Role.SITUATIONAL_OPERATOR, name="Ерлан")


def test_who_wrote_a_shift_does_not_take_it_over_and_nobody_does_twice(world, leaving, coming):
    first = world.do(leaving, handovers.write, "")
    with pytest.raises(AccessError, match="another operator"):
        world.do(leaving, handovers.confirm, first)
    world.clock.forward(minutes=1)
    second = world.do(leaving, handovers.write, "")
    with pytest.raises(TransitionError, match="was written since"):
        world.do(coming, handovers.confirm, first)
    world.do(coming, handovers.confirm, second)
    with pytest.raises(TransitionError, match="already"):
        world.do(coming, handovers.confirm, second)
    assert [one.latest for one in world.do(coming, handovers.listing)] == [True, False]


def test_notes_lie_sealed_and_have_a_length(world, leaving):
    with pytest.raises(InputError, match="4000"):
        world.do(leaving, handovers.write, "а" * 4001)
    written = world.do(leaving, handovers.write, "Құпия сөз")
    with world.store.read() as work:
        raw = str(work.session.connection().exec_driver_sql("SELECT * FROM shift_handover").all())
    assert written in raw
    assert "Құпия" not in raw
    assert "Айгерім" not in raw


def test_a_mute_ends_by_itself_or_by_hand(world, leaving):
    until = world.do(leaving, sound.mute, 60)
    assert world.do(leaving, sound.muted_until) == until
    world.clock.forward(seconds=61)
    assert world.do(leaving, sound.muted_until) is None
    world.do(leaving, sound.mute, 300)
    world.do(leaving, sound.note, "unmute")
    assert world.do(leaving, sound.muted_until) is None
    since = until - timedelta(hours=1)
    assert [one.kind for one in world.do(leaving, sound.since, since)] == ["mute", "mute", "unmute"]


def test_nobody_mutes_for_longer_than_the_terms(world, leaving):
    for seconds in (0, -1, 29, 301, 3600):
        with pytest.raises(InputError, match="muted for"):
            world.do(leaving, sound.mute, seconds)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SERVICE_DISPATCHER])
def test_only_an_operator_mutes_writes_and_watches(world, role):
    other = world.person(role)
    for step, given in ((sound.mute, 60), (handovers.write, ""), (walls.keep, "a")):
        with pytest.raises(AccessError):
            world.do(other, step, *([given, [None]] if step is walls.keep else [given]))


def test_a_wall_is_kept_replaced_and_removed_by_its_owner(world, leaving, coming):
    made = world.do(leaving, walls.keep, "  Негізгі   көше ", ["abay-12", None, None, None])
    assert world.do(leaving, walls.keep, "Негізгі көше", ["abay-12"]) == made
    (wall,) = world.do(leaving, walls.walls)
    assert (wall.name, wall.cells) == ("Негізгі көше", ("abay-12",))
    assert world.do(coming, walls.walls) == ()
    with pytest.raises(NotFound):
        world.do(coming, walls.remove, made)
    world.do(leaving, walls.remove, made)
    assert world.do(leaving, walls.walls) == ()


def test_a_wall_that_cannot_be_is_refused(world, leaving):
    for name, cells, said in (
        (" ", [None], "name"), ("a" * 65, [None], "name"), ("a", [None, None], "places"), ("a", ["no"], "no"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            world.do(leaving, walls.keep, name, cells)
