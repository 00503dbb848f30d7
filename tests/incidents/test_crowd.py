from __future__ import annotations

import pytest

from incidents.rules.crowd import HOLD_S, OVER_S, RULE
from tests.observations import Scene, Vehicle, along, observe
from vision.classes import CAR, PERSON

SQUARE = {"id": "square", "kind": "public_space", "points": [[0, 0], [1, 0], [1, 1], [0, 1]], "people": 12}


def standing(number, since=0.0, until=1e4):
    return [along((since, 40 * (k % 24) + 30, 200 + 30 * (k // 24)), (until, 40 * (k % 24) + 30, 200), size=20)
            for k in range(number)]  # fmt: skip


def found(boxes, *, until_s=60.0, zone=SQUARE, class_id=PERSON):
    people = [Vehicle(k + 1, box, class_id) for k, box in enumerate(boxes)]
    return Scene(RULE, {"zones": [zone]}).run(observe(people, until_s=until_s, rate_hz=2.0))


def test_so_many_people_for_so_long_are_told_once():
    (finding,) = found(standing(14))

    assert (finding.kind, finding.zone) == ("crowd", "square")
    assert finding.video_s == pytest.approx(HOLD_S, abs=2)
    assert finding.trace[0].code == "gathered"


def test_a_third_more_within_a_minute_is_a_surge():
    (finding,) = found(standing(9) + standing(5, since=40.0), until_s=58.0)

    assert finding.trace[0].code == "surged"
    assert finding.video_s == pytest.approx(43, abs=4)


@pytest.mark.parametrize(
    ("boxes", "options", "why"),
    [
        (standing(10), {}, "they are too few"),
        (standing(14, until=15.0), {}, "they leave before the hold"),
        (standing(14), {"class_id": CAR}, "they are cars"),
        (standing(2) + standing(2, since=40.0), {}, "two who join two are no surge"),
        (standing(5, since=20.0), {"zone": {**SQUARE, "people": 8}}, "five who come to an empty corner are no surge"),
        (standing(11, since=0.5), {}, "who stood there when the camera was switched on has not run together"),
        (standing(14), {"zone": {**SQUARE, "people": 20}}, "the square holds more"),
        (standing(14), {"zone": {**SQUARE, "hours": [{"days": ["sun"], "start": "00:00", "end": "06:00"}]}}, "hours"),
        (standing(14), {"zone": {**SQUARE, "grace_s": 100.0}}, "the zone grants more time"),
    ],
)
def test_it_is_none_where(boxes, options, why):
    assert found(boxes, **options) == [], why


def test_when_they_have_gone_and_come_again_it_is_another_one():
    boxes = standing(14, until=40.0) + standing(14, since=60.0 + OVER_S)

    assert len(found(boxes, until_s=160.0)) == 2


def test_a_flickering_count_is_one_crowd():
    boxes = standing(12) + [box for t in range(0, 60, 4) for box in standing(3, since=t, until=t + 2.0)]

    assert len(found(boxes)) == 1
