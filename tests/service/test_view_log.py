"""What a worker says of a camera's view, from its log to the cameras' page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.camera_spans import camera_spans
from service.camera_watch import CameraLog
from service.spool import Spool
from service.store.tables import Camera
from service.web.register_store import view_of
from tests.observations import START
from vision.types import Observation, Tracks, View, ViewState


def said(world, *kinds: str) -> View:
    """The view that the page shows after some stream events."""
    for kind in kinds:
        given = {"plate": None, "track": None, "evidence": None, "onset_s": None, "class": None}
        world.take(world.event(kind, type="stream", **given))
        world.clock.forward(seconds=10)
    with world.store.read() as work:
        return view_of(work, "abay-12").state


@pytest.mark.parametrize(
    ("kinds", "view"),
    [
        ((), View.OK),
        (("up",), View.OK),
        (("up", "view_moved"), View.MOVED),
        (("up", "view_covered", "view_blinded"), View.BLINDED),
        (("up", "view_moved", "view_ok"), View.OK),
        (("up", "view_moved", "analysed"), View.MOVED),
        (("up", "view_moved", "up"), View.OK),  # a restarted worker will say so again
    ],
)
def test_the_page_shows_the_last_word_on_a_view(kinds, view, world):
    assert said(world, *kinds) is view


def test_a_lost_view_does_not_take_the_camera_down(world):
    said(world, "up", "view_moved")
    with world.store.read() as work:
        assert work.session.get_one(Camera, "abay-12").status == "up"
        _, up, _ = camera_spans(work, work.now - timedelta(hours=1), work.now)["abay-12"]
    assert up is not None
    assert [end for _, end in up] == [None]


def test_a_worker_writes_a_change_of_the_view_down_once(tmp_path):
    log = CameraLog("abay-12", Spool(tmp_path))
    views = [View.OK, View.MOVED, View.MOVED, View.OK]
    for second, view in enumerate(views):
        log.analysed(Observation("abay-12", 0, 0, second, START, 10, 10, Tracks.empty(), view=ViewState(view)))
    assert [item.event.kind for item in Spool(tmp_path).pending()] == ["view_moved", "view_ok"]
