"""Training pictures of the plate finder, painted from the few photographs that may be trained on.

``.venv/bin/python -m models.data.plates`` paints them into the cache once. Evaluation-only photographs (the EU part of
``plates``, ``plates_kz``, ``plates_ru``, ``neg_cis_cars``) are never touched here.
"""

from __future__ import annotations

import csv
import logging
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from models.card import WEIGHTS, load_detector_card
from models.data.places import CACHE, shared
from models.data.records import Record, array, read_records, write_records
from models.data.rendered_plates import rendered_plates
from models.data.road import road_records
from models.data.sources import SOURCES
from models.look import raw_detector
from models.plate_finder_paint import (
    Scene,
    corners,
    cut,
    dirty,
    erase,
    false_friends,
    in_holder,
    lay,
    lit_like,
    rows,
    tilted,
    turned,
)
from models.plates.draw import draw_plate
from vision.classes import VEHICLE_IDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.plate_finder_paint import Points

log = logging.getLogger("models.data.plates")

SEED: Final = 7103
QUALITY: Final = 92
DEV_CLIPS: Final = frozenset({"dayride_type1_003"})
DEV_EVERY: Final = 5
"""Every fifth photograph of the US and BR parts is held back for choosing."""

MM: Final = {"us": 305.0, "br": 400.0, "ro": 520.0}
"""Width of a real plate by the first letters of its source, millimetres."""

REPLACED: Final = {"us": 24, "br": 36, "ro": 6}
"""Repainted pictures made of each photograph."""

SHARES: Final = (0.035, 0.7)
"""Width of the chosen plate as a share of the picture's, drawn evenly on a log scale."""

SOURCE_OF: Final = {"us": "plates_us_br", "br": "plates_us_br", "ro": "dashcam_ro"}
"""Name of each country's set in the cards."""
VEHICLE_SIDE: Final = 640
"""Long side at which vehicles without a labelled plate are looked for, pixels."""

PAINTED: Final = ("vehicles_pasted", "without_plates")
PAINTED_OVER: Final = (
    "plates and texts drawn over training photographs of vehicles and streets by `models/data/plates.py`",
    "as the pictures below",
    "Qyran and the sets drawn over",
)
"""Source, licence and attribution of painted pictures."""

HOLDER_SCALE: Final = 2.0
"""Drawn plates at half a pixel a millimetre are brought to one, at which their holders are drawn."""

PASTED: Final = 240
PLAIN: Final = 400


@dataclass(frozen=True, slots=True)
class Base:
    """A photograph with its real plates; `country` is a key of `MM`."""

    file: Path
    country: str
    split: str
    plates: tuple[tuple[float, float, float, float], ...]


def bases(data: Path) -> list[Base]:
    """The photographs with labelled plates that may be trained on."""
    found: dict[Path, list[tuple[float, float, float, float]]] = defaultdict(list)
    for folder in ("plates", "plates_ro"):
        with (data / folder / "labels.csv").open(encoding="utf-8") as stream:
            for row in csv.reader(stream):
                if row[0] == "file" or row[0].startswith("eu_"):
                    continue
                x, y, w, h = (float(value) for value in row[1:5])
                found[data / folder / row[0]].append((x, y, x + w, y + h))
    out = []
    for number, file in enumerate(sorted(found)):
        country = file.name[:2] if file.parent.name == "plates" else "ro"
        dev = file.stem.rsplit("_", 1)[0] in DEV_CLIPS if country == "ro" else number % DEV_EVERY == 0
        out.append(Base(file, country, "dev" if dev else "train", tuple(found[file])))
    return out


def base_scene(base: Base, vehicles: NDArray[np.float32]) -> Scene:
    """A photograph with its plates; vehicles without a labelled plate are hidden, as theirs is not labelled."""
    picture = np.asarray(cv2.imread(str(base.file)), np.uint8)
    plates = [corners(*box) for box in base.plates]
    return Scene(picture, plates, _without_plate(vehicles, plates))


def _without_plate(vehicles: NDArray[np.float32], plates: Sequence[Points]) -> list[Points]:
    hidden = []
    for x1, y1, x2, y2 in vehicles[:, :4]:
        middles = [points.mean(axis=0) for points in plates]
        if not any(x1 < x < x2 and y1 < y < y2 for x, y in middles):
            hidden.append(corners(float(x1), float(y1 + 0.25 * (y2 - y1)), float(x2), float(y2)))
    return hidden


def repaint(scene: Scene, country: str, rng: np.random.Generator) -> Scene:
    """Most plates of a scene replaced by drawn ones, the view turned, false friends added, a window cut."""
    scene = Scene(scene.picture.copy(), list(scene.plates), list(scene.hidden))
    plates = []
    for place in scene.plates:
        chance = rng.random()
        if chance < 0.2:
            plates.append(place)
            continue
        erased = scene.picture.copy()
        erase(scene.picture, place)
        if chance > 0.93:
            continue  # nothing but the painted-over place: no plate
        plates.append(_put_plate(scene.picture, erased, place, MM[country], rng))
    scene.plates = plates
    if rng.random() < 0.6:
        scene = turned(scene, rng)
    if rng.random() < 0.45:
        false_friends(scene, rng)
    return cut(scene, _share(rng), rng)


def _share(rng: np.random.Generator, limits: tuple[float, float] = SHARES) -> float:
    """Of the width, even on a log scale."""
    return float(np.exp(rng.uniform(*np.log(limits))))


def _put_plate(
    picture: NDArray[np.uint8], light: NDArray[np.uint8], place: Points, real_mm: float, rng: np.random.Generator
) -> Points:
    """Lay a drawn plate where the real one of `real_mm` was; returns its corners."""
    plate, wide_mm = _drawn(rng)
    middle = place.mean(axis=0)
    scale = float(np.ptp(place[:, 0])) / real_mm * float(rng.uniform(0.85, 1.12))
    scale *= wide_mm / plate.shape[1]
    inner = (0.0, 0.0, 1.0, 1.0)
    if rng.random() < 0.5:
        plate, inner = in_holder(plate, rng)
    w, h = plate.shape[1] * scale / 2, plate.shape[0] * scale / 2
    outer = tilted(corners(middle[0] - w, middle[1] - h, middle[0] + w, middle[1] + h), rng)
    lay(picture, lit_like(plate, light, place, rng), outer, rng)
    left, top, right, bottom = inner
    return np.array([_between(outer, x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))])


def _drawn(rng: np.random.Generator) -> tuple[NDArray[np.uint8], float]:
    """A plate, dirty by chance, and its width in millimetres."""
    drawn = draw_plate(rng)
    fine = cv2.resize(drawn.picture, None, fx=HOLDER_SCALE, fy=HOLDER_SCALE, interpolation=cv2.INTER_LINEAR)
    picture = np.asarray(fine, np.uint8)
    return (dirty(picture, rng) if rng.random() < 0.5 else picture), drawn.size_mm[0]


def _between(quad: Points, x: float, y: float) -> Points:
    """The point at shares x, y of a quadrilateral (bilinear)."""
    upper = quad[0] * (1 - x) + quad[1] * x
    lower = quad[3] * (1 - x) + quad[2] * x
    return np.asarray(upper * (1 - y) + lower * y)


def pasted(record: Record, rng: np.random.Generator) -> Scene | None:
    """A vehicle of a road picture with a drawn plate on it, cut out with its surroundings."""
    vehicles = record.boxes[record.boxes[:, 0] >= 2]
    wide = vehicles[:, 3] - vehicles[:, 1]
    tall = vehicles[:, 4] - vehicles[:, 2]
    good = np.flatnonzero((wide >= 100) & (wide < 1.7 * tall))
    if not len(good):
        return None
    x1, y1, x2, y2 = (float(value) for value in vehicles[good[int(rng.integers(len(good)))], 1:])
    picture = np.asarray(cv2.imread(record.file), np.uint8)
    x = x1 + (x2 - x1) * rng.uniform(0.3, 0.7)
    y = y1 + (y2 - y1) * rng.uniform(0.6, 0.88)
    plate, wide_mm = _drawn(rng)
    w = (x2 - x1) * rng.uniform(0.2, 0.36) * wide_mm / 520 / 2
    h = w * plate.shape[0] / plate.shape[1] * rng.uniform(0.95, 1.6)
    place = tilted(corners(x - w, y - h, x + w, y + h), rng, 6.0)
    lay(picture, lit_like(plate, picture, place, rng), place, rng)
    hidden = [corners(*(float(value) for value in row[1:])) for row in record.boxes[record.boxes[:, 0] >= 1]]
    scene = Scene(picture, [place], hidden)
    if rng.random() < 0.5:
        scene = turned(scene, rng)
    return cut(scene, _share(rng, (0.06, 0.4)), rng)


def paint(data: Path, folder: Path) -> list[Record]:
    """Paint all pictures into `folder`; returns their records."""
    folder.mkdir(parents=True, exist_ok=True)
    card = load_detector_card(WEIGHTS / "road.json")
    vehicles_in = raw_detector(card.path, card.classes, VEHICLE_SIDE)
    out: list[Record] = []

    def keep(scene: Scene, source: str, split: str) -> None:
        path = folder / f"{len(out):05d}.jpg"
        cv2.imwrite(str(path), scene.picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        taught, hidden = rows(scene)
        height, width = scene.picture.shape[:2]
        out.append(Record(str(path), source, split, width, height, array(taught), array(hidden)))

    rng = np.random.default_rng(SEED)
    for base in bases(data):
        picture = np.asarray(cv2.imread(str(base.file)), np.uint8)
        seen = vehicles_in.detect(picture, min_score=0.1)
        scene = base_scene(base, seen.box[np.isin(seen.class_id, list(VEHICLE_IDS))])
        source = SOURCE_OF[base.country]
        keep(cut(scene, 1e-3, rng), source, base.split)
        for _ in range(REPLACED[base.country]):
            keep(repaint(scene, base.country, rng), f"{source}_repainted", base.split)
    log.info("%d pictures from labelled photographs", len(out))
    road = [record for record in road_records(data, ("train",)) if record.split == "train"]
    for number in rng.integers(0, len(road), PASTED):
        scene_or_none = pasted(road[number], rng)
        if scene_or_none is not None:
            keep(scene_or_none, "vehicles_pasted", "train")
    log.info("%d pictures with pasted ones", len(out))
    plain = [
        *sorted((data / "fire" / "train" / "images").glob("*.jpg")),
        *sorted((data / "signals" / "train" / "images").glob("*.jpg")),
    ]
    for number in rng.permutation(len(plain))[:PLAIN]:
        picture = np.asarray(cv2.imread(str(plain[number])), np.uint8)
        seen = vehicles_in.detect(picture, min_score=0.1)
        scene = Scene(picture, [], _without_plate(seen.box[np.isin(seen.class_id, list(VEHICLE_IDS))], []))
        if rng.random() < 0.6:
            false_friends(scene, rng)
        keep(cut(scene, 1e-3 if rng.random() < 0.6 else 0.05, rng), "without_plates", "train")
    log.info("%d pictures in all", len(out))
    return out


def data_table(records: Sequence[Record]) -> list[dict[str, Any]]:
    """What the card says of the pictures, and of those under the painted ones."""
    count = Counter((record.source, record.split) for record in records)
    rows = [("coco", "starting weights", 118287)]  # pictures of COCO 2017 train
    for source in ("plates_us_br", "dashcam_ro"):
        for split, use in (("train", "training"), ("dev", "choice of thresholds")):
            rows.append((source, use, count[source, split]))
            rows.append((f"{source}_repainted", use, count[f"{source}_repainted", split]))
    rows += [(name, "training", count[name, "train"]) for name in (*PAINTED, "rendered_plates")]
    known = {
        **SOURCES,
        **{f"{name}_repainted": PAINTED_OVER for name in ("plates_us_br", "dashcam_ro")},
        **dict.fromkeys(PAINTED, PAINTED_OVER),
        "rendered_plates": SOURCES["rendered"],
    }
    return [
        {"name": name, "source": known[name][0], "licence": known[name][1], "attribution": known[name][2],
         "used_for": use, "n": n}
        for name, use, n in rows
    ]  # fmt: skip


def plates_records() -> list[Record]:
    """The finder's pictures; paints them if they are not there yet."""
    kept = CACHE / "plates" / "painted.jsonl"
    if not kept.is_file():
        write_records(kept, paint(shared() / "data", CACHE / "plates" / "painted"))
    return [*read_records(kept), *rendered_plates()]


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    plates_records()
