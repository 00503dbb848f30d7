"""Leases in the store: who gets a camera, who keeps it, and what of what was seen counts."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from qyran.errors import AccessError
from qyran.roles import Actor, Role
from service.cluster.desk import StoreDesk
from service.cluster.fence import Fence, Fenced
from service.cluster.leases import Beat, bequeath
from service.cluster.overview import overview
from service.event import Event

CAMERA = "abay-12"
TERM_S = 10.0


class Said:
    """Machines that speak to one store; each with a clock that is off by so many seconds."""

    def __init__(self, world, **ahead_s):
        self.world, self.ahead_s = world, ahead_s
        self.steady_s = 0.0
        self.sessions = {name: str(uuid4()) for name in ahead_s}
        self.desk = StoreDesk(world.store, "service")
        self.desk.clock.monotonic = lambda: self.steady_s

    def forward(self, seconds):
        self.steady_s += seconds
        self.world.clock.forward(seconds=seconds)

    def beat(self, machine, wants, **given):
        at = self.world.clock.now + timedelta(seconds=self.ahead_s[machine])
        given = {"session": self.sessions[machine], "term_s": TERM_S, "version": "1", **given}
        return self.desk.beat_of(machine, Beat(at=at, wants=wants, **given))

    def stands(self, machine, epoch=None, camera=CAMERA):
        found = self.beat(machine, {camera: epoch}).cameras[camera]
        return found.state, found.epoch, found.holder

    def seen(self, machine, epoch, **changes):
        at = self.world.clock.now + timedelta(seconds=self.ahead_s[machine])
        given = {"id": uuid4(), "type": "passage", "kind": "control", "camera": CAMERA, "time": at, "video_s": 60.0}
        return Event.model_validate({**given, "epoch": epoch, **changes})

    def passed(self, event):
        with self.world.store.read() as work:
            return Fence.of(work, [event]).passed(event)


@pytest.fixture
def said(both):
    return Said(both, east=0.0, west=0.0, fast=3600.0)


def test_the_first_to_ask_has_it_and_the_next_waits(said):
    assert said.stands("east") == ("held", 1, "east")
    assert said.stands("west") == ("waiting", 1, "east")
    assert said.stands("east", 1) == ("held", 1, "east")


def test_a_machine_that_was_not_heard_for_its_term_loses_it(said):
    said.stands("east")
    said.forward(TERM_S - 1)
    assert said.stands("west") == ("waiting", 1, "east")
    said.forward(2)
    assert said.stands("west") == ("held", 2, "west")
    assert said.stands("east", 1) == ("lost", 2, "west")


def test_a_word_prolongs_all_that_a_machine_holds(said):
    said.beat("east", {CAMERA: None, "b": None})
    for _ in range(5):
        said.forward(TERM_S - 1)
        assert said.beat("east", {CAMERA: 1, "b": 1}).cameras["b"].state == "held"
    assert said.stands("west") == ("waiting", 1, "east")


def test_what_is_wanted_no_more_is_free(said):
    said.stands("east")
    said.beat("east", {})
    assert said.stands("west") == ("held", 2, "west")


def test_a_program_that_begins_anew_gets_another_epoch(said):
    said.stands("east")
    assert said.stands("east", None) == ("held", 2, "east")


def test_an_heir_follows_at_once_and_what_both_saw_counts_once(said):
    said.stands("east")
    before = said.seen("east", 1)
    with said.world.store.write() as work:
        assert bequeath(work, {CAMERA: "west"}, holder="east") == (CAMERA,)
    assert said.stands("east", 1) == ("held", 1, "east")
    assert said.beat("west", {}).heir_to == (CAMERA,)
    said.forward(1)
    assert said.stands("west") == ("held", 2, "west")
    said.forward(1)
    assert said.passed(before) == before
    with pytest.raises(Fenced, match="lease_lost"):
        said.passed(said.seen("east", 1))
    own = said.seen("west", 2)
    assert said.passed(own) == own


def test_only_the_holder_or_a_controller_leaves_a_camera_to_another(said):
    said.stands("east")
    with said.world.store.write() as work, pytest.raises(AccessError, match="only its holder"):
        bequeath(work, {CAMERA: "west"}, holder="west")
    with said.world.store.write() as work:
        assert bequeath(work, {CAMERA: "west", "nobody-has-it": "west"}) == (CAMERA,)


def test_nobody_else_speaks_in_a_machines_name_while_it_lives(said):
    said.stands("east")
    with pytest.raises(AccessError, match="Another program speaks as east"):
        said.beat("east", {}, session=str(uuid4()))
    said.forward(TERM_S + 1)
    assert said.beat("east", {}, session=str(uuid4())).cameras == {}


def test_a_clock_that_is_an_hour_fast_makes_nothing_late_or_early(said):
    said.stands("fast")
    said.forward(1)
    event = said.seen("fast", 1)
    with said.world.store.write() as work:
        bequeath(work, {CAMERA: "east"})
    said.forward(1)
    said.stands("east")
    assert said.passed(event) == event
    said.forward(1)
    with pytest.raises(Fenced, match="lease_lost"):
        said.passed(said.seen("fast", 1))


@pytest.mark.parametrize("step_s", [-86_400.0, 86_400.0], ids=["set back", "set forward"])
def test_a_clock_of_the_store_that_is_set_takes_no_camera_from_a_machine_that_lives(said, step_s):
    said.stands("east")
    said.forward(1)
    said.stands("west")
    said.world.clock.forward(seconds=step_s)
    assert said.stands("west") == ("waiting", 1, "east")
    said.forward(TERM_S - 2)
    assert said.stands("west") == ("waiting", 1, "east")
    said.forward(2.5)
    assert said.stands("west") == ("held", 2, "west")


def test_of_a_stretch_of_analysis_counts_what_lies_before_the_loss(said):
    said.stands("east")
    said.forward(30)
    said.stands("west")
    said.forward(10)
    stretch = said.seen("east", 1, type="stream", kind="analysed", onset_s=30.0)
    found = said.passed(stretch)
    assert (found.onset_s, round(found.video_s), found.time) == (
        30.0,
        50,
        stretch.time - timedelta(seconds=60 - found.video_s),
    )
    with pytest.raises(Fenced):
        said.passed(stretch.model_copy(update={"onset_s": 55.0}))


@pytest.mark.parametrize(
    ("epoch", "reason"),
    [(7, "lease_unknown"), (None, "lease_absent")],
    ids=["an epoch that never was", "no epoch while a machine holds the camera"],
)
def test_what_names_no_lease_that_was_is_refused(said, epoch, reason):
    said.stands("east")
    said.forward(1)
    with pytest.raises(Fenced, match=reason):
        said.passed(said.seen("east", epoch))


def test_a_single_machine_and_the_records_of_devices_need_no_lease(said):
    event = said.seen("east", None)
    assert said.passed(event) == event
    said.stands("east")
    record = said.seen("east", None, type="violation", kind="speeding")
    assert said.passed(record) == record


def test_what_was_seen_before_the_lease_is_not_the_machines_to_tell(said):
    early = said.seen("east", 1)
    said.forward(5)
    said.stands("east")
    with pytest.raises(Fenced, match="lease_early"):
        said.passed(early)


def test_people_see_who_watches_what(said):
    said.stands("east")
    said.beat("west", {"b": None})
    said.forward(TERM_S + 1)
    said.beat("east", {CAMERA: 1})
    with said.world.store.read(Actor("a", frozenset({Role.ADMINISTRATOR}))) as work:
        found = overview(work)
    assert [(one.name, one.silent, one.cameras) for one in found.machines] == [("east", False, 1), ("west", True, 1)]
    assert [(one.camera, one.machine, one.silent) for one in found.cameras] == [
        (CAMERA, "east", False), ("b", "west", True),
    ]  # fmt: skip
