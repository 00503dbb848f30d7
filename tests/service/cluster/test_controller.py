"""A controller over machines that are played: what it has them do when one is new, dies, is drained or comes back."""

from __future__ import annotations

import pytest

from qyran.errors import QyranError
from service.cluster import controller as module
from service.cluster.controller import COMES_S, MOVES_AT_ONCE, SILENT_S, STEP_S, Controller

CAMERAS = {f"cam-{n}": f"file of {n}" for n in range(6)}


class Played:
    """Machines that do what they are told a step later, and a store of leases that lets heirs follow."""

    def __init__(self, *names):
        self.states = {name: {} for name in names}
        self.silent, self.draining, self.away = set(), set(), False
        self.lease, self.heirs, self.now = {}, {}, 0.0
        self.taken_on = []

    def reports(self):
        return {
            name: None if name in self.silent else {
                "machine": name, "version": "1", "cpus": 4, "cameras": dict(cameras),
                "draining": name in self.draining, "a key of tomorrow": 1,
            }
            for name, cameras in self.states.items()
        }  # fmt: skip

    def take_on(self, machine, camera, _):
        self.states[machine].setdefault(camera, "starting")
        self.taken_on.append((camera, machine))

    def leave(self, machine, camera):
        self.states[machine].pop(camera, None)
        if self.lease.get(camera) == machine:
            del self.lease[camera]

    def bequeath(self, heirs):
        if self.away:
            raise QyranError("the store is away")
        self.heirs |= {camera: heir for camera, heir in heirs.items() if camera in self.lease}

    def move(self):
        """What time brings: who is ready takes the lease where it may."""
        for machine, cameras in self.states.items():
            for camera in list(cameras):
                if machine in self.silent or cameras[camera] == "held":
                    continue
                if self.lease.get(camera) in {None, machine} or self.heirs.get(camera) == machine:
                    before = self.lease.get(camera)
                    if before not in {None, machine} and before not in self.silent:
                        self.states[before].pop(camera, None)
                    self.lease[camera] = machine
                    self.heirs.pop(camera, None)
                    cameras[camera] = "held"


def run(controller, played, seconds):
    for _ in range(round(seconds / STEP_S)):
        played.now += STEP_S
        controller.step()
        played.move()


@pytest.fixture
def cluster():
    played = Played("east", "west")
    controller = Controller(played, dict(CAMERAS), monotonic=lambda: played.now)
    run(controller, played, 5)
    return controller, played


def shares(played):
    held = list(played.lease.values())
    return {name: held.count(name) for name in played.states}


def test_cameras_are_shared_out_and_then_nothing_moves(cluster):
    controller, played = cluster
    assert shares(played) == {"east": 3, "west": 3}
    run(controller, played, 60)
    assert len(played.taken_on) == len(CAMERAS)


def test_the_cameras_of_a_silent_machine_and_no_others_are_watched_elsewhere(cluster):
    controller, played = cluster
    orphans = {camera for camera, machine in played.lease.items() if machine == "west"}
    played.silent.add("west")
    run(controller, played, SILENT_S + 2 * STEP_S)
    assert shares(played) == {"east": 6, "west": 0}
    assert {camera for camera, _ in played.taken_on[len(CAMERAS) :]} == orphans


def test_a_machine_that_comes_back_gets_its_share(cluster):
    controller, played = cluster
    played.silent.add("west")
    run(controller, played, 5)
    played.states["west"].clear()
    played.silent.clear()
    run(controller, played, COMES_S + 5)
    assert shares(played) == {"east": 3, "west": 3}


def test_a_drained_machine_keeps_its_cameras_until_each_is_watched_elsewhere(cluster):
    controller, played = cluster
    played.draining.add("west")
    controller.step()
    assert shares(played) == {"east": 3, "west": 3}
    played.move()
    run(controller, played, 2)
    assert shares(played) == {"east": 6, "west": 0}
    assert played.states["west"] == {}
    played.draining.clear()
    run(controller, played, COMES_S + 5)
    assert shares(played) == {"east": 3, "west": 3}


def test_a_controller_that_begins_anew_moves_nothing(cluster):
    _, played = cluster
    before = dict(played.lease)
    run(Controller(played, dict(CAMERAS), monotonic=lambda: played.now), played, 20)
    assert played.lease == before


def test_a_camera_that_is_no_more_is_left_and_a_new_one_is_watched(cluster):
    controller, played = cluster
    controller.cameras = {**{k: v for k, v in CAMERAS.items() if k != "cam-0"}, "new": "file"}
    run(controller, played, 3)
    assert "cam-0" not in played.lease
    assert "new" in played.lease


def test_while_the_store_is_away_the_reason_is_told(cluster):
    controller, played = cluster
    played.away = True
    played.silent.add("west")
    run(controller, played, 3)
    assert controller.standing()["problem"] == "the store is away"
    played.away = False
    run(controller, played, 1)
    assert controller.standing()["problem"] is None
    assert shares(played)["east"] == 6


def test_where_nothing_is_wrong_few_move_at_once(monkeypatch):
    many = {f"cam-{n:02}": "file" for n in range(60)}
    played = Played("east")
    controller = Controller(played, many, monotonic=lambda: played.now)
    run(controller, played, 5)
    played.states["west"] = {}
    monkeypatch.setattr(module, "COMES_S", 0.0)
    before = len(played.taken_on)
    for _ in range(2):
        played.now += STEP_S
        controller.step()
    assert 0 < len(played.taken_on) - before <= MOVES_AT_ONCE
    played.move()
    run(controller, played, 20)
    assert shares(played)["west"] >= 24
