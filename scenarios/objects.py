"""Drawing of what moves: one object into a patch, its shadow, its lamps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from scenarios.camera import Pinhole
from scenarios.fleet import KINDS, LAMPLESS, mesh_of
from scenarios.mesh import F32, Material, Mesh, Patch, encode, frame_window, paint_faces, shade, visible_faces
from scenarios.plates import draw_plate
from scenarios.traffic import ObjectState
from scenarios.weather import LAMP_COLOUR, Atmosphere, lamp_light

FINE_PX = 70  # objects at least this long on the picture get the fine mesh
PLATE_PX = 12  # plates at least this wide get their text


@dataclass(slots=True)
class Glow:
    """A lamp that shines: picture position, radius of its halo in pixels, colour added at the middle (b, g, r)."""

    x: float
    y: float
    radius: float
    colour: F32
    ground_y: float  # picture row of the road below it, for reflections


@dataclass(slots=True)
class Drawn:
    """An object on the picture before it is laid there."""

    state: ObjectState
    patch: Patch
    distance: float
    glows: list[Glow]


def place(mesh: Mesh, state: ObjectState) -> F32:
    """World vertices of an object."""
    c, s = np.cos(state.heading), np.sin(state.heading)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)
    vertices = mesh.vertices
    if state.look.tilted:
        middle = np.array([0.0, 0.0, KINDS[state.look.kind].height / 2])
        vertices = ((vertices - middle) @ state.look.turn.T).astype(np.float32)
        vertices[:, 2] -= vertices[:, 2].min()
    return np.asarray(vertices @ turn.T + np.array([state.x, state.y, 0.0], np.float32), np.float32)


def _lamp_colours(state: ObjectState, air: Atmosphere, *, blink: bool) -> dict[int, F32]:
    """Display colours of lamps that burn now."""
    lit: dict[int, F32] = {}
    if state.parked:
        return lit
    dark = bool(air.lamps)
    if air.headlights:
        lit[int(Material.HEADLAMP)] = np.array((255, 255, 252), np.float32)
        lit[int(Material.TAILLAMP)] = np.array((40, 40, 225) if dark else (36, 36, 190), np.float32)
    if state.braking:
        lit[int(Material.BRAKE)] = np.array((90, 90, 255), np.float32)
        if dark:
            lit[int(Material.TAILLAMP)] = np.array((60, 60, 255), np.float32)
    if blink and state.indicator:
        orange = np.array((60, 190, 255), np.float32)
        if state.indicator in (1, 2):
            lit[int(Material.INDICATOR_LEFT)] = orange
        if state.indicator in (-1, 2):
            lit[int(Material.INDICATOR_RIGHT)] = orange
    return lit


def _glows(state: ObjectState, camera: Pinhole, air: Atmosphere, *, blink: bool) -> list[Glow]:
    """Halos of head, tail, brake and hazard lamps that face the camera."""
    spec = state.look.spec
    if spec.cls in LAMPLESS or state.parked or state.look.tilted:
        return []
    night = air.lamps > 0.3
    c, s = np.cos(state.heading), np.sin(state.heading)
    to_camera = camera.position[:2] - (state.x, state.y)
    to_camera = to_camera / np.linalg.norm(to_camera)
    facing = float(c * to_camera[0] + s * to_camera[1])
    wide = 0.0 if spec.cls == "motorcycle" else spec.width * 0.38
    z = 0.72 if spec.cls in ("car", "motorcycle") else 0.85
    out: list[Glow] = []

    def lamp(x: float, y: float, height: float, size_m: float, colour: tuple[float, float, float]) -> None:
        world = np.array(
            [
                [state.x + c * x - s * y, state.y + s * x + c * y, height],
                [state.x + c * x - s * y, state.y + s * x + c * y, 0.0],
            ]
        )
        px, depth = camera.project(world)
        if depth.min() > 2.0:
            out.append(
                Glow(
                    float(px[0, 0]),
                    float(px[0, 1]),
                    float(size_m * camera.focal_px / depth[0]),
                    np.array(colour, np.float32),
                    float(px[1, 1]),
                )
            )

    sides = (0.0,) if wide == 0 else (wide, -wide)
    front, rear = spec.length / 2, -spec.length / 2
    for y in sides:
        if facing > 0.1 and air.headlights:
            k = facing * (1.0 if night else 0.45)
            lamp(front, y, z, 1.6 if night else 0.7, (215 * k, 235 * k, 250 * k))
        if facing < -0.1:
            k = -facing
            if air.headlights:
                lamp(rear, y, z + 0.1, 0.55 if night else 0.35, (18 * k, 18 * k, 150 * k if night else 70 * k))
            if state.braking:
                lamp(rear, y, z + 0.1, 0.8 if night else 0.4, (30 * k, 30 * k, 210 * k if night else 110 * k))
        if blink and state.indicator and (state.indicator == 2 or (state.indicator > 0) == (y > 0)):
            lamp(front if facing > 0 else rear, y, z, 0.6, (15, 110, 190))
    return out


def draw_object(
    state: ObjectState, camera: Pinhole, air: Atmosphere, lamps: list[tuple[float, float, float]], *, blink: bool
) -> Drawn | None:
    """Draw one object; None where nothing of it lies in the picture."""
    spec = state.look.spec
    middle, depth = camera.project(np.array([[state.x, state.y, spec.height / 2]]))
    if depth[0] < 2.5 or depth[0] > 260:
        return None
    size_px = camera.focal_px * max(spec.length * 0.6, spec.height) / depth[0]
    if abs(middle[0, 0] - camera.width / 2) > camera.width / 2 + 2 * size_px + 50:
        return None
    mesh = mesh_of(state.look, state.phase, fine=size_px >= FINE_PX)
    pixels, index, normals, view = visible_faces(mesh, place(mesh, state), camera)
    if not len(index):
        return None
    polygons = pixels[mesh.faces[index]]
    window = frame_window(polygons.reshape(-1, 2), camera.width, camera.height)
    if window is None:
        return None
    material = mesh.material[index]
    ambient = None
    if air.lamps:
        ambient = (
            LAMP_COLOUR * air.lamps * 0.85 * float(lamp_light(np.array(state.x), np.array(state.y), lamps))
        ).astype(np.float32)
        ambient = ambient * np.clip(0.35 + 0.65 * normals[:, 2:3], 0.1, 1.0)
    colours = encode(shade(normals, view, state.look.albedo()[material], material, air.light, ambient))
    for key, colour in _lamp_colours(state, air, blink=blink).items():
        colours[material == key] = colour
    distance = float(np.hypot(state.x - camera.position[0], state.y - camera.position[1]))
    light = air.light
    clear = np.exp(-light.fog_per_m * distance)
    colours = colours * clear + light.fog * (1 - clear)
    factor = 2 if size_px > 60 else 3
    rgba = paint_faces(polygons, colours, window, factor)
    patch = Patch(rgba, window[0], window[1])
    if state.look.plate and not state.look.tilted:
        _lay_plates(patch, mesh, state, camera, air)
    return Drawn(state, patch, distance, _glows(state, camera, air, blink=blink))


def _lay_plates(patch: Patch, mesh: Mesh, state: ObjectState, camera: Pinhole, air: Atmosphere) -> None:
    """Warp the plate's picture onto the face it belongs to, where it is large enough to matter."""
    c, s = np.cos(state.heading), np.sin(state.heading)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    for corners in mesh.plates:
        world = corners @ turn.T + (state.x, state.y, 0.0)
        pixels, depth = camera.project(world)
        normal = np.cross(world[1] - world[0], world[3] - world[0])
        if (
            depth.min() < 2
            or normal @ (camera.position - world[0]) > 0
            or np.linalg.norm(pixels[1] - pixels[0]) < PLATE_PX
        ):
            continue
        local = (pixels - (patch.left, patch.top)).astype(np.float32)
        x0, y0 = np.floor(local.min(0)).astype(int) - 1
        x1, y1 = np.ceil(local.max(0)).astype(int) + 1
        h, w = patch.pixels.shape[:2]
        if x0 < 0 or y0 < 0 or x1 > w or y1 > h:
            continue
        texture = draw_plate(state.look.plate)
        # shrink first, as a warp alone would alias
        wide = max(float(np.linalg.norm(pixels[1] - pixels[0])), 8.0)
        k = min(1.0, 3 * wide / texture.shape[1])
        small = cv2.resize(texture, None, fx=k, fy=k, interpolation=cv2.INTER_AREA)
        th, tw = small.shape[:2]
        up = 3
        matrix = cv2.getPerspectiveTransform(
            np.array([(0, 0), (tw, 0), (tw, th), (0, th)], np.float32), ((local - (x0, y0)) * up).astype(np.float32)
        )
        size = ((x1 - x0) * up, (y1 - y0) * up)
        drawn = cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpPerspective(np.full((th, tw), 255, np.uint8), matrix, size)
        drawn = cv2.resize(drawn, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA).astype(np.float32)
        alpha = cv2.resize(cover, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
        light = encode(0.8 * (0.55 * air.light.sky + 0.4 * air.light.sun + 0.25 * air.lamps)) / 255
        part = patch.pixels[y0:y1, x0:x1]
        alpha *= part[..., 3:] > 0
        part[..., :3] = np.clip(
            part[..., :3] * (1 - alpha) + drawn * np.minimum(light * 1.1, 1.0) * alpha, 0, 255
        ).astype(np.uint8)
