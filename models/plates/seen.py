"""A drawn plate as a camera sees it: put in perspective before a background, then spoilt as the view says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.plates.draw import Drawn
    from models.plates.view import View

CONTEXT: Final = (0.22, 0.45)
"""Room kept around the plate's box on each side, as shares of its width and height."""

DISTANCE: Final = 8.0
"""Distance of the camera in plate widths; nearer makes stronger perspective."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A plate in a picture.

    Attributes:
        picture: uint8 [height, width], grey, the plate with context around it.
        corners: float32 [4, 2], the plate's corners in the picture, clockwise from its top left, px.
        text: what it says.
        form: one of models.plates.draw.SHARES.
        lines: 1 or 2.
    """

    picture: NDArray[np.uint8]
    corners: NDArray[np.float32]
    text: str
    form: str
    lines: int


def see(rng: np.random.Generator, drawn: Drawn, view: View, background: NDArray[np.uint8] | None = None) -> Seen:
    """Look at a plate.

    Args:
        rng: source of chance for noise, dirt and background.
        drawn: the plate.
        view: how it is seen.
        background: uint8 grey picture to cut a background from, else one is made up.
    """
    plate = _grey(rng, drawn.picture)
    plate = _worn(rng, plate, view)
    plate, inner = _framed(rng, plate, drawn.lines) if view.framed else (plate, _whole(plate))
    corners = project(inner, plate.shape, view)
    outer = project(_whole(plate), plate.shape, view)
    low, high = corners.min(0), corners.max(0)
    scale = view.width / float(high[0] - low[0])
    room = (high - low) * np.array(CONTEXT)
    corners, outer = ((points - low + room) * scale for points in (corners, outer))
    size = np.ceil((high - low + 2 * room) * scale).astype(int)
    # drawn at twice the size where the plate shrinks, so that thin strokes fade as on a sensor instead of breaking
    fine = 2 if view.width < 0.75 * plate.shape[1] else 1
    picture = _background(rng, (int(size[1]) * fine, int(size[0]) * fine), float(plate.mean()), background)
    matrix = cv2.getPerspectiveTransform(_whole(plate).astype(np.float32), (outer * fine).astype(np.float32))
    extent = (picture.shape[1], picture.shape[0])
    front = cv2.warpPerspective(plate, matrix, extent, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.full_like(plate, 255), matrix, extent, flags=cv2.INTER_LINEAR)
    picture = np.where(cover > 127, front, picture).astype(np.uint8)
    if fine > 1:
        picture = np.asarray(cv2.resize(picture, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA), np.uint8)
    return Seen(spoil(rng, picture, corners, view), corners.astype(np.float32), drawn.text, drawn.form, drawn.lines)


def project(points: NDArray[np.float64], shape: tuple[int, ...], view: View) -> NDArray[np.float64]:
    """Points of a flat plate turned in space and projected; units stay pixels of the plate."""
    height, width = shape[:2]
    x, y = points[:, 0] - width / 2, points[:, 1] - height / 2
    yaw, pitch, roll = (np.deg2rad(angle) for angle in (view.yaw, view.pitch, view.roll))
    x, z = x * np.cos(yaw), x * np.sin(yaw)
    y, z = y * np.cos(pitch) - z * np.sin(pitch), y * np.sin(pitch) + z * np.cos(pitch)
    depth = 1 + z / (DISTANCE * width)
    x, y = x / depth, y / depth
    return np.stack([x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)], 1)


def spoil(
    rng: np.random.Generator, picture: NDArray[np.uint8], corners: NDArray[np.float64], view: View
) -> NDArray[np.uint8]:
    """Light, blur, noise and compression on the whole picture."""
    out = picture.astype(np.float32)
    height, width = out.shape
    if view.shadow > 0:
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        angle = rng.uniform(0, 2 * np.pi)
        side = (x - rng.uniform(0.2, 0.8) * width) * np.cos(angle) + (y - rng.uniform(0.3, 0.7) * height) * np.sin(
            angle
        )
        out *= 1 - view.shadow / (1 + np.exp(np.clip(side / rng.uniform(0.5, 8), -20, 20)))
    if view.glare > 0 or view.bloom > 0:
        out = _lit(rng, out, corners, view)
    out = out * (1 - view.haze) + 150 * view.haze
    out *= view.gain
    if view.motion >= 1.5:
        kernel = motion_kernel(view.motion, view.motion_angle)
        out = np.asarray(cv2.filter2D(out, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)
    if view.defocus > 0.25:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), view.defocus), np.float32)
    if view.sharpened > 0:
        out = out + view.sharpened * (out - cv2.GaussianBlur(out, (0, 0), 1.2))
    if view.noise > 0:
        out = out + rng.standard_normal(out.shape, np.float32) * np.float32(view.noise)
    seen = np.clip(out, 0, 255).astype(np.uint8)
    if view.shrunk < 1:
        small = cv2.resize(seen, None, fx=view.shrunk, fy=view.shrunk, interpolation=cv2.INTER_AREA)
        seen = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    if view.jpeg <= 100:
        _, code = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, view.jpeg])
        seen = np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8)
    return seen


def motion_kernel(length: float, angle: float) -> NDArray[np.float32]:
    """A line of that length (px) and direction (degrees), summing to 1."""
    half = int(np.ceil(length / 2)) + 1
    size = 2 * half + 1
    kernel = np.zeros((size, size), np.uint8)
    way = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))]) * (length - 1) / 2
    ends = np.round((np.array([half, half]) + np.array([-way, way])) * 8).astype(int)
    cv2.line(kernel, (int(ends[0, 0]), int(ends[0, 1])), (int(ends[1, 0]), int(ends[1, 1])), 255, 1, cv2.LINE_AA, 3)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _whole(plate: NDArray[np.uint8]) -> NDArray[np.float64]:
    height, width = plate.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)


def _grey(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey as a camera weighs the colours; near infrared, in one picture of ten, sees mostly red."""
    if rng.random() < 0.1:
        return np.asarray(picture[:, :, 2])
    if rng.random() < 0.8:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    weights = rng.dirichlet([1.5, 4, 3])
    return np.asarray(cv2.transform(picture, weights[None]), np.uint8).reshape(picture.shape[:2])


def _worn(rng: np.random.Generator, plate: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """Mud, rubbed ink, scratches and screws."""
    out = plate.astype(np.float32)
    height, width = out.shape
    if view.dirt > 0:
        mud = _clouds(rng, height, width, int(rng.integers(3, 9)))
        mud = np.clip((mud - rng.uniform(0.2, 0.5)) * 2.5, 0, 1) * view.dirt
        if rng.random() < 0.4:
            mud *= np.linspace(rng.uniform(0, 0.6), 1, height, dtype=np.float32)[:, None]
        out = out * (1 - mud) + float(rng.uniform(50, 170)) * mud
        for _ in range(int(rng.poisson(6 * view.dirt))):
            centre = (int(rng.integers(width)), int(rng.integers(height)))
            cv2.circle(
                out,
                centre,
                int(rng.integers(1, max(2, height // 22) + 1)),
                float(rng.uniform(40, 150)),
                -1,
                cv2.LINE_AA,
            )
    if view.wear > 0:
        rubbed = np.clip((_clouds(rng, height, width, 14) - 0.55) * 4, 0, 1) * view.wear
        out = out * (1 - rubbed) + float(np.percentile(out, 75)) * rubbed
        for _ in range(int(rng.integers(0, 4))):
            ends = rng.uniform(0, 1, (2, 2)) * (width, height)
            first, last = (int(ends[0, 0]), int(ends[0, 1])), (int(ends[1, 0]), int(ends[1, 1]))
            cv2.line(out, first, last, float(rng.uniform(90, 230)), 1, cv2.LINE_AA)
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 5))):
            x = rng.choice([rng.uniform(0.02, 0.12), rng.uniform(0.88, 0.98), rng.uniform(0.2, 0.8)])
            y = (
                rng.choice([rng.uniform(0.06, 0.16), rng.uniform(0.84, 0.94), 0.5])
                if not 0.15 < x < 0.85
                else rng.choice([0.08, 0.92])
            )
            centre = (int(x * width), int(y * height))
            cv2.circle(
                out,
                centre,
                max(1, int(height * rng.uniform(0.02, 0.055))),
                float(rng.uniform(30, 220)),
                -1,
                cv2.LINE_AA,
            )
    return np.clip(out, 0, 255).astype(np.uint8)


def _clouds(rng: np.random.Generator, height: int, width: int, cells: int) -> NDArray[np.float32]:
    """Smooth noise from 0 to 1 with that many cells along the longer side."""
    coarse = rng.random((max(2, cells * height // width + 1), cells + 1), np.float32)
    return np.clip(np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32), 0, 1)


def _framed(
    rng: np.random.Generator, plate: NDArray[np.uint8], lines: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The plate in a dealer's frame: a rim around, often with words below (and above on some)."""
    height, width = plate.shape
    unit = height / (112 if lines == 1 else 200)
    side = int(rng.uniform(1, 12) * unit)
    top = int(rng.uniform(1, 12) * unit)
    bottom = int((rng.uniform(8, 24) if rng.random() < 0.6 else rng.uniform(2, 10)) * unit)
    shade = float(rng.choice([rng.uniform(10, 60), rng.uniform(100, 240)], p=[0.75, 0.25]))
    out = cv2.copyMakeBorder(plate, top, bottom, side, side, cv2.BORDER_CONSTANT, value=[shade])
    if bottom > 6 * unit and rng.random() < 0.8:
        words = "".join(chr(int(rng.integers(65, 91))) for _ in range(int(rng.integers(4, 22))))
        size = bottom / 30 * float(rng.uniform(0.7, 1.1))
        at = (int(rng.uniform(0.05, 0.5) * width), top + height + int(bottom * 0.85))
        ink = 230.0 if shade < 120 else 40.0
        cv2.putText(out, words, at, cv2.FONT_HERSHEY_SIMPLEX, max(0.15, size), ink, max(1, int(size * 2)), cv2.LINE_AA)
    inner = np.add(_whole(plate), (side, top))
    return np.asarray(out, np.uint8), inner


def _background(
    rng: np.random.Generator, shape: tuple[int, int], plate_mean: float, photograph: NDArray[np.uint8] | None
) -> NDArray[np.uint8]:
    """What is around a plate: a cut of a photograph, or paint with a few edges and bars."""
    height, width = shape
    if photograph is not None and photograph.shape[0] > 40 and photograph.shape[1] > 60:
        cut_w = int(min(photograph.shape[1] - 1, max(40, width * rng.uniform(0.4, 2.0))))
        cut_h = int(min(photograph.shape[0] - 1, max(20, cut_w * height / width)))
        x, y = int(rng.integers(photograph.shape[1] - cut_w)), int(rng.integers(photograph.shape[0] - cut_h))
        return np.asarray(
            cv2.resize(photograph[y : y + cut_h, x : x + cut_w], (width, height), interpolation=cv2.INTER_AREA),
            np.uint8,
        )
    first = float(rng.uniform(5, 245)) if rng.random() < 0.75 else plate_mean * float(rng.uniform(0.85, 1.1))
    out = np.full((height, width), np.clip(first, 0, 255), np.float32)
    out += np.linspace(0, float(rng.uniform(-60, 60)), height, dtype=np.float32)[:, None]
    for _ in range(int(rng.integers(0, 5))):
        at, thick = float(rng.uniform(0, height)), float(rng.uniform(1, height * 0.25))
        slant = float(rng.normal(0, 0.06)) * width
        band = np.array([[0, at], [width, at + slant], [width, at + slant + thick], [0, at + thick]])
        cv2.fillPoly(out, [band.astype(np.int32)], float(rng.uniform(0, 255)), cv2.LINE_AA)
    if rng.random() < 0.4:
        out += (_clouds(rng, height, width, 12) - 0.5) * float(rng.uniform(10, 90))
    return np.clip(out, 0, 255).astype(np.uint8)


def _lit(
    rng: np.random.Generator, out: NDArray[np.float32], corners: NDArray[np.float64], view: View
) -> NDArray[np.float32]:
    """A bright spot, and the halo of a plate that throws a flash back."""
    height, width = out.shape
    if view.glare > 0:
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        centre = corners.min(0) + rng.uniform(0, 1, 2) * np.ptp(corners, axis=0)
        reach = float(rng.uniform(0.06, 0.35)) * width
        spot = np.exp(-((x - centre[0]) ** 2 + ((y - centre[1]) * rng.uniform(0.7, 2)) ** 2) / (2 * reach**2))
        out = out + (view.glare * 160 * spot).astype(np.float32)
    if view.bloom > 0:
        on_plate = np.zeros((height, width), np.float32)
        cv2.fillConvexPoly(on_plate, corners.astype(np.int32), 1.0)
        halo = cv2.GaussianBlur(out * on_plate, (0, 0), max(1.0, width * 0.03))
        out = out * (0.35 + 0.65 * on_plate) * (1 + 1.2 * view.bloom) + halo * view.bloom * 0.5
    return np.asarray(out, np.float32)
