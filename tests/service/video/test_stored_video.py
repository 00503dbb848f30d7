"""Recorded video in an object store: put by the machine that recorded it, shown and kept by the service."""

from __future__ import annotations

import shutil
import threading
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from evidence.keys import trust_store
from evidence.verify import verify
from qyran.errors import ConfigError, NotFound
from qyran.roles import Role
from service.objects_store import ObjectsAway
from service.objects_store.folders import open_objects
from service.settings import load_settings
from service.store.video_tables import VideoTombstone
from service.video import archive, exports, locks, tending
from service.video.stored import shelf_of
from service.video.stored_terms import keep_stored
from service.video.storing import MARK, Storing, StoringRound, _alone
from service.video.thumbs import thumb
from service.worker import Worker
from tests.service.s3 import with_store
from tests.service.video.films import Film
from tests.service.web.conftest import Visitor
from tests.service.world import NOON, World
from vision.segments import days, hours, note, segments

CAMERA = "abay-12"
START = NOON - timedelta(minutes=30)
LATER = NOON + timedelta(hours=6)
"""When nothing more comes into the hour of the film."""


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Film:
    return Film(tmp_path_factory.mktemp("film"))


@pytest.fixture(params=["s3", "folder"])
def place(request, tmp_path):
    return request.getfixturevalue("address") if request.param == "s3" else str(tmp_path / "share")


@pytest.fixture
def city(tmp_path, place, film):
    """Twelve seconds of video, a gap of eight, four seconds more; segments of two seconds."""
    settings = with_store(load_settings(home=tmp_path / "home"), place, video_objects=True)
    with World(settings) as made:
        film.record(settings.video_folder, CAMERA, START, 12)
        film.record(settings.video_folder, CAMERA, START + s(20), 4)
        note(settings.video_folder, CAMERA, START + s(12), "lost", packets=200)
        yield made


@pytest.fixture
def storing(city) -> StoringRound:
    return StoringRound(city.settings, open_objects(city.settings.object_store, *_secrets(city.settings)))


def _secrets(settings) -> tuple[str | None, str | None]:
    return settings.object_store_key, settings.object_store_secret


def elsewhere(city) -> None:
    """The video was recorded by another machine: nothing of it lies here."""
    shutil.rmtree(city.settings.video_folder)


def names(city, start_s: float = 0, end_s: float = 24) -> list[str]:
    with city.store.read() as work:
        return [one.name for one in archive.find(work, CAMERA, START + s(start_s), START + s(end_s)).segments]


def test_what_another_machine_recorded_is_found_with_its_gaps_and_why(city, storing):
    here = segments(city.settings.video_folder, CAMERA, START, START + s(24))
    assert storing.run(NOON) == len(here) == 8
    assert storing.run(NOON) == 0
    elsewhere(city)
    with city.store.read() as work:
        found = archive.find(work, CAMERA, START, START + s(24))
        day = archive.day_of(work, CAMERA, START.astimezone(city.settings.zone).date())
    assert [one.name for one in found.segments] == [one.name for one in here]
    assert [(one.start, one.end, one.reason) for one in found.gaps] == [(START + s(12), START + s(20), "lost")]
    assert day.runs == ((START, START + s(12)), (START + s(20), START + s(24)))


def test_a_stored_segment_is_fetched_when_it_is_looked_at_and_its_first_picture_without_it(city, storing):
    storing.run(NOON)
    with city.store.read() as work:
        here = archive.named(work, CAMERA, names(city)[0])
    data, picture = here.path.read_bytes(), thumb(here)
    elsewhere(city)
    with city.store.read() as work:
        stored = archive.named(work, CAMERA, here.name)
    assert thumb(stored, shelf_of(city.settings)) == picture
    assert not stored.path.exists()
    assert archive.at_hand(city.settings, stored).path.read_bytes() == data
    with city.store.read() as work, pytest.raises(NotFound):
        archive.named(work, CAMERA, here.name.replace("-2000", "-2001"))


def test_an_export_of_stored_video_is_signed_as_any(city, storing, tmp_path):
    storing.run(NOON)
    elsewhere(city)
    operator = city.person(Role.SITUATIONAL_OPERATOR)
    made = city.do(operator, exports.ask, CAMERA, exports.Asked(START + s(3.2), START + s(21.5), "for 102, no. 5"))
    assert exports.make_exports(city.store) == 1
    path, _ = city.do(operator, exports.fetch, made.id)
    assert verify(path, trust_store(city.settings.home)).ok
    with zipfile.ZipFile(path) as pack:
        assert "video/part-1.mp4" in pack.namelist()


def test_the_disk_keeps_the_last_hours_and_the_rest_is_shown_from_the_store(city, storing):
    folder = city.settings.video_folder
    storing.run(NOON)
    assert not list(folder.rglob(MARK))  # a recorder may still put something into this hour
    storing.run(LATER)
    assert len(list(folder.rglob(MARK))) == 1
    assert len(list(folder.rglob("*.mp4"))) == 8
    storing.run(NOON + timedelta(hours=26))
    assert not list(folder.rglob("*.mp4"))
    assert days(folder, CAMERA) == []
    assert len(names(city)) == 8


def test_a_short_disk_gives_up_stored_hours_early_and_nothing_that_waits(city, storing, film, monkeypatch):
    folder = city.settings.video_folder
    storing.run(LATER)
    film.record(folder, CAMERA, LATER, 4)
    monkeypatch.setattr("service.video.storing.free_share", lambda _: 0.01)
    storing.run(LATER + s(60))
    left = [one for day in days(folder, CAMERA) for one in hours(folder, CAMERA, day)]
    assert [one.name for one in left] == [f"{LATER:%H}"]


def test_video_over_its_term_leaves_the_store_and_what_is_held_stays(city, storing):
    storing.run(LATER)
    officer = city.person(Role.SENIOR_OFFICER)
    city.do(officer, locks.lock, CAMERA, locks.NewLock(START, START + s(1), "court", "order 7"))
    shelf = shelf_of(city.settings)
    assert keep_stored(city.store, shelf) == 0
    city.clock.forward(days=31)
    assert keep_stored(city.store, shelf) == 7
    assert [one.start for one in shelf.of_day(CAMERA, f"{START:%Y-%m-%d}")] == [START]
    with city.store.read() as work:
        stone = work.session.scalars(select(VideoTombstone)).one()
    assert (stone.segments, stone.ground, stone.bytes > 7000) == (7, "retention_over", True)
    assert storing.run(LATER) == 0  # the hour is marked: what the store removed does not come back
    assert len(shelf.of_day(CAMERA, f"{START:%Y-%m-%d}")) == 1


def test_the_last_of_a_day_takes_what_was_written_down_of_it_along(city, storing):
    storing.run(LATER)
    shelf = shelf_of(city.settings)
    city.clock.forward(days=40)
    assert keep_stored(city.store, shelf) == 8
    assert list(shelf.objects.find("video/")) == []


def test_video_that_a_clock_set_back_put_into_an_old_hour_is_stored_too(city, storing, film):
    storing.run(LATER)
    film.record(city.settings.video_folder, CAMERA, START + s(600), 4)
    assert storing.run(LATER + s(60)) == 2


def test_the_services_round_removes_nothing_from_the_disk_of_stored_video(city, storing, monkeypatch):
    storing.run(NOON)
    monkeypatch.setattr("service.video.keeper.free_share", lambda _: 0.01)
    city.clock.forward(days=31)
    tending.VideoRound(city.store).run()
    assert len(list(city.settings.video_folder.rglob("*.mp4"))) == 8
    assert shelf_of(city.settings).cameras() == []


def test_one_process_of_a_machine_stores(city, storing):
    with _alone(city.settings.video_folder) as mine:
        assert mine
        assert storing.run(NOON) == 0
    assert storing.run(NOON) == 8


def test_the_list_tells_of_cameras_that_another_machine_records(city, storing, film):
    operator = Visitor(city).log_in("situational_operator")
    film.record(city.settings.video_folder, CAMERA, NOON - s(60), 4)
    storing.run(NOON)
    elsewhere(city)
    page = operator.get("/video", params={"find": CAMERA}).text
    assert "recorded by another machine" in page
    assert "No camera fits." in operator.get("/video", params={"find": "nowhere"}).text


@pytest.fixture
def away(tmp_path, film, monkeypatch):
    monkeypatch.setenv("QYRAN_TEST_KEY", "key")
    monkeypatch.setenv("QYRAN_TEST_SECRET", "word")
    nowhere = "s3://bucket?endpoint=http://127.0.0.1:9"
    settings = with_store(load_settings(home=tmp_path / "home"), nowhere, video_objects=True)
    with World(settings) as made:
        film.record(settings.video_folder, CAMERA, START, 4)
        yield made


def test_while_the_store_is_away_video_waits_and_what_lies_here_is_shown(away):
    round_ = StoringRound(away.settings, open_objects(away.settings.object_store, *_secrets(away.settings)))
    with pytest.raises(ObjectsAway):
        round_.run(NOON)
    with away.store.read() as work:
        found = archive.find(work, CAMERA, START, START + s(8))
    assert len(found.segments) == 2
    assert [(one.start, one.reason) for one in found.gaps] == [(START + s(4), "store_away")]


def test_video_for_an_object_store_needs_one(tmp_path):
    with pytest.raises(ConfigError, match="object_store"):
        load_settings(home=tmp_path, video_objects=True)


def test_a_machine_stores_as_it_records_until_it_is_told_to_stop(city):
    objects, stop, done = open_objects(city.settings.object_store, *_secrets(city.settings)), threading.Event(), []
    thread = Storing(city.settings, objects, stop)
    put = objects.put

    def noted(key, path):
        done.append(put(key, path))
        if len(done) == 9:  # eight segments and what was written down
            stop.set()
        return done[-1]

    objects.put = noted
    thread.start()
    thread.join(60)
    assert (len(done), thread.is_alive()) == (9, False)


def test_a_worker_whose_object_store_cannot_be_opened_says_so_before_it_begins(tmp_path):
    settings = load_settings(home=tmp_path / "home").model_copy(
        update={"video_objects": True, "object_store": "s3://bucket?endpoint=http://127.0.0.1:9"}
    )
    with pytest.raises(ConfigError, match="AWS_ACCESS_KEY_ID"):
        Worker(settings, []).run()
