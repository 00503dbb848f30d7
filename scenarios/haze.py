"""Smoke, flames and steam of a scene, anchored to a window of a building or to a manhole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.buildings import SILL_M, STOREY_M, WEST_WALL, window_columns
from scenarios.camera import Pinhole
from scenarios.layout import Layout
from scenarios.scene import Scene
from scenarios.smoke import Flame, Plume
from scenarios.truth import RegionTruth
from scenarios.weather import Atmosphere


@dataclass(frozen=True, slots=True)
class Haze:
    """Plumes and flames with the second at which each begins."""

    plumes: tuple[tuple[Plume, float], ...] = ()
    flames: tuple[tuple[Flame, float], ...] = ()

    def draw(self, picture: NDArray[np.uint8], video_s: float) -> list[RegionTruth]:
        """Draw what there is at a second of video; regions of smoke, fire and steam."""
        seen = [flame.draw(picture, video_s - start) for flame, start in self.flames]
        seen += [plume.draw(picture, video_s - start) for plume, start in self.plumes]
        return [region for region in seen if region is not None]


def brightness(air: Atmosphere) -> float:
    """How bright a pale cloud looks in this light, 0..1 of the display range."""
    e = float((air.light.sky + 0.6 * air.light.sun).mean()) + 0.35 * air.lamps
    return float(np.clip(e / 1.3, 0.02, 1.0) ** (1 / 2.2))


def haze_of(scene: Scene, layout: Layout, camera: Pinhole, air: Atmosphere) -> Haze:
    """The haze a scene file asks for."""
    plumes: list[tuple[Plume, float]] = []
    flames: list[tuple[Flame, float]] = []
    level = brightness(air)
    if scene.smoke:
        house = next(p for p in layout.props if p.id == scene.smoke.building)
        x = house.at[0] - house.size[0] / 2
        # the wall towards the street faces west; its left end, seen from outside, lies north
        columns = window_columns(house.size[1], house.style + WEST_WALL)
        y = house.at[1] + house.size[1] / 2 - columns[-1 - scene.smoke.window]
        floor = scene.smoke.floor * STOREY_M + SILL_M
        sill, head = (np.array([[x - 0.1, y, z]]) for z in (floor, floor + 1.45))
        low, depth = camera.project(sill)
        high, _ = camera.project(head)
        scale = camera.focal_px / float(depth[0])
        tone = 132.0 * level
        plumes.append(
            (
                Plume(
                    float(high[0, 0]),
                    float(high[0, 1]),
                    scale,
                    scene.seed,
                    wind=-0.75,
                    rise=1.5,
                    density=1.25,
                    width_m=1.3,
                    ramp_s=8.0,
                    life_s=15.0,
                    colour=(tone, tone * 0.99, tone * 0.98),
                ),
                scene.smoke.start_s,
            )
        )
        flames.append(
            (Flame(float(low[0, 0]), float(low[0, 1]), 1.35 * scale, 2.0 * scale, scene.seed), scene.smoke.flame_s)
        )
    if scene.steam:
        for hole in (p for p in layout.props if p.kind == "manhole"):
            px, depth = camera.project(np.array([[*hole.at, 0.05]]))
            tone = 215.0 * level
            plumes.append(
                (
                    Plume(
                        float(px[0, 0]),
                        float(px[0, 1]),
                        camera.focal_px / float(depth[0]),
                        scene.seed,
                        wind=0.25,
                        rise=0.45,
                        density=0.13,
                        spread=0.2,
                        life_s=2.4,
                        ramp_s=1.0,
                        width_m=0.5,
                        colour=(tone, tone, tone),
                        cls="steam",
                    ),
                    -20.0,
                )
            )
    return Haze(tuple(plumes), tuple(flames))
