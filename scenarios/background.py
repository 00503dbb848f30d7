"""The still part of a scene: ground, sky and everything that stands, painted once and reused for each frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Pinhole
from scenarios.ground import paint_ground
from scenarios.layout import Layout
from scenarios.mesh import Patch
from scenarios.props import Sprite, draw_head, draw_prop
from scenarios.weather import Atmosphere


def blend(picture: NDArray[np.uint8], patch: Patch) -> None:
    """Lay a premultiplied patch over a picture in place."""
    x0, y0, x1, y1 = patch.box
    part = picture[y0:y1, x0:x1]
    keep = 255 - patch.pixels[..., 3:]
    faded = cv2.multiply(part, cv2.merge([keep, keep, keep]), scale=1 / 255)
    cv2.add(faded, np.ascontiguousarray(patch.pixels[..., :3]), dst=faded)
    picture[y0:y1, x0:x1] = faded


@dataclass(slots=True)
class Backdrop:
    """The painted picture, and those standing things that may hide traffic, far to near."""

    picture: NDArray[np.uint8]
    covers: list[Sprite]
    heads: dict[str, dict[str, Sprite]]  # head id -> state -> sprite


def paint_backdrop(camera: Pinhole, layout: Layout, air: Atmosphere, seed: int, factor: float = 2.0) -> Backdrop:
    """Paint a scene's still part; `factor` is the supersampling of the ground."""
    rng = np.random.default_rng(seed)
    large = paint_ground(camera.scaled(factor), layout, air, rng)
    small = cv2.resize(large, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    picture = np.clip(np.rint(small), 0, 255).astype(np.uint8)
    sprites = [s for s in (draw_prop(p, layout, camera, air) for p in layout.props) if s is not None]
    sprites.sort(key=lambda s: -s.distance)
    for sprite in sprites:
        blend(picture, sprite.patch)
    heads: dict[str, dict[str, Sprite]] = {}
    for head in layout.heads:
        distance = float(np.hypot(head.at[0] - camera.position[0], head.at[1] - camera.position[1]))
        states = ["red", "red_yellow", "yellow", "green", "off"]
        if head.arrow:
            states += [f"{state}/{head.arrow}" for state in states]
        views = {state: draw_head(head, state, camera, air) for state in states}
        heads[head.id] = {state: Sprite(p, distance - 0.3, True) for state, p in views.items() if p is not None}
    return Backdrop(picture, [s for s in sprites if s.covers], heads)
