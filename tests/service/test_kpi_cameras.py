"""What KPI 9.1 is told of the cameras of the running day; of thousands, what was so a moment ago."""

from __future__ import annotations

import pytest

from kpi_catalog.period import Period, PeriodKind
from qyran.earth import Plane
from service import kpi_cameras
from service.camera_spans import COUNTED_FOR
from service.kpi_cameras import cameras_of_day

PLANE = Plane(43.2, 76.9)
COVERS = [[76.9, 43.2], [76.9, 43.21]]


def told(world, *, write: bool = False):
    with world.store.write() if write else world.store.read() as work:
        day = Period.containing(work.now, PeriodKind.DAY, world.settings.time_zone)
        return cameras_of_day(work, *day.last_day(work.now), PLANE)[0]


def came_up(world) -> None:
    given = {"plate": None, "track": None, "evidence": None, "onset_s": None, "class": None}
    world.take(world.event("up", type="stream", **given))


@pytest.fixture
def many(world, monkeypatch):
    monkeypatch.setattr(kpi_cameras, "MANY_CAMERAS", 1)
    assert told(world).up is None
    came_up(world)
    return world


def test_of_a_few_cameras_the_log_is_asked_every_time(world):
    assert told(world).up is None
    came_up(world)
    assert told(world).up


def test_of_many_the_log_is_asked_again_when_some_minutes_have_passed(many):
    many.clock.forward(seconds=COUNTED_FOR.total_seconds() / 2)
    assert told(many).up is None
    many.clock.forward(seconds=COUNTED_FOR.total_seconds() / 2 + 1)
    assert told(many).up


def test_a_new_file_of_a_camera_counts_at_once(many):
    assert told(many).covered_road == ()
    many.register(covers=COVERS)
    assert len(told(many).covered_road) == 1
    assert told(many).up


def test_whoever_writes_reads_for_himself(many):
    assert told(many, write=True).up
    assert told(many).up is None
