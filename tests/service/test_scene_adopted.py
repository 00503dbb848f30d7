"""What a running watch does when it takes over another version of its camera's file."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from service import watch
from service.rulebook import Judge
from service.watch import CameraWatch
from service.watch_identity import Identity
from tests.observations import Vehicle, along, observe
from tests.service.scene_drawings import a_line, a_zone
from vision.camera import parse_camera
from vision.classes import FIRE
from vision.finding import Finding, FindingType

HERE = (400.0, 300.0, 500.0, 420.0)
ROAD = a_zone("road", "carriageway", points=[[0.1, 0], [0.9, 0], [0.9, 1], [0.1, 1]])


def camera(**parts):
    return parse_camera({"id": "test", "name": "t", "stream": "x.mp4", **parts}, source="test")


def found(before, after, at_s, *, vehicles=(), fire=None, until_s=30.0):
    """What a judge finds that takes over another version at a second of video; never where that is None."""
    judge, findings = Judge(before), []
    for seen in observe(vehicles, until_s=until_s, rate_hz=4.0, fire=fire):
        if at_s is not None and seen.video_s == at_s:
            findings += judge.adopt(before, after)
        findings += judge.step(seen)
    return [(one.kind, one.video_s) for one in findings]


@pytest.mark.parametrize("at_s", [1.0, 2.5, 3.0, 20.0])
def test_fire_is_told_at_the_same_moment_whenever_a_scene_is_saved(at_s):
    def burning(now):
        return [(FIRE, 0.7, HERE)] if now >= 2.0 else []

    before, after = camera(), camera(zones=[ROAD], lines=[a_line()])
    undisturbed = found(before, before, None, fire=burning)
    assert [kind for kind, _ in undisturbed] == ["fire"]
    assert found(before, after, at_s, fire=burning) == undisturbed


def test_a_rule_whose_zone_was_drawn_meanwhile_begins_and_one_whose_zone_is_gone_ends():
    stops = Vehicle(1, along((0, 300, 100), (5, 300, 500), (60, 300, 500)))
    bare, drawn = camera(), camera(zones=[ROAD])
    assert found(bare, drawn, None, vehicles=[stops], until_s=60.0) == []
    begun = found(bare, drawn, 3.0, vehicles=[stops], until_s=60.0)
    assert [kind for kind, _ in begun] == ["stopped_vehicle"]
    assert found(drawn, bare, 3.0, vehicles=[stops], until_s=60.0) == []


def test_evidence_names_the_file_that_was_in_force_when_it_was_found(monkeypatch):
    before, after = camera(lines=[a_line("old", "stop")]), camera(lines=[a_line("new", "stop")])
    script = list(observe([], until_s=20.0))
    pipeline = SimpleNamespace(
        camera=before, reads_plates=False, observe=lambda _: script.pop(0), adopt=lambda *_: None, another_fire_eye=None
    )
    subjects = []

    def write(subject, *_):
        subjects.append(subject)
        return SimpleNamespace(folder=None)

    def stepped(seen):
        line = {2.0: "old", 4.0: "new"}.get(seen.video_s)
        if line is None:
            return []
        kind = FindingType.VIOLATION
        return [Finding(kind, "stop_line", "1", seen.video_s, seen.video_s, 1.0, (), (), line=line)]

    judge = SimpleNamespace(step=stepped, finish=list, adopt=lambda *_: [])
    monkeypatch.setattr(watch, "Judge", lambda *_, **__: judge)
    monkeypatch.setattr(watch, "write_package", write)
    sink = SimpleNamespace(put=lambda *_: None)
    eye = CameraWatch(pipeline, None, sink, None, None, Identity("before", {"road": "r"}, {}))
    while script:
        if script[0].video_s == 3.0:  # the clip of the first finding is not over yet
            eye.adopt(after, None, Identity("after", {"road": "r", "signals": "s"}, {}))
        eye.take(None)
    assert [subject.camera_sha256 for subject in subjects] == ["before", "after"]
    assert [list(subject.drawn) for subject in subjects] == [["line:old"], ["line:new"]]
    assert [sorted(subject.models) for subject in subjects] == [["road"], ["road", "signals"]]
