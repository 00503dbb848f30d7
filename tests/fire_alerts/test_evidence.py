"""What pixels add to the detector's word: measurements made by hand, as `vision.plume` would give them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fire_alerts.chance import models
from fire_alerts.confirm import RULE, ConfirmState
from fire_alerts.evidence import NAMES, drifts, lives, measured
from fire_alerts.places import Look
from tests.observations import observe
from vision.classes import FIRE, SMOKE
from vision.types import Detections, Plume

HERE = (400.0, 300.0, 500.0, 420.0)
FLAMES = Plume(
    FIRE, HERE, 0.3, 0.03, known=True, new=0.95, change=100.0, shift=70.0, fade=-0.4, tone=170.0, tint=75.0, stir=24.0,
    around=1.0, rise=0.01, along=0.5, flame=0.55, flicker=0.63, rough=1.1, whole=0.1,
)  # fmt: skip
PAINT = replace(FLAMES, score=0.7, new=0.0, change=2.0, shift=0.0, stir=1.0, flicker=0.03)
CLOUD = Plume(
    SMOKE, HERE, 0.0, 0.05, known=True, new=0.95, change=35.0, shift=-30.0, fade=0.45, tone=60.0, tint=10.0, stir=4.0,
    around=1.0, rise=0.02, along=0.5, rough=1.6, whole=0.1,
)  # fmt: skip
SHADOW = replace(CLOUD, area=0.3, fade=0.1, stir=0.9, rough=1.2, whole=0.7)


def found(plume, *, from_s=2.0, until_s=20.0, known=True):
    """Kinds raised by one place that is seen as `plume` says from some second on."""
    state, kinds = ConfirmState(), []
    for observation in observe((), until_s=until_s, rate_hz=2.0, fire=lambda _: []):
        now = observation.video_s
        one = plume(now) if callable(plume) else plume
        plumes = (one,) if now >= from_s and one is not None else ()
        boxes = [p for p in plumes if p.score > 0]
        fire = Detections.empty()
        if boxes:
            fire = Detections(
                np.array([p.box for p in boxes], np.float32), np.array([p.score for p in boxes], np.float32),
                np.array([p.class_id for p in boxes], np.int16),
            )  # fmt: skip
        state, findings = RULE.step(state, replace(observation, fire=fire, plumes=plumes if known else None))
        kinds += [(finding.kind, finding) for finding in findings]
    return kinds


def flames(now):
    """Flames whose outline is never the same twice."""
    k = round(now * 2)
    dx, dy, size = 9 * (k % 3 - 1), 11 * (k % 4 - 1.5), min(1.0, 0.4 + 0.1 * (now - 2))
    box = (450 - 60 * size + dx, 420 - 140 * size + dy, 450 + 60 * size - dx, 420 + dy / 2)
    return replace(FLAMES, box=box, area=0.03 * size * size)


def growing(now):
    """A cloud that grows out of its foot."""
    age = max(now - 2.0, 0.0)
    reach = min(20 + 14 * age, 160)
    box = (450 - reach / 2, 420 - reach * 1.3, 450 + reach / 2, 420)
    return replace(CLOUD, box=box, area=(reach / 400) ** 2)


def test_flames_that_the_detector_sees_weakly_are_raised_by_their_flicker() -> None:
    ((kind, finding),) = found(flames)
    assert kind == "fire"
    assert finding.video_s - 2.0 <= 5.0
    assert "pixel_chance" in [reason.code for reason in finding.trace]
    assert finding.trace[-1].code == "auxiliary_fire_sign"


def test_a_growing_cloud_is_raised_without_the_detector() -> None:
    kinds = found(growing)
    assert [kind for kind, _ in kinds] == ["smoke"]
    assert kinds[0][1].video_s - 2.0 <= 10.0


@pytest.mark.parametrize(
    ("plume", "why"),
    [
        (PAINT, "a red banner that the detector takes for fire but that never stirs"),
        (replace(FLAMES, score=0.55, stir=3.2, flame=0.4, flicker=0.08), "an autumn tree that sways"),
        (
            lambda now: replace(FLAMES, score=0.55, flicker=0.9 if int(now * 2) % 5 == 0 else 0.05),
            "a screen that changes its picture now and then",
        ),
        (SHADOW, "light that changes in the whole picture"),
        (
            lambda now: replace(CLOUD, box=(60 * now % 900, 300, 60 * now % 900 + 60, 360), area=0.004),
            "dust that travels",
        ),
        (lambda now: FLAMES if now == 5.0 else None, "one glitch"),
    ],
)
def test_what_is_taken_for_fire_is_not_raised(plume, why) -> None:
    assert found(plume) == [], why


def test_without_measurements_the_detector_alone_decides() -> None:
    strong = replace(FLAMES, score=0.7)
    assert [kind for kind, _ in found(strong, known=False)] == ["fire"]
    assert found(FLAMES, known=False) == []


def test_a_cloud_that_wavers_for_one_look_is_one_alert() -> None:
    assert len(found(lambda now: None if now == 12.0 else growing(now), until_s=30.0)) == 1


@pytest.mark.parametrize(("stir", "alive"), [(0.5, False), (1.0, False), (2.4, False), (2.6, True), (20.0, True)])
def test_what_changes_no_more_than_the_rest_of_the_picture_is_dead(stir, alive) -> None:
    looks = [Look(t / 2, 0.5, HERE, replace(FLAMES, stir=stir)) for t in range(6)]
    assert lives(looks, 1.5) is alive


def test_too_few_looks_say_nothing() -> None:
    looks = [Look(t / 2, 0.5, HERE, FLAMES) for t in range(2)]
    assert lives(looks, 1.5) is None
    assert measured(looks, 2, 1.0) is None


def test_the_numbers_have_their_names_and_the_weights_are_for_them() -> None:
    looks = [Look(t / 2, 0.5, HERE, replace(CLOUD, fade=float("nan"), tie=float("nan"))) for t in range(6)]
    numbers = measured(looks, 6, 2.5)
    assert numbers is not None
    assert len(numbers) == len(NAMES)
    assert np.isfinite(numbers).all()
    assert all(len(model.weight) == len(NAMES) for model in models())


@pytest.mark.parametrize(
    ("class_id", "name", "low", "high"),
    [(FIRE, "flicker", 0.0, 0.8), (FIRE, "stir", 0.0, 2.5), (SMOKE, "fade", 0.0, 0.6), (SMOKE, "rooted", 0.2, 1.0)],
)
def test_more_of_what_burning_does_makes_it_likelier(class_id, name, low, high) -> None:
    model = models()[class_id]
    base = list(model.mean)
    chances = []
    for value in np.linspace(low, high, 5):
        base[NAMES.index(name)] = float(value)
        chances.append(model.chance(base))
    assert chances == sorted(chances)
    assert chances[0] < chances[-1]


@pytest.mark.parametrize(
    ("cloud", "veil"),
    [
        pytest.param(CLOUD, False, id="smoke hides what is behind it and boils"),
        pytest.param(replace(CLOUD, tie=0.95), True, id="a shadow dims the street and leaves it whole"),
        pytest.param(replace(CLOUD, stir=1.1), True, id="a fog bank rests"),
        pytest.param(replace(CLOUD, tie=float("nan")), False, id="before a plain wall nothing can be torn"),
    ],
)
def test_what_passes_over_the_street_is_told_from_a_cloud(cloud: Plume, veil: bool) -> None:
    looks = [Look(0.5 * k, 0.0, HERE, cloud) for k in range(6)]

    assert drifts(looks, RULE.windows.untorn, RULE.windows.calm) is veil
