"""`qyran analyse`: one recorded video, or a stretch of a live stream, through the whole chain into a folder."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from evidence.canonical import file_sha256
from evidence.keys import installation_signer
from evidence.seal import seal_output
from qyran import __version__
from qyran.errors import BrokenMedia, InputError, MediaError
from service import camera_secrets
from service.crop_readers import attribute_reader, crop_models, head_reader_for
from service.detectors import SHIPPED
from service.plate_eye import plate_eye, plate_models
from service.rulebook import rule_statuses
from service.settings import home
from service.totals import Totals
from service.watch import CameraWatch
from service.watch_identity import Identity, clock_at_capture
from vision.archive import PacketRing
from vision.camera import load_camera
from vision.classes import ROAD_CLASSES
from vision.credentials import scrub
from vision.lookahead import Lookahead
from vision.pipeline import Pipeline
from vision.stream import Stream, is_live
from vision.stream_settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from datetime import datetime
    from types import TracebackType
    from typing import TextIO

    from service.detectors import ModelChoice
    from service.event import Event
    from vision.camera import Camera
    from vision.lookahead import Eyes
    from vision.pipeline import PipelineSettings
    from vision.stream_settings import StreamInfo
    from vision.types import Frame, Observation

RESULTS: Final = ("events.jsonl", "tracks.csv", "summary.json", "evidence", "passages", "seal.json", "seal.sig")
"""What an analysis leaves in its folder."""
LIVE_S: Final = 60.0
"""How much of a live stream is analysed where nobody says, seconds."""
RING_S: Final = 70.0
"""Seconds of packets kept: the longest clip, and what is decoded ahead of the frame that is followed."""
PATIENCE_S: Final = 15.0
"""How much longer than the wanted seconds a live stream may take that goes silent."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What came of one video.

    Attributes:
        folder: where the results lie.
        summary: content of summary.json.
        broken: the break, when the video stopped decoding before its end; everything up to it is in the results.
    """

    folder: Path
    summary: dict[str, Any]
    broken: BrokenMedia | None


class _FileSink:
    """Events as lines of a file, evidence packages beside it."""

    def __init__(self, folder: Path) -> None:
        self._lines: TextIO = (folder / "events.jsonl").open("w", encoding="utf-8")

    def put(self, event: Event, package: Path | None) -> None:
        del package  # already lies in the folder's evidence
        self._lines.write(event.to_line() + "\n")
        self._lines.flush()

    def close(self) -> None:
        self._lines.close()


class _TrackFile:
    """tracks.csv: MOTChallenge columns frame (from 1), id, left, top, width, height, confidence, class name."""

    def __init__(self, folder: Path) -> None:
        self._lines: TextIO = (folder / "tracks.csv").open("w", encoding="utf-8", newline="")

    def put(self, observation: Observation) -> None:
        tracks = observation.tracks
        for i in range(len(tracks)):
            if tracks.seen[i]:
                x1, y1, x2, y2 = tracks.box[i].tolist()
                self._lines.write(
                    f"{observation.index + 1},{int(tracks.id[i])},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},"
                    f"{tracks.score[i]:.3f},{ROAD_CLASSES[int(tracks.class_id[i])]}\n"
                )

    def close(self) -> None:
        self._lines.close()


class _Workshop:
    """A folder that takes the results' place only when the analysis has come to its end."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.folder = out / ".partial"
        self._made = False

    def __enter__(self) -> Self:
        try:
            self._made = not self.out.exists()
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            (self.folder / "evidence").mkdir()
        except OSError as error:
            message = f"The output folder {self.out} cannot be written: {error.strerror}."
            raise InputError(message) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is not None and self._made:
            with suppress(OSError):
                self.out.rmdir()  # made for nothing

    def publish(self) -> None:
        """Put the new results in the place of older ones."""
        for name in RESULTS:
            new, old = self.folder / name, self.out / name
            if old.is_dir():
                shutil.rmtree(old)
            else:
                old.unlink(missing_ok=True)
            if new.exists():
                new.rename(old)


def analyse(
    video: Path | str,
    camera_file: Path,
    out: Path,
    *,
    start: datetime | None = None,
    seconds: float | None = None,
    settings: PipelineSettings | None = None,
    models: ModelChoice = SHIPPED,
    threads: int | None = None,
) -> Analysis:
    """Analyse a video by a camera file; the camera's own `stream` is not opened.

    Args:
        video: a file, or the RTSP address of a live stream, opened with the camera file's credentials.
        camera_file: the camera file.
        out: folder for the results; older results there are replaced once the new ones are complete.
        start: UTC time of a file's first frame; by default its creation time.
        seconds: of video to analyse; by default a file to its end and a live stream for `LIVE_S`.
        settings: of the pipeline; by default the shipped ones.
        models: which detectors look; by default the shipped ones.
        threads: that look at frames ahead of whoever follows them; by default one a core this process may use. The
            results do not depend on it.

    Raises:
        InputError: one sentence; `out` is as it was.
    """
    camera_secrets.install(home())
    camera = load_camera(camera_file)
    source = str(video)
    live = is_live(source)
    if live and start is not None:
        raise InputError(f"The stream {scrub(source)} is live: leave out --start, its time is the clock's.")
    seconds = LIVE_S if live and seconds is None else seconds
    threads = cores() if threads is None else threads
    ring = PacketRing(span_s=RING_S)
    broken: BrokenMedia | None = None
    opened = camera.model_copy(update={"stream": source})
    how = StreamSettings(start_time=start, first_open="raise")
    with Stream(opened, how, ring=ring) as stream, _Workshop(out) as work:
        road, fire = (models.detector(place, at_once=threads) for place in ("road", "fire"))
        totals = Totals()
        plates, heads, looks = plate_eye(models), head_reader_for(camera), attribute_reader()
        pipeline = Pipeline(
            camera, road, fire, settings, on_stage=totals.spend, plates=plates, heads=heads, looks=looks
        )
        pipeline.prepare(stream.info.width, stream.info.height)
        began, used = time.perf_counter(), time.process_time()
        signer = installation_signer(home())
        sink, track_file = _FileSink(work.folder), _TrackFile(work.folder)
        identity = Identity(
            camera_sha256=file_sha256(camera_file),
            models={"road": road.spec.sha256, "fire": fire.spec.sha256} | plate_models(models) | crop_models(camera),
            clock=clock_at_capture(None if live else stream.info),
        )
        packages, stills = work.folder / "evidence", work.folder / "passages"
        watch = CameraWatch(pipeline, ring, sink, signer, packages, identity, totals, stills, heeds_view=False)
        try:
            with _frames(stream, pipeline.settings.rate_hz, seconds) as frames:
                eyes = [(road.twin(), fire.twin()) for _ in range(threads)]
                with closing(_watched(watch, pipeline, frames, eyes, stream)) as observations:
                    for observation in observations:
                        track_file.put(observation)
        except BrokenMedia as error:
            broken = error
        finally:
            watch.finish()
            sink.close()
            track_file.close()
        if live and not totals.analysed:
            raise MediaError(f"The stream {scrub(source)} answered, but gave no picture.")
        timing = {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - used}
        shown = scrub(source) if live else Path(source).name
        summary = _summary(camera, stream, watch, video=shown, broken=broken, timing=timing)
        text = json.dumps(summary, ensure_ascii=False, indent=1)
        (work.folder / "summary.json").write_text(text + "\n", encoding="utf-8")
        seal_output(work.folder, signer)
        work.publish()
    return Analysis(out, summary, broken)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _watched(
    watch: CameraWatch, pipeline: Pipeline, frames: Iterator[Frame], eyes: Sequence[Eyes], stream: Stream
) -> Generator[Observation]:
    """Every frame through the watch; with more than one pair of eyes frames are looked at ahead."""
    if len(eyes) == 1:
        yield from watch.run(frames)
        return
    with Lookahead(pipeline, frames, eyes, stream.close if stream.info.live else None) as ahead:
        yield from watch.run_ahead(ahead)


@contextmanager
def _frames(stream: Stream, rate_hz: float, seconds: float | None) -> Iterator[Iterator[Frame]]:
    """Frames of the first seconds; a live stream that goes silent is closed when its time is over."""
    if seconds is None:
        yield stream.frames(rate_hz)
        return
    wanted = _first(stream.frames(rate_hz), seconds)
    if not stream.info.live:
        yield wanted
        return
    timer = threading.Timer(seconds + PATIENCE_S, stream.close)
    timer.start()
    try:
        yield wanted
    finally:
        timer.cancel()


def _first(frames: Iterator[Frame], seconds: float) -> Iterator[Frame]:
    end_s: float | None = None
    for frame in frames:
        end_s = frame.video_s + seconds if end_s is None else end_s
        if frame.video_s >= end_s:
            return
        yield frame


def _summary(
    camera: Camera, stream: Stream, watch: CameraWatch, *, video: str, broken: BrokenMedia | None,
    timing: dict[str, float],
) -> dict[str, Any]:  # fmt: skip
    totals, info = watch.totals, stream.info
    by_type = {"passage": 0, "violation": 0, "incident": 0, "fire_alert": 0}
    for (type_, _), count in totals.events.items():
        by_type[type_] += count
    stages = {name: round(value, 3) for name, value in totals.seconds.items()}
    return {
        "camera": camera.id,
        "video": video,
        "version": __version__,
        "frames": stream.counts.decoded,
        "analysed": totals.analysed,
        "passages": by_type["passage"],
        "violations": by_type["violation"],
        "incidents": by_type["incident"],
        "fire_alerts": by_type["fire_alert"],
        "events": [{"type": t, "kind": k, "count": n} for (t, k), n in sorted(totals.events.items())],
        "second_looks": [
            {"kind": kind, "word": word, "count": count} for (kind, word), count in sorted(totals.second_looks.items())
        ],
        "passages_by": [
            {"line": line, "direction": direction, "class": name, "count": count}
            for (line, direction, name), count in sorted(totals.passages.items())
        ],
        "rules": [
            {
                "type": status.type.value,
                "kind": status.kind,
                "version": status.version,
                "off_because": [{"code": reason.code, **dict(reason.values)} for reason in status.off_because],
            }
            for status in rule_statuses(camera, stream.info.start_time)
        ],
        "stream": _stream_facts(info),
        "broken_at_s": None if broken is None else round(broken.second, 3),
        "models": dict(watch.identity.models),
        "timing": {**{name: round(value, 3) for name, value in timing.items()}, "stages_s": stages},
    }


def _stream_facts(info: StreamInfo) -> dict[str, Any]:
    return {
        "width": info.width,
        "height": info.height,
        "codec": info.codec,
        "fps": info.fps,
        "duration_s": info.duration_s,
        "start_time": info.start_time.isoformat(),
        "start_time_from": info.time_source,
    }
