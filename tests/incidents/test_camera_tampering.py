from __future__ import annotations

from dataclasses import replace

import pytest

from incidents.rules.camera_tampering import RULE
from tests.observations import START
from vision.camera import parse_camera
from vision.types import Observation, Tracks, View, ViewState

CAMERA = parse_camera({"id": "c", "name": "c", "stream": "x.mp4"}, source="test")


def findings(*views: tuple[float, ViewState]):
    state, found = RULE.start(CAMERA), []
    for second, view in views:
        seen = Observation("c", 0, 0, second, START, 1000, 1000, Tracks.empty(), view=view)
        state, new = RULE.step(state, seen)
        found += new
    return found


def lost(view: View, since_s: float = 42.0) -> ViewState:
    return ViewState(view, since_s)


WELL = ViewState()


@pytest.mark.parametrize("view", [View.MOVED, View.BLURRED, View.BLINDED, View.COVERED])
def test_an_operator_is_told_once_what_happened_and_since_when(view):
    (finding,) = findings((10, WELL), (60, lost(view)), (61, lost(view)), (600, lost(view)))
    assert (finding.type, finding.kind, finding.onset_s, finding.video_s) == ("incident", "camera_tampering", 42.0, 60)
    assert [reason.code for reason in finding.trace] == [f"view_{view}", "view_pauses_rules"]
    assert [moment.name for moment in finding.moments] == ["onset", "decision"]


def test_one_loss_that_turns_into_another_is_one_happening():
    assert len(findings((60, lost(View.COVERED)), (90, lost(View.MOVED, 85)), (120, lost(View.BLURRED, 110)))) == 1


def test_after_the_view_was_well_again_a_new_loss_is_told():
    told = findings((60, lost(View.MOVED)), (90, WELL), (200, lost(View.MOVED, 180.0)))
    assert [finding.onset_s for finding in told] == [42.0, 180.0]


def test_every_camera_can_run_it_and_a_good_view_says_nothing():
    assert RULE.missing(CAMERA) == ()
    assert findings((10, WELL), (20, replace(WELL, since_s=15.0))) == []
    assert RULE.finish(RULE.start(CAMERA)) == ()
