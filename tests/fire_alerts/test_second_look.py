from __future__ import annotations

from dataclasses import replace

import pytest

from fire_alerts.second_look import Silence, Word, judged, silent, with_verdict
from vision.close_look import CloseLook, cut_of
from vision.finding import Finding, FindingType, Reason

FLAMES = CloseLook(pictures=13, near=0.6, other=0.1, stir=12.0, flame=0.5, flicker=0.5, rise=0.02)
PAINT = CloseLook(pictures=13, near=0.02, other=0.0, stir=0.1, flame=0.6, flicker=0.01, rise=0.0)


@pytest.mark.parametrize(
    ("kind", "look", "word"),
    [
        ("fire", FLAMES, Word.CONFIRMED),
        ("smoke", replace(FLAMES, near=0.0, other=0.5), Word.CONFIRMED),  # flame under the smoke
        ("fire", PAINT, Word.REJECTED),
        ("smoke", PAINT, Word.REJECTED),
        ("fire", replace(PAINT, stir=9.0, flame=0.0, flicker=0.0), Word.REJECTED),  # moves, but no flame's colour
        ("smoke", replace(PAINT, stir=9.0, flame=0.0, flicker=0.0), Word.WEAK),  # grey and moving: may be smoke
        ("fire", replace(PAINT, near=0.5), Word.WEAK),  # still, but the detector sees it
        ("fire", replace(FLAMES, near=0.02, other=0.0), Word.WEAK),  # flickers, the detector does not see it
        ("fire", None, Word.SILENT),
    ],
)
def test_only_what_both_ways_of_looking_deny_is_rejected(kind, look, word) -> None:
    assert judged(kind, look).word is word


@pytest.mark.parametrize("why", list(Silence))
def test_silence_names_its_reason_in_the_trace_before_the_last_line(why) -> None:
    finding = Finding(
        FindingType.FIRE_ALERT, "fire", "2", 0.0, 3.0, 0.9, (Reason("a"), Reason("auxiliary_fire_sign")), ()
    )
    told = with_verdict(finding, silent(why))
    assert [reason.code for reason in told.trace] == ["a", f"second_look_silent_{why}", "auxiliary_fire_sign"]


@pytest.mark.parametrize("box", [(0, 0, 20, 20), (600, 340, 640, 360), (100, 50, 500, 300), (0, 0, 640, 360)])
def test_the_cut_holds_the_place_and_lies_in_the_picture(box) -> None:
    x0, y0, x1, y1 = cut_of(box, 640, 360)
    assert 0 <= x0 <= box[0]
    assert 0 <= y0 <= box[1]
    assert box[2] <= x1 <= 640
    assert box[3] <= y1 <= 360
