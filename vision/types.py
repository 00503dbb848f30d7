"""What travels down the frame path: frames, detections, tracks, signal states, observations.

Boxes are ``x1, y1, x2, y2`` in pixels of the decoded picture, y down. Ground positions are metres on the road
plane, x east and y north of the first calibration point. Video seconds count from the first frame's PTS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

EMPTY_SIGNALS: Final[Mapping[str, SignalReading]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture.

    Attributes:
        index: running number of the decoded frame in this stream, from 0; survives reconnects.
        pts: presentation time stamp in units of the stream's time base.
        video_s: seconds of video since the first frame, from PTS.
        time: the same moment in UTC.
        picture: uint8 [H, W, 3], BGR. Read-only for everyone who gets it.
    """

    index: int
    pts: int
    video_s: float
    time: datetime
    picture: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector saw in one picture, after NMS, strongest first.

    Attributes:
        box: float32 [N, 4], pixels.
        score: float32 [N], calibrated so that 0.5 is the shipped threshold.
        class_id: int16 [N], index into the model's class names.
        look: float32 [N, L], what colours each wears (`vision.appearance`); None where nobody looked.
    """

    box: NDArray[np.float32]
    score: NDArray[np.float32]
    class_id: NDArray[np.int16]
    look: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.score)

    @staticmethod
    def empty() -> Detections:
        """No detection."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int16))

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Detections:
        """The detections selected by a mask or by indices."""
        look = None if self.look is None else self.look[keep]
        return Detections(self.box[keep], self.score[keep], self.class_id[keep], look)


@dataclass(frozen=True, slots=True)
class Tracks:
    """The confirmed tracks at one moment (structure of arrays, N tracks).

    Attributes:
        id: int64 [N], unique within the stream, never reused.
        class_id: int16 [N], class voted over the track so far.
        score: float32 [N], score of the detection at this moment (0 while coasting).
        box: float32 [N, 4], pixels; measured where `seen`, predicted otherwise.
        seen: bool [N], True where a detection supports the box at this moment.
        age_s: float32 [N], seconds since the first detection.
        velocity_px: float32 [N, 2], velocity of the bottom centre in pixels a second.
        ground: float64 [N, 2], metres on the road plane, NaN without calibration.
        velocity_ms: float64 [N, 2], metres a second on the road plane from a fit over the track, NaN without.
        speed_sigma_ms: float64 [N], standard uncertainty of the speed, NaN without.
        seen_as: int16 [N], class of the detection at this moment, -1 where none supports the box; None where only the
            vote is known.
    """

    id: NDArray[np.int64]
    class_id: NDArray[np.int16]
    score: NDArray[np.float32]
    box: NDArray[np.float32]
    seen: NDArray[np.bool_]
    age_s: NDArray[np.float32]
    velocity_px: NDArray[np.float32]
    ground: NDArray[np.float64]
    velocity_ms: NDArray[np.float64]
    speed_sigma_ms: NDArray[np.float64]
    seen_as: NDArray[np.int16] | None = None

    def __len__(self) -> int:
        return len(self.id)

    @property
    def foot(self) -> NDArray[np.float32]:
        """Bottom centre of each box, float32 [N, 2], pixels: where the object stands on the road."""
        return np.stack(((self.box[:, 0] + self.box[:, 2]) / 2, self.box[:, 3]), axis=1)

    @staticmethod
    def empty() -> Tracks:
        """No track."""
        return Tracks(
            np.zeros(0, np.int64), np.zeros(0, np.int16), np.zeros(0, np.float32), np.zeros((0, 4), np.float32),
            np.zeros(0, np.bool_), np.zeros(0, np.float32), np.zeros((0, 2), np.float32),
            np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0),
        )  # fmt: skip


class SignalState(StrEnum):
    """State of one signal head; `unknown` when covered, glared, dark or undecided."""

    RED = "red"
    RED_YELLOW = "red_yellow"
    YELLOW = "yellow"
    GREEN = "green"
    FLASHING = "flashing"
    OFF = "off"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SignalReading:
    """The steady state of one configured signal head.

    Attributes:
        state: the state, held over time.
        since_s: second of video at which this state began, as seen.
        score: 0 to 1, how sure the reading is.
    """

    state: SignalState
    since_s: float
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A vehicle crossed a control line: once a track and line.

    Attributes:
        line: id of the line in the camera file.
        track: track id.
        class_id: class of the track.
        video_s: second of the crossing, interpolated between the two positions.
        forward: True when crossed along the line's `direction` arrow (or, without one, from the left of the
            drawn segment to its right as seen from its first point towards its second).
        speed_ms, speed_sigma_ms: auxiliary video speed at the line and its standard uncertainty; NaN without
            calibration.
        lane: id of the lane zone in which the vehicle went over the line; None where none is drawn there.
        settled: False where looks after the line may better the speed: then the passage comes once more, see
            `Observation.settled`.
    """

    line: str
    track: int
    class_id: int
    video_s: float
    forward: bool
    speed_ms: float
    speed_sigma_ms: float
    lane: str | None = None
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Plate:
    """A reading of a track's number plate, voted over its frames so far."""

    track: int
    text: str
    score: float
    uncertain: tuple[int, ...]
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class VehicleLook:
    """What a track looks like, voted over its pictures so far.

    Attributes:
        track: track id.
        kind: car, van, bus or truck; None where it cannot be told.
        colour: white, grey, black, red, yellow, green or blue; None where it cannot be told.
        kind_score, colour_score: 0 to 1, how sure each is; 0 for None.
    """

    track: int
    kind: str | None
    kind_score: float
    colour: str | None
    colour_score: float


class View(StrEnum):
    """Whether a camera still looks where its file was drawn, and still sees (`vision.drift`)."""

    OK = "ok"
    MOVED = "moved"
    BLURRED = "blurred"
    BLINDED = "blinded"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class ViewState:
    """The state of a camera's view.

    Attributes:
        state: held over time.
        since_s: second of video at which it began.
    """

    state: View = View.OK
    since_s: float = 0.0


GOOD_VIEW: Final = ViewState()


@dataclass(frozen=True, slots=True)
class Blobs:
    """What stands before the ground and is no tracked road user (structure of arrays, N blobs; `vision.background`).

    Attributes:
        id: int64 [N], unique within the stream.
        box: float32 [N, 4], pixels; where last seen.
        first_box: float32 [N, 4], pixels, where first seen.
        seen: bool [N], whether it shows at this moment; a road user may be before it.
        since_s: float64 [N], second of video at which it came.
        rest_s: float64 [N], second since which it rests; the present one while it moves.
        touched_s: float64 [N], last second at which a road user was in or beside it, minus infinity for never.
        fill: float32 [N], share of the box that it fills.
        sharp: float32 [N], mean gradient along its border, gray levels a pixel of the small picture.
    """

    id: NDArray[np.int64]
    box: NDArray[np.float32]
    first_box: NDArray[np.float32]
    seen: NDArray[np.bool_]
    since_s: NDArray[np.float64]
    rest_s: NDArray[np.float64]
    touched_s: NDArray[np.float64]
    fill: NDArray[np.float32]
    sharp: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, slots=True)
class Plume:
    """What pixels tell of one place that may be smoke or fire (`vision.plume`); lengths in pixels, levels 0..255.

    Attributes:
        class_id: of FIRE_CLASSES.
        box: x1, y1, x2, y2.
        score: the detector's, 0 for a cloud found by pixels alone.
        area: share of the picture.
        known: whether it is known what the street usually looks like; else `new`, `change`, `shift`, `fade` are 0.
        new: share of the place that differs from the usual,
        change: by how much, levels,
        shift: brighter (above 0) or darker.
        fade: share of the usual contrast that is gone; NaN where there was none to lose.
        tie: correlation with the usual picture, -1..1: a shadow or thin fog leaves it near 1, a cloud breaks it; NaN
            as `fade`.
        tone: brightness, levels.
        tint: difference between the strongest and the weakest colour, levels.
        stir: change since the picture before, levels,
        around: and the same elsewhere in the picture.
        rise: upward flow, heights of the place a picture.
        along: how much all of it flows one way, 0..1: 1 like a solid body.
        flame: share of the place in the colours of flames,
        flicker: and how much that changes from picture to picture, 0..1.
        rough: length of the outline over that of a disc of the same size.
        ridden: share covered by road users.
        whole: share of the whole picture that differs from the usual.
    """

    class_id: int
    box: tuple[float, float, float, float]
    score: float
    area: float
    known: bool = False
    new: float = 0.0
    change: float = 0.0
    shift: float = 0.0
    fade: float = 0.0
    tie: float = 0.0
    tone: float = 0.0
    tint: float = 0.0
    stir: float = 0.0
    around: float = 0.0
    rise: float = 0.0
    along: float = 0.0
    flame: float = 0.0
    flicker: float = 0.0
    rough: float = 1.0
    ridden: float = 0.0
    whole: float = 0.0


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything seen by one camera at one moment; the only input of every rule.

    Attributes:
        camera: camera id.
        index, pts, video_s, time: of the frame, as in `Frame`.
        width, height: of the picture in pixels.
        tracks: confirmed tracks.
        fire: fire and smoke boxes of this moment (class ids of FIRE_CLASSES); None when the fire
            detector did not look at this frame (it runs less often), which is not the same as nothing seen.
        plumes: what pixels tell of those boxes, and of clouds found by pixels alone; None where `fire` is.
        signals: reading of each configured head by its id.
        passages: control-line passages completed at this moment.
        settled: passages of earlier moments, once more, now that their speed will become no better.
        plates: readings that changed at this moment.
        looks: kinds and colours that changed at this moment.
        view: whether the camera still looks where its file was drawn.
        blobs: what stands before the ground and is no road user; None when nobody looked at this frame.
    """

    camera: str
    index: int
    pts: int
    video_s: float
    time: datetime
    width: int
    height: int
    tracks: Tracks
    fire: Detections | None = None
    plumes: tuple[Plume, ...] | None = None
    signals: Mapping[str, SignalReading] = field(default_factory=lambda: EMPTY_SIGNALS)
    passages: tuple[Passage, ...] = ()
    settled: tuple[Passage, ...] = ()
    plates: tuple[Plate, ...] = ()
    looks: tuple[VehicleLook, ...] = ()
    view: ViewState = GOOD_VIEW
    blobs: Blobs | None = None
