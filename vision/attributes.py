"""Kind and colour of vehicles: a small network on each crop, voted over a track."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from qyran.errors import ConfigError
from vision.classes import BUS, CAR, TRUCK
from vision.types import VehicleLook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.classifier import Classifier
    from vision.types import Tracks

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

KINDS: Final = ("car", "van", "bus", "truck")
"""Kinds of vehicle, in the order of the network's first output; a minibus is a van, an off-roader a car."""
UNKNOWN: Final = "unknown"
COLOURS: Final = ("white", "grey", "black", "red", "yellow", "green", "blue", UNKNOWN)
"""Colours, in the order of the network's second output; silver is grey, orange yellow or red, and `unknown` is what
lamp light, darkness and grey pictures hide."""
VEHICLES: Final = (CAR, BUS, TRUCK)
LEAST_PX: Final = (18, 28)
"""Shorter and longer side of the smallest box that is looked at, pixels."""
EVERY_S: Final = 0.4
"""Least time between two looks at a track, seconds."""
MOST_LOOKS: Final = 8
"""Looks at a track,"""
NEARER: Final = 1.4
"""unless its box has grown this much since the largest one looked at."""
MOST_AT_ONCE: Final = 6
"""Crops of one picture, the largest ones."""
HIDDEN: Final = 0.3
"""Share of a box under other boxes from which it is not looked at."""


class AttributeReader:
    """Reads crops of vehicles.

    Args:
        classifier: the attribute network.

    Raises:
        ConfigError: it names other kinds and colours.
    """

    def __init__(self, classifier: Classifier) -> None:
        spec = classifier.spec
        if spec.lists != (KINDS, COLOURS):
            raise ConfigError(f"The weights {spec.weights.name} are no attribute model of this version.")
        self._classifier = classifier
        self._size = (spec.width, spec.height)
        self.accept = spec.accept

    def read(self, crops: Sequence[Picture]) -> tuple[Floats, Floats]:
        """Shares of `KINDS` and of `COLOURS`, float32 [N, 4] and [N, 8].

        Args:
            crops: each uint8 [H, W, 3], BGR, tight around one vehicle, not empty.
        """
        if not crops:
            return np.zeros((0, len(KINDS)), np.float32), np.zeros((0, len(COLOURS)), np.float32)
        kinds, colours = self._classifier.shares(np.stack([shrunk(crop, self._size) for crop in crops]))
        return kinds, colours


def shrunk(crop: Picture, size: tuple[int, int]) -> Picture:
    """A crop squeezed to `size` (width, height)."""
    smaller = crop.shape[0] > size[1] or crop.shape[1] > size[0]
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR), np.uint8)


def named(shares: Floats, names: tuple[str, ...], accept: float) -> tuple[str | None, float]:
    """The name with the largest share and that share; None where it stays below `accept` or says `unknown`."""
    best = int(shares.argmax())
    known = shares[best] >= accept and names[best] != UNKNOWN
    return (names[best], float(shares[best])) if known else (None, 0.0)


@dataclass(slots=True)
class _Votes:
    """What was seen of one track."""

    kinds: Floats = field(default_factory=lambda: np.zeros(len(KINDS), np.float32))
    colours: Floats = field(default_factory=lambda: np.zeros(len(COLOURS), np.float32))
    weight: float = 0.0
    looks: int = 0
    largest_px: float = 0.0
    last_s: float = -np.inf
    said: VehicleLook | None = None


class AttributeVote:
    """Looks at the vehicles of one camera now and then, and says what their looks agree on.

    Args:
        reader: of crops.
    """

    def __init__(self, reader: AttributeReader) -> None:
        self._reader = reader
        self._votes: dict[int, _Votes] = {}

    def step(self, picture: Picture, tracks: Tracks, video_s: float) -> tuple[VehicleLook, ...]:
        """What changed at this moment, one look a track.

        Args:
            picture: uint8 [H, W, 3], BGR.
            tracks: of the same moment; tracks that are no longer among them are forgotten.
            video_s: seconds of video.
        """
        alive = set(tracks.id.tolist())
        self._votes = {track: votes for track, votes in self._votes.items() if track in alive}
        chosen = self._due(tracks, video_s, picture.shape[1], picture.shape[0])
        crops = []
        for row in chosen:
            x1, y1, x2, y2 = (round(value) for value in tracks.box[row].tolist())
            crops.append(picture[max(0, y1) : y2, max(0, x1) : x2])
        kinds, colours = self._reader.read(crops)
        changed = (
            self._count(int(tracks.id[row]), _side(tracks.box[row]), video_s, kind, colour)
            for row, kind, colour in zip(chosen, kinds, colours, strict=True)
        )
        return tuple(look for look in changed if look is not None)

    def _due(self, tracks: Tracks, video_s: float, width: int, height: int) -> list[int]:
        """Rows of the tracks worth a look: seen whole, large enough, not looked at just now; the largest first."""
        box = tracks.box
        size = box[:, 2:] - box[:, :2]
        whole = (box[:, :2] > 1).all(axis=1) & (box[:, 2] < width - 2) & (box[:, 3] < height - 2)
        large = (size.min(axis=1) >= LEAST_PX[0]) & (size.max(axis=1) >= LEAST_PX[1])
        wanted = tracks.seen & np.isin(tracks.class_id, VEHICLES) & whole & large & (_hidden(box) < HIDDEN)
        rows = [int(row) for row in np.flatnonzero(wanted) if self._wants(int(tracks.id[row]), box[row], video_s)]
        return sorted(rows, key=lambda row: -_side(box[row]))[:MOST_AT_ONCE]

    def _wants(self, track: int, box: Floats, video_s: float) -> bool:
        votes = self._votes.get(track)
        if votes is None:
            return True
        fresh = votes.looks < MOST_LOOKS or _side(box) >= NEARER * votes.largest_px
        return fresh and video_s - votes.last_s >= EVERY_S

    def _count(self, track: int, side: float, video_s: float, kind: Floats, colour: Floats) -> VehicleLook | None:
        """Add one look; what the track is said to be where that is new."""
        votes = self._votes.setdefault(track, _Votes())
        votes.kinds += side * kind
        votes.colours += side * colour
        votes.weight += side
        votes.looks += 1
        votes.largest_px = max(votes.largest_px, side)
        votes.last_s = video_s
        kind_name, kind_score = named(votes.kinds / votes.weight, KINDS, self._reader.accept)
        colour_name, colour_score = named(votes.colours / votes.weight, COLOURS, self._reader.accept)
        look = VehicleLook(track, kind_name, kind_score, colour_name, colour_score)
        before, votes.said = votes.said, look
        nothing = kind_name is None and colour_name is None
        same = nothing if before is None else (before.kind, before.colour) == (kind_name, colour_name)
        return None if same else look


def _side(box: Floats) -> float:
    return float(max(box[2] - box[0], box[3] - box[1]))


def _hidden(box: Floats) -> Floats:
    """Largest share of each box under another that stands before it (whose foot is lower), float32 [N]."""
    if len(box) < 2:
        return np.zeros(len(box), np.float32)
    low, high = np.maximum(box[:, None, :2], box[None, :, :2]), np.minimum(box[:, None, 2:], box[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    before = box[None, :, 3] > box[:, None, 3]
    area = np.clip(box[:, 2:] - box[:, :2], 1e-6, None).prod(axis=1)
    share: Floats = (np.where(before, common, 0).max(axis=1) / area).astype(np.float32)
    return share
