"""Passages taken many at a time: one bad one falls out alone, none is lost or doubled, by however many processes."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from service import ingest as ingest_module
from service.ingest import ingest, ingest_segments
from service.spool import Spool
from service.store.tables import CameraLog, Ingested, Passage
from tests.service.passages import passage
from tests.service.test_ingest import killer  # noqa: F401  a fixture
from tests.service.world import NOON


def count(world, table) -> int:
    with world.store.read() as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def many(world, number: int):
    return [passage(world, f"{n % 900 + 1:03d}ABC02", minutes=n / 60)[0] for n in range(number)]


def test_many_puts_share_one_durable_write_and_come_back_in_order(world):
    events = many(world, 50)
    world.spool.put_many(events)
    assert len(world.spool) == 50
    assert [item.event for item in Spool(world.settings.spool_folder).pending()] == events


def test_one_bad_passage_of_many_falls_out_alone(both):
    events = many(both, 40)
    events[17] = events[17].model_copy(
        update={"line": "x" * 300 if both.settings.database_url else "ok", "lane": "a\x00b"}
    )
    beat = {"type": "stream", "plate": None, "track": None, "evidence": None, "onset_s": 99.0, "video_s": 1.0}
    events.insert(5, both.event("analysed", **beat))
    both.spool.put_many(events)
    taken = ingest(both.spool, both.store)
    bad = 2 if both.settings.database_url else 1
    assert (taken.stored, taken.aside) == (41 - bad, bad)
    assert count(both, Passage) == 41 - bad
    assert count(both, Ingested) == 41 - bad


def test_a_camera_does_not_wait_for_who_takes_what_it_told_before(world):
    first, second = many(world, 2)
    world.spool.put_many([first])
    claimed = list(world.spool.segments())
    world.spool.put_many([second])
    assert len(claimed) == 1
    assert len(world.spool) == 2


def test_what_a_failing_database_did_not_take_is_taken_though_somebody_keeps_the_error(world, monkeypatch):
    def away(*_: object) -> int:
        raise OperationalError("INSERT", {}, Exception("away"))

    world.spool.put_many(many(world, 5))
    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, "_store_many", away)
        with pytest.raises(OperationalError) as kept:
            ingest_segments(world.spool, world.store)
    assert kept.value is not None
    assert ingest_segments(Spool(world.settings.spool_folder), world.store).stored == 5


def test_a_repeated_batch_changes_nothing(both):
    events = many(both, 20)
    both.spool.put_many(events)
    both.spool.put_many(events[:10])
    taken = ingest(both.spool, both.store)
    assert (taken.stored, taken.repeated) == (20, 10)
    both.spool.put_many(events)
    assert ingest(both.spool, both.store).repeated == 20


def test_several_takers_share_the_segments_and_take_each_passage_once(both):
    events = many(both, 300)
    for start in range(0, 300, 10):
        Spool(both.settings.spool_folder).put_many(events[start : start + 10])
    stored: list[int] = []

    def take() -> None:
        spool = Spool(both.settings.spool_folder)
        while len(spool):
            stored.append(ingest_segments(spool, both.store).stored)

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(stored), count(both, Passage), count(both, Ingested)) == (300, 300, 300)


@pytest.mark.parametrize("damage", ["torn", "altered"])
def test_what_a_power_cut_left_of_a_line_spoils_no_other(world, damage):
    events = many(world, 3)
    world.spool.put_many(events)
    (path,) = (world.settings.spool_folder / "segments").iterdir()
    data = path.read_bytes()
    path.write_bytes(data[:-9] if damage == "torn" else data.replace(b"left", b"lost", 1))
    kept = events[:2] if damage == "torn" else events[1:]
    assert [item.event for item in Spool(world.settings.spool_folder).pending()] == kept
    assert world.spool.aside() == (damage == "altered")


def test_a_camera_that_goes_on_makes_its_stretch_longer_up_to_an_hour(both):
    beats = [
        both.event("analysed", type="stream", plate=None, track=None, evidence=None, onset_s=0.0, video_s=30.0,
                   time=NOON + timedelta(seconds=30 * n))
        for n in range(1, 131)
    ]  # fmt: skip
    for start in range(0, 130, 13):
        both.spool.put_many(beats[start : start + 13])
        ingest(both.spool, both.store)
    late = both.event("analysed", type="stream", plate=None, track=None, evidence=None, onset_s=0.0, video_s=30.0,
                      time=NOON + timedelta(hours=2))  # fmt: skip
    both.spool.put(late)
    ingest(both.spool, both.store)
    with both.store.read() as work:
        rows = work.session.execute(select(CameraLog.start, CameraLog.end).order_by(CameraLog.end)).all()
    assert [(end - start).total_seconds() for start, end in rows] == [3600, 300, 30]
    assert (rows[0].start, rows[1].end) == (NOON, NOON + timedelta(seconds=3900))
    assert count(both, Ingested) == 131


def test_a_taker_of_many_killed_before_every_step_loses_and_doubles_nothing(world, killer):  # noqa: F811
    events = many(world, 30)
    world.spool.put_many(events)
    step = 1
    while killer(world, "ingest", step):
        step += 1
        assert step < 100
    assert (count(world, Passage), count(world, Ingested), len(world.spool)) == (30, 30, 0)
    assert step > 2
