"""What cameras see of the roads is read again when a file has changed, and never from what was undone."""

from __future__ import annotations

import pytest

from qyran.earth import Plane
from service import cameras
from service.camera_roads import camera_roads
from tests.service.world import CAMERA
from vision.camera import parse_camera

ROAD = [(76.90, 43.24), (76.91, 43.24)]
LONGER = [(76.90, 43.24), (76.92, 43.24)]


def length_m(world, **named) -> float:
    with world.store.read() as work:
        (first, last) = camera_roads(work, **named).lines["abay-12"]
    return last[0] - first[0]


@pytest.fixture
def seeing(world):
    world.register(covers=ROAD)
    return world


def test_a_new_version_of_a_file_is_seen_at_once(seeing):
    assert length_m(seeing) == pytest.approx(813, abs=5)
    seeing.register(covers=LONGER)
    assert length_m(seeing) == pytest.approx(1626, abs=10)


def test_what_was_read_is_kept_while_nothing_changes(seeing):
    with seeing.store.read() as work:
        first = camera_roads(work)
    with seeing.store.read() as work:
        assert camera_roads(work) is first


def test_what_was_undone_is_not_kept(seeing):
    def seen_and_undone() -> None:
        with seeing.store.write() as work:
            cameras.register(work, parse_camera({**CAMERA, "covers": LONGER}, source="test"))
            seen = camera_roads(work).lines["abay-12"]
            assert seen[1][0] - seen[0][0] > 1600
            raise RuntimeError

    with pytest.raises(RuntimeError):
        seen_and_undone()
    assert length_m(seeing) == pytest.approx(813, abs=5)


def test_another_plane_gives_the_same_lengths(seeing):
    assert length_m(seeing, plane=Plane(43.2, 76.8)) == pytest.approx(length_m(seeing), rel=1e-3)


def test_no_camera_that_says_where_its_road_is_gives_no_plane(world):
    with world.store.read() as work:
        found = camera_roads(work)
    assert (found.plane, found.lines["abay-12"]) == (None, ())
