"""Things beside the road: trees, lamps, poles, signs and signal heads, each a picture patch with a distance."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.buildings import draw_house, house_corners
from scenarios.camera import Pinhole
from scenarios.layout import Head, Layout, Prop
from scenarios.mesh import (
    F32,
    Material,
    Mesh,
    MeshBuilder,
    Patch,
    encode,
    fogged,
    frame_window,
    paint_faces,
    shade,
    visible_faces,
)
from scenarios.weather import LAMP_COLOUR, Atmosphere, lamp_light

FACTOR = 3  # supersampling of patches


@dataclass(slots=True)
class Sprite:
    """A static thing as drawn; `covers` tells whether it can stand in front of traffic."""

    patch: Patch
    distance: float
    covers: bool


def draw_mesh(
    mesh: Mesh,
    at: tuple[float, float],
    camera: Pinhole,
    air: Atmosphere,
    albedo: F32,
    glow: dict[int, F32] | None = None,
) -> Patch | None:
    """Draw a static mesh; `glow` gives display colours of materials that shine by themselves."""
    vertices = mesh.vertices + np.array([*at, 0.0], np.float32)
    pixels, index, normals, view = visible_faces(mesh, vertices, camera)
    if not len(index):
        return None
    window = frame_window(pixels[mesh.faces[index]].reshape(-1, 2), camera.width, camera.height)
    if window is None:
        return None
    material = mesh.material[index]
    colours = encode(shade(normals, view, albedo[material], material, air.light))
    distance = float(np.hypot(*(np.asarray(at) - camera.position[:2])))
    colours = fogged(colours, distance, air.light)
    for key, colour in (glow or {}).items():
        colours[material == key] = colour
    return Patch(paint_faces(pixels[mesh.faces[index]], colours, window, FACTOR), window[0], window[1])


def _steel() -> F32:
    table = np.zeros((len(Material), 3), np.float32)
    table[Material.PAINT] = (0.20, 0.20, 0.20)
    table[Material.PLASTIC] = (0.02, 0.02, 0.02)
    table[Material.TRIM] = (0.30, 0.31, 0.32)
    table[Material.CABIN] = (0.006, 0.006, 0.006)
    table[Material.PLATE] = (0.55, 0.55, 0.55)
    return table


def _lamp(prop: Prop) -> Mesh:
    b = MeshBuilder()
    reach, _, height = prop.size
    b.limb(np.array([0, 0, 0]), np.array([0, 0, height - 0.6]), 0.10, 0.06, Material.PAINT, 8)
    b.limb(np.array([0, 0, height - 0.6]), np.array([reach * 0.9, 0, height]), 0.05, 0.04, Material.PAINT, 6)
    b.box(
        (min(reach * 0.85, reach * 1.1), -0.14, height - 0.08),
        (max(reach * 0.85, reach * 1.1), 0.14, height + 0.06),
        Material.PAINT,
    )
    b.box(
        (min(reach * 0.87, reach * 1.08), -0.11, height - 0.10),
        (max(reach * 0.87, reach * 1.08), 0.11, height - 0.075),
        Material.HEADLAMP,
        0.1,
    )
    return b.build()


def _mast(prop: Prop) -> Mesh:
    b = MeshBuilder()
    reach, _, height = prop.size
    b.limb(np.array([0, 0, 0]), np.array([0, 0, height + 0.3]), 0.12, 0.09, Material.PAINT, 8)
    b.limb(np.array([0, 0, height]), np.array([reach - 0.2, 0, height + 0.35]), 0.08, 0.05, Material.PAINT, 6)
    return b.build()


def _sign(prop: Prop) -> Mesh:
    b = MeshBuilder()
    height = prop.size[2]
    b.limb(np.array([0, 0, 0]), np.array([0, 0, height + 0.3]), 0.035, 0.035, Material.PAINT, 6)
    colour = {1: Material.TAILLAMP, 2: Material.CLOTH, 3: Material.TAILLAMP}.get(prop.style, Material.CLOTH)
    side = -1
    b.disc((0, side * 0.05, height), 0.35, side, colour, 0.05, steps=18)
    b.disc((0, side * 0.06, height), 0.27, side, Material.PLATE, 0.08, steps=18)
    b.quad(
        [
            [-0.12, -0.07, height - 0.12],
            [-0.04, -0.07, height - 0.12],
            [-0.04, -0.07, height + 0.12],
            [-0.12, -0.07, height + 0.12],
        ],
        Material.CABIN,
        0.1,
    )
    b.quad(
        [
            [0.03, -0.07, height - 0.12],
            [0.14, -0.07, height - 0.12],
            [0.14, -0.07, height + 0.12],
            [0.03, -0.07, height + 0.12],
        ],
        Material.CABIN,
        0.1,
    )
    return b.build()


def _tree(prop: Prop, layout: Layout, camera: Pinhole, air: Atmosphere) -> Patch | None:
    rng = np.random.default_rng(prop.style)
    x, y = prop.at
    w, _, h = prop.size
    distance = float(np.hypot(x - camera.position[0], y - camera.position[1]))
    if distance > 220:
        return None
    base = np.array([[x, y, 0.0], [x, y, h]])
    pixels, depth = camera.project(base)
    if depth.min() < 2.0:
        return None
    scale = camera.focal_px / float(depth.mean())
    count = int(np.clip(scale * w * 8, 120, 2600))
    spread = rng.normal(0, 1, (count, 3))
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    spread *= (rng.uniform(0.25, 1.0, (count, 1)) ** 0.4) * (
        1 + 0.18 * np.sin(4 * np.arctan2(spread[:, 1], spread[:, 0]))[:, None]
    )
    crown = np.array([x, y, h * 0.64]) + spread * (w * 0.5, w * 0.5, h * 0.36)
    leaf, leaf_depth = camera.project(crown)
    light = air.light
    normal = (spread / np.maximum(np.linalg.norm(spread, axis=1, keepdims=True), 1e-6)).astype(np.float32)
    tint = np.array(
        ((0.022, 0.085, 0.045), (0.020, 0.070, 0.050), (0.030, 0.11, 0.075), (0.02, 0.06, 0.03)), np.float32
    )[prop.style % 4]
    if air.snow_cover:
        tint = np.array((0.35, 0.34, 0.33), np.float32)
    lit = (
        np.maximum(normal @ light.sun_dir, 0)[:, None] * light.sun
        + (0.35 + 0.4 * np.maximum(normal[:, 2:], -0.5)) * light.sky
    )
    if air.lamps:
        lit = lit + LAMP_COLOUR * air.lamps * float(lamp_light(np.array(x), np.array(y), layout.lamps)) * 0.6
    inner = 0.45 + 0.55 * np.linalg.norm(spread, axis=1, keepdims=True)
    colours = encode(tint * lit * inner * rng.uniform(0.55, 1.5, (count, 1)) * 1.3)
    colours = fogged(colours, distance, light)
    size = 0.085 * min(1.0, (500 / count) ** 0.4)  # many leaves are small ones
    radius = np.maximum(scale * w * rng.uniform(0.4 * size, size, count), 0.7)
    trunk_r = max(0.10, w * 0.022)
    outline = np.vstack([leaf - radius.max() - 2, leaf + radius.max() + 2, pixels])
    window = frame_window(outline, camera.width, camera.height)
    if window is None:
        return None
    x0, y0, x1, y1 = window
    k = 2
    canvas = np.zeros(((y1 - y0) * k, (x1 - x0) * k, 4), np.uint8)
    bark = fogged(
        encode(np.array((0.04, 0.05, 0.07), np.float32) * (0.6 * light.sky + 0.5 * light.sun)), distance, light
    )
    foot, top = (pixels - (x0, y0)) * k
    top = foot + (top - foot) * 0.6
    half = trunk_r * scale * k
    trunk = np.array(
        [
            foot + np.array((-half, 0.0)),
            foot + np.array((half, 0.0)),
            top + np.array((half * 0.6, 0.0)),
            top + np.array((-half * 0.6, 0.0)),
        ]
    )
    cv2.fillConvexPoly(canvas, np.rint(trunk * 16).astype(np.int32), (*bark.tolist(), 255), cv2.LINE_8, 4)
    for i in np.argsort(-leaf_depth):
        centre = (int((leaf[i, 0] - x0) * k * 16), int((leaf[i, 1] - y0) * k * 16))
        cv2.circle(canvas, centre, int(radius[i] * k * 16), (*colours[i].tolist(), 255), -1, cv2.LINE_8, 4)
    return Patch(np.asarray(cv2.resize(canvas, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA), np.uint8), x0, y0)


_LENS_OFF = {"red": (0.03, 0.03, 0.10), "yellow": (0.02, 0.07, 0.09), "green": (0.05, 0.07, 0.03)}
_LENS_ON = {"red": (70, 70, 255), "yellow": (60, 215, 255), "green": (190, 255, 90)}
LENSES = ("red", "yellow", "green")
BURNING = {"red": ("red",), "red_yellow": ("red", "yellow"), "yellow": ("yellow",), "green": ("green",), "off": ()}
_LENS_MATERIAL = {"red": Material.TAILLAMP, "yellow": Material.INDICATOR_LEFT, "green": Material.INDICATOR_RIGHT}


SECTION_X = 0.40  # of the head's height: how far right of the housing's middle an additional section sits
SECTION_HALF = 0.17  # of the head's height: half the side of a section


def _section_middle(head: Head) -> tuple[float, float]:
    """Where a head's section sits beside its lowest lamp: metres right of the housing's middle and above it."""
    return head.height * SECTION_X, -head.height / 3


def _section(b: MeshBuilder, head: Head) -> None:
    """An additional section whose lens is an arrow."""
    h, (x, z) = head.height, _section_middle(head)
    half = h * SECTION_HALF
    b.box((x - half, -0.22, z - half), (x + half, -0.02, z + half), Material.CABIN, 0.01)
    b.disc((x, -0.235, z), h * 0.145, -1, Material.LINE, 0.05, steps=20)
    size = h * 0.125
    sign = -1 if head.arrow == "left" else 1
    shaft = [(-0.85, -0.25), (0.1, -0.25), (0.1, 0.25), (-0.85, 0.25)]
    tip = [(0.0, -0.7), (0.9, 0.0), (0.9, 0.0), (0.0, 0.7)]
    for part in (shaft, tip):
        corners = [(z_, x_) if head.arrow == "straight" else (sign * x_, z_) for x_, z_ in part]
        quad = [[x + size * u, -0.245, z + size * w] for u, w in corners]
        b.quad(quad, Material.DISPLAY, 0.1, double=True)


def head_mesh(head: Head) -> Mesh:
    """Backboard, housing with hoods and three lenses; made facing -y, then turned."""
    b = MeshBuilder()
    h = head.height
    w = h * 0.36
    b.box((-w * 0.66, -0.02, -h * 0.57), (w * 0.66, 0.02, h * 0.57), Material.PLASTIC, 0.0)
    b.box((-w / 2, -0.22, -h / 2), (w / 2, -0.02, h / 2), Material.CABIN, 0.01)
    for k, name in enumerate(LENSES):
        z = h / 2 - h / 6 - k * h / 3
        b.disc((0, -0.235, z), h * 0.145, -1, Material.LINE, 0.05, steps=20)
        b.disc((0, -0.24, z), h * 0.125, -1, _LENS_MATERIAL[name], 0.08, steps=20)
        angle = np.radians(np.linspace(15, 165, 9))
        hood = np.stack(
            [
                np.column_stack([h * 0.15 * np.cos(angle), np.full(9, d), z + h * 0.15 * np.sin(angle)])
                for d in (-0.24, -0.42)
            ]
        )
        b.loft(hood, Material.CABIN, 0.12)
    if head.arrow:
        _section(b, head)
    mesh = b.build()
    turn = np.radians(head.facing_deg + 90.0)
    c, s = np.cos(turn), np.sin(turn)
    mesh.vertices = (
        mesh.vertices @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32).T + np.array(head.at, np.float32)
    ).astype(np.float32)
    mesh.double[:] = mesh.material == Material.CABIN
    return mesh


def section_box(head: Head, camera: Pinhole) -> tuple[float, float, float, float]:
    """The picture box of the additional section's front."""
    h, (x, z) = head.height, _section_middle(head)
    half = h * SECTION_HALF
    return _front_box(head, (x - half, x + half), (z - half, z + half), camera)


def housing_box(head: Head, camera: Pinhole) -> tuple[float, float, float, float]:
    """The picture box of the housing's front."""
    h = head.height
    return _front_box(head, (-h * 0.18, h * 0.18), (-h / 2, h / 2), camera)


def _front_box(
    head: Head, across: tuple[float, float], up: tuple[float, float], camera: Pinhole
) -> tuple[float, float, float, float]:
    turn = np.radians(head.facing_deg + 90.0)
    pts = np.array([(x, -0.22, z) for x in across for z in up])
    c, s = np.cos(turn), np.sin(turn)
    world = pts @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]).T + head.at
    px, _ = camera.project(world)
    low, high = px.min(0), px.max(0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def faces_camera(head: Head, camera: Pinhole) -> bool:
    """Whether the lamps of a head can be seen from the camera."""
    a = np.radians(head.facing_deg)
    return bool(np.cos(a) * (camera.position[0] - head.at[0]) + np.sin(a) * (camera.position[1] - head.at[1]) > 0)


def lens_centre(head: Head, lens: str, camera: Pinhole) -> tuple[NDArray[np.float64], float]:
    """Picture position of a lens and its radius in pixels."""
    k = LENSES.index(lens)
    world = np.array([[head.at[0], head.at[1], head.at[2] + head.height / 2 - head.height / 6 - k * head.height / 3]])
    px, depth = camera.project(world)
    return px[0], float(head.height * 0.125 * camera.focal_px / depth[0])


def draw_head(head: Head, state: str, camera: Pinhole, air: Atmosphere) -> Patch | None:
    """A signal head in one state; `state` ends in "/" and the section's arrow where that is lit."""
    albedo = _steel()
    glow: dict[int, F32] = {}
    albedo[Material.DISPLAY] = _LENS_OFF["green"]
    state, _, arrow = state.partition("/")
    if arrow:
        glow[int(Material.DISPLAY)] = np.array(_LENS_ON["green"], np.float32)
    for name in LENSES:
        albedo[_LENS_MATERIAL[name]] = _LENS_OFF[name]
        if name in BURNING[state]:
            glow[int(_LENS_MATERIAL[name])] = np.array(_LENS_ON[name], np.float32)
    return draw_mesh(head_mesh(head), (0.0, 0.0), camera, air, albedo, glow)


def draw_prop(prop: Prop, layout: Layout, camera: Pinhole, air: Atmosphere) -> Sprite | None:
    """Any prop but a signal head."""
    distance = float(np.hypot(prop.at[0] - camera.position[0], prop.at[1] - camera.position[1]))
    steel = _steel()
    if prop.kind == "building":
        nearest = np.clip(camera.position[:2], house_corners(prop)[0], house_corners(prop)[2])
        patch, distance, covers = (
            draw_house(prop, layout, camera, air),
            float(np.hypot(*(nearest - camera.position[:2]))) + 8.0,
            False,
        )
    elif prop.kind == "tree":
        patch, covers = _tree(prop, layout, camera, air), True
    elif prop.kind == "lamp":
        on = {int(Material.HEADLAMP): np.array((190, 235, 255), np.float32)} if air.lamps else None
        steel[Material.HEADLAMP] = (0.3, 0.3, 0.3)
        patch, covers = draw_mesh(_lamp(prop), prop.at, camera, air, steel, on), True
    elif prop.kind in ("mast", "pole"):
        if prop.kind == "mast":
            mesh = _mast(prop)
        else:
            b = MeshBuilder()
            b.limb(np.zeros(3), np.array([0, 0, prop.size[2]]), 0.06, 0.06, Material.PAINT, 8)
            mesh = b.build()
        patch, covers = draw_mesh(mesh, prop.at, camera, air, steel), True
    elif prop.kind == "sign":
        steel[Material.TAILLAMP], steel[Material.CLOTH] = (0.02, 0.02, 0.42), (0.35, 0.10, 0.01)
        patch, covers = draw_mesh(_sign(prop), prop.at, camera, air, steel), True
    else:
        return None
    return None if patch is None else Sprite(patch, distance, covers)
