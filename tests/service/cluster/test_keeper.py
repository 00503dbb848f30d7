"""What a machine does with the answers: its processes hear in time, and stop by their own clock where none comes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from qyran.errors import ConfigError
from service.cluster import keeper as module
from service.cluster.desk import DeskAway, StoreDesk
from service.cluster.keeper import Keeper, only_keeper
from service.cluster.leased_spool import LeasedSpool, camera_spool, stop_with_lease
from service.cluster.tenure import Tenure, TenureFile, boot_id, steady_s
from service.event import Event
from service.patient_spool import PatientSpool
from service.settings import load_settings
from service.spool import Spool
from service.store.database import open_store

CAMERA = "abay-12"


@pytest.fixture
def store(tmp_path):
    made = open_store(load_settings(home=tmp_path / "service"))
    yield made
    made.close()


def a_keeper(store, home, machine, term_s=10.0):
    return Keeper(StoreDesk(store, machine), home, machine, term_s)


class Away:
    def beat(self, _):
        raise DeskAway("away")


def tenure(**changes):
    given = {"epoch": 1, "since": datetime.now(UTC) - timedelta(seconds=5), "deadline_s": steady_s() + 60}
    return Tenure.model_validate({**given, "boot": boot_id(), **changes})


def test_a_camera_that_is_held_is_told_with_its_epoch_and_its_end(store, tmp_path):
    keeper = a_keeper(store, tmp_path / "east", "east")
    keeper.want(CAMERA)
    assert keeper.waits() == (CAMERA,)
    sent_s = steady_s()
    assert keeper.beat()
    assert keeper.holds() == {CAMERA: 1}
    told = TenureFile.of(tmp_path / "east", CAMERA).read()
    assert sent_s < told.deadline_s <= steady_s() + 10.0 - keeper.margin_s


def test_where_no_answer_comes_the_lease_ends_by_the_machines_own_clock(store, tmp_path, monkeypatch):
    keeper = a_keeper(store, tmp_path / "east", "east")
    keeper.want(CAMERA)
    keeper.beat()
    keeper.desk = Away()
    deadline_s = TenureFile.of(tmp_path / "east", CAMERA).read().deadline_s
    monkeypatch.setattr("service.cluster.tenure.steady_s", lambda: deadline_s - 0.1)
    assert not keeper.beat()
    assert keeper.problem == "away"
    assert keeper.holds() == {CAMERA: 1}
    monkeypatch.setattr("service.cluster.tenure.steady_s", lambda: deadline_s)
    assert keeper.holds() == {}


def test_a_camera_that_was_lost_is_told_since_when(store, tmp_path):
    east, west = (a_keeper(store, tmp_path / name, name) for name in ("east", "west"))
    lost = []
    east.on_lost = lost.append
    east.want(CAMERA)
    east.beat()
    east.desk.bequeath({CAMERA: "west"})
    west.want(CAMERA)
    west.beat()
    assert west.holds() == {CAMERA: 2}
    east.beat()
    assert lost == [CAMERA]
    assert TenureFile.of(tmp_path / "east", CAMERA).read().ended is not None
    assert east.holds() == {}


def test_a_machine_that_ends_lets_go(store, tmp_path):
    east, west = (a_keeper(store, tmp_path / name, name) for name in ("east", "west"))
    east.want(CAMERA)
    east.beat()
    east.end()
    east.run()
    west.want(CAMERA)
    west.beat()
    assert west.holds() == {CAMERA: 2}


def test_one_home_has_one_keeper(tmp_path, monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda _: monkeypatch.setattr(module.time, "monotonic", lambda: 1e12))
    with only_keeper(tmp_path), pytest.raises(ConfigError, match="Another program"), only_keeper(tmp_path):
        pass
    with only_keeper(tmp_path):
        assert (tmp_path / ".leases.lock").exists()


def test_a_process_ends_as_soon_as_its_tenure_does_and_not_before_it_has_one(tmp_path, monkeypatch):
    monkeypatch.setattr("service.cluster.tenure.LOOK_S", 0.001)
    file, stop = TenureFile.of(tmp_path, CAMERA), threading.Event()
    stop_with_lease(CAMERA, load_settings(home=tmp_path, leases=True), stop)
    assert not stop.wait(0.05)
    file.write(tenure())
    assert not stop.wait(0.05)
    file.write(tenure(ended=datetime.now(UTC)))
    assert stop.wait(5)


# -- what a camera's process tells ---------------------------------------------------------------------------------


def an_event(seconds_ago=0.0, **changes):
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    given = {"id": uuid4(), "type": "passage", "kind": "control", "camera": CAMERA, "time": at, "video_s": 100.0}
    return Event.model_validate({**given, **changes})


@pytest.fixture
def way(tmp_path):
    """A camera's way into the spool, what tells its tenure, and what the spool has."""
    spool, file = Spool(tmp_path / "spool"), TenureFile.of(tmp_path, CAMERA)
    return LeasedSpool(PatientSpool(spool), file, live=True), file, lambda: [item.event for item in spool.pending()]


def test_nothing_is_told_before_the_lease_and_then_what_was_seen_since(way):
    spool, file, told = way
    early, since = an_event(10), an_event(2)
    spool.put(early)
    spool.put(since)
    assert told() == []
    assert not file.take_ready()
    spool.settle()
    assert file.take_ready()
    file.write(tenure(epoch=4))
    spool.put(now := an_event())
    assert [(one.id, one.epoch) for one in told()] == [(since.id, 4), (now.id, 4)]
    assert spool.unsaid == 1


def test_what_is_seen_after_the_loss_is_the_next_ones_to_tell_and_what_was_seen_before_is_not(way, tmp_path):
    spool, file, told = way
    file.write(tenure())
    spool.put(first := an_event())
    file.write(tenure(ended=datetime.now(UTC) - timedelta(seconds=1)))
    package = tmp_path / "package"
    package.mkdir()
    spool.put(an_event(), package)
    spool.put(before := an_event(3))
    assert [one.id for one in told()] == [first.id, before.id]
    assert not package.exists()


def test_a_stream_that_came_up_before_the_lease_is_up_as_it_begins(way):
    spool, file, told = way
    spool.put(an_event(60, type="stream", kind="up"))
    since = datetime.now(UTC) - timedelta(seconds=1)
    file.write(tenure(since=since))
    spool.settle()
    assert [(one.kind, one.time, one.epoch) for one in told()] == [("up", since, 1)]


def test_a_stretch_of_analysis_is_told_as_far_as_it_lies_in_the_tenure(way):
    spool, file, told = way
    since = datetime.now(UTC) - timedelta(seconds=10)
    file.write(tenure(since=since))
    spool.put(an_event(type="stream", kind="analysed", onset_s=70.0))
    (found,) = told()
    assert found.video_s - found.onset_s == pytest.approx(10.0, abs=0.1)


def test_of_a_recording_nothing_is_early_for_the_next_machine_finds_the_same(tmp_path):
    spool, file = Spool(tmp_path / "spool"), TenureFile.of(tmp_path, CAMERA)
    way = LeasedSpool(PatientSpool(spool), file, live=False)
    way.put(old := an_event(86_400))
    file.write(tenure())
    way.settle()
    (found,) = [item.event for item in spool.pending()]
    assert (found.id, found.time, found.epoch) == (old.id, old.time, 1)
    assert datetime.now(UTC) - found.seen < timedelta(minutes=1)


def test_a_single_machine_needs_no_lease(tmp_path):
    spool = PatientSpool(Spool(Path(tmp_path / "spool")))
    assert camera_spool(CAMERA, spool, load_settings(home=tmp_path), live=True) is spool
