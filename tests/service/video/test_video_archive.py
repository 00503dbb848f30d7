from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from sqlalchemy import select

from evidence.keys import trust_store
from evidence.masks import Masked
from evidence.verify import verify
from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service import outages
from service.alerts import notify
from service.cli import main
from service.settings import load_settings
from service.store.alert_tables import Alert
from service.store.tables import AccessLog
from service.store.video_tables import VideoLook, VideoTombstone
from service.video import archive, exports, keeper, locks, looks, tending
from service.video.masking import VideoMask
from service.video.state import RecordingState, say, state_of
from service.video.thumbs import thumb
from tests.service.video.films import Film
from tests.service.world import NOON, World
from tests.vision.clips import decoded
from vision.recording import Recording
from vision.segments import segments

CAMERA = "abay-12"
START = NOON - timedelta(minutes=30)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return Film(tmp_path_factory.mktemp("film"))


@pytest.fixture
def city(tmp_path: Path):
    with World(load_settings(home=tmp_path / "home", video_alarm_days=5)) as made:
        yield made


@pytest.fixture
def filmed(city: World, film: Film):
    """Twelve seconds of video, a gap of eight, four seconds more; segments of two seconds."""
    film.record(city.settings.video_folder, CAMERA, START, 12)
    film.record(city.settings.video_folder, CAMERA, START + s(20), 4)
    return city


def held(city: World) -> list[str]:
    return [one.name for one in segments(city.settings.video_folder, CAMERA, NOON - s(90_000), NOON + s(90_000))]


# -- finding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start_s", "end_s", "count", "gaps"),
    [(0, 24, 8, [(12, 20)]), (3, 5, 2, []), (10, 22, 2, [(12, 20)]), (13, 19, 0, [(13, 19)]), (-5, 2, 1, [(-5, 0)])],
)
def test_segments_and_gaps_of_a_span(filmed, start_s, end_s, count, gaps) -> None:
    with filmed.store.read() as work:
        found = archive.find(work, CAMERA, START + s(start_s), START + s(end_s))
    assert len(found.segments) == count
    assert [(gap.start, gap.end) for gap in found.gaps] == [(START + s(a), START + s(b)) for a, b in gaps]


def test_a_day_joins_what_follows_one_another_and_shows_alarms(filmed) -> None:
    alert = filmed.alert(time=START + s(5))
    with filmed.store.read() as work:
        day = archive.day_of(work, CAMERA, START.astimezone(filmed.settings.zone).date())
    assert day.runs == ((START, START + s(12)), (START + s(20), START + s(24)))
    assert [one.alert_id for one in day.marks] == [alert]


# -- looks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.SITUATIONAL_OPERATOR, Role.SENIOR_OFFICER, Role.AUDITOR])
def test_a_look_with_a_purpose_opens_its_span_and_is_logged(filmed, role) -> None:
    actor = filmed.person(role)
    wanted = looks.Wanted(START, START + s(10), "inquiry", "white car at the stop")
    made = filmed.do(actor, looks.open_look, CAMERA, wanted)
    with filmed.store.read(actor) as work:
        assert looks.check_look(work, made.id, CAMERA, START, START + s(2)).id == made.id
        with pytest.raises(AccessError, match="outside"):
            looks.check_look(work, made.id, CAMERA, START + s(20), START + s(22))
        said = work.session.scalars(select(AccessLog).where(AccessLog.action == "video_archive")).one()
    assert (said.actor, said.record, said.reason) == (actor.id, CAMERA, "inquiry")
    filmed.clock.forward(hours=9)
    with filmed.store.read(actor) as work, pytest.raises(AccessError, match="has ended"):
        looks.check_look(work, made.id, CAMERA, START, START + s(2))


@pytest.mark.parametrize(
    ("purpose", "note", "end_s", "said"),
    [("", "x" * 5, 10, "purpose"), ("inquiry", "", 10, "what you look for"), ("inquiry", "abc", -1, "after it begins"),
     ("curious", "abc", 10, "purpose"), ("inquiry", "abc", 90_000, "at most 24 hours")],
)  # fmt: skip
def test_a_look_without_a_proper_reason_opens_nothing(filmed, purpose, note, end_s, said) -> None:
    actor = filmed.person(Role.SITUATIONAL_OPERATOR)
    with pytest.raises(InputError, match=said):
        filmed.do(actor, looks.open_look, CAMERA, looks.Wanted(START, START + s(end_s), purpose, note))


@pytest.mark.parametrize("role", [Role.POLICE_OFFICER, Role.ADMINISTRATOR, Role.EVALUATOR, Role.CAMERA_OPERATOR])
def test_other_roles_look_at_no_video(filmed, role) -> None:
    actor = filmed.person(role)
    with pytest.raises(AccessError):
        filmed.do(actor, looks.open_look, CAMERA, looks.Wanted(START, START + s(10), "inquiry", "abc"))
    with pytest.raises(AccessError):
        filmed.do(actor, looks.log_live, CAMERA)


def test_a_dispatcher_sees_the_video_of_his_own_alarm_only(filmed) -> None:
    own, other = filmed.alert(time=START + s(5)), filmed.alert(time=START + s(300), track=9)
    with filmed.store.write(SYSTEM) as work:
        notify(work, work.session.get_one(Alert, own), "console", "101", initiator="human")
    actor = filmed.person(Role.SERVICE_DISPATCHER, service="101")
    start, end = filmed.do(actor, looks.alarm_span, own, CAMERA)
    made = filmed.do(actor, looks.open_look, CAMERA, looks.Wanted(start, end, alert_id=own))
    assert made.purpose == "alarm"
    with pytest.raises(AccessError):
        filmed.do(actor, looks.open_look, CAMERA, looks.Wanted(start, end, alert_id=other))
    with pytest.raises(InputError, match="beyond the alarm's own"):
        filmed.do(actor, looks.open_look, CAMERA, looks.Wanted(start - s(1), end, alert_id=own))
    with pytest.raises(AccessError):
        filmed.do(actor, looks.open_look, CAMERA, looks.Wanted(start, end, "inquiry", "abc"))
    filmed.do(actor, looks.log_live, CAMERA)


def test_a_live_view_that_goes_on_is_one_look(filmed) -> None:
    actor = filmed.person(Role.SITUATIONAL_OPERATOR)
    for minutes in (0, 5, 4, 6):
        filmed.clock.forward(minutes=minutes)
        filmed.do(actor, looks.log_live, CAMERA)
    with filmed.store.read() as work:
        assert len(work.session.scalars(select(VideoLook).where(VideoLook.kind == "live")).all()) == 2


# -- retention -------------------------------------------------------------------------------------------------------


def test_video_goes_after_its_days_and_leaves_a_tombstone(filmed) -> None:
    filmed.clock.forward(days=29)
    assert keeper.keep_days(filmed.store) == 0
    filmed.clock.forward(days=2)
    assert keeper.keep_days(filmed.store) == 8
    assert held(filmed) == []
    with filmed.store.read() as work:
        (stone,) = work.session.scalars(select(VideoTombstone))
        assert (stone.ground, stone.segments, stone.first, stone.last) == (
            "retention_over", 8, START, START + s(24),
        )  # fmt: skip
        assert [gap.reason for gap in archive.find(work, CAMERA, START, START + s(24)).gaps] == ["removed"]
    assert keeper.keep_days(filmed.store) == 0


def test_a_camera_may_have_a_term_of_its_own(filmed) -> None:
    keeper_ = filmed.person(Role.DATA_PROTECTION_OFFICER)
    filmed.do(keeper_, keeper.set_term, CAMERA, 60)
    filmed.clock.forward(days=59)
    assert keeper.keep_days(filmed.store) == 0
    filmed.do(keeper_, keeper.set_term, CAMERA, 3)
    assert keeper.keep_days(filmed.store) == 8
    with pytest.raises(InputError, match="1 to 3650"):
        filmed.do(keeper_, keeper.set_term, CAMERA, 0)
    with pytest.raises(AccessError):
        filmed.do(filmed.person(Role.SITUATIONAL_OPERATOR), keeper.set_term, CAMERA, 5)


def test_what_a_person_locked_stays_until_it_is_released(filmed) -> None:
    officer = filmed.person(Role.SENIOR_OFFICER)
    wanted = locks.NewLock(START + s(3), START + s(5), "court", "order 7")
    made = filmed.do(officer, locks.lock, CAMERA, wanted)
    filmed.clock.forward(days=400)
    assert keeper.keep_days(filmed.store) == 6
    assert len(held(filmed)) == 2
    filmed.do(officer, locks.release, made.id, "the court is done")
    with pytest.raises(TransitionError):
        filmed.do(officer, locks.release, made.id, "again")
    assert keeper.keep_days(filmed.store) == 2


def test_an_alarm_holds_its_own_span_until_it_was_closed_for_a_term(tmp_path, film) -> None:
    settings = load_settings(home=tmp_path / "home", video_alarm_days=50, video_around_s=1.0)
    with World(settings) as city:
        film.record(settings.video_folder, CAMERA, START, 12)
        alert = city.alert(time=START + s(4.5), onset_s=7.5)
        city.clock.forward(days=40)
        assert keeper.keep_days(city.store) == 4  # 2 s around its moment reach into two segments
        with city.store.write(SYSTEM) as work:
            row = work.session.get_one(Alert, alert)
            row.state, row.t_closed = "closed", work.now
        city.clock.forward(days=49)
        assert keeper.keep_days(city.store) == 0
        city.clock.forward(days=2)
        assert keeper.keep_days(city.store) == 2


def test_the_oldest_goes_first_where_the_disk_is_short_and_what_is_held_stays(filmed, monkeypatch) -> None:
    officer = filmed.person(Role.SENIOR_OFFICER)
    filmed.do(officer, locks.lock, CAMERA, locks.NewLock(START, START + s(1), "court", "order 7"))
    total = len(held(filmed))

    def share(_: Path) -> float:
        return 0.02 * (1 + total - len(held(filmed)))

    monkeypatch.setattr(keeper, "free_share", share)
    names = held(filmed)
    assert keeper.keep_share(filmed.store) == keeper.Kept(4)
    assert held(filmed) == [names[0], *names[5:]]
    monkeypatch.setattr(keeper, "free_share", lambda _: 0.01)
    assert keeper.keep_share(filmed.store) == keeper.Kept(3, only_held=True)
    assert held(filmed) == names[:1]
    with filmed.store.read() as work:
        assert work.session.scalars(select(VideoTombstone)).one().segments == 7


def test_a_disk_that_fails_is_told_and_that_it_works_again(filmed, monkeypatch) -> None:
    folder = filmed.settings.video_folder
    monkeypatch.setattr(keeper, "free_share", lambda _: 0.9)
    rounds = tending.VideoRound(filmed.store)

    def running() -> list[str]:
        with filmed.store.read() as work:
            return [one.reason for one in outages.running(work)]

    say(folder, CAMERA, Recording("paused", NOON, "disk_full"))
    rounds.run()
    rounds.run()
    assert running() == ["disk_full"]
    say(folder, CAMERA, Recording("recording", NOON))
    rounds.run()
    assert running() == []


@pytest.mark.parametrize("text", ["", "{", '{"state": "asleep"}'])
def test_a_state_that_cannot_be_read_is_none(tmp_path, text) -> None:
    (tmp_path / "video" / CAMERA).mkdir(parents=True)
    (tmp_path / "video" / CAMERA / "state.json").write_text(text)
    assert state_of(load_settings(home=tmp_path), CAMERA) is None
    assert "asleep" not in RecordingState.model_fields


# -- exports ---------------------------------------------------------------------------------------------------------


def test_an_export_holds_the_original_pictures_and_can_be_verified(filmed, tmp_path) -> None:
    operator = filmed.person(Role.SITUATIONAL_OPERATOR)
    wanted = exports.Asked(START + s(3.2), START + s(21.5), "for 102, no. 5")
    made = filmed.do(operator, exports.ask, CAMERA, wanted)
    assert exports.make_exports(filmed.store) == 1
    path, name = filmed.do(operator, exports.fetch, made.id)
    assert name == "qyran-video-abay-12-20261122T063003Z.zip"
    assert verify(path, trust_store(filmed.settings.home)).ok
    with zipfile.ZipFile(path) as pack:
        pack.extractall(tmp_path / "out")
        said = json.loads(pack.read("video.json"))
    shown = decoded(tmp_path / "out" / "video" / "part-1.mp4")
    first = [picture for one in segments(filmed.settings.video_folder, CAMERA, START, START + s(4))
             for _, picture in decoded(one.path)]  # fmt: skip
    assert shown[0] == (0.0, first[75])  # the key frame at second 3
    assert shown[-1][0] == pytest.approx(18.48)  # the gap keeps its length
    assert len(shown) == 9 * 25 + 37 + 1
    assert said["gaps"] == [{"start": _iso(START + s(12)), "end": _iso(START + s(20)), "reason": None}]
    assert said["parts"][0]["segments"][0]["name"].startswith("20261122T063002000Z")
    altered = tmp_path / "altered.zip"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    altered.write_bytes(data)
    assert not verify(altered, trust_store(filmed.settings.home)).ok
    with filmed.store.read() as work:
        actions = [one.action for one in work.session.scalars(select(AccessLog).order_by(AccessLog.id))]
    assert actions[-2:] == ["video_export_asked", "video_exported"]
    filmed.clock.forward(hours=73)
    assert exports.expire(filmed.store) == 1
    assert not path.exists()
    with pytest.raises(TransitionError, match="its term is over"):
        filmed.do(operator, exports.fetch, made.id)


class Covers:
    """Finds the same patch of every picture."""

    def __init__(self, stop_after=10_000):
        self.looked, self.stop_after = 0, stop_after

    def look(self, picture, subject=None, *, keep_plate=True):
        assert (subject, keep_plate) == (None, False)
        self.looked += 1
        return Masked(((4, 4, 60, 40),), 1, 0, 1, None, None)

    def stopping(self):
        return self.looked >= self.stop_after


def test_a_masked_copy_shows_no_covered_pixel_keeps_the_time_and_says_what_it_is(filmed, tmp_path) -> None:
    operator = filmed.person(Role.SITUATIONAL_OPERATOR)
    wanted = exports.Asked(START + s(3.2), START + s(21.5), "to a citizen", masked=True)
    made = filmed.do(operator, exports.ask, CAMERA, wanted)
    assert exports.make_exports(filmed.store) == 0  # it is nobody's who makes plain ones
    eye = Covers()
    assert exports.make_exports(filmed.store, lambda: VideoMask(eye, {"road": "r" * 64})) == 1
    path, name = filmed.do(operator, exports.fetch, made.id)
    assert name.endswith("Z-masked.zip")
    assert verify(path, trust_store(filmed.settings.home)).ok
    with zipfile.ZipFile(path) as pack:
        pack.extractall(tmp_path / "out")
        said, about = json.loads(pack.read("video.json")), json.loads(pack.read("export.json"))
    (part,) = said["parts"]
    assert (part["codec"], part["pictures"], part["covered"]) == ("h264", eye.looked, {
        "people": eye.looked, "windows": 0, "plates": eye.looked})  # fmt: skip
    assert (said["source"][:11], said["masked_by"], about["variant"]) == ("masked copy", {"road": "r" * 64}, "masked")
    with av.open(str(tmp_path / "out" / part["name"])) as film:
        frames = list(film.decode(video=0))
    assert len(frames) == eye.looked
    assert frames[-1].time == pytest.approx(18.48)
    covered = np.stack([one.to_ndarray(format="gray")[8:36, 8:56] for one in frames[::20]])
    assert np.ptp(covered) < 12  # one grey, as far as the encoder keeps it


def test_a_masked_copy_is_begun_anew_where_the_service_was_stopped_and_is_short(filmed) -> None:
    operator = filmed.person(Role.SITUATIONAL_OPERATOR)
    made = filmed.do(operator, exports.ask, CAMERA, exports.Asked(START, START + s(8), "for 102", masked=True))
    eye = Covers(stop_after=3)
    assert exports.make_exports(filmed.store, lambda: VideoMask(eye, {}, eye.stopping)) == 0
    with filmed.store.read(operator) as work:
        row = exports.one_of(work, made.id)
        assert (row.state, row.done) == ("wanted", 0.0)
    assert exports.make_exports(filmed.store, lambda: VideoMask(Covers(), {})) == 1
    with pytest.raises(InputError, match="at most 10 minutes"):
        filmed.do(operator, exports.ask, CAMERA, exports.Asked(START, START + s(601), "for 102", masked=True))


def _iso(at) -> str:
    return at.isoformat(timespec="milliseconds")


@pytest.mark.parametrize(
    ("end_s", "purpose", "kind", "said"),
    [(10, "", InputError, "what the export is for"), (20_000, "for 102", InputError, "at most 240 minutes"),
     (-1, "for 102", InputError, "after it begins")],
)  # fmt: skip
def test_an_export_needs_a_span_and_a_purpose(filmed, end_s, purpose, kind, said) -> None:
    operator = filmed.person(Role.SITUATIONAL_OPERATOR)
    with pytest.raises(kind, match=said):
        filmed.do(operator, exports.ask, CAMERA, exports.Asked(START, START + s(end_s), purpose))


def test_nothing_is_exported_where_nothing_is(filmed) -> None:
    operator = filmed.person(Role.SITUATIONAL_OPERATOR)
    with pytest.raises(NotFound, match="nothing of this span"):
        filmed.do(operator, exports.ask, CAMERA, exports.Asked(START + s(60), START + s(70), "for 102"))
    with pytest.raises(AccessError):
        filmed.do(filmed.person(Role.AUDITOR), exports.ask, CAMERA, exports.Asked(START, START + s(5), "for me"))


def test_an_operator_fetches_his_own_exports_only(filmed) -> None:
    one, other = filmed.person(Role.SITUATIONAL_OPERATOR), filmed.person(Role.SITUATIONAL_OPERATOR)
    made = filmed.do(one, exports.ask, CAMERA, exports.Asked(START, START + s(5), "for 102"))
    with pytest.raises(AccessError, match="his own"):
        filmed.do(other, exports.fetch, made.id)
    with pytest.raises(TransitionError, match="not made yet"):
        filmed.do(one, exports.fetch, made.id)


# -- damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_damaged_segment_harms_no_other(filmed, share) -> None:
    first = segments(filmed.settings.video_folder, CAMERA, START, START + s(1))[0]
    data = first.path.read_bytes()
    first.path.write_bytes(data[: int(len(data) * share)])
    operator = filmed.person(Role.SITUATIONAL_OPERATOR)
    made = filmed.do(operator, exports.ask, CAMERA, exports.Asked(START, START + s(8), "for 102"))
    exports.make_exports(filmed.store)
    with filmed.store.read(operator) as work:
        row = exports.one_of(work, made.id)
        assert row.state in {"ready", "failed"}
        assert (row.error is None) is (row.state == "ready")


def test_a_picture_of_a_segment_is_made_once(filmed) -> None:
    one = segments(filmed.settings.video_folder, CAMERA, START, START + s(1))[0]
    data = thumb(one)
    assert data[:3] == b"\xff\xd8\xff"
    assert one.path.with_suffix(".jpg").read_bytes() == data
    one.path.write_bytes(b"noise")
    assert thumb(one) == data


KILLED = """
import sys, time
from datetime import timedelta
from pathlib import Path
from tests.service.video.films import Film
from tests.service.world import NOON
from vision.recording import Recorder, RecordingTerms
folder = Path(sys.argv[1])
film = Film(folder)
recorder = Recorder(folder / "video", "abay-12", RecordingTerms(segment_s=600, reserve=0.0, live=False))
film.roll(recorder.queue, NOON, 9)
while not list((folder / "video").glob("abay-12/making/*.mp4")) or recorder.queue._bytes:
    pass
sys.stdout.write("written\\n")
sys.stdout.flush()
time.sleep(60)
"""


def test_a_recorder_that_is_killed_in_mid_segment_loses_its_last_fragment_at_most(tmp_path, film) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"written\n"
    child.kill()
    child.wait()
    child.stdout.close()
    film.record(tmp_path / "video", CAMERA, NOON + s(20), 4)  # its successor
    found = segments(tmp_path / "video", CAMERA, NOON, NOON + s(60))
    assert found[0].start == NOON
    assert found[0].end - found[0].start >= s(7)
    assert len(decoded(found[0].path)) >= 7 * 25
    assert len(found) == 3


# -- commands ----------------------------------------------------------------------------------------------------------


def run(city: World, monkeypatch, *words: str) -> int:
    monkeypatch.setenv("QYRAN_HOME", str(city.settings.home))
    return main(["video", *words])


def test_the_command_lists_exports_and_checks(filmed, tmp_path, monkeypatch, capsys) -> None:
    span = ["--from", START.isoformat(), "--to", (START + s(24)).isoformat()]
    assert run(filmed, monkeypatch, "list", CAMERA, *span) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2:] for line in lines] == [["video"], ["gap", "unknown"], ["video"]]
    assert run(filmed, monkeypatch, "list") == 0
    assert capsys.readouterr().out == "abay-12: 2026-11-22 to 2026-11-22\n"
    target = tmp_path / "taken.zip"
    assert run(filmed, monkeypatch, "export", CAMERA, str(target), *span, "--purpose", "for 102") == 0
    assert verify(target, trust_store(filmed.settings.home)).ok
    assert run(filmed, monkeypatch, "check") == 0
    one = segments(filmed.settings.video_folder, CAMERA, START, START + s(1))[0]
    one.path.write_bytes(one.path.read_bytes()[:-7])
    assert run(filmed, monkeypatch, "check", CAMERA) == 1
    assert "is whole for" in capsys.readouterr().out
    assert (
        run(filmed, monkeypatch, "list", CAMERA, "--from", (START + s(9)).isoformat(), "--to", START.isoformat()) == 2
    )
