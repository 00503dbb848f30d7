"""How findings of incidents are held against what happened."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from scenarios.acts import Act
from scenarios.happenings.clip import Drawn, Intent
from scenarios.truth import FrameTruth, ObjectTruth
from service.bench_incidents import score
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
