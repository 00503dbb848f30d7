"""What is held back: by announced works, or because a second look denied it; and how it is let through."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from incidents.where.place import Place
from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import Role
from service import alerts
from service.alert_taking import Device, Report, raise_alert
from service.alerting.by_hand import HandReport, raise_by_hand
from service.alerting.works import Works, announce_works, end_works, every_works
from service.event import held_id
from service.operators.board import Choice, board
from service.store.alert_tables import Alert


@pytest.fixture
def operator(world):
    return world.person(Role.SITUATIONAL_OPERATOR)


def works(world, **changes) -> Works:
    given = {"start": world.clock(), "end": world.clock() + timedelta(hours=1), "cameras": ("abay-12",)}
    return Works("Асфальт", **{"reason": "known_works", "kinds": ("smoke", "stopped_vehicle"), **given, **changes})


def reported(world, kind="smoke", device="camera:abay-12", seconds=0.0, **facts) -> Alert:
    where, _, name = device.partition(":")
    given = Report(
        id=str(uuid4()), type="fire_alert" if kind in {"fire", "smoke"} else "incident", kind=kind,
        device=Device(where, name), t_detect=world.clock() + timedelta(seconds=seconds),
        place=Place(43.24, 76.89, 20.0), origin={"kind": kind}, **facts,
    )  # fmt: skip
    with world.store.write() as work:
        raise_alert(work, given)
    return read(world, given.id)


def read(world, alert_id) -> Alert:
    with world.store.read() as work:
        return work.session.get_one(Alert, str(alert_id))


@pytest.mark.parametrize(
    ("report", "changes", "held"),
    [
        ({}, {}, True),
        ({"kind": "stopped_vehicle"}, {}, True),
        ({"kind": "fire"}, {}, False),  # another kind
        ({"device": "camera:other"}, {}, False),
        ({"seconds": -1}, {}, False),  # before they began
        ({"seconds": 3600}, {}, False),  # as they ended
        ({"device": "camera:other", "object_id": "UTO-1"}, {"cameras": (), "objects": ("UTO-1",)}, True),
        ({"device": "sensor:s", "object_id": "UTO-1"}, {"cameras": (), "objects": ("UTO-1",)}, False),
        ({"device": "sensor:s"}, {"cameras": (), "sensors": ("s",)}, True),
        ({"device": "sensor:abay-12"}, {}, False),  # a camera of the same name is no sensor
    ],
)
def test_works_hold_back_their_kinds_at_their_places_within_their_span(world, operator, report, changes, held):
    world.do(operator, announce_works, works(world, **changes))
    row = reported(world, **report)
    assert (row.state, row.reason) == (("suppressed", "known_works") if held else ("notified", None))
    assert (row.t_raised is None) is held
    seen = world.do(operator, alerts.open_alert, row.id)
    assert [one.reason for one in seen.history if one.target == "suppressed"] == (["known_works"] if held else [])


def test_what_a_person_raises_is_never_held_back(world, operator):
    world.do(operator, announce_works, works(world))
    found = world.do(operator, raise_by_hand, HandReport(kind="smoke", via="112", camera="abay-12"))
    assert found.state == "acknowledged"


def test_a_report_of_what_is_known_already_joins_it_during_works_too(world, operator):
    first = reported(world, seconds=-20)
    world.do(operator, announce_works, works(world))
    second = reported(world, seconds=1)
    assert (second.state, second.merged_into, read(world, first.id).reports) == ("merged", first.id, 2)


def test_after_their_end_everything_is_raised(world, operator):
    announced = world.do(operator, announce_works, works(world))
    assert [one.id for one in world.do(operator, every_works, now=True)] == [announced.id]
    world.clock.forward(seconds=30)
    world.do(operator, end_works, announced.id)
    assert reported(world).state == "notified"
    assert world.do(operator, every_works, now=True) == []
    with pytest.raises(TransitionError, match="over already"):
        world.do(operator, end_works, announced.id)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kinds": ()}, "name the kinds"), ({"kinds": ("earthquake",)}, "name the kinds"),
        ({"cameras": ()}, "name their cameras"), ({"reason": "because"}, "have a reason"),
        ({"end": timedelta(hours=25)}, "24 hours at most"), ({"end": timedelta(hours=-1)}, "begins before"),
        ({"kinds": ("crash",), "end": timedelta(days=32)}, "744 hours at most"),
        ({"start": timedelta(hours=-3), "end": timedelta(hours=-2)}, "over already"),
    ],
)  # fmt: skip
def test_works_that_cannot_be_are_refused(world, operator, changes, fault):
    now = world.clock()
    given = {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with pytest.raises(InputError, match=fault):
        world.do(operator, announce_works, works(world, **given))


def test_what_is_not_of_fire_may_be_held_back_for_a_month(world, operator):
    given = works(world, kinds=("camera_tampering",), end=world.clock() + timedelta(days=31))
    assert world.do(operator, announce_works, given).kinds == ["camera_tampering"]


def test_only_operators_and_administrators_announce(world):
    with pytest.raises(AccessError):
        world.do(world.person(Role.SERVICE_DISPATCHER), announce_works, works(world))


def test_what_was_held_back_is_listed_and_raised_by_whoever_sees_that_it_is_real(world, operator):
    world.do(operator, announce_works, works(world))
    held = reported(world)
    shown = world.do(operator, board, Choice())
    assert (shown.items, shown.sounding, shown.counts["held"]) == ((), (), 1)
    assert [one.id for one in world.do(operator, board, Choice(show="held")).items] == [held.id]
    world.clock.forward(seconds=40)
    found = world.do(operator, alerts.let_through, held.id, note="шынайы түтін")
    assert (found.state, found.reason) == ("notified", None)
    assert found.t_raised - found.t_detect >= timedelta(seconds=40)
    assert [one.id for one in world.do(operator, board, Choice()).sounding] == [held.id]


def test_what_was_held_back_is_no_alarm_that_could_be_closed_and_counted(world, operator):
    world.do(operator, announce_works, works(world))
    with pytest.raises(TransitionError, match="cannot become closed"):
        world.do(operator, alerts.close, reported(world).id, "not_confirmed")


def test_what_a_second_look_denied_is_kept_with_its_evidence_and_raises_nothing(world, operator):
    alarm = world.event("smoke", type="fire_alert", plate=None)
    held = alarm.model_copy(update={"id": held_id(alarm.id), "type": "held_back"})
    world.take(held)
    row = read(world, held.id)
    assert (row.type, row.state, row.reason, row.t_raised) == ("fire_alert", "suppressed", "second_look", None)
    seen = world.do(operator, alerts.open_alert, str(held.id))
    assert (len(seen.evidence), seen.steps) == (1, ("raise",))
    world.take(alarm)  # half a minute later it is seen all the same
    assert read(world, alarm.id).state == "notified"
