from __future__ import annotations

import pytest

from fire_alerts.confirm import RULE
from tests.observations import Scene, Vehicle, driving, observe
from vision.classes import FIRE, SMOKE

HERE = (400.0, 300.0, 500.0, 420.0)


def found(fire, *, vehicles=(), until_s=20.0, rate_hz=2.0):
    return Scene(RULE).run(observe(vehicles, until_s=until_s, rate_hz=rate_hz, fire=fire))


def steady(class_id, score, box=HERE, from_s=2.0):
    return lambda now: [(class_id, score, box)] if now >= from_s else []


@pytest.mark.parametrize(("class_id", "kind"), [(FIRE, "fire"), (SMOKE, "smoke")])
def test_what_stays_is_one_alert_within_seconds(class_id: int, kind: str) -> None:
    (finding,) = found(steady(class_id, 0.7))
    assert (finding.type, finding.kind) == ("fire_alert", kind)
    assert finding.onset_s == pytest.approx(2.0, abs=0.5)
    assert finding.video_s - finding.onset_s <= 5.0
    assert [moment.name for moment in finding.moments] == ["onset", "decision", "wide"]
    assert finding.trace[-1].code == "auxiliary_fire_sign"


def test_a_growing_drifting_plume_is_one_alert() -> None:
    def plume(now: float):
        if now < 2:
            return []
        grown = 15 * (now - 2)
        return [(SMOKE, 0.6, (400 - grown, 300 - 2 * grown, 500 + 1.5 * grown, 420))]

    assert len(found(plume, until_s=30)) == 1


def test_fire_and_smoke_at_one_place_are_two_alerts_of_their_kinds() -> None:
    both = found(lambda now: [(FIRE, 0.7, HERE), (SMOKE, 0.7, (350, 100, 600, 420))])
    assert sorted(finding.kind for finding in both) == ["fire", "smoke"]


def test_weak_flicker_after_the_alert_does_not_raise_it_again() -> None:
    def flicker(now: float):
        return [(FIRE, 0.7 if now < 8 or now > 14 else 0.2, HERE)]

    assert len(found(flicker, until_s=25)) == 1


@pytest.mark.parametrize(
    ("fire", "why"),
    [
        (lambda now: [], "nothing"),
        (lambda now: [(FIRE, 0.95, HERE)] if now == 5.0 else [], "one glitch"),
        (lambda now: [(FIRE, 0.9, HERE)] if int(now) % 4 == 0 and now == int(now) else [], "a glitch now and then"),
        (steady(SMOKE, 0.2), "steady but weak"),
        (steady(SMOKE, 0.9, (0, 0, 1000, 1000)), "fog over the whole picture"),
        (lambda now: [(FIRE, 0.9, (40 * now, 500, 40 * now + 30, 530))], "a light that travels"),
    ],
)
def test_what_does_not_stay_is_no_alert(fire, why) -> None:
    assert found(fire) == [], why


def test_lights_of_a_moving_vehicle_belong_to_it() -> None:
    box = driving(450, 300, 40)
    lights = lambda now: [(FIRE, 0.9, (box(now)[0] + 10, box(now)[3] - 40, box(now)[2] - 10, box(now)[3] - 5))]  # noqa: E731
    assert found(lights, vehicles=[Vehicle(1, box)], until_s=8) == []


def test_a_frame_the_detector_did_not_look_at_says_nothing() -> None:
    assert found(None) == []
