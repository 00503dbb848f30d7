"""Street pictures made to look like fire or smoke where nothing burns: negatives for the fire detector.

Training pictures of streets are drawn over with what raises false alarms on city cameras: fog, low sun, lamps and
brake lights with their reflections, red and orange paint, dust, glare, clouds. All of it is background.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.data.places import CACHE
from models.data.records import Record, array

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.float32]
    Effect = Callable[[Picture, np.random.Generator], Picture]

SOURCE: Final = "look_alikes"
COUNT: Final = {"train": 420, "dev": 160}
SEED: Final = {"train": 7004, "dev": 7006}
LONG_SIDE: Final = 640
BASES: Final = frozenset({"road", "manaus_cctv", "rf100_vehicles_km39", "bangkok_cctv", "neg_dashcam_ro", "signals"})
"""Sets whose training and dev pictures are drawn over."""


def look_alike_records(records: Sequence[Record]) -> list[Record]:
    """The drawings over training and dev pictures among `records`; draws those that are not there yet."""
    folder = CACHE / SOURCE
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for part, count in COUNT.items():
        bases = street_pictures(records, part)
        for number in range(count if bases else 0):
            path = folder / f"{part}_{number:04d}.jpg"
            rng = np.random.default_rng((SEED[part], number))
            base = read_base(bases[int(rng.integers(len(bases)))].file)
            if not path.is_file():
                cv2.imwrite(str(path), draw(base, rng), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 95))])
            out.append(Record(str(path), SOURCE, part, base.shape[1], base.shape[0], array([]), array([])))
    return out


def street_pictures(records: Sequence[Record], part: str) -> list[Record]:
    """The pictures of `BASES` in one part, ``train`` or ``dev``."""
    return [record for record in records if record.source in BASES and record.split == part]


def read_base(file: str) -> NDArray[np.uint8]:
    """A picture as BGR with a long side of 640 pixels.

    Raises:
        ValueError: the file is no picture.
    """
    picture = cv2.imread(file)
    if picture is None:
        message = f"{file} is no picture"
        raise ValueError(message)
    scale = LONG_SIDE / max(picture.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def draw(base: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """`base` (uint8 [H, W, 3] BGR) with one or two look-alikes over it."""
    picture = base.astype(np.float32)
    for index in rng.permutation(len(EFFECTS))[: 1 + int(rng.random() < 0.3)]:
        picture = EFFECTS[int(index)](picture, rng)
    if rng.random() < 0.08:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    return np.clip(picture, 0, 255).astype(np.uint8)


def clouds_noise(height: int, width: int, rng: np.random.Generator, coarse: float) -> NDArray[np.float32]:
    """Fractal noise from 0 to 1, [height, width]; `coarse` is the size of the largest lumps as a share of the width."""
    out = np.zeros((height, width), np.float32)
    size, weight = max(coarse * width, 4.0), 1.0
    while size >= 3 and weight > 0.05:
        grid = rng.random((max(2, round(height / size)) + 1, max(2, round(width / size)) + 1)).astype(np.float32)
        out += weight * np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
        size, weight = size / 2, weight * 0.55
    low, high = float(out.min()), float(out.max())
    return (out - low) / max(high - low, 1e-6)


def _blend(picture: Picture, colour: NDArray[np.float64], alpha: NDArray[np.float32]) -> Picture:
    return np.asarray(picture + (colour.astype(np.float32) - picture) * alpha[..., None], np.float32)


def fog(picture: Picture, rng: np.random.Generator) -> Picture:
    """An even veil, denser with distance (up in the picture), slightly uneven."""
    height, width = picture.shape[:2]
    rows = np.linspace(1, 0, height, dtype=np.float32)[:, None]
    density = rng.uniform(0.1, 0.5) + rng.uniform(0.0, 0.6) * rows ** rng.uniform(0.5, 2.0)
    density = density + rng.uniform(0, 0.12) * (clouds_noise(height, width, rng, rng.uniform(0.5, 1.2)) - 0.5)
    return _blend(picture, rng.uniform(140, 240) + rng.normal(0, 5, 3), np.clip(density, 0, 0.92).astype(np.float32))


def low_sun(picture: Picture, rng: np.random.Generator) -> Picture:
    """Warm light, a glowing sky and a sun low over the street."""
    height, width = picture.shape[:2]
    picture = picture * np.array([rng.uniform(0.45, 0.8), rng.uniform(0.65, 0.9), rng.uniform(0.95, 1.2)], np.float32)
    rows = np.linspace(1, 0, height, dtype=np.float32)[:, None] ** rng.uniform(1.5, 4)
    colour = np.array([rng.uniform(20, 120), rng.uniform(90, 190), rng.uniform(200, 255)])
    picture = _blend(picture, colour, np.repeat(rows * rng.uniform(0.2, 0.8), width, axis=1).astype(np.float32))
    centre = (rng.uniform(0, width), rng.uniform(0, 0.5 * height))
    return _glow(picture, centre, rng.uniform(6, 40), np.array([150.0, 215.0, 255.0]), rng.uniform(2, 6))


def _glow(
    picture: Picture, centre: tuple[float, float], radius: float, colour: NDArray[np.float64], spread: float
) -> Picture:
    """A disc, burnt out inside, with a halo `spread` times as wide."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot(x - centre[0], y - centre[1]) / radius
    light = 1.2 / (1 + np.exp(np.minimum((away - 1) * 6, 40))) + 0.6 * np.exp(-away / spread)
    white = np.clip(1.2 - away, 0, 1)[..., None]
    return np.asarray(picture + light[..., None] * (colour.astype(np.float32) * (1 - white) + 255 * white), np.float32)


def lamps(picture: Picture, rng: np.random.Generator) -> Picture:
    """Night with lamps, headlights, brake lights, and their streaks on wet asphalt."""
    picture = picture * rng.uniform(0.12, 0.7)
    height, width = picture.shape[:2]
    colours = np.array([[235, 245, 255], [120, 200, 255], [40, 130, 255], [30, 40, 255], [60, 60, 255]], float)
    for _ in range(int(rng.integers(1, 9))):
        x, y = rng.uniform(0, width), rng.uniform(0.1, 0.9) * height
        radius = float(np.exp(rng.uniform(np.log(1.5), np.log(16))))
        colour = colours[int(rng.integers(len(colours)))]
        pair = rng.uniform(3, 9) * radius if rng.random() < 0.5 else 0.0
        for offset in (0.0, pair) if pair else (0.0,):
            picture = _glow(picture, (x + offset, y), radius, colour, rng.uniform(1.5, 4))
            if rng.random() < 0.4:
                streak = np.zeros((height, width), np.float32)
                length = rng.uniform(3, 14) * radius
                ends = ((round(x + offset), round(y + 2 * radius)), (round(x + offset), round(y + 2 * radius + length)))
                cv2.line(streak, *ends, 1.0, max(1, round(radius * rng.uniform(0.5, 1.4))))
                streak = cv2.GaussianBlur(streak, (0, 0), max(0.8, radius / 2)) * rng.uniform(0.3, 0.9)
                picture = picture + streak[..., None] * colour.astype(np.float32)
    return np.asarray(picture, np.float32)


def warm_paint(picture: Picture, rng: np.random.Generator) -> Picture:
    """Everything coloured turns red or orange, and brighter: red buses, orange cars, autumn leaves, brick."""
    hsv = cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_BGR2HSV).astype(np.float32)
    hue = rng.uniform(-6, 22)  # OpenCV degrees: red 0, orange 12, yellow 25
    hsv[..., 0] = (hue + (hsv[..., 0] - 90) * rng.uniform(0, 0.15)) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(1.2, 2.2), 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * rng.uniform(0.9, 1.2), 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR), np.float32)


def dust(picture: Picture, rng: np.random.Generator) -> Picture:
    """A wide thin band of dust, drifting snow or spray over the road."""
    height, width = picture.shape[:2]
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    band = np.exp(-(((rows - rng.uniform(0.5, 1.0)) / rng.uniform(0.1, 0.3)) ** 2))
    lumps = cv2.resize(clouds_noise(height, max(width // 3, 8), rng, 0.6), (width, height))
    colour = np.array([150.0, 175.0, 190.0]) if rng.random() < 0.5 else np.full(3, rng.uniform(180, 235))
    return _blend(picture, colour, (band * (0.3 + 0.7 * lumps) * rng.uniform(0.15, 0.55)).astype(np.float32))


def glare(picture: Picture, rng: np.random.Generator) -> Picture:
    """Sun or a headlight into the lens: a bright patch with a chain of ghosts across the picture."""
    height, width = picture.shape[:2]
    start = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    middle = np.array([width / 2, height / 2])
    warm = np.array([rng.uniform(120, 255), rng.uniform(180, 255), 255.0])
    picture = _glow(picture, (float(start[0]), float(start[1])), rng.uniform(10, 60), warm, rng.uniform(2, 5))
    for _ in range(int(rng.integers(1, 6))):
        spot = start + (middle - start) * rng.uniform(0.3, 2.0)
        ghost = np.zeros((height, width), np.float32)
        cv2.circle(
            ghost, (round(float(spot[0])), round(float(spot[1]))), int(rng.integers(4, 45)), 1.0, -1, cv2.LINE_AA
        )
        tint = np.array([rng.uniform(0, 160), rng.uniform(60, 220), rng.uniform(120, 255)])
        picture = picture + ghost[..., None] * tint.astype(np.float32) * rng.uniform(0.05, 0.35)
    return np.asarray(picture, np.float32)


def clouds(picture: Picture, rng: np.random.Generator) -> Picture:
    """Cumulus or rain clouds across the upper part of the picture."""
    height, width = picture.shape[:2]
    edge = rng.uniform(0.15, 0.5)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    sky = 1 / (1 + np.exp((rows - edge) * rng.uniform(30, 90)))
    heaps = np.clip((clouds_noise(height, width, rng, rng.uniform(0.2, 0.6)) - 0.45) * rng.uniform(2.5, 6), 0, 1)
    blue = np.array([rng.uniform(150, 245), rng.uniform(120, 200), rng.uniform(60, 160)])
    if rng.random() < 0.5:
        picture = _blend(picture, blue, np.repeat(sky * rng.uniform(0.6, 1.0), width, axis=1).astype(np.float32))
    shade = clouds_noise(height, width, rng, 0.15)[..., None] * rng.uniform(10, 70)
    heap = rng.uniform(150, 255) + rng.normal(0, 4, 3) - shade
    alpha = (sky * heaps * rng.uniform(0.6, 1.0)).astype(np.float32)[..., None]
    return np.asarray(picture + (heap - picture) * alpha, np.float32)


EFFECTS: Final[tuple[Effect, ...]] = (fog, low_sun, lamps, warm_paint, dust, glare, clouds, lamps, fog)
"""What may be drawn over a picture; lamps and fog twice as often as the rest."""
