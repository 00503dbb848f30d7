"""When to look for a vehicle's plate, and what its looks have told so far.

A look costs a run of the finder on the vehicle's part of the picture and a run of the reader, so not every vehicle is
looked at in every frame: only vehicles near enough for signs to be told apart, again when their size has changed or
a while has passed, and no more once the reading is settled. A frame has a budget of looks; who promises most goes
first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from vision.classes import BUS, CAR, MOTORCYCLE, TRUCK
from vision.plate_vote import vote
from vision.plate_window import window
from vision.types import Plate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.plate_vote import Read
    from vision.types import Tracks

WIDE: Final = {MOTORCYCLE: 0.25, CAR: 0.26, BUS: 0.2, TRUCK: 0.2}
"""Width of a plate as a share of the box of a vehicle seen from the front or rear (520 mm of 2 to 2.6 m), by class."""
BORDER_PX: Final = 2.0
"""A plate this near to the picture's border is cut by it, and what is left of it would be read as another."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A plate found and read in one frame; `box` in pixels of the picture, `found` the finder's calibrated score."""

    box: tuple[float, float, float, float]
    found: float
    reading: Read


class PlateEye(Protocol):
    """Finds and reads the plates in a picture."""

    def look(self, picture: NDArray[np.uint8]) -> Sequence[Sight]:
        """Plates in a picture uint8 [H, W, 3] BGR, boxes in its pixels, the likeliest first."""


@dataclass(frozen=True, slots=True)
class PlateSettings:
    """How keenly plates are looked for.

    Attributes:
        least_px: expected width of a plate from which a vehicle is looked at, pixels.
        looks_a_frame: looks in one frame at most.
        most_looks: looks at one track at most.
        nearer: a track is due again when its box has grown by this factor since the last look,
        farther: or has shrunk to this: who drives away is never seen better than now,
        again_s: or when so many seconds have passed, doubled with every look that found nothing.
        settled_score: voted score from which a track is looked at no more.
        settled_frames: readings of the plate that must agree before it is settled.
        least_found: calibrated score of the finder below which a box is no plate; higher than in a single picture,
            since a vehicle is seen in many.
        full_px: width from which a reading has its full weight in the vote, pixels; below it falls with the area.
    """

    least_px: float = 28.0
    looks_a_frame: int = 2
    most_looks: int = 12
    nearer: float = 1.1
    farther: float = 0.97
    again_s: float = 0.3
    settled_score: float = 0.98
    settled_frames: int = 3
    least_found: float = 0.7
    full_px: float = 90.0


@dataclass(slots=True)
class _Dossier:
    """What is known of one track's plate."""

    looks: int = 0
    misses: int = 0
    last_s: float = -np.inf
    last_width: float = 0.0
    readings: list[tuple[Read, float]] = field(default_factory=list)
    best: tuple[float, tuple[float, float, float, float]] = (0.0, (0.0, 0.0, 0.0, 0.0))
    told: Plate | None = None
    settled: bool = False


class PlateWatch:
    """Looks for the plates of the tracks of one camera, frame by frame."""

    def __init__(self, eye: PlateEye, settings: PlateSettings | None = None) -> None:
        self.settings = settings or PlateSettings()
        self._eye = eye
        self._dossiers: dict[int, _Dossier] = {}
        self._looked_s = -np.inf

    def step(
        self, picture: NDArray[np.uint8], tracks: Tracks, video_s: float, apart_s: float = 0.0
    ) -> tuple[Plate, ...]:
        """Readings that changed at this frame.

        Args:
            picture: uint8 [H, W, 3], BGR.
            tracks: the road users in it.
            video_s: second of video.
            apart_s: least time between two looks; where it is not 0, a frame has one look: the most promising vehicle.
        """
        if apart_s and video_s - self._looked_s < apart_s:
            return ()
        alive = set(tracks.id.tolist())
        self._dossiers = {track: kept for track, kept in self._dossiers.items() if track in alive}
        due = sorted(self._due(tracks, video_s), reverse=True)
        due = due[: 1 if apart_s else self.settings.looks_a_frame]
        if due:
            self._looked_s = video_s
        changed = (self._look(picture, tracks, row, video_s) for _, _, row in due)
        return tuple(plate for plate in changed if plate is not None)

    def _due(self, tracks: Tracks, video_s: float) -> list[tuple[float, int, int]]:
        """Tracks worth a look: what they promise, minus their id (for a fixed order), their row."""
        s = self.settings
        out = []
        for row in range(len(tracks)):
            share = WIDE.get(int(tracks.class_id[row]))
            if share is None or not tracks.seen[row]:
                continue
            track, width = int(tracks.id[row]), float(tracks.box[row, 2] - tracks.box[row, 0])
            if width * share < s.least_px:
                continue
            kept = self._dossiers.setdefault(track, _Dossier())
            if kept.settled or kept.looks >= s.most_looks:
                continue
            moved = not s.farther * kept.last_width < width < s.nearer * kept.last_width
            waited = video_s - kept.last_s >= s.again_s * 2.0 ** min(kept.misses, 4)
            if moved or waited:
                # The never looked at and the much nearer first; then the large.
                out.append((width / (1.0 + kept.looks), -track, row))
        return out

    def _look(self, picture: NDArray[np.uint8], tracks: Tracks, row: int, video_s: float) -> Plate | None:
        """Look at one vehicle; its reading if that changed."""
        track, box = int(tracks.id[row]), tracks.box[row]
        s, kept = self.settings, self._dossiers[track]
        kept.looks += 1
        kept.last_s, kept.last_width = video_s, float(box[2] - box[0])
        height, width = picture.shape[:2]
        part = window(box.tolist(), width, height)
        seen = () if part is None else self._eye.look(part.cut(picture))
        sights = [one for one in seen if one.found >= s.least_found and one.reading.text]
        if part is None or not sights:
            kept.misses += 1
            return None
        sight = max(sights, key=lambda one: one.found)
        x1, y1, x2, y2 = (float(v) for v in part.to_picture(np.array([sight.box], np.float32))[0])
        whole = min(x1, y1) > BORDER_PX and x2 < width - BORDER_PX and y2 < height - BORDER_PX
        if not whole or not _is_its_own((x1 + x2) / 2, (y1 + y2) / 2, tracks, row):
            return None
        kept.misses = 0
        weight = min(1.0, (x2 - x1) / s.full_px) ** 2
        kept.readings.append((sight.reading, weight))
        if weight * sight.reading.score >= kept.best[0]:
            kept.best = (weight * sight.reading.score, (x1, y1, x2, y2))
        return self._tell(track, kept)

    def _tell(self, track: int, kept: _Dossier) -> Plate | None:
        s = self.settings
        voted = vote(kept.readings)
        if voted is None:
            return None
        kept.settled = voted.score >= s.settled_score and voted.frames >= s.settled_frames
        plate = Plate(track, voted.text, round(voted.score, 4), voted.uncertain, kept.best[1])
        if kept.told is not None and (plate.text, plate.score, plate.uncertain) == (
            kept.told.text, kept.told.score, kept.told.uncertain,
        ):  # fmt: skip
            return None
        kept.told = plate
        return plate


def _is_its_own(x: float, y: float, tracks: Tracks, row: int) -> bool:
    """Whether a plate at a point belongs to a vehicle, and not to one that stands before it."""
    box = tracks.box
    holds = (box[:, 0] <= x) & (x <= box[:, 2]) & (box[:, 1] <= y) & (y <= box[:, 3])
    nearer = box[:, 3] > box[row, 3]
    vehicle = np.isin(tracks.class_id, list(WIDE))
    return not bool((holds & nearer & vehicle).any())
