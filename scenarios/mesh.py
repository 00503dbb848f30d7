"""Polygon meshes: building blocks, shading of faces and drawing them by the painter's algorithm."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Pinhole

F32 = NDArray[np.float32]


class Material(IntEnum):
    """What a face is made of; the colours of paint, trim and clothes belong to the single object."""

    PAINT = 0
    GLASS = 1
    PLASTIC = 2
    TYRE = 3
    RIM = 4
    CHROME = 5
    HEADLAMP = 6
    TAILLAMP = 7
    BRAKE = 8
    INDICATOR_LEFT = 9
    INDICATOR_RIGHT = 10
    TRIM = 11
    LINE = 12
    SKIN = 13
    CLOTH = 14
    TROUSERS = 15
    HAIR = 16
    PLATE = 17
    DISPLAY = 18
    CABIN = 19


# linear albedo (b, g, r), reflectance at normal incidence, highlight strength, highlight exponent
_OPTICS: dict[Material, tuple[tuple[float, float, float], float, float, float]] = {
    Material.PAINT: ((0.5, 0.5, 0.5), 0.06, 1.0, 80.0),
    Material.GLASS: ((0.016, 0.014, 0.012), 0.11, 1.5, 160.0),
    Material.PLASTIC: ((0.022, 0.021, 0.020), 0.03, 0.08, 12.0),
    Material.TYRE: ((0.013, 0.013, 0.013), 0.02, 0.03, 8.0),
    Material.RIM: ((0.36, 0.35, 0.34), 0.12, 0.6, 30.0),
    Material.CHROME: ((0.30, 0.30, 0.30), 0.45, 1.0, 60.0),
    Material.HEADLAMP: ((0.42, 0.42, 0.42), 0.25, 1.2, 60.0),
    Material.TAILLAMP: ((0.012, 0.012, 0.26), 0.08, 0.5, 40.0),
    Material.BRAKE: ((0.012, 0.012, 0.22), 0.08, 0.5, 40.0),
    Material.INDICATOR_LEFT: ((0.01, 0.12, 0.40), 0.08, 0.5, 40.0),
    Material.INDICATOR_RIGHT: ((0.01, 0.12, 0.40), 0.08, 0.5, 40.0),
    Material.TRIM: ((0.5, 0.5, 0.5), 0.05, 0.4, 40.0),
    Material.LINE: ((0.008, 0.008, 0.008), 0.0, 0.0, 1.0),
    Material.SKIN: ((0.16, 0.24, 0.42), 0.02, 0.05, 8.0),
    Material.CLOTH: ((0.2, 0.2, 0.2), 0.01, 0.0, 1.0),
    Material.TROUSERS: ((0.04, 0.03, 0.03), 0.01, 0.0, 1.0),
    Material.HAIR: ((0.02, 0.02, 0.025), 0.03, 0.1, 12.0),
    Material.PLATE: ((0.62, 0.62, 0.62), 0.03, 0.1, 12.0),
    Material.DISPLAY: ((0.01, 0.02, 0.03), 0.04, 0.2, 20.0),
    Material.CABIN: ((0.006, 0.006, 0.006), 0.0, 0.0, 1.0),
}
ALBEDO = np.array([_OPTICS[m][0] for m in Material], np.float32)
REFLECTANCE = np.array([_OPTICS[m][1] for m in Material], np.float32)
HIGHLIGHT = np.array([_OPTICS[m][2] for m in Material], np.float32)
EXPONENT = np.array([_OPTICS[m][3] for m in Material], np.float32)


@dataclass(slots=True)
class Mesh:
    """Vertices (V, 3) in metres, x forward, y left, z up, origin on the road under the middle.

    `faces` (F, 4) repeat the last index for a triangle and wind counter-clockwise seen from outside. Parts are
    drawn far to near (part 0 always first), within a part by rising `layer` (decals lie on higher layers than what
    carries them) and then far to near; `double` faces are drawn from both sides.
    """

    vertices: F32
    faces: NDArray[np.int32]
    material: NDArray[np.int32]
    layer: NDArray[np.int32]
    part: NDArray[np.int32]
    double: NDArray[np.bool_]
    plates: list[F32] = field(default_factory=list)  # corner quads (4, 3): top left first, as one reads it


class MeshBuilder:
    """Collects parts into one mesh."""

    def __init__(self) -> None:
        self._vertices: list[F32] = []
        self._faces: list[NDArray[np.int32]] = []
        self._material: list[NDArray[np.int32]] = []
        self._layer: list[NDArray[np.int32]] = []
        self._part: list[NDArray[np.int32]] = []
        self.part = 1
        self._double: list[NDArray[np.bool_]] = []
        self._count = 0
        self.plates: list[F32] = []

    def add(
        self,
        vertices: NDArray[np.floating],
        faces: NDArray[np.integer],
        material: int | NDArray[np.integer],
        bias: float = 0.0,
        *,
        double: bool = False,
    ) -> None:
        """Append vertices and the faces that index them."""
        faces = np.asarray(faces, np.int32)
        if faces.shape[1] == 3:
            faces = np.column_stack([faces, faces[:, 2]])
        n = len(faces)
        self._vertices.append(np.asarray(vertices, np.float32))
        self._faces.append((faces + self._count).astype(np.int32))
        self._material.append(np.broadcast_to(np.asarray(material, np.int32), (n,)))
        self._layer.append(np.full(n, round(bias * 100), np.int32))
        self._part.append(np.full(n, self.part, np.int32))
        self._double.append(np.full(n, double))
        self._count += len(vertices)

    def quad(self, corners: object, material: int, bias: float = 0.02, *, double: bool = False) -> None:
        """One four-cornered face."""
        self.add(np.asarray(corners, np.float32), np.array([[0, 1, 2, 3]]), material, bias, double=double)

    def box(
        self, low: tuple[float, float, float], high: tuple[float, float, float], material: int, bias: float = 0.0
    ) -> None:
        """An axis-parallel box."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        v = np.array([(x, y, z) for z in (z0, z1) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))], np.float32)
        f = np.array([[4, 5, 6, 7], [3, 2, 1, 0], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
        self.add(v, f, material, bias)

    def loft(self, rings: NDArray[np.floating], material: int | NDArray[np.integer], bias: float = 0.0) -> None:
        """Skin over rings (S, R, 3); material may be given per strip as (S-1, R-1)."""
        s, r = rings.shape[:2]
        index = np.arange(s * r).reshape(s, r)
        faces = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
        flat = np.asarray(material)
        self.add(rings.reshape(-1, 3), faces, flat.reshape(-1) if flat.ndim else int(flat), bias)

    def disc(
        self,
        centre: tuple[float, float, float],
        radius: float,
        side: int,
        material: int,
        bias: float,
        start: float = 0.0,
        stop: float = 360.0,
        steps: int = 14,
    ) -> None:
        """A disc (or sector) in the x-z plane that faces +y for side 1, -y for side -1."""
        angle = np.radians(np.linspace(start, stop, steps + 1))
        rim = np.column_stack(
            [centre[0] + radius * np.cos(angle), np.full(steps + 1, centre[1]), centre[2] + radius * np.sin(angle)]
        )
        v = np.vstack([[centre], rim])
        k = np.arange(1, steps + 1)
        faces = np.column_stack([np.zeros_like(k), k + 1, k] if side > 0 else [np.zeros_like(k), k, k + 1])
        self.add(v, faces, material, bias)

    def limb(
        self,
        start: NDArray[np.floating],
        end: NDArray[np.floating],
        r0: float,
        r1: float,
        material: int,
        sides: int = 6,
        bias: float = 0.0,
    ) -> None:
        """A tapered, capped limb between two points."""
        start, end = np.asarray(start, float), np.asarray(end, float)
        axis = end - start
        length = float(np.linalg.norm(axis))
        axis = axis / max(length, 1e-6)
        across = np.cross(axis, (0.0, 1.0, 0.0) if abs(axis[1]) < 0.9 else (1.0, 0.0, 0.0))
        across /= np.linalg.norm(across)
        other = np.cross(axis, across)
        angle = np.linspace(0, 2 * np.pi, sides + 1)
        circle = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * other
        stops = [(-0.5 * r0, 0.55 * r0), (0.0, r0), (length, r1), (length + 0.5 * r1, 0.55 * r1)]
        rings = np.stack([start + axis * t + circle * r for t, r in stops])
        self.loft(rings[:, ::-1], material, bias)
        for ring, flip in ((rings[0], 1), (rings[-1], -1)):
            v = np.vstack([ring.mean(0), ring[:-1]])
            k = np.arange(1, sides + 1)
            after = np.roll(k, -1)
            order = [np.zeros_like(k), after, k] if flip > 0 else [np.zeros_like(k), k, after]
            self.add(v, np.column_stack(order), material, bias)

    def ball(
        self,
        centre: tuple[float, float, float],
        radii: tuple[float, float, float],
        material: int,
        steps: int = 8,
        bias: float = 0.0,
        low: float = -90.0,
        high: float = 90.0,
    ) -> None:
        """An ellipsoid, or the zone of it between two latitudes."""
        lat = np.radians(np.linspace(low, high, max(4, steps // 2 + 2)))
        lon = np.linspace(0, 2 * np.pi, steps + 1)
        ring = np.stack(
            [
                centre[0] + radii[0] * np.cos(lat)[:, None] * np.cos(lon),
                centre[1] + radii[1] * np.cos(lat)[:, None] * np.sin(lon),
                centre[2] + radii[2] * np.repeat(np.sin(lat)[:, None], steps + 1, 1),
            ],
            -1,
        )
        self.loft(ring, material, bias)

    def build(self) -> Mesh:
        """The finished mesh."""
        return Mesh(
            np.vstack(self._vertices),
            np.vstack(self._faces),
            np.concatenate(self._material),
            np.concatenate(self._layer),
            np.concatenate(self._part),
            np.concatenate(self._double),
            self.plates,
        )


@dataclass(frozen=True, slots=True)
class Lighting:
    """Light on a scene in linear display units (b, g, r); see `scenarios.weather` for how it is chosen."""

    sun_dir: F32
    sun: F32
    sky: F32
    bounce: F32
    horizon: F32
    zenith: F32
    fog: F32
    fog_per_m: float = 0.0


def encode(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Linear light to 0..255 with a soft shoulder, so that bright faces keep some gradient."""
    x = np.maximum(linear, 0.0)
    x = np.where(x > 0.8, 0.8 + 0.35 * np.tanh((x - 0.8) / 0.7), x)
    return np.asarray(255.0 * np.minimum(x, 1.0) ** (1 / 2.2), np.float32)


def fogged(colours: F32, distance: float, light: Lighting) -> F32:
    """Display colours as they look through `distance` metres of haze."""
    clear = np.exp(-light.fog_per_m * distance)
    return np.asarray(colours * clear + light.fog * (1 - clear), np.float32)


def shade(
    normals: F32, view: F32, albedo: F32, material: NDArray[np.int32], light: Lighting, ambient: F32 | None = None
) -> F32:
    """Linear colours (F, 3) of faces: Lambert, Blinn-Phong highlight and a sky reflected by Schlick's Fresnel."""
    nz = normals[:, 2:3]
    lambert = np.maximum(normals @ light.sun_dir, 0.0)[:, None]
    diffuse = lambert * light.sun + (0.5 + 0.5 * nz) * light.sky + (0.5 - 0.5 * nz) * light.bounce
    if ambient is not None:
        diffuse = diffuse + ambient
    facing = np.clip((normals * view).sum(1), 0.0, 1.0)
    mirror = 2 * facing[:, None] * normals - view
    up = mirror[:, 2:3]
    sky = light.horizon + (light.zenith - light.horizon) * np.clip(up, 0, 1) ** 0.6
    # below ~14 degrees a street reflects its own houses and trees, not the sky
    street = 0.35 * light.horizon
    env = np.where(up > 0.25, sky, np.where(up > 0.0, street + (sky - street) * (up / 0.25) ** 2, light.bounce * 0.5))
    base = REFLECTANCE[material]
    fresnel = (base + (1 - base) * (1 - facing) ** 5 * np.minimum(base * 10, 0.6))[:, None]
    glint = np.maximum(mirror @ light.sun_dir, 0.0) ** EXPONENT[material] * HIGHLIGHT[material]
    return np.asarray(albedo * diffuse * (1 - fresnel) + fresnel * env + glint[:, None] * light.sun * 0.8, np.float32)


def face_normals(vertices: F32, faces: NDArray[np.int32]) -> F32:
    """Unit normals (F, 3) from the diagonals of each face."""
    a = vertices[faces[:, 2]] - vertices[faces[:, 0]]
    b = vertices[faces[:, 3]] - vertices[faces[:, 1]]
    n = np.cross(a, b)
    return np.asarray(n / np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9), np.float32)


SHIFT = 4  # fractional bits of the polygon filler


@dataclass(slots=True)
class Patch:
    """A drawn object: premultiplied colour and coverage (h, w, 4) uint8 at picture position (left, top)."""

    pixels: NDArray[np.uint8]
    left: int
    top: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom."""
        h, w = self.pixels.shape[:2]
        return self.left, self.top, self.left + w, self.top + h


def frame_window(
    pixels: NDArray[np.floating], width: int, height: int, margin: int = 2
) -> tuple[int, int, int, int] | None:
    """The part of the picture that some points cover, or None."""
    low = np.floor(pixels.min(0)).astype(int) - margin
    high = np.ceil(pixels.max(0)).astype(int) + margin
    x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
    x1, y1 = min(int(high[0]), width), min(int(high[1]), height)
    return None if x1 - x0 < 1 or y1 - y0 < 1 else (x0, y0, x1, y1)


def paint_faces(
    polygons: NDArray[np.floating], colours: NDArray[np.floating], window: tuple[int, int, int, int], factor: int
) -> NDArray[np.uint8]:
    """Fill polygons (F, 4, 2), far to near, into a supersampled window and average it down (premultiplied)."""
    x0, y0, x1, y1 = window
    canvas = np.zeros(((y1 - y0) * factor, (x1 - x0) * factor, 4), np.uint8)
    local = (polygons - (x0, y0)) * (factor * (1 << SHIFT)) - (1 << (SHIFT - 1))
    points = np.clip(np.rint(local), -(1 << 20), 1 << 20).astype(np.int32)
    paints = np.column_stack([np.clip(colours, 0, 255), np.full(len(colours), 255.0)]).tolist()
    fill = cv2.fillConvexPoly
    for polygon, paint in zip(points, paints, strict=True):
        fill(canvas, polygon, paint, cv2.LINE_8, SHIFT)
    if factor == 1:
        return canvas
    return np.asarray(cv2.resize(canvas, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA), np.uint8)


NEAR_M = 1.0


def visible_faces(mesh: Mesh, vertices: F32, camera: Pinhole) -> tuple[NDArray[np.float64], NDArray[np.intp], F32, F32]:
    """Project and cull: pixels of all vertices, indices of visible faces far to near, their normals, view vectors."""
    pixels, depth = camera.project(vertices)
    normals = face_normals(vertices, mesh.faces)
    centres = vertices[mesh.faces].mean(1)
    view = camera.position.astype(np.float32) - centres
    distance = np.linalg.norm(view, axis=1)
    view /= distance[:, None]
    facing = (normals * view).sum(1)
    normals = np.where((facing < 0)[:, None] & mesh.double[:, None], -normals, normals)
    seen = ((facing > 0) | mesh.double) & (depth[mesh.faces].min(1) > NEAR_M)
    index = np.nonzero(seen)[0]
    near = np.array(
        [
            distance[mesh.part == p].mean() if p and (mesh.part == p).any() else np.inf
            for p in range(mesh.part.max() + 1)
        ]
    )
    order = np.lexsort((-distance[index], mesh.layer[index], -near[mesh.part[index]]))
    index = index[order]
    return pixels, index, normals[index].astype(np.float32), view[index].astype(np.float32)
