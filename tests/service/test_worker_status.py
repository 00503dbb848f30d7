from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.needed_rate import FOLLOWING_HZ, NEEDS_HZ, needed_hz
from service.patient_spool import PatientSpool
from service.spool import Spool
from service.status_reporter import StatusReporter
from service.totals import Totals
from service.worker_status import FOLDER, SILENT_S, WorkerStatus, all_statuses, say, status_of
from vision.camera import parse_camera
from vision.load import Pace
from vision.stream_settings import StreamCounts, StreamStatus

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def status(**told: object) -> WorkerStatus:
    known = {"camera": "abay-12", "at": NOW, "process": 1, "since": NOW, "state": "up"}
    return WorkerStatus.model_validate(known | told)


def test_what_is_said_is_read_back_and_nothing_else_lies_there(tmp_path: Path) -> None:
    said = status(analysed=5, shed=2, latency_p95_s=0.4)
    say(tmp_path, status())
    say(tmp_path, said)
    say(tmp_path, status(camera="abay-13"))
    assert status_of(tmp_path, "abay-12") == said
    assert [one.camera for one in all_statuses(tmp_path)] == ["abay-12", "abay-13"]
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == ["abay-12.json", "abay-13.json"]


@pytest.mark.parametrize("content", [b"", b'{"camera": "abay', b"[]", b'{"camera": "abay-12"}'])
def test_a_status_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    say(tmp_path, status())
    (tmp_path / FOLDER / "abay-12.json").write_bytes(content)
    assert status_of(tmp_path, "abay-12") is None
    assert all_statuses(tmp_path) == ()


def test_a_disk_that_takes_nothing_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FOLDER).write_text("a file where the folder should be")
    say(tmp_path, status())
    assert "cannot tell its status" in caplog.text


@pytest.mark.parametrize(
    ("told", "fresh"),
    [({}, True), ({"at": NOW - timedelta(seconds=SILENT_S + 1)}, False), ({"state": "ended"}, False)],
)
def test_silence_and_a_good_end_mean_that_nobody_watches(told: dict[str, object], fresh: bool) -> None:
    assert status(**told).is_fresh(NOW) is fresh


@pytest.mark.parametrize(
    ("rates", "sheds", "starves"),
    [
        ({"rate_wanted_hz": 8, "rate_asked_hz": 8, "rate_had_hz": 7.9, "rate_least_hz": 3}, False, False),
        ({"rate_wanted_hz": 8, "rate_asked_hz": 4, "rate_had_hz": 3.9, "rate_least_hz": 3}, True, False),
        ({"rate_wanted_hz": 8, "rate_asked_hz": 3, "rate_had_hz": 1.9, "rate_least_hz": 3}, True, True),
        ({"rate_wanted_hz": 8, "rate_asked_hz": 3, "rate_least_hz": 3, "state": "down"}, False, False),
        ({"rate_wanted_hz": 8, "rate_asked_hz": 3, "rate_least_hz": 3, "live": False}, False, False),
    ],
)
def test_shedding_and_starving_are_told_apart(rates: dict[str, object], sheds: bool, starves: bool) -> None:
    found = status(**rates)
    assert (found.sheds, found.starves) == (sheds, starves)


def test_a_change_of_state_is_told_at_once_and_the_end_too(tmp_path: Path) -> None:
    told: list[StreamStatus] = []
    totals = Totals(analysed=7, gated=3)
    spool = PatientSpool(Spool(tmp_path / "spool"))
    with StatusReporter(tmp_path, "abay-12", Pace(), spool) as reporter:
        assert status_of(tmp_path, "abay-12").state == "starting"
        tell = reporter.status(told.append)
        reporter.watching(lambda: StreamCounts(decoded=100, given=7, dropped=4, corrupt=2, skipped=1), totals)
        tell(StreamStatus("up", NOW))
        found = status_of(tmp_path, "abay-12")
        assert (found.state, found.decoded, found.analysed, found.gated, found.shed) == ("up", 100, 7, 3, 4)
        assert (found.corrupt, found.skipped, found.rate_wanted_hz) == (2, 1, 8.0)
        assert found.memory_bytes > 0
        tell(StreamStatus("down", NOW, "timeout"))
        found = status_of(tmp_path, "abay-12")
        assert (found.state, found.reason) == ("down", "timeout")
    assert status_of(tmp_path, "abay-12").state == "ended"
    assert [one.kind for one in told] == ["up", "down"]


BARE = {"id": "abay-12", "name": "Abay", "stream": "rtsp://camera/1"}
LINE = {"id": "count", "kind": "control", "points": [[0.2, 0.6], [1.0, 0.6]]}


@pytest.mark.parametrize(
    ("more", "needed"), [({}, NEEDS_HZ["fire_and_smoke"]), ({"lines": [LINE]}, FOLLOWING_HZ)], ids=["fire", "passages"]
)
def test_the_rules_that_a_camera_file_allows_say_how_often_it_must_be_looked_at(
    more: dict[str, object], needed: float
) -> None:
    assert needed_hz(parse_camera(BARE | more, source="a test")) == needed
