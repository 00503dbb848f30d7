"""How findings of incidents are held against what happened."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from scenarios.acts import Act
from scenarios.happenings.clip import Drawn, Intent, PlanError
from scenarios.truth import FrameTruth, ObjectTruth
from service.bench_incidents import score
from service.bench_scores import DoneClip, Score, each_done
from vision.finding import Finding, FindingType

CLIP = SimpleNamespace(rule="stopped_vehicle", condition="day", scene=SimpleNamespace(name="clip"))
BOXES = {1: (100.0, 100.0, 150.0, 140.0), 2: (140.0, 100.0, 190.0, 140.0)}


def standing(*who):
    return tuple(
        ObjectTruth(k, "car", "sedan", BOXES[k], BOXES[k], 1.0, x_m=0.0, y_m=0.0, heading=0.0, speed_kmh=0.0, plate="")
        for k in who
    )


def told(track, at_s=17.0):
    box = BOXES[track - 10]
    return Finding(
        type=FindingType.INCIDENT, kind="stopped_vehicle", rule_version="1", onset_s=at_s - 10, video_s=at_s,
        score=1.0, trace=(), moments=(), track=track, box=box,
    )  # fmt: skip


def scored(*findings):
    drawn = Drawn(
        Path("x.mp4"), Path("x.toml"), (FrameTruth(0, 17.0, standing(1, 2)),),
        (Act("stopped_vehicle", 1, 6.9, 16.9), Act("stopped_vehicle", 2, 7.4, 17.4)),
        (Intent(1, True, "stops"), Intent(2, True, "stops too")),
    )  # fmt: skip
    return score(CLIP, drawn, findings, {11: 1, 12: 2})["stopped_vehicle", "day"]


def test_each_of_two_who_stand_side_by_side_is_found_whoever_is_told_first():
    for order in ((11, 12), (12, 11)):
        counts = scored(*(told(track) for track in order))

        assert (counts.found, counts.wrong) == (2, 0)


def test_a_second_finding_about_the_same_is_wrong():
    counts = scored(told(11), told(11, at_s=20.0), told(12))

    assert (counts.found, counts.wrong) == (2, 1)


def test_a_clip_that_is_drawn_otherwise_than_planned_is_set_aside_and_the_others_are_measured():
    def do(clip, keep):
        if clip == "second":
            raise PlanError("clip second: of those who should break congestion: traffic crawls (0) does not")
        return DoneClip(clip, {("congestion", "day"): Score(happenings=1, found=1)}, 40.0, 1.0)

    lines = [one.line() for one in each_done(["first", "second", "third"], do, 1, None)]

    assert lines == [
        "first: 1 of 1 found, 0 wrong, 1 s",
        "Set aside: clip second: of those who should break congestion: traffic crawls (0) does not.",
        "third: 1 of 1 found, 0 wrong, 1 s",
    ]
