from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from evidence.canonical import file_sha256
from evidence.stills import MARGIN_S
from fire_alerts.second_look import Verdict, Word
from service import passage_still, watch
from service.watch import PLATE_LEAST, PLATE_SURE, PLATE_WAIT_S, SPEED_WAIT_S, CameraWatch
from service.watch_identity import Identity
from tests.observations import Vehicle, driving, observe
from vision.camera import parse_camera
from vision.finding import Finding, FindingType
from vision.types import Passage, Plate

CAMERA = parse_camera({"id": "test", "name": "t", "stream": "x.mp4"}, source="test")
BOX = (10.0, 10.0, 60.0, 22.0)


class Sink:
    def __init__(self):
        self.events = []

    def put(self, event, package):
        self.events.append(event)


def passed(track, video_s):
    return Passage("count", track, 3, video_s, True, float("nan"), float("nan"))


def plate(track, text="123ABC02", score=0.9):
    return Plate(track, text, score, (), BOX)


def watched(monkeypatch, happens, *, reads_plates=True, until_s=6.0, findings=None, at_once=False, refused=0):
    """Events of a watch whose pipeline sees one car, and besides what `happens` says by second of video."""
    script = [
        replace(seen, **happens.get(seen.video_s, {}))
        for seen in observe([Vehicle(7, driving(500, 100, 50))], until_s=until_s)
    ]
    pipeline = SimpleNamespace(
        camera=CAMERA, reads_plates=reads_plates, observe=lambda _: script.pop(0), another_fire_eye=None
    )
    judge = SimpleNamespace(step=lambda seen: (findings or {}).get(seen.video_s, []), finish=list)
    monkeypatch.setattr(watch, "Judge", lambda _, heeds_view: judge)
    told = []

    def write(subject, *_):
        told.append(subject)
        if len(told) <= refused:
            raise OSError(28, "No space left on device")
        return SimpleNamespace(folder=None)

    monkeypatch.setattr(watch, "write_package", write)
    sink = Sink()
    eye = CameraWatch(pipeline, None, sink, None, None, Identity("0" * 64, {}, {}), at_once=at_once)
    at = []
    while script:
        before = len(sink.events)
        second = eye.take(None).video_s
        at += [second] * (len(sink.events) - before)
    before = len(sink.events)
    eye.finish()
    at += [None] * (len(sink.events) - before)
    return sink.events, at, told


def test_a_passage_waits_for_a_plate_that_is_read_after_the_line(monkeypatch):
    happens = {1.0: {"passages": (passed(7, 1.0),)}, 2.0: {"plates": (plate(7, score=PLATE_SURE - 0.01),)}}
    (event,), (second,), _ = watched(monkeypatch, happens)
    assert (event.type, event.video_s, event.plate) == ("passage", 1.0, "123ABC02")
    assert second == pytest.approx(1.0 + PLATE_WAIT_S)


@pytest.mark.parametrize(("uncertain", "waits"), [((), False), ((2,), True)])
def test_a_sure_reading_ends_the_wait(monkeypatch, uncertain, waits):
    sure = replace(plate(7, score=PLATE_SURE), uncertain=uncertain)
    (event,), (second,), _ = watched(monkeypatch, {1.0: {"passages": (passed(7, 1.0),)}, 2.0: {"plates": (sure,)}})
    assert second == pytest.approx(1.0 + PLATE_WAIT_S if waits else 2.0)
    assert (event.plate_score, event.plate_uncertain) == (PLATE_SURE, uncertain)


def test_a_passage_does_not_wait_where_nobody_reads_plates(monkeypatch):
    (event,), (second,), _ = watched(monkeypatch, {1.0: {"passages": (passed(7, 1.0),)}}, reads_plates=False)
    assert (event.plate, second) == (None, 1.0)


def early(speed_ms=20.0, sigma_ms=2.0):
    return replace(passed(7, 1.0), speed_ms=speed_ms, speed_sigma_ms=sigma_ms, settled=False)


@pytest.mark.parametrize(
    ("reads_plates", "told_s"), [(False, 2.0), (True, 1.0 + PLATE_WAIT_S)], ids=["speed only", "plate too"]
)
def test_a_passage_is_told_with_the_speed_that_settles_after_the_line(monkeypatch, reads_plates, told_s):
    settled = replace(early(), speed_ms=15.0, speed_sigma_ms=0.5, settled=True)
    (event,), (second,), _ = watched(
        monkeypatch, {1.0: {"passages": (early(),)}, 2.0: {"settled": (settled,)}}, reads_plates=reads_plates
    )
    assert (event.speed_kmh, event.speed_uncertainty_kmh) == (54.0, 1.8)
    assert (event.video_s, second) == (1.0, pytest.approx(told_s))


def test_a_sure_plate_does_not_end_the_wait_for_the_speed(monkeypatch):
    settled = replace(early(10.0), settled=True)
    happens = {1.0: {"passages": (early(),), "plates": (plate(7, score=PLATE_SURE),)}, 2.0: {"settled": (settled,)}}
    (event,), (second,), _ = watched(monkeypatch, happens)
    assert (event.speed_kmh, event.plate, second) == (36.0, "123ABC02", 2.0)


def test_a_speed_that_never_settles_is_told_as_it_is(monkeypatch):
    (event,), (second,), _ = watched(monkeypatch, {1.0: {"passages": (early(),)}}, reads_plates=False)
    assert (event.speed_kmh, second) == (72.0, pytest.approx(1.0 + SPEED_WAIT_S, abs=0.5))


def test_the_end_of_the_video_lets_no_passage_wait(monkeypatch):
    (event,), (second,), _ = watched(
        monkeypatch, {5.5: {"passages": (passed(7, 5.5),), "plates": (plate(7, score=0.8),)}}
    )
    assert (event.plate, second) == ("123ABC02", None)


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (plate(7), "123ABC02"),
        (plate(8), None),  # another vehicle's
        (plate(7, score=PLATE_LEAST - 0.01), None),  # rather wrong than right
        (plate(7, "1B"), None),  # no plate has so few signs
        (plate(7, "123ABC02123"), None),
    ],
)
def test_only_a_reading_to_be_trusted_is_told(monkeypatch, reading, told):
    (event,), _, _ = watched(monkeypatch, {1.0: {"passages": (passed(7, 1.0),)}, 1.5: {"plates": (reading,)}})
    assert event.plate == told


def test_the_last_word_of_the_vote_counts(monkeypatch):
    happens = {
        1.0: {"passages": (passed(7, 1.0),), "plates": (plate(7, "723ABC02", 0.6),)},
        2.0: {"plates": (plate(7, "123ABC02", 0.95),)},
    }
    (event,), _, _ = watched(monkeypatch, happens)
    assert event.plate == "123ABC02"


def test_a_violation_and_its_evidence_carry_the_plate_read_until_its_clip_ends(monkeypatch):
    finding = Finding(
        type=FindingType.VIOLATION, kind="red_light", onset_s=0.5, video_s=1.0, score=0.9, track=7, class_id=3,
        rule_version="1", trace=(), moments=(),
    )  # fmt: skip
    (event,), _, (subject,) = watched(
        monkeypatch, {4.0: {"plates": (plate(7),)}}, findings={1.0: [finding]}, until_s=8.0
    )
    assert (event.kind, event.plate) == ("red_light", "123ABC02")
    assert subject.plate is not None
    assert subject.plate.text == event.plate
    assert np.isfinite(subject.plate.score)


@pytest.mark.parametrize("type_", [FindingType.INCIDENT, FindingType.FIRE_ALERT])
def test_an_alarm_of_a_live_stream_leaves_at_once_and_its_whole_clip_follows(monkeypatch, type_):
    finding = Finding(
        type=type_, kind="smoke", onset_s=0.5, video_s=1.0, score=0.9, rule_version="1", trace=(), moments=(),
    )  # fmt: skip
    (alarm, clip), at, subjects = watched(monkeypatch, {}, findings={1.0: [finding]}, until_s=8.0, at_once=True)
    assert (alarm.type, at[0]) == (type_.value, 1.0)
    assert (clip.type, clip.of) == ("evidence", alarm.id)
    assert at[1] == pytest.approx(1.0 + MARGIN_S)
    assert [one.event_id for one in subjects] == [alarm.id, clip.id]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("later", "types"), [(Word.REJECTED, ["held_back"]), (Word.WEAK, ["held_back", "fire_alert"])])
def test_what_a_second_look_denies_is_told_as_held_back_and_alarms_once_it_is_not_denied(
    monkeypatch, at_once, later, types
):
    finding = Finding(
        type=FindingType.FIRE_ALERT, kind="smoke", onset_s=0.5, video_s=1.0, score=0.9, rule_version="1", trace=(),
        moments=(), box=BOX,
    )  # fmt: skip
    rejected, heard = Verdict(Word.REJECTED, ()), Verdict(later, ())

    class Doubts:
        def __init__(self, *_):
            pass

        def at(self, finding):
            return finding, rejected

        def again(self, doubted, now_s):
            return replace(doubted.finding, video_s=now_s), heard

    monkeypatch.setattr(watch, "SecondLook", Doubts)
    events, _, subjects = watched(monkeypatch, {}, findings={1.0: [finding]}, until_s=8.0, at_once=at_once)
    told = [event for event in events if event.type != "evidence"]
    assert sorted(event.type for event in told) == sorted(types)
    assert len({event.id for event in events}) == len(events)
    held = next(event for event in told if event.type == "held_back")
    assert (held.kind, held.video_s, held.evidence) == ("smoke", 1.0, f"evidence/{held.id}")
    assert held.id in [one.event_id for one in subjects]


def test_a_violation_of_a_live_stream_waits_for_its_clip(monkeypatch):
    finding = Finding(
        type=FindingType.VIOLATION, kind="red_light", onset_s=0.5, video_s=1.0, score=0.9, track=7, class_id=3,
        rule_version="1", trace=(), moments=(),
    )  # fmt: skip
    (_,), (second,), _ = watched(monkeypatch, {}, findings={1.0: [finding]}, until_s=8.0, at_once=True)
    assert second == pytest.approx(1.0 + MARGIN_S)


def test_a_still_is_the_vehicle_with_its_surroundings_and_a_view_too_small_for_plates(tmp_path):
    picture = np.random.default_rng(1).integers(0, 255, (1080, 1920, 3), np.uint8)
    still = passage_still.hold(picture, (1800.0, 900.0, 2000.0, 1060.0))
    assert still.vehicle.shape[1] == 1920 - (1800 - 24)  # what the border leaves of it
    assert still.view.shape[:2] == (270, 480)
    hashes = passage_still.write(still, tmp_path / "id")
    assert hashes == {path.name: file_sha256(path) for path in (tmp_path / "id").iterdir()}
    assert passage_still.hold(picture, (2000.0, 0.0, 2100.0, 50.0)) is None


@pytest.mark.parametrize(
    ("at_once", "refused", "told"),
    [
        (True, 1, [("incident", False), ("evidence", True)]),  # the clip follows once the disk takes it
        (True, 99, [("incident", False)]),
        (False, 1, [("incident", True)]),
        (False, 99, [("incident", False)]),
    ],
)
def test_a_disk_that_takes_no_evidence_costs_the_pictures_and_never_the_alarm(monkeypatch, at_once, refused, told):
    finding = Finding(
        type=FindingType.INCIDENT, kind="crash", onset_s=0.5, video_s=1.0, score=0.9, rule_version="1", trace=(),
        moments=(),
    )  # fmt: skip
    monkeypatch.setattr(watch, "EVIDENCE_AGAIN_S", (0.5,))
    events, _, _ = watched(
        monkeypatch, {}, findings={1.0: [finding]}, until_s=12.0, at_once=at_once, refused=refused
    )  # fmt: skip
    assert [(one.type, one.evidence is not None) for one in events] == told
