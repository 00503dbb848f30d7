"""The camera file of a rendered scene, as `vision.camera` reads it: calibration, lines, zones, signals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qyran.earth import Plane
from scenarios.camera import Pinhole
from scenarios.ground import clip_near, flat
from scenarios.layout import Head, Layout, Line, Point, Way, Zone
from scenarios.props import housing_box, section_box
from scenarios.scene import Scene
from vision.camera import Camera, load_camera

SURVEYED_M = 0.5  # standard uncertainty that a surveyor of the scene would state of its first point


def clip_to_picture(pixels: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """A polygon cut at the picture's border (Sutherland-Hodgman)."""
    for axis, bound, sign in ((0, 0.0, 1), (0, float(width), -1), (1, 0.0, 1), (1, float(height), -1)):
        kept: list[NDArray[np.float64]] = []
        for a, b in zip(pixels, np.roll(pixels, -1, axis=0), strict=True):
            inside_a, inside_b = sign * (a[axis] - bound) >= 0, sign * (b[axis] - bound) >= 0
            if inside_a:
                kept.append(a)
            if inside_a != inside_b:
                kept.append(a + (b - a) * (bound - a[axis]) / (b[axis] - a[axis]))
        if len(kept) < 3:
            return np.empty((0, 2))
        pixels = np.array(kept)
    return pixels


def segment_in_picture(a: Point, b: Point, camera: Pinhole) -> NDArray[np.float64] | None:
    """The visible part (2, 2) of a road segment in pixels, sampled to a centimetre."""
    share = np.linspace(0, 1, 2001)[:, None]
    points = np.asarray(a) + (np.asarray(b) - np.asarray(a)) * share
    pixels, depth = camera.project(flat(points))
    inside = (depth > 1) & (pixels >= 0).all(1) & (pixels[:, 0] <= camera.width) & (pixels[:, 1] <= camera.height)
    seen = np.nonzero(inside)[0]
    return None if len(seen) < 2 else pixels[[seen[0], seen[-1]]]


def _arrow(middle: NDArray[np.float64], travel: Point, camera: Pinhole) -> NDArray[np.float64]:
    reach = np.asarray(travel) * 1.5
    pixels, _ = camera.project(flat(np.array([middle - reach, middle + reach])))
    return np.clip(pixels, 0, (camera.width, camera.height))


def calibration_points(layout: Layout, camera: Pinhole) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Corners of markings that show well: pixels and road metres, spread over the picture."""
    corners = np.unique(np.round(np.vstack([m.points for m in layout.markings]), 3), axis=0)
    pixels, depth = camera.project(flat(corners))
    margin = 0.02 * camera.width
    good = (
        (depth > 3)
        & (depth < 75)
        & (pixels > margin).all(1)
        & (pixels < np.array([camera.width, camera.height]) - margin).all(1)
    )
    corners, pixels = corners[good], pixels[good]
    chosen = [int(pixels[:, 1].argmax())]
    while len(chosen) < min(10, len(corners)):  # always the one farthest from those chosen
        gap = np.linalg.norm(pixels[:, None] - pixels[chosen][None], axis=2).min(1)
        chosen.append(int(gap.argmax()))
    return [(pixels[i], corners[i]) for i in chosen]


def _pair(pixels: NDArray[np.floating], camera: Pinhole) -> list[float]:
    return [
        round(float(np.clip(pixels[0] / camera.width, 0, 1)), 6),
        round(float(np.clip(pixels[1] / camera.height, 0, 1)), 6),
    ]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _outline(zone: Zone, camera: Pinhole) -> NDArray[np.float64] | None:
    """The visible part of a zone in pixels, None where nothing of it shows."""
    polygon = clip_to_picture(clip_near(flat(np.array(zone.points)), camera), camera.width, camera.height)
    return polygon if len(polygon) >= 3 else None


def _terms(part: Zone | Way) -> list[str]:
    """Where, when and for whom a zone or a forbidden way holds."""
    out: list[str] = []
    if part.hours:
        windows = [f'{{ start = "{h.start:%H:%M}", end = "{h.end:%H:%M}" }}' for h in part.hours]
        out.append(f"hours = [{', '.join(windows)}]")
    if part.classes:
        out.append(f"classes = {json.dumps(part.classes)}")
    if isinstance(part, Zone):
        if part.turns:
            out.append(f"turns = {json.dumps(part.turns)}")
        if part.grace_s is not None:
            out.append(f"grace_s = {part.grace_s:g}")
        if part.tariff is not None:
            out.append(f"tariff = {_quoted(part.tariff)}")
        if part.people is not None:
            out.append(f"people = {part.people}")
    return out


def ground_of(scene: Scene) -> Plane:
    """The scene's road metres on the globe."""
    return Plane(scene.latitude, scene.longitude)


def camera_toml(scene: Scene, layout: Layout, camera: Pinhole) -> str:
    """The text of the camera file; the stream is the clip beside it."""
    forward = camera.rotation[2]
    heading = float(np.degrees(np.arctan2(forward[0], forward[1])) % 360)
    globe = ground_of(scene)
    hung = globe.degrees(float(camera.position[0]), float(camera.position[1]))
    axis = [[round(lon, 6), round(lat, 6)] for lat, lon in (globe.degrees(0.0, y) for y in (-5.0, 75.0))]
    out = [
        f"id = {_quoted('demo-' + scene.name)}",
        f"name = {{ kk = {_quoted(scene.title.kk)}, ru = {_quoted(scene.title.ru)}, en = {_quoted(scene.title.en)} }}",
        f"stream = {_quoted(scene.name + '.mp4')}",
        f"latitude = {hung[0]:.6f}",
        f"longitude = {hung[1]:.6f}",
        f"heading_deg = {heading:.1f}",
        'road = "street"',
        f"speed_limit_kmh = {scene.speed_limit_kmh:.0f}",
        f"commissioned = {scene.start.year}-01-15",
        f"covers = {axis}",
        "",
        "[calibration]",
        f"valid_until = {scene.start.year + 1}-03-01",
    ]
    points = calibration_points(layout, camera)
    first = globe.degrees(float(points[0][1][0]), float(points[0][1][1]))
    out.append(f"anchor = {{ latitude = {first[0]:.7f}, longitude = {first[1]:.7f}, sigma_m = {SURVEYED_M} }}")
    out.append("points = [")
    for pixels, ground in points:
        rel = [round(float(v), 4) for v in ground - points[0][1]]
        out.append(f"    {{ picture = {_pair(pixels, camera)}, ground_m = {rel} }},")
    out.append("]")
    out += [text for line in layout.lines for text in _line_toml(line, camera)]
    out += [text for zone in layout.zones for text in _zone_toml(zone, camera)]
    out += [text for head in layout.heads if head.in_camera_file for text in _head_toml(head, camera)]
    drawn = {zone.id for zone in layout.zones if _outline(zone, camera) is not None}
    for way in layout.forbidden:
        if {way.start, way.end} <= drawn:
            out += [
                "",
                "[[forbidden]]",
                *(f"{key} = {_quoted(getattr(way, key))}" for key in ("id", "kind", "start", "end")),
            ]
            out += _terms(way)
    return "\n".join(out) + "\n"


def _line_toml(line: Line, camera: Pinhole) -> list[str]:
    segment = segment_in_picture(*line.points, camera)
    if segment is None:
        return []
    points = [_pair(p, camera) for p in segment]
    out = ["", "[[lines]]", f"id = {_quoted(line.id)}", f"kind = {_quoted(line.kind)}", f"points = {points}"]
    if line.travel:
        arrow = _arrow(np.mean(np.array(line.points), axis=0), line.travel, camera)
        out.append(f"direction = {[_pair(p, camera) for p in arrow]}")
    return out


def _zone_toml(zone: Zone, camera: Pinhole) -> list[str]:
    polygon = _outline(zone, camera)
    if polygon is None:
        return []
    points = [_pair(p, camera) for p in polygon]
    out = ["", "[[zones]]", f"id = {_quoted(zone.id)}", f"kind = {_quoted(zone.kind)}", f"points = {points}"]
    if zone.travel:
        ground = camera.ground(polygon.mean(0)[None])[0]
        out.append(f"direction = {[_pair(p, camera) for p in _arrow(ground, zone.travel, camera)]}")
    return out + _terms(zone)


def _head_toml(head: Head, camera: Pinhole) -> list[str]:
    out = ["", "[[signals]]", f"id = {_quoted(head.id)}", f"box = {_box(housing_box(head, camera), camera)}"]
    if head.stop_line:
        out.append(f"stop_line = {_quoted(head.stop_line)}")
    if head.arrow:
        lamp = _box(section_box(head, camera), camera)
        out.append(f"sections = [{{ arrow = {_quoted(head.arrow)}, box = {lamp} }}]")
    return out


def _box(corners: tuple[float, float, float, float], camera: Pinhole) -> list[float]:
    x0, y0, x1, y1 = corners
    return _pair(np.array([x0, y0]), camera) + _pair(np.array([x1, y1]), camera)


def write_camera(scene: Scene, layout: Layout, camera: Pinhole, path: Path) -> Camera:
    """Write the camera file and read it back through the contract's own reader."""
    path.write_text(camera_toml(scene, layout, camera), encoding="utf-8")
    return load_camera(path)
