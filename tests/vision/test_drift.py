"""The drift watch on a drawn street with passing traffic: what must be noticed within a minute, and what must not."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from vision.drift import EVERY_S, DriftWatch
from vision.types import View

W, H = 640, 360
WELL_S, MINUTE_S = 24.0, 60.0


@cache
def street() -> np.ndarray:
    """A street of blocks, kerbs, windows and dashes, float32 [H, W]."""
    rng = np.random.default_rng(4)
    picture = np.full((H, W), 105.0, np.float32)
    picture[:120] = 190
    for x in range(0, W, 64):
        top = int(rng.integers(20, 80))
        cv2.rectangle(picture, (x, top), (x + 56, 150), float(rng.uniform(60, 150)), -1)
        for wx in range(x + 6, x + 50, 14):
            for wy in range(top + 8, 140, 18):
                cv2.rectangle(picture, (wx, wy), (wx + 7, wy + 10), float(rng.uniform(20, 220)), -1)
    for x in (-100, 180, 460, 740):
        cv2.line(picture, (320, 130), (x, H), 215.0, 4)
    for y in range(170, H, 36):
        cv2.rectangle(picture, (300, y), (312, y + 16), 230.0, -1)
    for x in range(10, W, 80):
        cv2.rectangle(picture, (x, 150), (x + 5, 215), 40.0, -1)
        cv2.circle(picture, (x + 40, 300), 9, 60.0, -1)
    return picture


@cache
def noise() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, (5, H, W)).astype(np.float32)


def seen(second: float) -> np.ndarray:
    """The street at a second of video, with cars that pass and the sensor's noise, float32 [H, W]."""
    picture = street().copy()
    for lane, speed in ((190, 47.0), (250, -61.0), (310, 83.0)):
        x = int((second * speed + 37 * lane) % (W + 160)) - 80
        cv2.rectangle(picture, (x, lane), (x + 90, lane + 42), 245.0 if lane == 250 else 30.0, -1)
    return picture + noise()[int(second) % len(noise())]


def as_picture(gray: np.ndarray) -> np.ndarray:
    return np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def similar(dx=0.0, dy=0.0, turn=0.0, zoom=1.0):
    matrix = cv2.getRotationMatrix2D((W / 2, H / 2), turn, zoom)
    matrix[:, 2] += dx * W, dy * H
    return lambda gray, _: cv2.warpAffine(gray, matrix, (W, H), borderMode=cv2.BORDER_REFLECT)


def glare(gray, _):
    y, x = np.mgrid[:H, :W]
    light = np.exp(-((np.hypot(x - 350, y - 150) / (0.5 * W)) ** 2))
    return gray * (1 - 0.8 * light) + 300 * light


def bag(gray, second):
    return 70 + noise()[int(second) % 3]


def lorry(gray, second):
    gray = gray.copy()
    if second % 24 < 8:  # a third of the time a lorry stands before most of the camera
        gray[60:, 40:560] = 120
    return gray


def rain(gray, second):
    rng = np.random.default_rng(int(second * 7))
    streaks = (rng.random(gray.shape) > 0.997).astype(np.float32)
    return gray * 0.8 + 18 + 300 * cv2.filter2D(streaks, -1, np.full((9, 1), 1 / 9, np.float32))


def swaying(gray, second):
    dx, dy = np.random.default_rng(int(second * 3)).normal(0, 0.003, 2)
    return similar(dx, dy)(gray, second)


def watched(change, seconds=MINUTE_S, back_s=0.0):
    """States of the view by second, the change setting in after `WELL_S`, and well again after `seconds`."""
    watch = DriftWatch()
    told = []
    for second in np.arange(0.0, WELL_S + seconds + back_s, EVERY_S):
        gray = seen(second)
        if WELL_S <= second < WELL_S + seconds:
            gray = change(gray, second)
        told.append((second, watch.step(as_picture(gray), float(second))))
        if not back_s and told[-1][1].state is not View.OK:
            break
    return told


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (similar(dx=0.02), View.MOVED),
        (similar(dy=-0.03), View.MOVED),
        (similar(dx=0.3, dy=0.1), View.MOVED),
        (similar(turn=3), View.MOVED),
        (similar(zoom=1.06), View.MOVED),
        (similar(zoom=1.5), View.MOVED),
        (lambda gray, _: cv2.GaussianBlur(gray, (0, 0), 3), View.BLURRED),
        (lambda gray, _: cv2.GaussianBlur(gray, (0, 0), 6), View.BLURRED),
        (glare, View.BLINDED),
        (lambda gray, _: np.full_like(gray, 252), View.BLINDED),
        (bag, View.COVERED),
        (lambda gray, _: gray * 0.02, View.COVERED),
    ],
    ids=["2 % aside", "3 % up", "far away", "turned", "zoomed a little", "zoomed", "blurred", "blurred much",
         "low sun", "white", "bag", "black"],
)  # fmt: skip
def test_a_lost_view_is_noticed_within_a_minute_with_its_kind_and_its_begin(change, state):
    told = watched(change)
    assert all(view.state is View.OK for second, view in told if second < WELL_S)
    noticed = [(second, view) for second, view in told if view.state is not View.OK]
    assert noticed[0][0] < WELL_S + MINUTE_S
    assert noticed[0][1].state is state
    assert WELL_S <= noticed[0][1].since_s <= WELL_S + 14


@pytest.mark.parametrize(
    "change",
    [
        lambda gray, _: gray,
        lorry,
        rain,
        swaying,
        lambda gray, _: gray * 0.55,
        lambda gray, second: gray * (1 - 0.6 * min((second - WELL_S) / 70, 1.0)),
        lambda gray, second: np.clip(gray + 0.5 * (second - WELL_S), 0, 255),
    ],
    ids=["traffic", "lorry", "rain", "wind", "cloud", "dusk", "dawn"],
)
def test_traffic_weather_and_daylight_are_no_loss_of_the_view(change):
    assert all(view.state is View.OK for _, view in watched(change, seconds=70))


def test_the_view_is_well_again_when_the_camera_is_turned_back():
    told = watched(similar(dx=0.1), seconds=40, back_s=30)
    assert told[int((WELL_S + 38) / EVERY_S)][1].state is View.MOVED
    assert told[-1][1].state is View.OK
    assert told[-1][1].since_s >= WELL_S + 40


def test_a_short_shock_is_not_told():
    assert all(view.state is View.OK for _, view in watched(similar(dx=0.05), seconds=8, back_s=40))


def test_a_picture_without_edges_says_nothing():
    watch = DriftWatch()
    gray = np.full((H, W), 90.0)
    assert all(watch.step(as_picture(gray + k), 2.0 * k).state is View.OK for k in range(20))


def test_between_two_looks_a_frame_costs_nothing():
    watch = DriftWatch()
    watch.step(as_picture(seen(0)), 0.0)
    assert watch.step(np.zeros((0, 0, 3), np.uint8), EVERY_S / 2).state is View.OK


def test_what_was_learned_before_a_restart_tells_that_the_camera_was_moved_meanwhile():
    before = DriftWatch()
    for second in np.arange(0.0, 24.0, EVERY_S):
        before.step(as_picture(seen(second)), float(second))
    told = {}
    for name, learned in (("kept", before.learned), ("anew", None)):
        after = DriftWatch(learned)
        for second in np.arange(0.0, 40.0, EVERY_S):
            told[name] = after.step(as_picture(similar(dx=0.05)(seen(second), second)), float(second))
    assert told["kept"].state is View.MOVED
    assert told["anew"].state is View.OK
