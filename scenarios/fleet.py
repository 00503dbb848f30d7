"""What moves on a road: kinds with their class and size, random looks, and the mesh of a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenarios import heavy, people, strays, vehicles
from scenarios.mesh import ALBEDO, F32, Material, Mesh
from scenarios.plates import random_plate


@dataclass(frozen=True, slots=True)
class Kind:
    """COCO class name, size in metres, and relative frequency in city traffic."""

    cls: str
    length: float
    width: float
    height: float
    share: float


KINDS: dict[str, Kind] = {
    "sedan": Kind("car", 4.65, 1.80, 1.46, 34),
    "hatch": Kind("car", 4.10, 1.74, 1.50, 16),
    "wagon": Kind("car", 4.70, 1.81, 1.52, 8),
    "suv": Kind("car", 4.62, 1.88, 1.72, 24),
    "minivan": Kind("car", 4.75, 1.85, 1.75, 4),
    "van": Kind("truck", 5.65, 2.02, 2.52, 0),
    "minibus": Kind("bus", 5.95, 2.06, 2.66, 0),
    "bus": Kind("bus", 12.0, 2.54, 3.2, 4),
    "truck_box": Kind("truck", 8.2, 2.48, 3.35, 4),
    "truck_tipper": Kind("truck", 7.8, 2.48, 2.95, 2),
    "truck_semi": Kind("truck", 15.5, 2.48, 3.95, 0),
    "motorcycle": Kind("motorcycle", 2.05, 0.8, 1.72, 2),
    "bicycle": Kind("bicycle", 1.75, 0.6, 1.80, 0),
    "person": Kind("person", 0.5, 0.55, 1.74, 0),
    "dog": Kind("animal", 1.1, 0.25, 0.8, 0),
    "cow": Kind("animal", 2.5, 0.7, 1.63, 0),
    "horse": Kind("animal", 2.5, 0.6, 2.04, 0),
    "carton": Kind("debris", 0.85, 0.65, 0.6, 0),
    "tyre": Kind("debris", 0.66, 0.66, 0.22, 0),
    "bag": Kind("debris", 0.85, 0.45, 0.4, 0),
    "pallet": Kind("debris", 1.2, 0.8, 0.16, 0),
    "barrel": Kind("debris", 0.6, 0.6, 0.9, 0),
}
LAMPLESS = frozenset({"person", "bicycle", "animal", "debris"})
"""Classes of what carries no lamps."""
WALKING = frozenset({"person", "bicycle", "dog", "cow", "horse"})
"""Kinds whose limbs move."""

# sRGB paints (r, g, b) and how often they are seen: white, silver, black, grey, blue, red, green, beige, yellow
_PAINTS = (
    ((236, 238, 238), 26),
    ((178, 182, 186), 16),
    ((22, 23, 26), 18),
    ((88, 92, 97), 14),
    ((24, 48, 104), 7),
    ((142, 20, 24), 7),
    ((26, 66, 48), 3),
    ((172, 158, 130), 4),
    ((222, 168, 20), 2),
    ((58, 110, 158), 3),
)
_CLOTHES = (
    (200, 200, 195),
    (30, 32, 40),
    (150, 30, 30),
    (40, 70, 140),
    (60, 90, 60),
    (190, 150, 60),
    (90, 90, 95),
    (120, 60, 110),
    (230, 230, 235),
    (220, 110, 40),
)
_TROUSERS = ((28, 30, 38), (45, 60, 100), (70, 66, 60), (20, 20, 22), (120, 112, 96))
_BUSES = ((40, 120, 190), (34, 140, 80), (190, 40, 36), (220, 190, 40), (230, 232, 232))
_BOXES = ((225, 226, 224), (214, 214, 210), (60, 90, 150), (180, 60, 50), (70, 120, 90), (150, 152, 155))


def linear(rgb: tuple[float, float, float]) -> tuple[float, float, float]:
    """SRGB 0..255 (r, g, b) to linear albedo (b, g, r)."""
    r, g, b = ((c / 255.0) ** 2.2 for c in rgb)
    return b, g, r


@dataclass(frozen=True, slots=True)
class Look:
    """One individual: its kind, colours (linear b, g, r) and plate."""

    kind: str
    paint: tuple[float, float, float]
    trim: tuple[float, float, float]
    cloth: tuple[float, float, float]
    trousers: tuple[float, float, float]
    hair: tuple[float, float, float]
    plate: str
    scale: float = 1.0
    roll: float = 0.0  # radians about its long axis: overturned
    pitch: float = 0.0  # radians about the axis across it: lying on its face

    @property
    def tilted(self) -> bool:
        """Whether it does not stand on its feet or wheels."""
        return bool(self.roll or self.pitch)

    @property
    def turn(self) -> NDArray[np.float64]:
        """How it is tilted, a rotation [3, 3]."""
        a, b = self.roll, self.pitch
        over = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        return np.asarray(np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]) @ over)

    @property
    def spec(self) -> Kind:
        """Class and size, as it stands or lies."""
        upright = KINDS[self.kind]
        if not self.tilted:
            return upright
        size = np.abs(self.turn) @ (upright.length, upright.width, upright.height)
        return replace(upright, length=float(size[0]), width=float(size[1]), height=float(size[2]))

    def albedo(self) -> F32:
        """The palette of this individual, one row a material."""
        table = ALBEDO.copy()
        for material, colour in (
            (Material.PAINT, self.paint),
            (Material.TRIM, self.trim),
            (Material.CLOTH, self.cloth),
            (Material.TROUSERS, self.trousers),
            (Material.HAIR, self.hair),
        ):
            table[material] = colour
        return table


def _pick(
    rng: np.random.Generator, options: tuple[tuple[int, int, int], ...], jitter: float = 14.0
) -> tuple[float, float, float]:
    base = options[int(rng.integers(len(options)))]
    return linear(tuple(float(np.clip(c + rng.normal(0, jitter), 4, 250)) for c in base))  # type: ignore[arg-type]


def draw_look(rng: np.random.Generator, kind: str | None = None, mix: Mapping[str, float] | None = None) -> Look:
    """A random individual, of a given kind or from a mix of kinds (kind -> share)."""
    if kind is None:
        shares = dict(mix) if mix else {k: v.share for k, v in KINDS.items() if v.share}
        p = np.array(list(shares.values()), float)
        kind = str(rng.choice(list(shares), p=p / p.sum()))
    weights = np.array([w for _, w in _PAINTS], float)
    paint = _pick(rng, (_PAINTS[int(rng.choice(len(_PAINTS), p=weights / weights.sum()))][0],), 6.0)
    trim = _pick(rng, _BOXES)
    if kind == "bus":
        paint, trim = _pick(rng, _BUSES), linear((235, 235, 232))
    if kind in strays.HIDES:
        paint = _pick(rng, strays.HIDES[kind], 8.0)
    if kind == "truck_tipper":
        trim = _pick(rng, ((190, 110, 40), (60, 90, 150), (110, 112, 116)))
    if kind in ("van", "minibus") and rng.random() < 0.6:
        paint = linear((232, 233, 233))
    with_plate = KINDS[kind].cls not in LAMPLESS and kind != "motorcycle"
    return Look(
        kind,
        paint,
        trim,
        _pick(rng, _CLOTHES),
        _pick(rng, _TROUSERS),
        _pick(rng, ((25, 22, 20), (45, 34, 26), (60, 60, 62), (160, 40, 40)), 8.0),
        random_plate(rng) if with_plate else "",
        float(rng.normal(1.0, 0.045)) if kind == "person" else 1.0,
    )


@lru_cache(maxsize=512)
def _posed(kind: str, step: int, scale: float) -> Mesh:
    phase = step * 2 * np.pi / 16
    if KINDS[kind].cls == "animal":
        return strays.animal(kind, phase)
    return people.cyclist(phase) if kind == "bicycle" else people.walker(phase, scale)


def mesh_of(look: Look, phase: float, *, fine: bool) -> Mesh:
    """The mesh of an individual; `phase` (radians) poses walkers and cyclists."""
    if look.kind == "motorcycle":
        return _motorcycle()
    if KINDS[look.kind].cls == "debris":
        return strays.thing(look.kind)
    if look.kind in WALKING:
        return _posed(look.kind, round(phase * 16 / (2 * np.pi)) % 16, round(look.scale, 2))
    if look.kind == "bus":
        return heavy.bus(fine=fine)
    if look.kind.startswith("truck_"):
        return heavy.truck(look.kind.removeprefix("truck_"), fine=fine)
    return vehicles.car(look.kind, fine=fine)


@lru_cache(maxsize=1)
def _motorcycle() -> Mesh:
    return people.motorcyclist()
