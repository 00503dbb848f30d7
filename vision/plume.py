"""What pixels tell of places that may burn: change, motion, flicker, contrast lost behind a cloud, colour, growth.

The fire detector judges single pictures. Whether what it saw lives, rises and flickers, or what it overlooked fades the
street behind it, shows only against earlier pictures. They are kept small; what is measured here is judged elsewhere
(`fire_alerts`).

The street as it usually looks is the median of `MEMORY` pictures, one every `STEP_S` seconds. Where a live cloud is,
the memory is not refreshed, or a fire would soon belong to the street.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vision.classes import PERSON, SMOKE
from vision.shrink import median_of, shrunk
from vision.types import Detections, Plume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.types import Tracks

    F32 = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Small = NDArray[np.uint8]

LONG_SIDE: Final = 192
"""Of the pictures kept, pixels: a cloud that fills 2 % of the picture covers some 400 of them."""
MEMORY: Final = 9
"""Pictures of the memory: what shows in five of them is usual,"""
KNOWN: Final = 4
"""and how many it takes to say so at the beginning."""
STEP_S: Final = 1.2
"""Between two of them: what grows over some seconds stays new for ten."""
STALE_S: Final = 1.5
"""Two pictures farther apart than this tell nothing of motion."""
LEAST_CHANGE: Final = 9.0
"""Grey levels by which a pixel differs from the usual, at least,"""
NOISE_TIMES: Final = 3.0
"""and so many times its own usual unrest (mean absolute deviation)."""
WINDOW_PX: Final = 7
"""Side of the window in which contrast is compared."""
FLAT: Final = 4.0
"""Standard deviation below which a window has nothing that could fade, grey levels."""
GREYEST: Final = 46.0
"""Largest difference of two channels of a pixel of smoke, levels,"""
TINT: Final = 10.0
"""unless the street there is as colourful: a thin cloud keeps some of it; so much more is still grey."""
LEAST_SHARE: Final = 0.0025
"""A cloud smaller than this share of the picture is not looked at."""
MOST_PLACES: Final = 3
"""Clouds found by pixels alone in one picture, the largest."""
FLAME_RED: Final = 140
FLAME_STEP: Final = 45
"""A flame's pixel: red at least so bright, red over green over blue, red over blue by so much (after Chen et al., An
early fire-detection method based on image processing, ICIP 2004),"""
FLAME_WHITE: Final = 225
"""or burnt out to white beside one."""
MOVED_PX: Final = 0.15
"""Flow below this is noise, pixels of the small picture a picture."""
MOVING_SIZES_S: Final = 0.1
"""Box sizes a second from which a road user moves."""
VEHICLE_MARGIN: Final = 0.12
"""A road user's box is widened by this share of its size: shadows and dust at the wheels."""

THIRDS: Final = np.full((1, 3), 1 / 3, np.float32)


class _Seen:
    """One analysed picture, made small only when that is asked for: most never are."""

    def __init__(self, video_s: float, picture: NDArray[np.uint8]) -> None:
        self.video_s = video_s
        self._picture = picture
        self._is_small = False

    @property
    def small(self) -> Small:
        """The picture with a long side of `LONG_SIDE`."""
        if not self._is_small:
            height, width = self._picture.shape[:2]
            scale = LONG_SIDE / max(height, width)
            size = max(8, round(width * scale)), max(8, round(height * scale))
            self._picture = shrunk(self._picture, size)
            self._is_small = True
        return self._picture


class PlumeWatch:
    """Remembers a camera's last pictures and measures places in the newest one."""

    def __init__(self) -> None:
        self._last: deque[_Seen] = deque(maxlen=2)
        self._memory: deque[Small] = deque(maxlen=MEMORY)
        self._usual: F32 | None = None
        self._unrest: F32 | None = None
        self._remembered_s = -np.inf
        self._alive: Mask | None = None
        self._scale = 1.0

    def see(self, picture: NDArray[np.uint8], video_s: float) -> None:
        """Take one analysed picture."""
        self._scale = LONG_SIDE / max(picture.shape[:2])
        seen = _Seen(video_s, picture)
        self._last.append(seen)
        if video_s - self._remembered_s >= STEP_S:
            self._remember(seen.small, video_s)

    def measure(self, fire: Detections, tracks: Tracks) -> tuple[Plume, ...]:
        """The places in the newest picture: those that the detector saw, then clouds found by pixels alone."""
        if not self._last:
            return ()
        now = self._last[-1].small
        before = self._last[-2].small if self._fresh() else None
        busy = self._busy(tracks, now.shape[:2])
        view = _View.of(now, before, self._usual, self._unrest, busy)
        out = [
            view.measure(int(class_id), float(score), self._small_box(box, now.shape), self._scale)
            for box, score, class_id in zip(fire.box, fire.score, fire.class_id, strict=True)
        ]
        clouds, self._alive = view.clouds(self._scale)
        return (*out, *clouds)

    def _fresh(self) -> bool:
        return len(self._last) > 1 and self._last[-1].video_s - self._last[-2].video_s <= STALE_S

    def _remember(self, small: Small, video_s: float) -> None:
        self._remembered_s = video_s
        if self._memory and self._memory[-1].shape != small.shape:
            self._memory.clear()
            self._usual = self._unrest = self._alive = None
        kept = small
        if self._alive is not None and self._usual is not None and self._alive.any():
            kept = small.copy()
            kept[self._alive] = self._usual[self._alive].astype(np.uint8)
        self._memory.append(kept)
        if len(self._memory) >= KNOWN:
            middle = median_of(self._memory, MEMORY)
            apart = [cv2.transform(cv2.absdiff(one, middle), THIRDS) for one in self._memory]
            self._usual = middle.astype(np.float32)
            self._unrest = np.mean(np.stack(apart), axis=0, dtype=np.float32)

    def _busy(self, tracks: Tracks, shape: tuple[int, ...]) -> Mask:
        """Where road users move; what stands may burn."""
        busy = np.zeros(shape[:2], np.bool_)
        size = (tracks.box[:, 2] - tracks.box[:, 0] + tracks.box[:, 3] - tracks.box[:, 1]) / 2
        moves = np.hypot(tracks.velocity_px[:, 0], tracks.velocity_px[:, 1]) > MOVING_SIZES_S * size
        for box in tracks.box[moves | (tracks.class_id == PERSON)]:
            dx, dy = (box[2] - box[0]) * VEHICLE_MARGIN, (box[3] - box[1]) * VEHICLE_MARGIN
            x1, y1, x2, y2 = self._small_box(np.array([box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy]), shape)
            busy[y1:y2, x1:x2] = True
        return busy

    def _small_box(self, box: NDArray[np.floating], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
        x1, y1 = (int(np.clip(value * self._scale, 0, most - 2)) for value, most in zip(box[:2], shape[1::-1]))  # noqa: B905
        x2, y2 = (int(np.ceil(np.clip(value * self._scale, 2, most))) for value, most in zip(box[2:], shape[1::-1]))  # noqa: B905
        return x1, y1, max(x2, x1 + 2), max(y2, y1 + 2)


@dataclass(frozen=True, slots=True)
class _View:
    """The newest small picture beside the one before and the usual one."""

    now: F32
    grey: F32
    before: F32 | None
    usual: F32 | None
    change: F32  # from the usual, grey levels, largest of the channels; 0 where nothing is known
    moved: F32  # from the picture before, grey levels
    new: Mask  # differs from the usual
    busy: Mask
    fade: F32  # share of the usual contrast that is gone, 0..1; 0 where there was none
    tie: F32  # correlation with the usual picture in a window, -1..1; 0 where nothing shows any more
    textured: Mask

    @staticmethod
    def of(now: Small, before: Small | None, usual: F32 | None, unrest: F32 | None, busy: Mask) -> _View:
        """All that is reckoned once a picture."""
        picture = now.astype(np.float32)
        grey = cv2.cvtColor(now, cv2.COLOR_BGR2GRAY).astype(np.float32)
        flat = np.zeros(grey.shape, np.float32)
        old = None if before is None else cv2.cvtColor(before, cv2.COLOR_BGR2GRAY).astype(np.float32)
        moved = flat if before is None else _mean_of(np.abs(picture - before.astype(np.float32)))
        if usual is None or unrest is None:
            nothing = np.zeros(grey.shape, np.bool_)
            return _View(picture, grey, old, None, flat, moved, nothing, busy, flat, flat, nothing)
        change = _most(np.abs(picture - usual))
        new = cv2.blur(change, (3, 3)) > np.maximum(LEAST_CHANGE, NOISE_TIMES * unrest)
        usual_grey = np.asarray(cv2.cvtColor(usual, cv2.COLOR_BGR2GRAY), np.float32)
        was, is_ = _contrast(usual_grey), _contrast(grey)
        textured = was > FLAT
        fade = np.where(textured, np.clip(1 - is_ / np.maximum(was, 1.0), -1, 1), 0).astype(np.float32)
        tie = np.where(textured & (is_ > FLAT / 2), _common(grey, usual_grey) / np.maximum(was * is_, 1.0), 0.0)
        return _View(
            picture,
            grey,
            old,
            usual,
            change.astype(np.float32),
            moved,
            new,
            busy,
            fade,
            tie.astype(np.float32),
            textured,
        )

    def measure(
        self, class_id: int, score: float, box: tuple[int, int, int, int], scale: float, region: Mask | None = None
    ) -> Plume:
        """Everything about one place; `region` is the cloud within the whole picture, else the box is meant."""
        x1, y1, x2, y2 = box
        cut = (slice(y1, y2), slice(x1, x2))
        part = self.now[cut]
        inside = np.ones(part.shape[:2], np.bool_) if region is None else region[cut]
        flame = _flame(part) & inside
        fresh = self.new[cut] & inside
        body = fresh if fresh.sum() >= 8 else inside
        flow_up, flow_along = self._flow(cut, body)
        texture = self.textured[cut] & body
        blue, green, red = (part[..., k][body] for k in range(3))
        total = float(self.grey.size)
        shift = 0.0 if self.usual is None else float((part - self.usual[cut])[body].mean())
        outside = ~(self.busy | _filled(self.new.shape, box))
        return Plume(
            class_id=class_id,
            box=(x1 / scale, y1 / scale, x2 / scale, y2 / scale),
            score=score,
            area=float(inside.sum()) / total,
            known=self.usual is not None,
            new=float(fresh.sum()) / float(inside.sum()),
            change=float(self.change[cut][body].mean()),
            shift=shift,
            fade=float(self.fade[cut][texture].mean()) if texture.sum() >= 8 else float("nan"),
            tie=float(self.tie[cut][texture].mean()) if texture.sum() >= 8 else float("nan"),
            tone=float(self.grey[cut][body].mean()),
            tint=float((np.maximum(np.maximum(blue, green), red) - np.minimum(np.minimum(blue, green), red)).mean()),
            stir=float(self.moved[cut][body].mean()),
            around=float(self.moved[outside].mean()) if outside.any() else 0.0,
            rise=flow_up / (y2 - y1),
            along=flow_along,
            flame=float(flame.sum()) / float(inside.sum()),
            flicker=self._flicker(cut, flame, inside),
            rough=_roughness(inside),
            ridden=float((self.busy[cut] & inside).sum()) / float(inside.sum()),
            whole=float(self.new.mean()),
        )

    def clouds(self, scale: float) -> tuple[list[Plume], Mask | None]:
        """Clouds that no detector is needed for: new, grey, not a road user; and where they are."""
        if self.usual is None:
            return [], None
        channels = _most(self.now) - _least(self.now)
        usually = _most(self.usual) - _least(self.usual)
        grey = channels < np.maximum(GREYEST, usually + TINT)
        soft = self.fade > -0.35  # a road user that came brings edges of its own; a cloud takes some away
        cloud = (self.new & grey & soft & ~self.busy).astype(np.uint8)
        cloud = cv2.morphologyEx(cloud, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        cloud = cv2.morphologyEx(cloud, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(cloud, connectivity=8)
        sizes = stats[1:count, cv2.CC_STAT_AREA]
        out: list[Plume] = []
        alive = np.zeros(cloud.shape, np.bool_)
        for k in np.argsort(-sizes)[:MOST_PLACES]:
            if sizes[k] < LEAST_SHARE * cloud.size:
                break
            x, y, w, h = (int(v) for v in stats[k + 1, :4])
            region = labels == k + 1
            plume = self.measure(SMOKE, 0.0, (x, y, x + max(w, 2), y + max(h, 2)), scale, region)
            out.append(plume)
            if plume.stir > plume.around:
                alive |= region
        return out, alive

    def _flow(self, cut: tuple[slice, slice], body: Mask) -> tuple[float, float]:
        """Upward flow of what moves, small pixels a picture, and how much it goes one way (1: like one body)."""
        if self.before is None:
            return 0.0, 0.0
        one, two = self.before[cut].astype(np.uint8), self.grey[cut].astype(np.uint8)
        if min(one.shape) < 8:
            return 0.0, 0.0
        flow = cv2.calcOpticalFlowFarneback(one, two, None, 0.5, 2, 9, 2, 5, 1.1, 0)  # type: ignore[call-overload]
        length = np.hypot(flow[..., 0], flow[..., 1])
        moving = body & (length > MOVED_PX)
        if moving.sum() < 6:
            return 0.0, 0.0
        mean = flow[moving].mean(axis=0)
        return float(-mean[1]), float(np.hypot(*mean) / length[moving].mean())

    def _flicker(self, cut: tuple[slice, slice], flame: Mask, inside: Mask) -> float:
        """How much of the flame's outline is another one than in the picture before: 1 - IoU."""
        if self.before is None or not flame.any():
            return 0.0
        change = self.moved[cut]
        return float(np.minimum(change[flame] / 40.0, 1.0).mean()) if inside.any() else 0.0


def _most(picture: F32) -> F32:
    """The strongest channel of each pixel; NumPy is slow at reducing an axis of three."""
    return np.asarray(np.maximum(np.maximum(picture[..., 0], picture[..., 1]), picture[..., 2]), np.float32)


def _least(picture: F32) -> F32:
    """The weakest channel of each pixel."""
    return np.asarray(np.minimum(np.minimum(picture[..., 0], picture[..., 1]), picture[..., 2]), np.float32)


def _mean_of(picture: F32) -> F32:
    """The mean of the channels of each pixel."""
    return np.asarray((picture[..., 0] + picture[..., 1] + picture[..., 2]) / 3, np.float32)


def _contrast(grey: F32) -> F32:
    """Standard deviation in a window around each pixel."""
    size = (WINDOW_PX, WINDOW_PX)
    mean, square = cv2.blur(grey, size), cv2.blur(grey * grey, size)
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)), np.float32)


def _common(one: F32, other: F32) -> F32:
    """Covariance in a window around each pixel."""
    size = (WINDOW_PX, WINDOW_PX)
    return np.asarray(cv2.blur(one * other, size) - cv2.blur(one, size) * cv2.blur(other, size), np.float32)


def _flame(part: F32) -> Mask:
    """Pixels of the colour of flames."""
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    burning = (red >= FLAME_RED) & (red > green) & (green > blue) & (red - blue >= FLAME_STEP)
    white = (red >= FLAME_WHITE) & (green >= FLAME_WHITE - 40)
    near = cv2.dilate(burning.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(burning | (white & near), np.bool_)


def _roughness(region: Mask) -> float:
    """Length of the outline over that of a disc of the same size: 1 smooth, above 1.5 torn."""
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(contour, True) for contour in contours)
    return float(length / (2 * np.sqrt(np.pi * max(int(region.sum()), 1))))


def _filled(shape: tuple[int, ...], box: tuple[int, int, int, int]) -> Mask:
    out = np.zeros(shape, np.bool_)
    out[box[1] : box[3], box[0] : box[2]] = True
    return out
