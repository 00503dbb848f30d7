"""One camera's eye: frames in, observations out."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import numpy as np

from qyran.errors import ConfigError
from vision.attributes import AttributeVote
from vision.classes import FIRE_CLASSES, ROAD_CLASSES
from vision.detail import long_side
from vision.detector import Detector
from vision.drift import DriftWatch
from vision.gate import MotionGate, at_rest
from vision.load import Thrift
from vision.plate_watch import PlateSettings, PlateWatch
from vision.road_plane import RoadPlane
from vision.scene import Scene
from vision.tracker import TrackerSettings
from vision.types import EMPTY_SIGNALS, Detections, Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from vision.attributes import AttributeReader
    from vision.background import Background
    from vision.camera import Camera
    from vision.drift import Memory
    from vision.plate_watch import PlateEye
    from vision.signal_head import HeadReader
    from vision.types import Blobs, Frame, Plate, Plume, Tracks, VehicleLook, ViewState

Stage = Literal["detect", "fire", "track", "signals", "plates", "looks", "view", "ground", "plumes"]
"""Parts of `Pipeline.observe` that are timed; passages and speeds belong to "track"."""
Result = TypeVar("Result")
USUAL_SIZE: Final = (1920, 1080)
"""Picture size by which a camera file is tried before the first frame came."""


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """How often and how keenly a camera is looked at.

    Attributes:
        rate_hz: pictures a second to analyse; for whoever reads the stream.
        road_input_share: long side of the road detector's input as a share of the picture's: 1 never enlarges a small
            picture beyond its own pixels, less saves time; never more than the camera's `detail` allows.
        road_input_least: the same never falls below this, pixels.
        fire_every_s: seconds between two looks for fire and smoke.
        fire_calm_s: the same under load that leaves too few looks, while the last look saw nothing that could burn.
        road_min_score: calibrated score below which a road user is not even a whisper to the tracker.
        fire_min_score: the same for fire and smoke.
        tracker: patience and strictness in following.
        plates: how keenly number plates are looked for, where anybody asks for them.
        plates_apart_s: least seconds between two looks for plates under load, by how thrifty a look is to be.
        thrifty_sides: largest long side of the road detector's input, pixels, by how thrifty a look is to be.
    """

    rate_hz: float = 8.0
    road_input_share: float = 1.0
    road_input_least: int = 416
    fire_every_s: float = 0.5
    fire_calm_s: float = 1.0
    road_min_score: float = 0.05
    fire_min_score: float = 0.05
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    plates: PlateSettings = field(default_factory=PlateSettings)
    plates_apart_s: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0)
    thrifty_sides: tuple[float, ...] = (math.inf, math.inf, 544, 416)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a frame is to be looked at for.

    Attributes:
        side: long side of the road detector's input, pixels.
        fire: whether a look for fire and smoke is due.
        held: what a look would find again, since nothing stirred after the last one; None asks for a look.
        fire_held: the fire detector found nothing at its last look, which still holds as well.
    """

    side: int
    fire: bool
    held: Detections | None = None
    fire_held: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What the detectors found in one frame, whatever came before it.

    Attributes:
        road: road users.
        fire: fire and smoke, None where no look was due.
        seconds: time that each detector took.
        held: nobody looked: nothing stirred since the look whose findings these are.
    """

    road: Detections
    fire: Detections | None
    seconds: Mapping[Stage, float]
    held: bool = False


class Pipeline:
    """Looks at the frames of one camera in the order of their time.

    `thrift` says what a look may cost; whoever steers a live camera sets it between two frames. `gated` counts frames
    that nobody looked at because nothing stirred.

    `plan` and `follow` are called in the order of the frames, one at a time; `look` between them knows nothing of other
    frames, so that several frames can be looked at together, each with detectors of its own.

    Everything that depends on the picture's size is made at the first frame and again when the size changes; track
    ids go on rising then.

    Args:
        camera: the camera file.
        road: detector of ROAD_CLASSES.
        fire: detector of FIRE_CLASSES, None where nobody asks for fire.
        settings: how often and how keenly.
        plates: finds and reads number plates, None where nobody asks for them.
        heads: reads signal heads; a camera file with signals needs it.
        looks: tells kind and colour of vehicles, None where nobody asks for them.
        view: remembers over a restart what the camera's view looks like.
        on_stage: told the name and the seconds of every stage of every frame, for measurement.
        gate: tells where nothing stirs, so that the last look still holds; None looks at every frame.

    Raises:
        ConfigError: a detector's classes are not those of its place, or the camera's signals have no reader.
    """

    def __init__(
        self,
        camera: Camera,
        road: Detector,
        fire: Detector | None = None,
        settings: PipelineSettings | None = None,
        on_stage: Callable[[Stage, float], None] | None = None,
        plates: PlateEye | None = None,
        heads: HeadReader | None = None,
        looks: AttributeReader | None = None,
        view: Memory | None = None,
        gate: MotionGate | None = None,
    ) -> None:
        _check(road, ROAD_CLASSES, "road")
        if fire is not None:
            _check(fire, FIRE_CLASSES, "fire")
        _check_heads(camera, heads)
        self.camera = camera
        self.settings = settings or PipelineSettings()
        self._road, self._fire = road, fire
        self._plates = None if plates is None else PlateWatch(plates, self.settings.plates)
        self._heads = heads
        self._looks = None if looks is None else AttributeVote(looks)
        self._on_stage = on_stage
        self._memory = view
        self._scene: Scene | None = None
        self._fire_due_s = -np.inf
        self.thrift = Thrift.NONE
        self.gated = 0
        self._gate = gate
        self._rest: Detections | None = None
        self._no_fire = self._calm = False

    @property
    def reads_plates(self) -> bool:
        """Whether it looks for number plates."""
        return self._plates is not None

    @property
    def another_fire_eye(self) -> Callable[[], Detector] | None:
        """Gives a twin of the camera's detector of fire, for use beside it; None where nobody asks for fire."""
        return None if self._fire is None else self._fire.twin

    def adopt(self, camera: Camera, heads: HeadReader | None = None) -> None:
        """Look by another version of the camera's file from the next frame on; what is followed stays followed.

        Raises:
            InputError: it cannot be used; then nothing has changed.
        """
        _check_heads(camera, heads)
        scene = self._scene
        if scene is None:
            RoadPlane.from_camera(camera, *USUAL_SIZE)
        else:
            settings = self.settings.tracker
            next_id = scene.tracker.next_id
            self._scene = Scene(camera, scene.width, scene.height, settings, next_id, heads, scene.tracker)
            if self._memory is not None:
                self._memory.forget()
        self.camera, self._heads = camera, heads

    def prepare(self, width: int, height: int) -> None:
        """Make the networks ready for pictures of a size, pixels, before the first one comes."""
        self._road.prepare(width, height, self._input_side(max(width, height)))
        if self._fire is not None:
            self._fire.prepare(width, height)

    def observe(self, frame: Frame) -> Observation:
        """Everything seen in a frame; `frame.video_s` must go forward."""
        return self.follow(frame, self.look(frame, self.plan(frame)))

    def plan(self, frame: Frame) -> Wanted:
        """What a frame is to be looked at for."""
        # Half an analysed step early is nearer to the wanted rate than half a step late.
        fire = self._fire is not None and frame.video_s >= self._fire_due_s - 0.5 / self.settings.rate_hz
        if fire:
            spares = self._calm and self.thrift >= Thrift.MOST
            self._fire_due_s = frame.video_s + (self.settings.fire_calm_s if spares else self.settings.fire_every_s)
        side = self._input_side(max(frame.picture.shape[:2]))
        if self._gate is None:
            return Wanted(side, fire)
        if self._gate.stirs(frame.picture, frame.video_s) or self._rest is None:
            self._gate.looked(frame.video_s)
            return Wanted(side, fire)
        return Wanted(side, fire, held=self._rest, fire_held=self._no_fire)

    def look(self, frame: Frame, wanted: Wanted, road: Detector | None = None, fire: Detector | None = None) -> Looked:
        """What the detectors find in a frame.

        Args:
            frame: the frame.
            wanted: what `plan` said of it.
            road: a detector like the pipeline's own, where several frames are looked at together.
            fire: the same for fire.
        """
        road, fire = road or self._road, fire or self._fire
        start = time.perf_counter()
        if wanted.held is not None:
            if fire is None or not wanted.fire or wanted.fire_held:
                return Looked(
                    wanted.held, Detections.empty() if fire is not None and wanted.fire else None, {}, held=True
                )
            burning = fire.detect(frame.picture, self.settings.fire_min_score)
            return Looked(wanted.held, burning, {"fire": time.perf_counter() - start}, held=True)
        users = road.detect(frame.picture, self.settings.road_min_score, wanted.side)
        between = time.perf_counter()
        seconds: dict[Stage, float] = {"detect": between - start}
        if fire is None or not wanted.fire:
            return Looked(users, None, seconds)
        burning = fire.detect(frame.picture, self.settings.fire_min_score)
        return Looked(users, burning, {**seconds, "fire": time.perf_counter() - between})

    def follow(self, frame: Frame, looked: Looked) -> Observation:
        """Everything that follows from what the detectors found; `frame.video_s` must go forward."""
        height, width = frame.picture.shape[:2]
        scene = self._scene
        if scene is None or (scene.width, scene.height) != (width, height):
            first_id = 1 if scene is None else scene.tracker.next_id
            first = scene is None
            scene = self._scene = Scene(self.camera, width, height, self.settings.tracker, first_id, self._heads)
            if first and self._memory is not None:
                scene.drift = DriftWatch(self._memory.recall(frame.time))
        for stage, seconds in looked.seconds.items():
            self._spent(stage, seconds)
        fire = None if looked.fire is None else looked.fire.where(~scene.masked(_middle(looked.fire)))
        signals = self._timed("signals", lambda: scene.signals.step(frame.picture, frame.video_s))
        tracks, passages, settled = self._timed("track", lambda: scene.follow(looked.road, frame))
        self._note_rest(looked, tracks)
        plumes = self._measure_plumes(frame, scene, fire, tracks)
        self._note_calm(frame, fire, plumes)
        plates = self._read_plates(frame, tracks)
        looks = self._look_at(frame, tracks)
        view = self._timed("view", lambda: self._watch_view(frame, scene.drift))
        blobs = self._look_at_ground(frame, tracks, scene.ground)
        return Observation(
            camera=self.camera.id,
            index=frame.index,
            pts=frame.pts,
            video_s=frame.video_s,
            time=frame.time,
            width=width,
            height=height,
            tracks=tracks,
            fire=fire,
            plumes=plumes,
            signals=signals or EMPTY_SIGNALS,
            passages=passages,
            settled=settled,
            plates=plates,
            looks=looks,
            view=view,
            blobs=blobs,
        )

    def _note_rest(self, looked: Looked, tracks: Tracks) -> None:
        """Note what a look would find again if nothing stirs, and whether nothing burns."""
        if looked.fire is not None and not looked.held:
            self._no_fire = not len(looked.fire)
        elif looked.fire is not None and len(looked.fire):
            self._no_fire = False
        if looked.held:
            self.gated += 1
            return
        # What is seen clearly and is not followed yet is on its way to be: it needs looks.
        followed = (looked.road.score >= self.settings.tracker.strong_score).sum() <= len(tracks)
        self._rest = at_rest(tracks) if followed else None

    def _note_calm(self, frame: Frame, fire: Detections | None, plumes: tuple[Plume, ...] | None) -> None:
        """Note whether a look for fire saw nothing; where it saw something, the next one comes in its own time."""
        if fire is None:
            return
        self._calm = not len(fire) and not plumes
        if not self._calm:
            self._fire_due_s = min(self._fire_due_s, frame.video_s + self.settings.fire_every_s)

    def _read_plates(self, frame: Frame, tracks: Tracks) -> tuple[Plate, ...]:
        """Readings that changed at this frame."""
        watch = self._plates
        if watch is None:
            return ()
        apart_s = self.settings.plates_apart_s[self.thrift]
        return self._timed("plates", lambda: watch.step(frame.picture, tracks, frame.video_s, apart_s))

    def _look_at(self, frame: Frame, tracks: Tracks) -> tuple[VehicleLook, ...]:
        """Kinds and colours that changed at this frame."""
        vote = self._looks
        if vote is None:
            return ()
        return self._timed("looks", lambda: vote.step(frame.picture, tracks, frame.video_s))

    def _watch_view(self, frame: Frame, drift: DriftWatch) -> ViewState:
        """The state of the view, and what is learned of it written down."""
        view = drift.step(frame.picture, frame.video_s)
        if self._memory is not None and drift.learned is not None:
            self._memory.keep(drift.learned, frame.time)
        return view

    def _look_at_ground(self, frame: Frame, tracks: Tracks, ground: Background | None) -> Blobs | None:
        """What stands before the ground and is no road user, where anybody asks for it and a look is due."""
        if ground is None:
            return None
        return self._timed("ground", lambda: ground.step(frame.picture, frame.video_s, tracks))

    def _input_side(self, picture_side: int) -> int:
        """Long side of the road detector's input for a picture, a multiple of its stride, pixels."""
        spec, s = self._road.spec, self.settings
        wanted = max(s.road_input_least, s.road_input_share * picture_side)
        side = min(long_side(spec, self.camera.detail), math.ceil(wanted / spec.stride) * spec.stride)
        return int(min(side, max(s.thrifty_sides[self.thrift], s.road_input_least)))

    def _measure_plumes(
        self, frame: Frame, scene: Scene, fire: Detections | None, tracks: Tracks
    ) -> tuple[Plume, ...] | None:
        """Remember the picture; where the fire detector looked, what pixels tell of what it saw and what it missed."""
        if self._fire is None:
            return None
        return self._timed("plumes", lambda: scene.measure(frame, fire, tracks))

    def _timed(self, stage: Stage, work: Callable[[], Result]) -> Result:
        if self._on_stage is None:
            return work()
        start = time.perf_counter()
        result = work()
        self._spent(stage, time.perf_counter() - start)
        return result

    def _spent(self, stage: Stage, seconds: float) -> None:
        if self._on_stage is not None:
            self._on_stage(stage, seconds)


def _middle(detections: Detections) -> NDArray[np.float64]:
    """Middles of boxes, float64 [N, 2]."""
    return (detections.box[:, :2].astype(np.float64) + detections.box[:, 2:]) / 2


def _check(detector: Detector, classes: tuple[str, ...], place: str) -> None:
    if detector.spec.classes != classes:
        raise ConfigError(
            f"The weights {detector.spec.weights.name} are no {place} model: it must name {', '.join(classes)}."
        )


def _check_heads(camera: Camera, heads: HeadReader | None) -> None:
    if camera.signals and heads is None:
        raise ConfigError(f"The camera {camera.id} has signal heads, but no model was given that reads them.")
