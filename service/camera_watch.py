"""One camera from its stream to the spool; runs in a process of its own, which may be killed at any moment."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from evidence.keys import installation_signer
from qyran.errors import BrokenMedia
from service import camera_secrets
from service.aside import Aside
from service.cluster.leased_spool import LeasedSpool, camera_spool, stop_with_lease
from service.crop_readers import attribute_reader, crop_models, head_reader_for
from service.event import Event
from service.evidence_clock import state_at
from service.needed_rate import needed_hz
from service.patient_spool import PatientSpool
from service.plate_eye import plate_eye, plate_models
from service.scene_watch import SceneWatch
from service.spool import Spool
from service.status_reporter import StatusReporter
from service.totals import Totals
from service.video.capture import CameraVideo
from service.view_memory import ViewMemory
from service.watch import CameraWatch
from service.watch_events import event_id
from service.watch_identity import Identity, clock_at_capture
from vision.archive import PacketRing
from vision.camera import load_camera
from vision.card_decoding import accelerator
from vision.gate import MotionGate
from vision.load import LoadTerms, Pace
from vision.pipeline import Pipeline
from vision.stream import Stream, is_live
from vision.stream_settings import StreamSettings
from vision.types import View

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.detectors import ModelChoice
    from service.settings import Settings
    from vision.camera import Camera
    from vision.stream_settings import StreamStatus
    from vision.types import Observation

HEARTBEAT_S: Final = 30.0
"""Seconds of video after which the analysed stretch is written down; so much is uncounted when a worker is killed."""

LOOK_NICENESS: Final = 10
"""A packet that is not read in time delays every picture behind it; a look that comes later is one look."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class CameraLog:
    """The durable log of one camera's up, down and analysed times (KPI 9.1 and 9.7 live on it)."""

    camera: str
    spool: Spool | PatientSpool | LeasedSpool
    since: Observation | None = None
    last: Observation | None = None
    view: View = View.OK

    def status(self, status: StreamStatus) -> None:
        """The stream went up or down; called from the reader's thread."""
        self._put(status.kind, status.time, 0.0)

    def mark(self, kind: str, moment: datetime) -> None:
        """Up or down of a recorded stream."""
        self._put(kind, moment, 0.0)

    def analysed(self, observation: Observation) -> None:
        """One more frame was analysed; a stretch is closed every `HEARTBEAT_S`, or where frames are missing."""
        if self.last is not None and observation.video_s - self.last.video_s > HEARTBEAT_S:
            self.close_stretch()
        if observation.view.state is not self.view:
            self.view = observation.view.state
            self._put(f"view_{self.view}", observation.time, 0.0)
        self.since = self.since or observation
        self.last = observation
        if observation.video_s - self.since.video_s >= HEARTBEAT_S:
            self.close_stretch()
            self.since = observation

    def close_stretch(self) -> None:
        """Write down what was analysed since the last stretch."""
        if self.since is not None and self.last is not None and self.last.video_s > self.since.video_s:
            self._put("analysed", self.last.time, self.last.video_s, onset_s=self.since.video_s)
        self.since = None

    def end(self, recorded: datetime | None) -> None:
        """Nobody watches any more; `recorded` is when a recorded stream began, whose end is where it goes down."""
        self.close_stretch()
        if recorded is not None:
            self.mark("down", recorded + timedelta(seconds=self.last.video_s if self.last else 0.0))

    def _put(self, kind: str, moment: datetime, video_s: float, onset_s: float | None = None) -> None:
        self.spool.put(
            Event(
                id=event_id(self.camera, "stream", kind, moment.isoformat()),
                type="stream",
                kind=kind,
                camera=self.camera,
                time=moment,
                video_s=round(video_s, 3),
                onset_s=None if onset_s is None else round(onset_s, 3),
            )
        )


class _SpoolSink:
    def __init__(self, spool: PatientSpool | LeasedSpool) -> None:
        self._spool = spool

    def put(self, event: Event, package: Path | None) -> None:
        self._spool.put(event, package)
        if event.has_files and event.type != "passage":
            extra = {"camera": event.camera, "event": str(event.id)}
            log.info("The camera found %s %s.", event.type, event.kind, extra=extra)


def watch_camera(
    camera_file: Path,
    settings: Settings,
    *,
    start_time: datetime | None = None,
    demo: bool = False,
    stop: threading.Event | None = None,
    models: ModelChoice | None = None,
) -> tuple[int, Totals]:
    """Watch one camera until its stream ends (a file), or for ever (a live stream).

    Args:
        camera_file: the camera file; a relative file in `stream` is looked for beside it.
        settings: where the spool and the keys are.
        start_time: UTC time of the first frame of a recorded stream.
        demo: mark evidence as made from rendered scenes.
        stop: when set, what is pending is finished and written down, and the watch ends.
        models: which detectors watch and where they run; by default those of the settings, in this process.

    Returns:
        Frames decoded, and the totals of the watch.

    Raises:
        InputError: the camera file, a model or a recorded stream cannot be used.
    """
    camera_secrets.install(settings.home)
    scene = SceneWatch.of(camera_file, settings)
    camera = _with_path(scene.own, camera_file)
    stop = stop_with_lease(camera.id, settings, stop or threading.Event())
    live = is_live(camera.stream)
    spool = camera_spool(camera.id, PatientSpool(Spool(settings.spool_folder)), settings, live=live)
    camera_log = CameraLog(camera.id, spool)
    accelerator(settings.decoder)  # before anything is opened: a decoder that is not there is no fault of the stream
    models = models or settings.model_choice
    road, fire = models.detector("road"), models.detector("fire")
    pipeline = Pipeline(
        camera, road, fire, plates=plate_eye(models), heads=head_reader_for(camera), looks=attribute_reader(),
        view=ViewMemory(settings.home / "views" / f"{camera.id}.npz") if live else None,
        gate=MotionGate() if live and settings.motion_gate else None,
    )  # fmt: skip
    taken = StreamSettings(start_time=start_time, decoder=settings.decoder)
    pace = Pace(_terms(pipeline, camera)) if live else None
    with (
        CameraVideo(camera.id, settings, live=live) as video,
        StatusReporter(settings.home, camera.id, pace, spool) as reporter,
        Stream(
            camera, taken, ring=(ring := PacketRing(taps=video.taps)),
            on_status=reporter.status(video.status(camera_log.status)),
        ) as stream,
    ):  # fmt: skip
        clock = clock_at_capture(None if live else stream.info)

        def identity(seen_by: Camera, camera_sha256: str) -> Identity:
            weights = {"road": road.spec.sha256, "fire": fire.spec.sha256} | plate_models(models) | crop_models(seen_by)
            marks = {"demo": True} if demo else {}
            return Identity(camera_sha256, weights, clock, marks, partial(state_at, settings.home) if live else None)

        def adopt(version: Camera, camera_sha256: str) -> None:
            watch.adopt(_with_path(version, camera_file), head_reader_for(version), identity(version, camera_sha256))
            reporter.terms(_terms(pipeline, version))

        folder = settings.home / "packages" / camera.id
        signer, stills = installation_signer(settings.home), settings.home / "packages" / f"{camera.id}.passages"
        by_own = identity(camera, scene.own_sha256)
        watch = CameraWatch(
            pipeline,
            ring,
            _SpoolSink(spool),
            signer,
            folder,
            by_own,
            stills=stills,
            at_once=live,
            aside=Aside(f"evidence {camera.id}", threaded=live),
        )
        reporter.watching(lambda: stream.counts, watch.totals)
        scene.start()
        scene.follow(adopt)
        if live:
            _let_others_go_first()
        else:
            camera_log.mark("up", stream.info.start_time)
            reporter.say("up")
        try:
            with _closed_on(stop, stream, live=live):
                frames = video.passing(stream.frames(pipeline.settings.rate_hz, pace))
                for observation in watch.run(scene.passing(frames)):
                    _steer(pipeline, pace, watch.totals, stream)
                    camera_log.analysed(observation)
                    spool.settle()
                    scene.follow(adopt)
                    if stop.is_set():
                        break
        except BrokenMedia as error:
            log.warning("camera %s: %s", camera.id, error)
        finally:
            scene.end()
        watch.finish()
        camera_log.end(None if live else stream.info.start_time)
        return stream.counts.decoded, watch.totals


def _terms(pipeline: Pipeline, camera: Camera) -> LoadTerms:
    """Between which rates a live camera is looked at."""
    wanted_hz = pipeline.settings.rate_hz
    return LoadTerms(wanted_hz=wanted_hz, least_hz=min(wanted_hz, needed_hz(camera)))


def _steer(pipeline: Pipeline, pace: Pace | None, totals: Totals, stream: Stream) -> None:
    """Count what was left out, and let the next look cost what load allows."""
    totals.shed, totals.gated = stream.dropped, pipeline.gated
    if pace is not None:
        pipeline.thrift = pace.thrift


def _let_others_go_first() -> None:
    """Looks take what reading, decoding, recording and the service leave (on Linux niceness is a thread's own)."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, LOOK_NICENESS)
    except OSError as error:
        log.warning("The looks keep the priority that they have: %s.", error.strerror)


@contextmanager
def _closed_on(stop: threading.Event, stream: Stream, *, live: bool) -> Iterator[None]:
    """Let `stop` end a live stream even while nothing comes from it; a recorded one is left between two frames."""
    over = threading.Event()

    def wait() -> None:
        stop.wait()
        if not over.is_set():
            stream.close()

    if live:
        threading.Thread(target=wait, name="stop", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def camera_with_path(camera_file: Path) -> Camera:
    """Read a camera file; a relative file in `stream` is one beside the camera file.

    Raises:
        CameraFileError: the camera file is wrong.
    """
    return _with_path(load_camera(camera_file), camera_file)


def _with_path(camera: Camera, camera_file: Path) -> Camera:
    if is_live(camera.stream):
        return camera
    return camera.model_copy(update={"stream": str(camera_file.parent / camera.stream.removeprefix("file://"))})
