"""Pictures for the fire and smoke detector.

Facts about the sets that shape the labels: the class ``default`` of `fire` marks a whole picture in which nothing
burns, so it is a negative; `continuous_fire` and `nav_fire` label flames only, so smoke is hidden in them; pictures
of roads, traffic signals and cars show no fire and serve as negatives with the look-alikes that street cameras meet
(headlights, brake lights, lit signals, orange cars, glare, clouds, haze). `neg_cis_cars` is for evaluation only.

``models/labels/fire/split.tsv`` says for each picture whether it trains, chooses thresholds (``dev``) or gives the
figures (``val``, ``test``). Pictures of one clip or one photograph share a part. ``val`` of `fire_more` is 15 % of
the groups and ``dev`` a tenth of the rest, both drawn by a hash of the group's name; ``dev`` of `fire` is one
incident of its training part, of `signals` the first fifth, and American and Brazilian cars of `plates` are ``dev``
alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from models.data.places import CHECKOUT
from models.data.records import Record, array, pictures, read_yolo, size_of, whole
from qyran.errors import ConfigError
from vision.classes import FIRE, SMOKE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPLIT: Final = CHECKOUT / "models" / "labels" / "fire" / "split.tsv"
PARTS: Final = frozenset({"train", "dev", "val", "test"})

REMAP: Final = {0: FIRE, 2: SMOKE}
"""Class numbers of all fire sets here; 1 is ``default``."""

MAIN: Final = "fire-wrpgm"
SMOKE_UNLABELLED: Final = frozenset({"continuous_fire", "nav_fire"})
WITHOUT_LABELS: Final = frozenset({"signals", "plates_us_br"})
"""Sets whose labels are of other things; nothing burns in them."""

ROAD_NEGATIVES: Final = ("road", "manaus_cctv", "rf100_vehicles_km39", "bangkok_cctv")


def fire_records(data: Path) -> list[Record]:
    """All pictures for the fire detector under the data folder `data`."""
    return [*_split_records(data), *_road_negatives(data)]


def read_split(path: Path = SPLIT) -> dict[str, str]:
    """File of a picture, relative to the data folder: its part (``train``, ``dev``, ``val`` or ``test``).

    Raises:
        ConfigError: the file is missing or a line names no part.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        message = f"the split file {path} is missing; restore it from the release"
        raise ConfigError(message) from error
    out = {}
    for number, line in enumerate(lines, start=1):
        file, _, part = line.partition("\t")
        if part not in PARTS:
            message = f"line {number} of the split file {path.name} names no part of {sorted(PARTS)}; restore the file"
            raise ConfigError(message)
        out[file] = part
    return out


def source_of(file: str) -> str:
    """Name of the set, as in the model card, of a picture named relative to the data folder."""
    first, second = file.split("/")[:2]
    if first == "fire_more":
        return second
    return {"fire": MAIN, "plates": "plates_us_br"}.get(first, first)


def _split_records(data: Path) -> Iterator[Record]:
    for file, part in read_split().items():
        path = data / file
        source = source_of(file)
        width, height = size_of(path)
        boxes = array([])
        if source not in WITHOUT_LABELS:
            boxes, _default = read_yolo(path.parents[1] / "labels" / f"{path.stem}.txt", width, height, REMAP)
        ignore = [whole(SMOKE, width, height)] if source in SMOKE_UNLABELLED else []
        yield Record(str(path), source, part, width, height, boxes, array(ignore))


def _road_negatives(data: Path) -> Iterator[Record]:
    splits = {}
    for line in (data / "road_more" / "split.tsv").read_text(encoding="utf-8").splitlines():
        file, split = line.split("\t")[:2]
        splits[data / "road_more" / file] = split
    files = [(path, "road", split) for split in ("train", "val") for path in pictures(data / "road" / split / "images")]
    for name in ROAD_NEGATIVES[1:]:
        files += [(path, name, splits[path]) for path in pictures(data / "road_more" / name / "images")]
    for path, name, split in files:
        width, height = size_of(path)
        yield Record(str(path), name, split, width, height, array([]), array([]))
