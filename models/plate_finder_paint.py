"""Photographs repainted for the plate finder: other plates in the place of real ones, other views, false friends.

Few photographs with labelled plates may be trained on, and they show three countries from straight ahead. Each is
therefore used many times: its plate is painted over and one of another form laid there, the whole picture is turned
as if seen from the side, and texts that are no plates are put beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Points = NDArray[np.float64]

LONGEST: Final = 640
"""Long side of a finished picture, pixels."""
LEAST_PLATE_PX: Final = 9.0
"""A labelled plate narrower than this is hidden instead of taught, pixels."""


@dataclass(slots=True)
class Scene:
    """A picture with the corners of its plates.

    Attributes:
        picture: uint8 [H, W, 3] BGR.
        plates: corners of each plate, float64 [4, 2], clockwise from top left, pixels.
        hidden: corners of regions in which an unlabelled plate may be, the same way.
    """

    picture: Picture
    plates: list[Points]
    hidden: list[Points]


def corners(x1: float, y1: float, x2: float, y2: float) -> Points:
    """A box as four corners, clockwise from top left."""
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def bounds(points: Points) -> tuple[float, float, float, float]:
    """The axis-aligned box around corners."""
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def erase(picture: Picture, plate: Points) -> None:
    """Fill the place of a plate with what is around it, as if there were none."""
    x1, y1, x2, y2 = bounds(plate)
    w, h = x2 - x1, y2 - y1
    left, top = max(0, int(x1 - 0.4 * w)), max(0, int(y1 - 0.8 * h))
    right, bottom = min(picture.shape[1], int(x2 + 0.4 * w)), min(picture.shape[0], int(y2 + 0.8 * h))
    part = picture[top:bottom, left:right]
    if part.shape[0] < 4 or part.shape[1] < 4:
        return
    scale = min(1.0, 90 / part.shape[1])
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = np.zeros(small.shape[:2], np.uint8)
    grown = corners(x1 - 0.06 * w, y1 - 0.12 * h, x2 + 0.06 * w, y2 + 0.12 * h) - (left, top)
    cv2.fillConvexPoly(mask, np.round(grown * scale).astype(np.int32), 255)
    filled = cv2.inpaint(np.ascontiguousarray(small), mask, 3, cv2.INPAINT_TELEA)
    filled = cv2.resize(filled, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    where = cv2.resize(mask, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)[..., None] / 255.0
    part[:] = (part * (1 - where) + filled * where).astype(np.uint8)


def lit_like(plate: Picture, picture: Picture, place: Points, rng: np.random.Generator) -> Picture:
    """Give a drawn plate the light of the plate it replaces."""
    x1, y1, x2, y2 = (round(value) for value in bounds(place))
    old = picture[max(0, y1) : max(0, y2) + 1, max(0, x1) : max(0, x2) + 1].reshape(-1, 3).astype(np.float64)
    if len(old) < 8:
        return plate
    grey = old @ (0.114, 0.587, 0.299)
    dark, light = np.percentile(grey, (4, 92))
    bright = old[grey >= np.percentile(grey, 75)].mean(axis=0)
    tint = bright / max(bright.mean(), 1.0)
    tint = 1 + (np.clip(tint, 0.6, 1.5) - 1) * rng.uniform(0.0, 1.0)
    light = max(light * rng.uniform(0.75, 1.15), dark + 45)
    dark = dark * rng.uniform(0.5, 1.0)
    return np.asarray(np.clip((plate / 255.0 * (light - dark) + dark) * tint, 0, 255), np.uint8)


def lay(picture: Picture, plate: Picture, place: Points, rng: np.random.Generator) -> None:
    """Lay a drawn plate onto the quadrilateral `place`, softened at its edges and by a chance blur."""
    x1, y1, x2, y2 = bounds(place)
    left, top, right, bottom = int(x1) - 3, int(y1) - 3, int(x2) + 4, int(y2) + 4
    left, top, right, bottom = max(0, left), max(0, top), min(picture.shape[1], right), min(picture.shape[0], bottom)
    if right - left < 3 or bottom - top < 3:
        return
    fine = 2  # drawn twice as fine, so that edges and strokes are averaged
    wide = float(np.linalg.norm(place[1] - place[0])) * fine
    scale = min(1.0, 1.5 * wide / plate.shape[1])
    plate = np.asarray(cv2.resize(plate, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    h, w = plate.shape[:2]
    source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, ((place - (left, top)) * fine).astype(np.float32))
    size = ((right - left) * fine, (bottom - top) * fine)
    drawn = cv2.warpPerspective(plate, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpPerspective(np.full((h, w), 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    drawn = cv2.resize(drawn, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(alpha, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    blur = float(rng.uniform(0.0, 0.9)) * min(1.0, wide / fine / 60)
    if blur > 0.25:
        drawn = cv2.GaussianBlur(drawn, (0, 0), blur)
        alpha = cv2.GaussianBlur(alpha, (0, 0), blur)
    noise = rng.normal(0, rng.uniform(0, 6), drawn.shape)
    share = alpha[..., None] / 255.0
    part = picture[top:bottom, left:right]
    part[:] = np.clip(part * (1 - share) + (drawn + noise) * share, 0, 255).astype(np.uint8)


def tilted(place: Points, rng: np.random.Generator, most_deg: float = 4.0) -> Points:
    """A place turned a little about its middle, with a slight perspective."""
    angle = np.radians(rng.normal(0, most_deg / 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = place.mean(axis=0)
    size = np.ptp(place, axis=0)
    return np.asarray((place - middle) @ turn.T + middle + rng.normal(0, 0.012, (4, 2)) * size, np.float64)


def turned(scene: Scene, rng: np.random.Generator) -> Scene:
    """The scene as if the camera stood to the side: narrowed, sheared, rolled, with some perspective."""
    height, width = scene.picture.shape[:2]
    narrow = float(rng.uniform(0.5, 1.0))
    shear = float(np.clip(rng.normal(0, 0.14), -0.35, 0.35)) * (1.4 - narrow) * 1.6
    roll = np.radians(rng.normal(0, 3.5))
    turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    view = turn @ np.array([[narrow, 0, 0], [shear, 1, 0], [0, 0, 1]])
    centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1.0]])
    tip = np.eye(3)
    tip[2, :2] = rng.normal(0, 0.12, 2) / (width, height)
    matrix = tip @ view @ centre
    outline = _through(corners(0, 0, width, height), matrix)
    x1, y1, x2, y2 = bounds(outline)
    matrix = np.array([[1, 0, -x1], [0, 1, -y1], [0, 0, 1.0]]) @ matrix
    size = (max(8, int(x2 - x1)), max(8, int(y2 - y1)))
    picture = cv2.warpPerspective(scene.picture, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return Scene(
        np.asarray(picture, np.uint8),
        [_through(points, matrix) for points in scene.plates],
        [_through(points, matrix) for points in scene.hidden],
    )


def _through(points: Points, matrix: NDArray[np.float64]) -> Points:
    moved = np.column_stack((points, np.ones(len(points)))) @ matrix.T
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


def cut(scene: Scene, share: float, rng: np.random.Generator) -> Scene:
    """A window of the scene in which a chosen plate takes `share` of the width, at most `LONGEST` on its long side."""
    height, width = scene.picture.shape[:2]
    if scene.plates:
        x1, y1, x2, y2 = bounds(scene.plates[int(rng.integers(len(scene.plates)))])
    else:
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        x1, y1, x2, y2 = x - 10, y - 4, x + 10, y + 4
    wide = min(width, max((x2 - x1) / share, 48.0))
    tall = min(height, max(wide / rng.uniform(0.85, 1.8), (y2 - y1) * 1.6))
    left = int(np.clip(rng.uniform(x2 - wide, x1), 0, width - wide)) if wide < width else 0
    top = int(np.clip(rng.uniform(y2 - tall, y1), 0, height - tall)) if tall < height else 0
    part = scene.picture[top : top + int(tall), left : left + int(wide)]
    # Enlarged at most twice: what a camera's crop of a far vehicle looks like.
    scale = min(LONGEST / max(part.shape[:2]), 2.0)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(part, None, fx=scale, fy=scale, interpolation=way)
    move = np.array([left, top], np.float64)
    return Scene(
        np.asarray(picture, np.uint8),
        [(points - move) * scale for points in scene.plates],
        [(points - move) * scale for points in scene.hidden],
    )


def rows(scene: Scene) -> tuple[list[list[float]], list[list[float]]]:
    """Boxes to teach and regions to hide as rows of class, x1, y1, x2, y2, cut at the picture."""
    height, width = scene.picture.shape[:2]
    taught: list[list[float]] = []
    hidden: list[list[float]] = []
    for points in scene.plates:
        whole = bounds(points)
        box = _inside(whole, width, height)
        area = max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
        full = (whole[2] - whole[0]) * (whole[3] - whole[1])
        if area <= 0:
            continue
        visible = area / max(full, 1e-6)
        (taught if visible > 0.55 and box[2] - box[0] >= LEAST_PLATE_PX else hidden).append([0.0, *box])
    for points in scene.hidden:
        box = _inside(bounds(points), width, height)
        if box[2] > box[0] and box[3] > box[1]:
            hidden.append([0.0, *box])
    return taught, hidden


def _inside(box: tuple[float, float, float, float], width: int, height: int) -> list[float]:
    x1, y1, x2, y2 = box
    return [max(0.0, x1), max(0.0, y1), min(float(width), x2), min(float(height), y2)]


WORDS: Final = (
    "220V", "TAXI", "24/7", "BANK", "MARKET", "POLICE", "ASTRO", "CARGO", "SALE", "STOP", "AUTO", "KASPI", "AC-47",
    "MAN", "TOYOTA", "SCANIA", "HOTEL", "105", "12A", "8 727 250 11 22", "www.site.kz", "2019-05-12 14:33:07",
    "CAM 03", "ADVANCE", "50", "TURBO", "4x4", "DIESEL", "EXPRESS", "+7 701 555 01 02", "EXIT 12", "PARKING P2",
)  # fmt: skip


def false_friends(scene: Scene, rng: np.random.Generator) -> None:
    """Put texts and panels that are no plates into the picture, away from its plates."""
    height, width = scene.picture.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        tall = int(height * np.exp(rng.uniform(np.log(0.025), np.log(0.13))))
        if tall < 6:
            continue
        stamp, opaque = _friend(tall, rng)
        h, w = stamp.shape[:2]
        if w >= width or h >= height:
            continue
        x, y = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
        if any(_touch((x, y, x + w, y + h), bounds(points)) for points in scene.plates):
            continue
        part = scene.picture[y : y + h, x : x + w]
        light = np.clip(part.mean() / 120, 0.3, 1.2)
        strength = opaque[..., None] * rng.uniform(0.7, 1.0)
        part[:] = np.clip(part * (1 - strength) + stamp * light * strength, 0, 255).astype(np.uint8)


def _friend(tall: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A stamp [h, w, 3] and its opacity [h, w]: bare letters, a long panel, or a panel of several lines."""
    face = cv2.FontFace(str(rng.choice(["sans", "serif", "italic"])))
    weight = int(rng.integers(300, 900))
    kind = int(rng.integers(3))
    lines = 1 if kind < 2 else int(rng.integers(3, 6))
    texts = [" ".join(rng.choice(WORDS, 1 if kind == 0 else int(rng.integers(2, 4)))) for _ in range(lines)]
    letter = max(6, tall)
    wide = int(max(len(text) for text in texts) * letter * 0.75) + letter
    canvas = np.zeros((int(letter * 1.5 * lines), wide, 3), np.uint8)
    for number, text in enumerate(texts):
        cv2.putText(canvas, text, (letter // 3, int(letter * (1.5 * number + 1.1))), (255,) * 3, face, letter, weight)
    ink = canvas[..., 0] / 255.0
    columns = np.flatnonzero(ink.any(axis=0))
    last = int(columns.max()) + letter // 3 if len(columns) else wide
    ink = ink[:, :last]
    colour = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.choice([15.0, 240.0]))
    if kind == 0:
        return np.broadcast_to(colour, (*ink.shape, 3)).astype(np.float64), ink
    ground = rng.uniform(0, 255, 3) if rng.random() < 0.6 else np.full(3, 235.0)
    if abs(ground.mean() - colour.mean()) < 60:
        colour = np.full(3, 20.0) if ground.mean() > 128 else np.full(3, 240.0)
    return ground * (1 - ink[..., None]) + colour * ink[..., None], np.ones_like(ink)


def _touch(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def dirty(canvas: Picture, rng: np.random.Generator) -> Picture:
    """Dust and mud in soft spots."""
    height, width = canvas.shape[:2]
    spots = cv2.resize(rng.random((4, 12)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.random((16, 60)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    share = np.clip((0.7 * spots + 0.3 * fine - rng.uniform(0.4, 0.75)) * 2.5, 0, 0.8)[..., None]
    mud = rng.uniform(60, 130) * np.array([0.8, 0.95, 1.05])
    return np.asarray(np.clip(canvas * (1 - share) + mud * share, 0, 255), np.uint8)


def in_holder(plate: Picture, rng: np.random.Generator) -> tuple[Picture, tuple[float, float, float, float]]:
    """The plate in a dealer's frame, and where the plate lies in it as shares (left, top, right, bottom)."""
    height, width = plate.shape[:2]
    side, above, below = int(rng.integers(4, 14)), int(rng.integers(4, 12)), int(rng.integers(8, 34))
    tone = int(rng.choice([15, 30, 60, 190]))
    canvas = np.full((height + above + below, width + 2 * side, 3), tone, np.uint8)
    canvas[above : above + height, side : side + width] = plate
    if below > 18:
        ink = (230, 230, 230) if tone < 100 else (40, 40, 40)
        word = str(rng.choice(["AUTO CENTER", "www.dealer.kz", "MOTORS", "KASKO 24"]))
        at = (side + width // 4, height + above + below - 6)
        cv2.putText(canvas, word, at, ink, cv2.FontFace("sans"), below - 8, 500)
    h, w = canvas.shape[:2]
    return canvas, (side / w, above / h, (side + width) / w, (above + height) / h)
