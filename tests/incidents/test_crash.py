from __future__ import annotations

from dataclasses import replace

import pytest

from incidents.impact import ImpactState
from incidents.rules import stopped_vehicle
from incidents.rules.crash import RULE, weighed
from incidents.struck import Impact, Rest
from tests.incidents_road import CALIBRATION, braked, driven, found
from tests.observations import Vehicle, along, observe
from vision.camera import parse_camera
from vision.classes import CAR
from vision.finding import Reason

STRUCK = driven(400, (0.0, 12.0), (2.0, 0.0))  # 12 m/s, then at rest at once
FLOW = driven(700, (0.0, 9.0))


def test_a_vehicle_that_stops_at_once_from_speed_is_one_crash() -> None:
    (finding,) = found(RULE, [Vehicle(1, STRUCK), Vehicle(2, FLOW)], until_s=12.0)
    assert (finding.kind, finding.track) == ("crash", 1)
    assert finding.onset_s == pytest.approx(2.0, abs=0.6)
    assert finding.video_s == pytest.approx(4.2, abs=0.6)
    assert [moment.name for moment in finding.moments] == ["onset", "decision", "wide"]
    assert [reason.code for reason in finding.trace] == ["impact_sudden", "impact_rests"]


def test_who_is_pushed_from_rest_was_struck() -> None:
    pushed = driven(400, (0.0, 0.0), (4.0, 7.0), (4.6, 0.0), y=400.0)
    (finding,) = found(RULE, [Vehicle(1, pushed)], until_s=12.0)
    assert finding.trace[0].code == "impact_pushed"


def test_two_who_collide_are_one_crash_and_no_stopped_vehicles() -> None:
    front = driven(400, (0.0, 0.0), (2.6, 6.0), (3.2, 0.0), y=700.0)
    rear = driven(400, (0.0, 12.0), (2.5, 0.0))
    both = [Vehicle(1, rear), Vehicle(2, front), Vehicle(3, FLOW)]
    assert len(found(RULE, both, until_s=20.0)) == 1
    assert found(stopped_vehicle.RULE, both, until_s=20.0) == []


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (braked(400, 12.0, 1.5, 8.0), "full braking on dry asphalt"),
        (braked(400, 14.0, 1.5, 6.0), "hard braking"),
        (braked(400, 4.0, 1.5, 30.0), "a bump at walking pace cannot be told from a halt"),
        (driven(400, (0.0, 12.0), (2.0, 4.0)), "drives on"),
        (driven(400, (0.0, 12.0), (2.0, 0.0), (3.0, 9.0)), "rests too briefly"),
        (driven(400, (0.0, 0.0), (5.0, 3.0)), "drives off"),
    ],
)
def test_what_a_driver_can_do_is_no_crash(box, why) -> None:
    assert found(RULE, [Vehicle(1, box)], until_s=12.0) == [], why


@pytest.mark.parametrize(
    ("change", "at", "contact", "why"),
    [
        ((7.0, 0.5), (3.5, 0.0), True, "pushed the way the first drove"),
        ((5.0, 5.0), (3.5, 0.0), True, "struck askew"),
        ((1.0, 7.0), (3.5, 0.0), False, "swerves"),
        ((-7.0, 0.0), (3.5, 0.0), False, "brakes for the same"),
        ((7.0, 0.0), (3.5, 3.3), False, "brakes on the lane of the other direction"),
        ((0.0, 0.0), (3.5, 0.0), False, "stands"),
    ],
)
def test_two_struck_each_other_where_what_one_lost_the_other_gained(change, at, contact, why) -> None:
    one = Impact(1, CAR, 4.0, (0.0, 0.0), 7.0, 4.0, 12.0, False, (2.0, 1.5), (12.0, 0.0), (-7.0, 0.0))
    other = replace(one, track=2, at=at, change=change)
    watch = ImpactState(parse_camera({"id": "test", "name": "test", "stream": "x.mp4"}, source="test"),
                        open={1: one, 2: other})  # fmt: skip
    (last,) = list(observe([], until_s=0.0))

    _, trace = weighed(watch, Rest(one, 4.5, (0.0, 0.0), (0.0, 0.0, 10.0, 10.0), 1.0), last)

    assert ("impact_contact" in [reason.code for reason in trace]) is contact, why


def test_an_identity_that_jumps_onto_who_stands_there_is_no_crash() -> None:
    stands = driven(400, (0.0, 0.0), y=560.0)

    def jumps(video_s: float):
        return driven(430, (0.0, 12.0))(video_s) if video_s < 2.0 else stands(video_s)

    assert found(RULE, [Vehicle(1, jumps), Vehicle(2, stands)], until_s=12.0) == []


@pytest.mark.parametrize(
    ("across", "count", "why"),
    [
        (along((0, 160, 640), (2.6, 390, 640), (2.7, 395, 640), (20, 395, 640), size=80.0), 1, "came across, stayed"),
        (along((0, 160, 640), (5.2, 660, 640), size=80.0), 0, "drove across and on"),
        (along((0, 330, 300), (2, 330, 500), (3.5, 330, 560), (20, 330, 560), size=80.0), 0, "stopped beside it"),
    ],
)
def test_what_alone_is_doubtful_is_a_crash_where_somebody_came_across(across, count, why) -> None:
    doubtful = driven(400, (0.0, 9.0), (2.5, 5.0), (3.1, 0.0), y=100.0)
    assert len(found(RULE, [Vehicle(1, doubtful), Vehicle(2, across)], until_s=12.0)) == count, why


def test_a_box_that_trembles_was_not_pushed() -> None:
    stands = driven(400, (0.0, 0.0), y=500.0)

    def trembles(video_s: float):
        left, top, right, bottom = stands(video_s)
        return (left, top, right, bottom - (60.0 if 3.0 <= video_s < 3.6 else 0.0))

    assert found(RULE, [Vehicle(1, trembles)], until_s=12.0) == []


def between(start_s: float, end_s: float, box):
    """In view only from one second up to another."""
    return lambda video_s: box(video_s) if start_s <= video_s < end_s else None


def beside(box, pixels: float, wide: float = 1.0):
    """The same farther to the right, and as wide again by a factor."""

    def moved(video_s: float):
        left, top, right, bottom = box(video_s)
        return (left + pixels, top, left + pixels + (right - left) * wide, bottom)

    return moved


def later(box, seconds: float):
    """The same so much later, and not in view before."""
    return lambda video_s: box(video_s - seconds) if video_s >= seconds else None


SLOWED = driven(400, (0.0, 14.0), (2.0, 9.0), (2.5, 4.0), (3.0, 0.0))  # harder than tyres can, not beyond doubt


@pytest.mark.parametrize(
    ("after", "found_", "why"),
    [
        (between(3.5, 20.0, beside(SLOWED, 0.0, 1.5)), 1, "on its side it is another to the detector"),
        (between(5.5, 20.0, beside(SLOWED, 0.0, 1.5)), 0, "too long unseen"),
        (between(3.5, 20.0, beside(SLOWED, 200.0, 1.5)), 0, "somebody who stands ten metres away"),
    ],
)
def test_who_was_struck_is_followed_under_another_identity(after, found_, why) -> None:
    struck = Vehicle(1, between(0.0, 2.8, SLOWED))
    findings = found(RULE, [struck, Vehicle(2, after), Vehicle(3, FLOW)], until_s=12.0)
    assert [one.track for one in findings] == [2] * found_, why


ROLLS_OVER = driven(400, (0.0, 13.0), (2.05, 4.0), (3.0, 0.0))


@pytest.mark.parametrize(
    ("lost_s", "again_s", "count", "why"),
    [
        (2.3, 3.1, 1, "lost as it was struck"),
        (1.9, 3.1, 0, "lost while it drove: that is another"),
        (2.3, 3.9, 0, "too long unseen"),
    ],
)
def test_who_is_lost_as_it_is_struck_goes_on_under_another_identity(lost_s, again_s, count, why) -> None:
    struck = Vehicle(1, between(0.0, lost_s, ROLLS_OVER))
    lies = Vehicle(2, between(again_s, 20.0, beside(ROLLS_OVER, 0.0, 1.5)))
    findings = found(RULE, [struck, lies, Vehicle(3, FLOW)], until_s=12.0)
    assert [one.track for one in findings] == [2] * count, why


@pytest.mark.parametrize(
    ("rests_m", "wide", "count", "why"),
    [
        (6.0, 1.5, 1, "a little harder than tyres can, and turned"),
        (6.0, 1.0, 0, "a little harder than tyres can"),
        (3.5, 1.0, 1, "far harder than tyres can"),
        (12.0, 1.5, 0, "it braked and turned"),
    ],
)
def test_who_was_hidden_between_driving_and_rest_is_judged_by_the_room_there_was(rests_m, wide, count, why) -> None:
    way = driven(400, (0.0, 13.0), (2.0, rests_m), (3.0, 0.0))
    drives, rests = between(0.0, 2.0, way), between(3.0, 20.0, beside(way, 0.0, wide))
    assert len(found(RULE, [Vehicle(1, drives), Vehicle(1, rests)], until_s=12.0)) == count, why


@pytest.mark.parametrize(
    ("before", "after", "count", "why"),
    [
        (0.95, 0.6, 1, "on its side it hardly looks like a vehicle"),
        (0.95, 0.9, 0, "it looks as before"),
        (0.6, 0.4, 0, "nobody was sure of it before either"),
    ],
)
def test_what_alone_is_doubtful_is_a_crash_where_it_no_longer_looks_like_itself(before, after, count, why) -> None:
    drives = Vehicle(1, between(0.0, 3.2, SLOWED), score=before)
    lies = Vehicle(1, between(3.2, 20.0, SLOWED), score=after)

    findings = found(RULE, [drives, lies], until_s=12.0)

    assert len(findings) == count, why
    assert all("impact_dimmed" in [reason.code for reason in one.trace] for one in findings)


@pytest.mark.parametrize(("end_s", "count"), [(3.0, 1), (2.4, 0)])
def test_a_wreck_that_the_detector_loses_as_it_lies_is_a_crash(end_s, count) -> None:
    assert len(found(RULE, [Vehicle(1, between(0.0, end_s, STRUCK))], until_s=12.0)) == count


@pytest.mark.parametrize(
    ("comes", "count", "why"),
    [
        (later(driven(420, (0.0, 12.0), (2.0, 0.0), y=-100.0), 13.0), 2, "runs into the first a while later"),
        (later(braked(420, 12.0, 0.1, 4.0), 13.0), 1, "stops beside it"),
    ],
)
def test_a_second_crash_at_the_place_of_the_first_is_told_and_a_helper_is_none(comes, count, why) -> None:
    assert len(found(RULE, [Vehicle(1, STRUCK), Vehicle(2, comes)], until_s=24.0)) == count, why


@pytest.mark.parametrize(
    ("across", "count", "why"),
    [
        (
            along((13, 180, 520), (15.5, 420, 520), (15.6, 425, 520), (40, 425, 520), size=80.0),
            2,
            "came across, stayed",
        ),
        (along((13, 180, 860), (15.5, 420, 860), (15.6, 425, 860), (40, 425, 860), size=80.0), 1, "stands far away"),
    ],
)
def test_who_rolls_past_a_crash_and_is_struck_from_the_side_is_a_second_one(across, count, why) -> None:
    rolls = later(driven(500, (0.0, 3.5), (2.5, 10.0), (2.9, 0.0), y=250.0), 13.0)
    vehicles = [Vehicle(1, STRUCK), Vehicle(2, rolls), Vehicle(3, across)]
    assert len(found(RULE, vehicles, until_s=24.0)) == count, why


def test_without_metres_it_is_off_and_says_so() -> None:
    camera = parse_camera({"id": "test", "name": "test", "stream": "x.mp4"}, source="test")
    assert RULE.missing(camera) == (Reason("missing_calibration"),)
    metres = parse_camera({"id": "test", "name": "test", "stream": "x.mp4", "calibration": CALIBRATION}, source="test")
    assert RULE.missing(metres) == ()
