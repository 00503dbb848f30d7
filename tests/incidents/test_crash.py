from __future__ import annotations

import pytest

from incidents.rules import stopped_vehicle
from incidents.rules.crash import RULE
from tests.incidents_road import CALIBRATION, braked, driven, found
from tests.observations import Vehicle
from vision.camera import parse_camera
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


def test_an_identity_that_jumps_onto_who_stands_there_is_no_crash() -> None:
    stands = driven(400, (0.0, 0.0), y=560.0)

    def jumps(video_s: float):
        return driven(430, (0.0, 12.0))(video_s) if video_s < 2.0 else stands(video_s)

    assert found(RULE, [Vehicle(1, jumps), Vehicle(2, stands)], until_s=12.0) == []


def test_without_metres_it_is_off_and_says_so() -> None:
    camera = parse_camera({"id": "test", "name": "test", "stream": "x.mp4"}, source="test")
    assert RULE.missing(camera) == (Reason("missing_calibration"),)
    metres = parse_camera({"id": "test", "name": "test", "stream": "x.mp4", "calibration": CALIBRATION}, source="test")
    assert RULE.missing(metres) == ()
