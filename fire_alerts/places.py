"""Looks gathered into places: what was seen again and again at one spot, by the detector, by pixels, or by both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from vision.geometry import cover, iou
from vision.types import Plume

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from fire_alerts.windows import Windows
    from vision.sight import Box
    from vision.types import Observation


@dataclass(frozen=True, slots=True)
class Look:
    """What one look gave of a place.

    Attributes:
        video_s: second of video.
        score: of the detector, 0 where only pixels told of it.
        box: pixels.
        pixels: what they told; None where nobody measured.
    """

    video_s: float
    score: float
    box: Box
    pixels: Plume | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Looks of one class at one place, oldest first.

    Attributes:
        first_s: second of the first look, however long ago.
        last_strong_s: second at which it last was strong enough to go on.
        likely: looks in a row with the chance of an alarm.
        raised: whether it became an alert.
    """

    class_id: int
    looks: tuple[Look, ...]
    first_s: float
    last_strong_s: float = 0.0
    likely: int = 0
    raised: bool = False

    @property
    def box(self) -> Box:
        """Median of the last looks' boxes: a single odd box does not move the place."""
        x1, y1, x2, y2 = (median(sides) for sides in zip(*(look.box for look in self.looks[-5:]), strict=True))
        return (x1, y1, x2, y2)

    def within(self, now_s: float, seconds: float) -> tuple[Look, ...]:
        """Its looks of the last seconds."""
        return tuple(look for look in self.looks if now_s - look.video_s < seconds)


def believable(observation: Observation, windows: Windows) -> list[tuple[int, Look]]:
    """Looks worth keeping with their class: strong enough, no glare over the whole picture, not riding on a vehicle."""
    fire = observation.fire
    if fire is None:
        return []
    now = observation.video_s
    measured = observation.plumes or ()
    clouds = [(plume.class_id, Look(now, 0.0, plume.box, plume)) for plume in measured if plume.score == 0]
    found = [(class_id, look) for class_id, look in clouds if _narrow(look.box, observation, windows)]
    if not len(fire):
        return found
    told = [plume for plume in measured if plume.score > 0]
    pixels = {_key(plume.class_id, plume.box): plume for plume in told}
    keep = (fire.score >= windows.look_score) & ~_ridden(fire.box, observation, windows)
    for i in np.flatnonzero(keep):
        x1, y1, x2, y2 = (float(v) for v in fire.box[i])
        box, class_id = (x1, y1, x2, y2), int(fire.class_id[i])
        if _narrow(box, observation, windows):
            found.append((class_id, Look(now, float(fire.score[i]), box, _nearest(pixels, class_id, box))))
    return found


def _key(class_id: int, box: Box) -> tuple[int, Box]:
    return class_id, box


def _nearest(pixels: dict[tuple[int, Box], Plume], class_id: int, box: Box) -> Plume | None:
    """The measurement of a detection: its box was rounded to pixels of a smaller picture."""
    same = [(float(np.abs(np.subtract(other, box)).sum()), k) for k, (of, other) in enumerate(pixels) if of == class_id]
    return None if not same else list(pixels.values())[min(same)[1]]


def _narrow(box: Box, observation: Observation, windows: Windows) -> bool:
    wide = box[2] - box[0] > windows.widest * observation.width
    return not (wide and box[3] - box[1] > windows.widest * observation.height)


def _ridden(boxes: NDArray[np.float32], observation: Observation, windows: Windows) -> NDArray[np.bool_]:
    """Which boxes belong to a moving vehicle, bool [N]."""
    tracks = observation.tracks
    if not len(tracks):
        return np.zeros(len(boxes), np.bool_)
    scale = (tracks.box[:, 2] - tracks.box[:, 0] + tracks.box[:, 3] - tracks.box[:, 1]) / 2
    moving = np.hypot(tracks.velocity_px[:, 0], tracks.velocity_px[:, 1]) > windows.ride_speed * scale
    if not moving.any():
        return np.zeros(len(boxes), np.bool_)
    return np.asarray((cover(boxes, tracks.box[moving]) > windows.ride_cover).any(axis=1), np.bool_)


def overlap(first: Box, second: Box) -> float:
    """IoU, or how much of the smaller box lies in the larger one, halved: a plume grows out of its first box."""
    if first[2] <= second[0] or second[2] <= first[0] or first[3] <= second[1] or second[3] <= first[1]:
        return 0.0
    a, b = np.array([first]), np.array([second])
    return max(float(iou(a, b)[0, 0]), 0.5 * max(float(cover(a, b)[0, 0]), float(cover(b, a)[0, 0])))


def gathered(places: Iterable[Place], looks: Iterable[tuple[int, Look]], windows: Windows) -> list[Place]:
    """The places with new looks: each joins the place it overlaps most, or begins a new one."""
    out = list(places)
    for class_id, look in looks:
        best, most = None, windows.same_place
        for k, place in enumerate(out):
            shared = overlap(place.box, look.box) if place.class_id == class_id else 0.0
            if shared >= most:
                best, most = k, shared
        if best is None:
            out.append(Place(class_id, (look,), look.video_s))
        elif out[best].looks[-1].video_s < look.video_s:
            out[best] = replace(out[best], looks=(*out[best].looks, look))
        else:
            out[best] = replace(out[best], looks=(*out[best].looks[:-1], _both(out[best].looks[-1], look)))
    return out


def _both(one: Look, other: Look) -> Look:
    """Two looks of a moment at one place: the box of the stronger, the pixels of the larger cloud."""
    strong, weak = (one, other) if one.score >= other.score else (other, one)
    if strong.pixels is None or weak.pixels is None:
        return replace(strong, pixels=strong.pixels or weak.pixels)
    cloud = max((strong.pixels, weak.pixels), key=lambda plume: (plume.score == 0, plume.area))
    return replace(strong, pixels=cloud)
