"""Placing cameras on machines: everything is placed, nothing moves for nothing, and a machine that comes gets work."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.cluster.placing import SLACK, place

NAMES = st.sampled_from([f"m{n}" for n in range(6)])
ROOMS = st.dictionaries(NAMES, st.sampled_from([0.0, 2.0, 4.0, 16.0, 64.0]), max_size=6)
COSTS = st.dictionaries(st.integers(0, 60).map("cam-{:02}".format), st.floats(0, 1.5), max_size=40)


@given(costs=COSTS, room=ROOMS, data=st.data())
def test_every_camera_has_one_machine_with_room(costs, room, data):
    now = {camera: data.draw(NAMES) for camera in costs}
    placed = place(costs, room, now)
    if any(room.values()):
        assert set(placed) == set(costs)
        assert all(room[machine] > 0 for machine in placed.values())
    else:
        assert placed == {}


@given(costs=COSTS, room=ROOMS)
def test_what_was_placed_stays(costs, room):
    placed = place(costs, room, {})
    assert place(costs, room, placed) == placed


@given(costs=COSTS.filter(lambda given: len(given) > 3), rooms=st.integers(2, 6))
def test_a_machine_that_dies_moves_its_own_cameras_alone(costs, rooms):
    """Machines alike, cameras alike: nothing needs evening out."""
    alike, room = dict.fromkeys(costs, 0.2), dict.fromkeys([f"m{n}" for n in range(rooms)], 8.0)
    before = place(alike, room, {})
    room.pop("m0")
    after = place(alike, room, before)
    assert {camera for camera in before if before[camera] != after[camera]} == {
        camera for camera, machine in before.items() if machine == "m0"
    }


@given(cameras=st.integers(1, 60), rooms=st.integers(1, 5))
def test_a_machine_that_comes_gets_its_share_and_no_more_moves_than_that(cameras, rooms):
    costs = {f"cam-{n:02}": 0.2 for n in range(cameras)}
    room = dict.fromkeys([f"m{n}" for n in range(rooms)], 8.0)
    before = place(costs, room, {})
    after = place(costs, {**room, "new": 8.0}, before)
    moved = [camera for camera in costs if before[camera] != after[camera]]
    assert all(after[camera] == "new" for camera in moved)
    assert len(moved) <= -(-cameras // (rooms + 1))
    fullest = max(list(after.values()).count(machine) for machine in after.values())
    assert fullest <= cameras / (rooms + 1) * (1 + SLACK) + 1


def test_a_machine_that_is_drained_keeps_nothing():
    costs = {f"cam-{n}": 0.3 for n in range(10)}
    before = place(costs, {"a": 4.0, "b": 4.0}, {})
    after = place(costs, {"a": 0.0, "b": 4.0}, before)
    assert set(after.values()) == {"b"}


def test_larger_machines_get_more():
    placed = place({f"cam-{n}": 0.3 for n in range(30)}, {"small": 4.0, "large": 20.0}, {})
    assert list(placed.values()).count("large") == 25
