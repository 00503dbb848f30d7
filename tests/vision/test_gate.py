from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vision.gate import LEAST_EVERY_S, MotionGate, at_rest
from vision.types import Tracks

RNG = np.random.default_rng(5)
STREET = np.kron(RNG.integers(40, 200, (20, 40, 1)), np.ones((16, 16, 3))).astype(np.float32)
NOISE = RNG.normal(0, 1, (64 + STREET.shape[0], STREET.shape[1], 3)).astype(np.float32)


def fresh(noise: float) -> np.ndarray:
    """The street with noise that never came before (`picture` may show the same twice)."""
    return np.clip(STREET + noise * RNG.normal(0, 1, STREET.shape), 0, 255).astype(np.uint8)


def picture(noise: float = 2.0, thing: tuple[int, int, int, int] | None = None, levels: int = 60) -> np.ndarray:
    """The street with the noise of a sensor, and a thing in it."""
    start = int(RNG.integers(64))
    shown = STREET + noise * NOISE[start : start + STREET.shape[0]]
    if thing is not None:
        x, y, width, height = thing
        shown[y : y + height, x : x + width] += levels
    return np.clip(shown, 0, 255).astype(np.uint8)


def settled(noise: float = 2.0) -> tuple[MotionGate, float]:
    """A gate that has watched a quiet street, and the second."""
    gate = MotionGate()
    for number in range(40):
        if gate.stirs(picture(noise), number * 0.125):
            gate.looked(number * 0.125)
    return gate, 40 * 0.125


@pytest.mark.parametrize("noise", [0.0, 1.0, 2.0])
def test_a_quiet_street_is_looked_at_once_a_second_and_no_oftener(noise: float) -> None:
    gate, begin = settled(noise)
    looks = []
    for number in range(80):
        now = begin + number * 0.125
        if gate.stirs(picture(noise), now):
            gate.looked(now)
            looks.append(now)
    steps = np.diff(looks)
    assert len(looks) == pytest.approx(10, abs=1)
    assert steps.max() <= LEAST_EVERY_S + 1e-9


@pytest.mark.parametrize(
    "thing",
    [(300, 150, 24, 48), (10, 10, 40, 40), (590, 260, 40, 50), (300, 200, 90, 60)],
    ids=["a person far away", "a corner", "the other corner", "a vehicle"],
)
def test_whatever_comes_in_stirs_at_once(thing: tuple[int, int, int, int]) -> None:
    gate, now = settled()
    gate.stirs(picture(), now)
    gate.looked(now)
    assert not gate.stirs(picture(), now + 0.125)
    assert gate.stirs(picture(thing=thing), now + 0.25)


def test_what_creeps_adds_up_since_the_last_look() -> None:
    gate, now = settled()
    gate.stirs(picture(), now)
    gate.looked(now)
    stirred = [gate.stirs(picture(thing=(400, 200, 80, 80), levels=step), now + step * 0.05) for step in range(1, 16)]
    assert any(stirred)


def test_traffic_does_not_pass_for_noise() -> None:
    gate, now = settled()
    for number in range(400):  # a vehicle every other second for 50 s
        now += 0.125
        passing = (500, 200, 90, 60) if number % 16 < 8 else None
        if gate.stirs(picture(thing=passing), now):
            gate.looked(now)
    gate.stirs(picture(), now + 0.125)
    gate.looked(now + 0.125)
    assert gate.stirs(picture(thing=(500, 200, 90, 60)), now + 0.25)


def test_what_is_wilder_than_any_noise_is_looked_at_every_time() -> None:
    gate, now = settled(noise=6.0)
    gate.stirs(fresh(6.0), now)
    gate.looked(now)
    assert all(gate.stirs(fresh(6.0), now + number * 0.04) for number in range(1, 21))


def test_another_size_of_picture_begins_anew() -> None:
    gate, now = settled()
    assert gate.stirs(np.ascontiguousarray(picture()[::2, ::2]), now)


def tracks(velocity: float = 0.0, *, seen: bool = True) -> Tracks:
    return replace(
        Tracks.empty(), id=np.array([1]), class_id=np.array([2], np.int16), score=np.array([0.8], np.float32),
        box=np.array([[100, 100, 180, 160]], np.float32), seen=np.array([seen]), age_s=np.array([9.0], np.float32),
        velocity_px=np.array([[velocity, 0.0]], np.float32),
    )  # fmt: skip


def test_what_rests_is_found_again_by_holding_the_look() -> None:
    found = at_rest(tracks())
    assert found is not None
    assert (found.box.tolist(), found.class_id.tolist()) == ([[100, 100, 180, 160]], [2])
    assert at_rest(Tracks.empty()) is not None


@pytest.mark.parametrize(("velocity", "seen"), [(40.0, True), (0.0, False)])
def test_nothing_is_held_while_anybody_moves_or_is_lost_from_sight(velocity: float, seen: bool) -> None:
    assert at_rest(tracks(velocity, seen=seen)) is None
