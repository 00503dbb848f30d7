"""The second look within its time: whatever fails, the alert leaves and says why nobody looked."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from fire_alerts.second_look import SecondWindows, Word
from qyran.errors import MediaError
from service.second_look import AGAIN_S, Doubted, SecondLook
from vision.finding import Finding, FindingType, Reason
from vision.types import Detections

FINDING = Finding(
    FindingType.FIRE_ALERT, "fire", "2", 1.0, 9.0, 0.9, (Reason("auxiliary_fire_sign"),), (),
    box=(40.0, 30.0, 80.0, 70.0),
)  # fmt: skip
BLIND = SimpleNamespace(detect=lambda _picture: Detections.empty())


def ring(frames):
    return SimpleNamespace(pictures_at=frames)


def still(moments):
    picture = np.full((120, 160, 3), 90, np.uint8)
    return [SimpleNamespace(index=k, video_s=t, picture=picture) for k, t in enumerate(moments)]


def codes(finding):
    return [reason.code for reason in finding.trace]


def fails(_moments):
    raise MediaError("The packets cannot be decoded.")


@pytest.mark.parametrize(
    ("frames", "finding", "code"),
    [
        (lambda moments: [None] * len(moments), FINDING, "second_look_silent_no_pictures"),
        (fails, FINDING, "second_look_silent_decoder"),
        (still, replace(FINDING, box=None), "second_look_silent_no_place"),
    ],
)
def test_it_fails_open_and_says_why(frames, finding, code) -> None:
    told, verdict = SecondLook(ring(frames), lambda: BLIND).at(finding)
    assert verdict.word is Word.SILENT
    assert codes(told) == [code, "auxiliary_fire_sign"]


def test_a_camera_that_looks_for_no_fire_has_no_second_look() -> None:
    assert SecondLook(ring(still), None).at(FINDING)[1].word is Word.SILENT


def test_a_look_that_takes_too_long_is_not_waited_for_and_the_next_one_is_not_begun() -> None:
    gate = threading.Event()

    def slow(moments):
        gate.wait(30)
        return still(moments)

    look = SecondLook(ring(slow), lambda: BLIND, SecondWindows(limit_s=0.01))
    late, busy = look.at(FINDING)[0], look.at(FINDING)[0]
    gate.set()
    assert codes(late)[0] == "second_look_silent_late"
    assert codes(busy)[0] == "second_look_silent_busy"


def test_what_stands_still_and_nobody_sees_near_by_is_rejected() -> None:
    told, verdict = SecondLook(ring(still), lambda: BLIND).at(FINDING)
    assert verdict.word is Word.REJECTED
    assert codes(told)[0] == "second_look_rejected"


def test_a_rejected_alert_is_looked_at_again_and_at_last_let_go() -> None:
    due = [Doubted(FINDING, tries).due_s for tries in range(1, len(AGAIN_S) + 2)]
    assert due[:-1] == [FINDING.video_s + seconds for seconds in AGAIN_S]
    assert due[-1] == float("inf")
