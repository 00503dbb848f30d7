from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from service.ingest import ingest
from service.plate_index import plate_of
from service.records import evidence_of
from service.spool import Spool
from service.store.alert_tables import Alert, AlertEvent, AlertNotification
from service.store.events import chain_of
from service.store.ledger import check_store
from service.store.tables import Camera, CameraLog, CaseEvent, Evidence, Ingested, Passage, ViolationCase
from service.watch_events import whole_of
from tests import killing
from tests.service.world import World

ROOT = Path(__file__).resolve().parents[2]
MOST_STEPS = 400  # far more than a take has; reaching it means that the run no longer ends


def count(world, table) -> int:
    with world.store.read() as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def one(world, table, record: str):
    with world.store.read() as work:
        return work.session.get_one(table, record)


def states(world, table, record: str) -> list[str]:
    with world.store.read() as work:
        row = work.session.get_one(table, record)
        return [
            link.header["target"] for link in chain_of(work.session, world.store.vault, row) if link.header["target"]
        ]


def test_a_passage_is_stored_and_its_plate_sealed(both):
    event = both.event("control", type="passage", direction="forward", evidence=None, speed_kmh=48.5)
    assert both.take(event).stored == 1
    row = one(both, Passage, str(event.id))
    assert (row.camera_id, row.direction, row.speed_kmh, row.time) == ("abay-12", "forward", 48.5, event.time)
    with both.store.read() as work:
        assert plate_of(work, row) == "123ABC02"
    stored = (both.settings.home / "qyran.db").read_bytes() if not both.settings.database_url else b""
    assert b"123ABC02" not in stored


def test_a_violation_with_intact_evidence_waits_for_an_officer(both):
    event = both.event()
    both.take(event)
    assert states(both, ViolationCase, str(event.id)) == ["detected", "screened"]
    row = one(both, ViolationCase, str(event.id))
    assert row.t_onset == event.time - timedelta(seconds=1.5)
    assert row.t_screened is not None
    package = one(both, Evidence, str(event.id))
    assert package.intact
    assert (both.settings.evidence_folder / package.folder / "manifest.json").is_file()
    assert len(both.spool) == 0


def test_a_violation_whose_evidence_was_altered_is_rejected_before_any_officer_sees_it(both):
    event = both.event()
    package = both.package(event)
    clip = package / "clip.mp4"
    clip.write_bytes(clip.read_bytes()[:-1] + b"!")
    both.spool.put(event, package)
    ingest(both.spool, both.store)
    row = one(both, ViolationCase, str(event.id))
    assert (row.state, row.reason) == ("auto_rejected", "evidence_altered")
    assert "clip.mp4" in str(one(both, Evidence, row.id).faults)


@pytest.mark.parametrize(
    ("changes", "evidence", "reason"),
    [({}, False, "evidence_missing"), ({"camera": "unknown-1"}, True, "camera_unknown")],
)
def test_an_incomplete_violation_is_rejected_with_its_reason(world, changes, evidence, reason):
    event = world.event(**changes)
    world.take(event, evidence=evidence)
    row = one(world, ViolationCase, str(event.id))
    assert (row.state, row.reason) == ("auto_rejected", reason)


def test_evidence_of_another_event_does_not_pass(world):
    event, other = world.event(), world.event()
    package = world.package(other)
    world.spool.put(event, package)
    ingest(world.spool, world.store)
    assert one(world, ViolationCase, str(event.id)).state == "auto_rejected"


def test_a_sample_of_the_automatic_rejections_is_looked_at(settings):
    with World(settings.model_copy(update={"sample_auto_rejected": 1.0})) as world:
        event = world.event()
        world.take(event, evidence=False)
        assert states(world, ViolationCase, str(event.id)) == ["detected", "auto_rejected", "screened"]


@pytest.mark.parametrize(("type_", "kind"), [("incident", "stopped_vehicle"), ("fire_alert", "smoke")])
def test_an_alert_is_raised_and_the_consoles_notified_at_once(both, type_, kind):
    event = both.event(kind, type=type_, plate=None)
    both.take(event)
    assert states(both, Alert, str(event.id)) == ["candidate", "raised", "notified"]
    row = one(both, Alert, str(event.id))
    assert row.t_detect == event.time
    assert row.t_notify_sent == row.t_raised
    with both.store.read() as work:
        told = work.session.scalars(select(AlertNotification)).one()
    assert (told.channel, told.recipient, told.initiator) == ("console", "situational_centre", "system")


def test_the_whole_clip_comes_after_an_alarm_that_left_at_once(both):
    event = both.event("smoke", type="fire_alert", plate=None)
    whole = whole_of(event)
    both.take(event)
    seen = one(both, Alert, str(event.id)).version
    both.spool.put(whole, both.package(whole.model_copy(update={"type": "fire_alert"})))
    assert ingest(both.spool, both.store).stored == 1
    row, package = one(both, Alert, str(event.id)), one(both, Evidence, str(whole.id))
    assert row.version > seen  # whoever looks at it is told
    assert (package.record, package.intact) == (row.id, True)
    with both.store.read() as work:
        assert evidence_of(work, [row.id])[row.id][0].event_id == package.event_id  # it is what plays
    assert states(both, Alert, row.id) == ["candidate", "raised", "notified"]
    assert count(both, Alert) == 1


def test_a_clip_of_an_alarm_that_never_came_is_put_aside(world):
    whole = whole_of(world.event("smoke", type="fire_alert", plate=None, evidence=None))
    world.spool.put(whole, None)
    assert ingest(world.spool, world.store).aside == 1


def test_reports_of_one_happening_become_one_alert(both):
    first = both.event("stopped_vehicle", type="incident", plate=None)
    again = both.event("stopped_vehicle", type="incident", plate=None, time=first.time + timedelta(seconds=30))
    both.take(first, again)
    assert states(both, Alert, str(again.id)) == ["candidate", "merged"]
    older = one(both, Alert, str(first.id))
    assert (older.reports, older.last_seen) == (2, again.time)
    assert one(both, Alert, str(again.id)).merged_into == older.id


@pytest.mark.parametrize(
    "changes",
    [{"camera": "abay-13"}, {"kind": "crash"}, {"seconds": 61}],
    ids=["another camera", "another kind", "too late"],
)
def test_another_happening_is_another_alert(world, changes):
    world.register(id="abay-13")
    first = world.event("stopped_vehicle", type="incident", plate=None)
    seconds = changes.pop("seconds", 5)
    given = {"kind": "stopped_vehicle", "time": first.time + timedelta(seconds=seconds), **changes}
    other = world.event(type="incident", plate=None, **given)
    world.take(first, other)
    assert {one(world, Alert, str(event.id)).state for event in (first, other)} == {"notified"}


def test_a_closed_alert_takes_no_more_reports(world):
    first = world.event("stopped_vehicle", type="incident", plate=None)
    world.take(first)
    with world.store.write() as work:
        work.session.get_one(Alert, str(first.id)).state = "closed"
    again = world.event("stopped_vehicle", type="incident", plate=None)
    world.take(again)
    assert one(world, Alert, str(again.id)).state == "notified"


@pytest.mark.parametrize(
    ("changes", "merged"),
    [
        ({"track": 7, "plate": None}, True),
        ({"track": 9}, True),
        ({"track": 9, "plate": "456DEF02"}, False),
        ({"track": None, "plate": None}, False),
        ({"line": "stop-s"}, False),
    ],
    ids=["same track", "same plate", "another plate", "nothing known", "another line"],
)
def test_one_vehicle_breaking_one_rule_at_one_place_is_one_case(world, changes, merged):
    first = world.event()
    second = world.event(**{"time": first.time + timedelta(seconds=5), **changes})
    world.take(first, second)
    row = one(world, ViolationCase, str(second.id))
    assert (row.state == "merged", row.merged_into == str(first.id)) == (merged, merged)


@pytest.mark.parametrize("order", [("violation", "incident"), ("incident", "violation")])
def test_a_wrong_way_driver_is_one_case_and_one_alert_that_know_each_other(both, order):
    events = {type_: both.event("wrong_way", type=type_) for type_ in order}
    both.take(*(events[type_] for type_ in order))
    case, alert = str(events["violation"].id), str(events["incident"].id)
    assert one(both, ViolationCase, case).alert_id == alert
    assert one(both, Alert, alert).case_id == case


def test_the_log_of_a_camera_holds_up_down_and_analysed(both):
    def stream(kind: str, **changes):
        given = {"plate": None, "track": None, "evidence": None, "onset_s": None, "class": None, **changes}
        return both.event(kind, type="stream", **given)

    up = stream("up")
    both.clock.forward(seconds=60)
    analysed = stream("analysed", onset_s=0.0, video_s=60.0)
    down = stream("down")
    both.take(up, analysed, down)
    with both.store.read() as work:
        rows = {row.kind: row for row in work.session.scalars(select(CameraLog))}
        camera = work.session.get_one(Camera, "abay-12")
    assert rows["analysed"].end - rows["analysed"].start == timedelta(seconds=60)
    assert (rows["up"].end, rows["down"].end) == (up.time, down.time)
    assert (camera.status, camera.status_at, camera.last_analysed) == ("down", down.time, analysed.time)


@pytest.mark.parametrize("changes", [{"kind": "asleep"}, {"kind": "analysed", "onset_s": 99.0}])
def test_an_event_that_says_nonsense_is_set_aside_and_the_next_is_taken(world, changes):
    given = {"type": "stream", "plate": None, "evidence": None, "onset_s": None, "video_s": 1.0, **changes}
    bad = world.event(**given)
    good = world.event("control", type="passage", evidence=None)
    taken = world.take(bad, good)
    assert (taken.stored, taken.aside) == (1, 1)
    assert count(world, Passage) == 1


def test_taking_an_event_again_changes_nothing(both):
    event = both.event()
    both.take(event)
    before = count(both, CaseEvent)
    both.spool.put(event)
    taken = ingest(both.spool, both.store)
    assert (taken.stored, taken.repeated) == (0, 1)
    assert count(both, CaseEvent) == before


@pytest.fixture(scope="module")
def killer():
    """Runs a job in a process of its own that is killed before its n-th step; False when it ended by itself."""
    with killing.helper("tests.service.killed") as tell:

        def killed_at(world, what: str, step: int, **more: str) -> bool:
            where = {"home": str(world.settings.home), "database_url": world.settings.database_url}
            return tell(what=what, step=step, **where, **more) == killing.KILLED

        yield killed_at


def left_in(spool: Path) -> list[Path]:
    return [path for path in spool.rglob("*") if path.is_file()]


def check_whole(world, violation: str, alert: str | None = None) -> None:
    assert states(world, ViolationCase, violation) == ["detected", "screened"]
    expected = {Ingested: 1, CaseEvent: 2, AlertEvent: 0, Evidence: 1}
    if alert is not None:
        assert states(world, Alert, alert) == ["candidate", "raised", "notified"]
        expected = {Ingested: 2, CaseEvent: 2, AlertEvent: 3, Evidence: 2}
    assert {table: count(world, table) for table in expected} == expected
    for event_id in [violation] if alert is None else [violation, alert]:
        package = one(world, Evidence, event_id)
        assert package.intact
        assert (world.settings.evidence_folder / package.folder / "clip.mp4").is_file()
    assert check_store(world.store) == []
    assert (len(world.spool), world.spool.aside()) == (0, 0)
    assert left_in(world.settings.spool_folder) == []


def test_the_taker_may_be_killed_before_any_step_and_nothing_is_lost_or_doubled(both, killer):
    """One store and one spool, taken by process after process, each killed a step further on than the last."""
    events = [both.event(), both.event("smoke", type="fire_alert", plate=None)]
    both.put(*events)
    for step in range(1, MOST_STEPS):
        if not killer(both, "ingest", step):
            break
    check_whole(both, str(events[0].id), str(events[1].id))
    assert step > 5


def test_the_taker_killed_at_each_step_of_a_fresh_take(world, tmp_path, killer):
    """Each step of a take from the beginning: killed there, then taken to the end."""
    event = world.event()
    world.put(event)
    world.store.close()
    untouched = tmp_path / "untouched"
    shutil.copytree(world.settings.home, untouched)
    for step in range(1, MOST_STEPS):
        shutil.rmtree(world.settings.home)
        shutil.copytree(untouched, world.settings.home)
        died = killer(world, "ingest", step)
        assert not killer(world, "ingest", MOST_STEPS)
        check_whole(world, str(event.id))
        world.store.close()
        if not died:
            break
    assert step > 20


def test_a_put_killed_at_each_step_leaves_the_event_with_the_worker_or_in_the_spool(world, tmp_path, killer):
    for step in range(1, MOST_STEPS):
        event = world.event(id=uuid4())
        package = world.package(event, tmp_path / "out")
        died = killer(world, "put", step, event=event.to_line(), evidence=str(package))
        if died and package.exists():
            Spool(world.settings.spool_folder).put(event, package)
        (item,) = Spool(world.settings.spool_folder).pending()
        assert item.event == event
        assert (item.evidence / "clip.mp4").is_file()
        assert ingest(world.spool, world.store).stored == 1
        assert one(world, Evidence, str(event.id)).intact
        if not died:
            break
    assert step > 5
