from __future__ import annotations

import pytest

from incidents.rules import wrong_way as incident
from tests.observations import Scene, Vehicle, along, driving, observe
from violations.rules import wrong_way as violation
from vision.classes import BICYCLE, CAR
from vision.finding import FindingType

# One lane down the left half of the picture (towards the camera) and one up the right half.
PARTS = {
    "zones": [
        {
            "id": "down",
            "kind": "lane",
            "points": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]],
            "direction": [[0.2, 0.1], [0.2, 0.9]],
        },
        {
            "id": "up",
            "kind": "lane",
            "points": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]],
            "direction": [[0.8, 0.9], [0.8, 0.1]],
        },
    ]
}


def found(*boxes, rule=violation.RULE, class_id=CAR, until_s=15.0):
    vehicles = [Vehicle(k + 1, box, class_id) for k, box in enumerate(boxes)]
    return Scene(rule, PARTS).run(observe(vehicles, until_s=until_s))


@pytest.mark.parametrize(
    ("rule", "type_", "moments"),
    [
        (violation.RULE, FindingType.VIOLATION, ["before_line", "in_act", "plate", "wide"]),
        (incident.RULE, FindingType.INCIDENT, ["onset", "decision", "wide"]),
    ],
)
def test_a_vehicle_against_its_lane_is_one_case_and_one_incident(rule, type_, moments) -> None:
    (finding,) = found(driving(250, 900, -80), rule=rule)
    assert (finding.type, finding.kind, finding.zone) == (type_, "wrong_way", "down")
    assert [moment.name for moment in finding.moments] == moments
    assert finding.video_s - finding.onset_s < 4.0


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (driving(250, 100, 80), "with the lane"),
        (driving(750, 900, -80), "with the other lane"),
        (along((0, 250, 400), (3, 250, 600), (6, 250, 440), (15, 250, 440)), "reverses a little into a parking place"),
        (along((0, 250, 500), (15, 250, 500)), "stands"),
        (along((0, 100, 500), (6, 450, 480)), "drives across"),
        (along((0, 250, 300), (4, 250, 700), (4.12, 250, 300), (8, 250, 700)), "two tracks exchanged again and again"),
    ],
)
def test_lawful_motion_is_not_wrong_way(box, why) -> None:
    assert found(box) == [], why


def test_a_bicycle_is_left_to_other_rules() -> None:
    assert found(driving(250, 900, -80), class_id=BICYCLE) == []


def test_a_lane_without_direction_keeps_the_rule_off() -> None:
    zone = {key: value for key, value in PARTS["zones"][0].items() if key != "direction"}
    missing = violation.RULE.missing(Scene(violation.RULE, {"zones": [zone]}).camera)
    assert [reason.code for reason in missing] == ["missing_lane_direction"]
