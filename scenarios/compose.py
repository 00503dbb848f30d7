"""One frame: moving objects laid over the backdrop in order of distance, with their exact truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scenarios.background import Backdrop, blend
from scenarios.camera import Pinhole
from scenarios.effects import add_beam, add_halo, add_reflection, add_streak
from scenarios.fleet import LAMPLESS
from scenarios.layout import Layout
from scenarios.mesh import NEAR_M, Patch
from scenarios.objects import Drawn, Glow, draw_object
from scenarios.props import BURNING, Sprite, faces_camera, lens_centre
from scenarios.shadows import cast_shadow, footprint
from scenarios.traffic import ObjectState
from scenarios.truth import Box, ObjectTruth
from scenarios.weather import Atmosphere

SMALLEST_PX = 12  # pixels of silhouette below which an object is not worth a truth box
_LENS_GLOW = {"red": (40, 40, 200), "yellow": (20, 130, 190), "green": (130, 190, 40)}


@dataclass(slots=True)
class Stage:
    """A painted scene ready for objects."""

    camera: Pinhole
    layout: Layout
    air: Atmosphere
    backdrop: Backdrop
    parked: dict[int, tuple[ObjectState, Drawn | None]] = field(default_factory=dict)

    def compose(
        self,
        states: list[ObjectState],
        signals: dict[str, str],
        video_s: float,
        behind: Callable[[NDArray[np.uint8]], object] | None = None,
    ) -> tuple[NDArray[np.uint8], list[ObjectTruth]]:
        """Draw all objects; returns the picture before lens and sensor, and the truth of what shows in it.

        `behind` may change the picture between backdrop and objects (smoke that traffic passes in front of).
        """
        picture = self.backdrop.picture.copy()
        if behind is not None:
            behind(picture)
        blink = (video_s * 1.5) % 1.0 < 0.55  # 90 flashes a minute (UN Regulation 48 asks for 90 +- 30)
        drawn = [d for d in (self._draw(s, blink=blink) for s in states) if d is not None]
        drawn.sort(key=lambda d: -d.distance)
        self._on_the_road(picture, drawn)
        sprites = list(self.backdrop.covers)
        for head, views in self.backdrop.heads.items():
            lit = [name for name, state in signals.items() if name.startswith(f"{head}/") and state == "green"]
            arrow = lit[0].removeprefix(head) if lit else ""
            sprite = views.get(signals.get(head, "off") + arrow)
            if sprite is not None:
                sprites.append(sprite)
                if head in signals:
                    blend(picture, sprite.patch)
        owner = np.zeros(picture.shape[:2], np.int32)
        self._layers(picture, owner, drawn, sprites)
        self._lamps(picture, owner, drawn, signals)
        return picture, [t for t in (_truth(d, owner) for d in drawn) if t is not None]

    def _draw(self, state: ObjectState, *, blink: bool) -> Drawn | None:
        """Draw an object; a parked one only once."""
        if not state.parked:
            return draw_object(state, self.camera, self.air, self.layout.lamps, blink=blink)
        known = self.parked.get(state.id)
        if known is None or known[0] != state:
            known = state, draw_object(state, self.camera, self.air, self.layout.lamps, blink=blink)
            self.parked[state.id] = known
        return known[1]

    def _on_the_road(self, picture: NDArray[np.uint8], drawn: list[Drawn]) -> None:
        """Beams, shadows and reflections, which lie below all objects."""
        air = self.air
        for d in drawn:
            if air.headlights and d.state.look.spec.cls not in LAMPLESS and not d.state.parked:
                add_beam(picture, d.state, self.camera, air)
        for d in drawn:
            cast_shadow(picture, d.state, self.camera, air)
        if air.wet > 0.3:
            for d in drawn:
                add_reflection(picture, d.patch, air.wet)
                for glow in d.glows:
                    add_streak(picture, glow, 0.45 * air.wet)

    def _layers(
        self, picture: NDArray[np.uint8], owner: NDArray[np.int32], drawn: list[Drawn], sprites: list[Sprite]
    ) -> None:
        """Objects and covering things far to near; a thing is drawn again only where an object lies behind it."""
        boxes: list[tuple[int, int, int, int]] = []
        for item in _far_to_near(drawn, sprites, self.camera):
            patch = item.patch
            if isinstance(item, Sprite):
                if any(_overlap(patch.box, box) for box in boxes):
                    for box in boxes:
                        _relay(picture, owner, patch, box)
                continue
            blend(picture, patch)
            x0, y0, x1, y1 = patch.box
            region = owner[y0:y1, x0:x1]
            region[patch.pixels[..., 3] > 127] = item.state.id
            boxes.append(patch.box)

    def _lamps(
        self, picture: NDArray[np.uint8], owner: NDArray[np.int32], drawn: list[Drawn], signals: dict[str, str]
    ) -> None:
        h, w = picture.shape[:2]
        for d in drawn:
            for glow in d.glows:
                x, y = round(glow.x), round(glow.y)
                inside = 0 <= x < w and 0 <= y < h
                if inside and owner[y, x] not in (d.state.id, 0):
                    continue
                add_halo(picture, glow)
        for head in self.layout.heads:
            if head.id not in signals or not faces_camera(head, self.camera):
                continue
            for lens in BURNING[signals[head.id]]:
                centre, radius = lens_centre(head, lens, self.camera)
                k = 0.9 if self.air.lamps > 0.3 else 0.45
                colour = np.array(_LENS_GLOW[lens], np.float32) * k
                add_halo(
                    picture,
                    Glow(
                        float(centre[0]), float(centre[1]), radius * (6 if self.air.lamps > 0.3 else 3.5), colour, 0.0
                    ),
                )


def in_front(first: NDArray[np.float64], second: NDArray[np.float64], eye: NDArray[np.float64]) -> bool | None:
    """Whether the first of two convex plans (N, 2, anticlockwise) can hide the second from `eye`; None if they meet.

    A line that separates them decides: the plan on the eye's side of it is in front.
    """
    for one, other, answer in ((first, second, True), (second, first, False)):
        edge = np.roll(one, -1, axis=0) - one
        normal = np.column_stack([edge[:, 1], -edge[:, 0]])  # outward
        beyond = ((other[None] - one[:, None]) * normal[:, None]).sum(2).min(1)
        lengths = np.linalg.norm(normal, axis=1)
        k = int((beyond / lengths).argmax())
        if beyond[k] > -0.05 * lengths[k]:
            return answer if float((eye - one[k]) @ normal[k]) < 0 else not answer
    return None


def _far_to_near(drawn: list[Drawn], sprites: list[Sprite], camera: Pinhole) -> list[Drawn | Sprite]:
    """Order of painting: by distance, corrected for objects beside each other whose pictures overlap."""
    items: list[tuple[float, Drawn | Sprite]] = [(d.distance, d) for d in drawn]
    items += [(s.distance, s) for s in sprites]
    items.sort(key=lambda pair: -pair[0])
    eye = camera.position[:2]
    plans = {id(d): footprint(d.state) for d in drawn}
    hides: dict[int, list[int]] = {}  # index -> indices that must be painted before it
    for i, (_, a) in enumerate(items):
        for j in range(i + 1, len(items)):
            b = items[j][1]
            if isinstance(a, Sprite) or isinstance(b, Sprite) or not _overlap(a.patch.box, b.patch.box):
                continue
            answer = in_front(plans[id(a)], plans[id(b)], eye)
            if answer is True:
                hides.setdefault(i, []).append(j)
            elif answer is False:
                hides.setdefault(j, []).append(i)
    order: list[int] = []
    state = [0] * len(items)

    def visit(i: int) -> None:
        if state[i]:
            return
        state[i] = 1  # a ring of three would come back here: distance then decides
        for j in hides.get(i, ()):
            visit(j)
        order.append(i)

    for i in range(len(items)):
        visit(i)
    return [items[i][1] for i in order]


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _relay(picture: NDArray[np.uint8], owner: NDArray[np.int32], patch: Patch, box: tuple[int, int, int, int]) -> None:
    """Lay the part of a patch inside a box once more, and take those pixels from the objects behind it."""
    x0, y0 = max(patch.left, box[0]), max(patch.top, box[1])
    x1, y1 = min(patch.box[2], box[2]), min(patch.box[3], box[3])
    if x1 <= x0 or y1 <= y0:
        return
    part = patch.pixels[y0 - patch.top : y1 - patch.top, x0 - patch.left : x1 - patch.left]
    held = owner[y0:y1, x0:x1] > 0
    part = part * held[..., None].astype(np.uint8)
    blend(picture, Patch(part, x0, y0))
    owner[y0:y1, x0:x1][part[..., 3] > 127] = -1


def _bounds(mask: NDArray[np.bool_], left: int, top: int) -> tuple[float, float, float, float]:
    cols, rows = np.nonzero(mask.any(0))[0], np.nonzero(mask.any(1))[0]
    return float(left + cols[0]), float(top + rows[0]), float(left + cols[-1] + 1), float(top + rows[-1] + 1)


def cuboid_truth(state: ObjectState, camera: Pinhole) -> ObjectTruth | None:
    """The truth of an object from its cuboid alone; None where it lies outside the picture."""
    plan = footprint(state)
    height = state.look.spec.height
    corners = np.vstack([np.column_stack([plan, np.full(4, z)]) for z in (0.0, height)])
    pixels, depth = camera.project(corners)
    if depth.min() < NEAR_M:
        return None
    low = np.maximum(pixels.min(0), 0.0)
    high = np.minimum(pixels.max(0), (camera.width, camera.height))
    if (high - low).min() < 1.0:
        return None
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return _told(state, box, box, 1.0)


def _told(state: ObjectState, box: Box, visible_box: Box, share: float) -> ObjectTruth:
    look = state.look
    return ObjectTruth(
        state.id,
        look.spec.cls,
        look.kind,
        box,
        visible_box,
        share,
        float(state.x),
        float(state.y),
        float(state.heading),
        float(state.speed) * 3.6,
        look.plate,
        state.parked,
        float(np.degrees(max(abs(look.roll), abs(look.pitch)))),
    )


def _truth(d: Drawn, owner: NDArray[np.int32]) -> ObjectTruth | None:
    mask = d.patch.pixels[..., 3] > 127
    total = int(mask.sum())
    if total < SMALLEST_PX:
        return None
    x0, y0, x1, y1 = d.patch.box
    box = _bounds(mask, x0, y0)
    seen = mask & (owner[y0:y1, x0:x1] == d.state.id)
    share = float(seen.sum()) / total
    return _told(d.state, box, _bounds(seen, x0, y0) if share > 0 else box, share)
