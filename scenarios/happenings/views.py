"""What becomes of a camera's view: turned, blurred, covered, blinded; and what it must bear without a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from scenarios.happenings.clip import MIXED, make_scene
from scenarios.happenings.road import INNER, OUTER, around, pose, start_clip
from scenarios.render import set_up, view_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Effect = Callable[[Picture, float, np.random.Generator], Picture]

EVERY_S: Final = 2.0  # as often as the view is looked at
SECONDS: Final = 84.0
SIZE: Final = (640, 360)


def _bytes(values: NDArray[np.floating]) -> Picture:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _moved(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    h, w = picture.shape[:2]
    turn = np.radians(6.0 * strength)
    matrix = np.array([[np.cos(turn), -np.sin(turn), (0.03 + 0.12 * strength) * w],
                       [np.sin(turn), np.cos(turn), 0.02 * h]])  # fmt: skip
    del rng
    return np.asarray(cv2.warpAffine(picture, matrix, (w, h), borderMode=cv2.BORDER_REFLECT), np.uint8)


def _blurred(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    del rng
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3.0 + 5.0 * strength), np.uint8)


def _covered(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    tone = np.full_like(picture, int(10 + 60 * strength))
    noise = rng.normal(0, 3, picture.shape)
    return _bytes(tone + noise + 0.03 * picture)


def _blinded(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    del rng
    return _bytes(picture * 0.25 + 205.0 + 40.0 * strength)


def _darker(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    del rng
    return _bytes(picture * (0.85 - 0.3 * strength))


def _sways(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    h, w = picture.shape[:2]
    x, y = rng.normal(0, 0.0008 + 0.0012 * strength, 2) * w
    return np.asarray(cv2.warpAffine(picture, np.array([[1, 0, x], [0, 1, y]]), (w, h),
                                     borderMode=cv2.BORDER_REFLECT), np.uint8)  # fmt: skip


def _lorry(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    del rng
    h, w = picture.shape[:2]
    out = picture.copy()
    out[int(0.45 * h) :, : int((0.3 + 0.2 * strength) * w)] = (70, 74, 80)
    return out


def _flare(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    h, w = picture.shape[:2]
    mask = np.zeros((h, w), np.float32)
    cv2.circle(mask, (int(rng.uniform(0.2, 0.8) * w), int(rng.uniform(0.4, 0.8) * h)), int(0.1 * w), 1.0, -1)
    glow = cv2.GaussianBlur(mask, (0, 0), 0.05 * w)[..., None] * (120 + 100 * strength)
    return _bytes(picture + glow)


def _drops(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    out, soft = picture.copy(), cv2.GaussianBlur(picture, (0, 0), 6.0)
    h, w = picture.shape[:2]
    for _ in range(int(6 + 14 * strength)):
        x, y, r = int(rng.uniform(0, w)), int(rng.uniform(0, h)), int(rng.uniform(0.01, 0.03) * w)
        out[max(0, y - r) : y + r, max(0, x - r) : x + r] = soft[max(0, y - r) : y + r, max(0, x - r) : x + r]
    return out


HAPPENS: Final[dict[str, Effect]] = {
    "moved": _moved, "blurred": _blurred, "covered": _covered, "blinded": _blinded,
}  # fmt: skip
NEARLY: Final[dict[str, Effect]] = {
    "grows darker": _darker, "sways in the wind": _sways, "a lorry stands before it": _lorry,
    "headlights flare": _flare, "drops on the glass": _drops, "is covered for a moment": _covered,
}  # fmt: skip
MOMENT_S: Final = 10.0  # a cover that is taken away so soon, as by who cleans the glass


@dataclass(frozen=True, slots=True)
class ViewClip:
    """A camera's view over a minute and a half, one picture every two seconds.

    Attributes:
        name: what happens to it.
        happens: whether it must be told.
        onset_s: when it begins.
    """

    name: str
    happens: bool
    onset_s: float
    condition: str
    seed: int

    def pictures(self) -> Iterator[tuple[float, Picture]]:
        """Second and picture."""
        rng = np.random.default_rng(self.seed)
        clip = start_clip("camera_tampering", self.condition, self.seed, seconds=SECONDS)
        scene = make_scene("camera_tampering", self.condition, self.seed, "arterial", pose(rng), SECONDS)
        scene = scene.model_copy(update={"fps": 1 / EVERY_S})
        around(clip, (INNER, OUTER, -INNER, -OUTER), 6, MIXED)
        camera, air = view_of(scene, SIZE)
        show = set_up(scene, clip.layout, clip.script, camera, air)
        strength = float(rng.uniform(0.0, 1.0))
        effect = {**HAPPENS, **NEARLY}[self.name]
        ends = self.onset_s + MOMENT_S if self.name == "is covered for a moment" else SECONDS
        for index in range(int(SECONDS / EVERY_S)):
            second = index * EVERY_S
            picture = show.frame(index)[0]
            yield second, effect(picture, strength, rng) if self.onset_s <= second < ends else picture


def view_clips(condition: str, seed: int, count: int) -> list[ViewClip]:
    """So many happenings and twice as many near misses."""
    rng = np.random.default_rng(seed)
    out = []
    for k in range(3 * count):
        happens = k % 3 == 0
        names = list(HAPPENS if happens else NEARLY)
        name = names[int(rng.integers(len(names)))]
        out.append(ViewClip(name, happens, float(rng.uniform(30.0, 44.0)), condition, seed * 1000 + k))
    return out
