from __future__ import annotations

import pytest

from qyran.errors import InputError
from service.i18n import LANGUAGES
from service.scene_check import check_scene
from service.scenes import SceneView
from tests.service.scene_drawings import SURVEY, a_line, a_signal, a_zone
from tests.service.world import CAMERA, NOON

NOW = SceneView("abay-12", 1, CAMERA)
SIZE = (1280, 720)
CROSSED = [[0.1, 0.5], [0.4, 0.6], [0.4, 0.5], [0.1, 0.6]]


def check(scene, lang="en"):
    return check_scene(lang, NOW, scene, SIZE, NOON)


def faults(scene, lang="en"):
    return [(one.part, one.field, one.text) for one in check(scene, lang).problems]


def survey(**changes):
    return {"calibration": {"points": SURVEY, **changes}}


FAULTY = [
    ({"zones": [a_zone(), a_zone("b"), a_zone()]}, "zones/2", "", "The id crossing is used twice."),
    ({"signals": [a_signal(stop_line="s")]}, "signals/0", "", "The stop line s is not drawn."),
    ({"zones": [a_zone(points=CROSSED)]}, "zones/0", "points", "The outline crosses itself between points 1 and 3; "),
    ({"lines": [a_line(), a_line("b", points=[[0.2, 0.2], [0.2, 0.2]])]}, "lines/1", "points", "Both ends are at the"),
    ({"lines": [a_line(points=[[0.2, 0.2], [0.2, 1.2]])]}, "lines/0", "points/1/1", "It lies outside the picture."),
    ({"lines": [a_line(points=[[0.2, 0.2]])]}, "lines/0", "points/1", "Too few points."),
    ({"signals": [a_signal(box=[0.9, 0.9, 1.2, 1.0])]}, "signals/0", "box/2", "It lies outside the picture."),
    ({"signals": [a_signal(box=[0.9, 0.9, 0.8, 1.0])]}, "signals/0", "box", "The box has no area"),
    ({"zones": [a_zone(kind="river")]}, "zones/0", "kind", "This is not one of the choices."),
    ({"zones": [a_zone("Абай")]}, "zones/0", "id", "An id has Latin letters"),
    ({"zones": [a_zone(colour="red")]}, "zones/0", "colour", "colour is no key of a camera file."),
    ({"zones": [a_zone(grace_s=-1)]}, "zones/0", "grace_s", "The number is out of range."),
    ({"time_zone": "Asia/Astana"}, "time_zone", "", "There is no such time zone"),
    (survey(points=SURVEY[:3]), "calibration", "", "Four points or more are needed."),
    (survey(points=[SURVEY[0], *SURVEY]), "calibration", "points/0", "Points 1 and 2 are the same"),
    (
        survey(points=[{"picture": [k / 10, k / 10], "ground_m": [k, k]} for k in range(1, 6)]),
        "calibration", "", "All points lie on one line",
    ),
    (
        {"calibration": {"along": [[[0.1, 0.9], [0.3, 0.4]], [[0.9, 0.9], [0.7, 0.4]]]}},
        "calibration", "", "There are neither points nor known lengths.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("scene", "part", "field", "text"), FAULTY, ids=[row[3] for row in FAULTY])
def test_a_fault_names_its_part_and_place_and_says_why(scene, part, field, text):
    found = check(scene)
    assert found.rules == ()
    (one,) = found.problems
    assert (one.part, one.field) == (part, field)
    assert one.text.startswith(text)


@pytest.mark.parametrize(("scene", "part", "field", "text"), FAULTY, ids=[row[3] for row in FAULTY])
def test_every_fault_is_said_in_every_language(scene, part, field, text):
    said = {lang: [one.text for one in check(scene, lang).problems] for lang in LANGUAGES}
    assert len({tuple(one) for one in said.values()}) == 3
    for lang in ("kk", "ru"):
        assert any("а" <= letter <= "я" for letter in said[lang][0])


def test_faults_of_several_parts_are_told_at_once():
    found = faults({"zones": [a_zone(points=CROSSED)], "lines": [a_line(kind="dotted")], **survey(points=SURVEY[:2])})
    assert [part for part, _, _ in found] == ["calibration", "lines/0", "zones/0"]


def test_the_road_plane_is_drawn_back_with_the_misfit_of_every_point():
    off = {**SURVEY[2], "picture": [0.702, 0.4]}
    plane = check(survey(points=[*SURVEY[:2], off, SURVEY[3], {"picture": [0.5, 0.6], "ground_m": [4, 17.15]}])).plane
    assert plane.method == "points"
    assert [one.part for one in plane.misfits] == [f"points/{k}" for k in range(5)]
    assert all(one.px > 0 and one.m > 0 for one in plane.misfits)
    assert plane.error_px > 0
    assert len(plane.grid) > 4
    assert plane.step_m in {0.5, 1.0, 2.0, 5.0}
    assert all(0 <= value <= 1 for line in plane.grid for point in line for value in point)


def test_a_calibration_that_fixes_no_plane_is_a_fault_and_draws_none():
    crossed = [*SURVEY[:2], {**SURVEY[2], "picture": [0.3, 0.4]}, {**SURVEY[3], "picture": [0.7, 0.4]}]
    found = check(survey(points=crossed))
    assert [one.part for one in found.problems] == ["calibration"]
    assert (found.plane, found.rules) == (None, ())


def test_the_rules_that_would_run_are_named_and_the_others_say_why_not():
    direction = [[0.25, 0.58], [0.25, 0.52]]
    bare = {rule.kind: rule.why for rule in check({}, "ru").rules}
    drawn = {rule.kind: rule.why for rule in check({"zones": [a_zone(kind="lane", direction=direction)]}).rules}
    assert bare["fire_and_smoke"] == ""
    assert bare["red_light"].startswith("Ни один светофор")
    assert bare["wrong_way"]
    assert drawn["wrong_way"] == ""


@pytest.mark.parametrize(("day", "told"), [("2026-11-21", "21.11.2026"), ("2026-11-22", "")])
def test_an_expired_calibration_is_told(day, told):
    expired = check(survey(valid_until=day)).expired
    assert bool(expired) is bool(told)
    assert told in expired


def test_roadworks_of_today_pause_rules_and_say_until_when():
    lane = a_zone(kind="lane", direction=[[0.25, 0.58], [0.25, 0.52]])
    works = {"start": "2026-11-20T00:00:00Z", "end": "2026-11-30T00:00:00Z"}
    rules = {rule.kind: rule.why for rule in check({"zones": [lane], "roadworks": [works]}).rules}
    assert "30.11.2026" in rules["wrong_way"]
    assert rules["fire_and_smoke"] == ""


def test_the_camera_itself_cannot_be_changed():
    with pytest.raises(InputError, match="credentials, stream cannot be changed with the scene"):
        check({"stream": "x.mp4", "credentials": "file:/etc/passwd"})
