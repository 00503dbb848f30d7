from __future__ import annotations

from sqlalchemy import select

from service.lost_streams import watch_streams
from service.outages import begin, end
from service.store.alert_tables import Alert


def alerts(world) -> list[Alert]:
    with world.store.read() as work:
        return list(work.session.scalars(select(Alert).where(Alert.kind == "camera_tampering")))


def test_a_stream_that_stays_away_is_told_once_with_its_onset(world):
    camera = "abay-12"
    begin(world.store, f"camera:{camera}", "stream_lost")
    lost = world.clock()
    world.clock.forward(seconds=59)
    assert watch_streams(world.store) == 0
    world.clock.forward(seconds=2)
    assert [watch_streams(world.store) for _ in range(3)] == [1, 0, 0]
    (alert,) = alerts(world)
    assert alert.camera_id == camera
    assert abs((alert.t_onset - lost).total_seconds()) < 1
    assert alert.state == "notified"


def test_a_short_loss_and_one_that_is_over_are_not_told(world):
    camera = "abay-12"
    begin(world.store, f"camera:{camera}", "stream_lost")
    world.clock.forward(seconds=30)
    end(world.store, f"camera:{camera}")
    world.clock.forward(minutes=10)
    assert watch_streams(world.store) == 0


def test_a_recording_that_has_ended_is_no_lost_stream(world):
    world.register(id="film", stream="film.mp4")
    world.take(world.event("down", type="stream", camera="film", plate=None, onset_s=None, evidence=None))
    world.take(world.event("down", type="stream", camera="abay-12", plate=None, onset_s=None, evidence=None))
    world.clock.forward(minutes=10)
    assert watch_streams(world.store) == 1
    assert [one.camera_id for one in alerts(world)] == ["abay-12"]


def test_each_camera_that_sees_nothing_is_an_alert_of_its_own(world):
    here = {"latitude": 43.2389, "longitude": 76.8897}
    for camera in ("mast-a", "mast-b"):
        world.register(id=camera, **here)
        begin(world.store, f"camera:{camera}", "stream_lost")
    world.clock.forward(minutes=2)
    assert watch_streams(world.store) == 2
    assert [(one.state, one.reports) for one in alerts(world)] == [("notified", 1), ("notified", 1)]


def test_what_is_no_camera_of_ours_is_not_told(world):
    begin(world.store, "camera:elsewhere", "stream_lost")
    begin(world.store, "receiver:101", "refused")
    world.clock.forward(minutes=10)
    assert watch_streams(world.store) == 0
