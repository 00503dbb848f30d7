from __future__ import annotations

import cv2
import numpy as np
import pytest

from vision.signal_head import read_head
from vision.types import SignalState

RED, YELLOW, GREEN = (30, 30, 235), (30, 190, 245), (150, 220, 40)
LAMPS = {"red": (0, RED), "yellow": (1, YELLOW), "green": (2, GREEN)}
STATES = {
    SignalState.RED: ("red",),
    SignalState.RED_YELLOW: ("red", "yellow"),
    SignalState.YELLOW: ("yellow",),
    SignalState.GREEN: ("green",),
    SignalState.OFF: (),
}


def head(lit, size=(20, 50), *, night=False, haze=0.0, noise=0.0, lying=False, seed=0):
    """A drawn signal head: housing, three lamps, those in `lit` burning; BGR of `size` (width, height)."""
    scale = 8
    width, height = 20 * scale, 50 * scale
    picture = np.full((height, width, 3), 8 if night else 45, np.uint8)
    for name, (place, colour) in LAMPS.items():
        centre = (width // 2, int(height * (place + 0.5) / 3))
        dim = tuple(int(c * 0.08) for c in colour) if night else tuple(int(40 + c * 0.12) for c in colour)
        cv2.circle(picture, centre, int(width * 0.33), colour if name in lit else dim, -1)
        if night and name in lit:
            glow = np.zeros_like(picture)
            cv2.circle(glow, centre, int(width * 0.5), colour, -1)
            picture = cv2.addWeighted(picture, 1, cv2.GaussianBlur(glow, (0, 0), width * 0.25), 0.6, 0)
            cv2.circle(picture, centre, int(width * 0.2), (250, 250, 250), -1)
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    picture = picture * (1 - haze) + 200 * haze
    picture += np.random.default_rng(seed).normal(0, noise, picture.shape)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    return cv2.transpose(picture) if lying else picture


@pytest.mark.parametrize("size", [(8, 20), (12, 30), (20, 50), (60, 150)])
@pytest.mark.parametrize(
    "look",
    [{}, {"night": True}, {"haze": 0.4}, {"noise": 6.0}, {"lying": True}],
    ids=["day", "night", "haze", "noise", "lying"],
)
@pytest.mark.parametrize("state", STATES)
def test_a_drawn_head_is_read(state, look, size):
    found, score = read_head(head(STATES[state], size, **look))
    if state is SignalState.OFF and ("night" in look or "haze" in look):
        # an unlit head in the dark or in haze need not be told from one that cannot be seen, only from a lit one
        assert found in {SignalState.OFF, SignalState.UNKNOWN}
        return
    assert found == state
    assert 0 < score <= 1


@pytest.mark.parametrize(
    "crop",
    [
        np.zeros((50, 20, 3), np.uint8),
        np.full((50, 20, 3), 255, np.uint8),
        np.full((50, 20, 3), 90, np.uint8),
        np.zeros((0, 0, 3), np.uint8),
        head(("red",), (3, 7)),
    ],
    ids=["dark", "glared", "covered", "empty", "too small"],
)
def test_what_cannot_be_seen_is_unknown(crop):
    assert read_head(crop) == (SignalState.UNKNOWN, 0.0)


def test_a_weaker_lamp_is_read_with_less_certainty():
    _, sure = read_head(head(("green",)))
    _, faint = read_head(head(("green",), haze=0.75))
    assert faint < sure


@pytest.mark.data
def test_real_heads_are_read(shared_data):
    """Val part of wawan-pradana/cinta_v2: it holds heads turned upside down, greyed and blackened on purpose."""
    names = {0: SignalState.GREEN, 1: SignalState.RED, 2: SignalState.YELLOW}
    right = {state: [] for state in names.values()}
    for label in sorted((shared_data / "signals" / "val" / "labels").glob("*.txt")):
        picture = cv2.imread(str(next((label.parent.parent / "images").glob(label.stem + ".*"))))
        height, width = picture.shape[:2]
        for row in label.read_text().splitlines():
            kind, x, y, w, h = (float(v) for v in row.split()[:5])
            x1, y1 = max(0, int((x - w / 2) * width)), max(0, int((y - h / 2) * height))
            crop = picture[y1 : int(np.ceil((y + h / 2) * height)), x1 : int(np.ceil((x + w / 2) * width))]
            right[names[int(kind)]].append(read_head(crop)[0] == names[int(kind)])
    assert np.mean([one for state in right.values() for one in state]) >= 0.9
    assert np.mean(right[SignalState.RED]) >= 0.9
    assert np.mean(right[SignalState.GREEN]) >= 0.9
