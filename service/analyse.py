"""`qyran analyse`: one recorded video through the whole chain, results into a folder."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from evidence.canonical import file_sha256
from evidence.keys import installation_signer
from evidence.seal import seal_output
from qyran import __version__
from qyran.errors import BrokenMedia, InputError
from service.detectors import shipped_card, spec_of
from service.rulebook import rule_statuses
from service.settings import home
from service.watch import CameraWatch, Identity, Totals
from vision.archive import PacketRing
from vision.camera import load_camera
from vision.classes import ROAD_CLASSES
from vision.detector import Detector
from vision.pipeline import Pipeline
from vision.stream import Stream
from vision.stream_settings import StreamSettings

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType
    from typing import TextIO

    from service.event import Event
    from vision.camera import Camera
    from vision.pipeline import PipelineSettings
    from vision.stream_settings import StreamInfo
    from vision.types import Observation

RESULTS: Final = ("events.jsonl", "tracks.csv", "summary.json", "evidence", "seal.json", "seal.sig")
"""What an analysis leaves in its folder."""


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

    def __enter__(self) -> Self:
        try:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            (self.folder / "evidence").mkdir()
        except OSError as error:
            message = f"The output folder {self.out} cannot be written: {error.strerror}."
            raise InputError(message) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if kind is not None:
            with suppress(OSError):
                self.out.rmdir()  # only when it was made for nothing

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
    video: Path,
    camera_file: Path,
    out: Path,
    *,
    start: datetime | None = None,
    settings: PipelineSettings | None = None,
) -> Analysis:
    """Analyse a recorded video by a camera file; the camera's own `stream` is not opened.

    Args:
        video: the file.
        camera_file: the camera file.
        out: folder for the results; older results there are replaced once the new ones are complete.
        start: UTC time of the first frame; by default the file's creation time.
        settings: of the pipeline; by default the shipped ones.

    Raises:
        InputError: one sentence; `out` is as it was.
    """
    camera = load_camera(camera_file)
    cards = {name: shipped_card(name) for name in ("road", "fire")}
    road, fire = (Detector(spec_of(cards[name])) for name in ("road", "fire"))
    ring = PacketRing()
    broken: BrokenMedia | None = None
    began, used = time.perf_counter(), time.process_time()
    with Stream(str(video), StreamSettings(start_time=start), ring=ring) as stream, _Workshop(out) as work:
        totals = Totals()
        pipeline = Pipeline(camera, road, fire, settings, on_stage=totals.spend)
        signer = installation_signer(home())
        sink, track_file = _FileSink(work.folder), _TrackFile(work.folder)
        identity = Identity(
            camera_sha256=file_sha256(camera_file),
            models={name: card.sha256 for name, card in cards.items()},
            clock={"source": "recording", "start_time_from": stream.info.time_source},
        )
        watch = CameraWatch(pipeline, ring, sink, signer, work.folder / "evidence", identity, totals)
        try:
            for observation in watch.run(stream.frames(rate_hz=pipeline.settings.rate_hz)):
                track_file.put(observation)
        except BrokenMedia as error:
            broken = error
        finally:
            watch.finish()
            sink.close()
            track_file.close()
        timing = {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - used}
        summary = _summary(camera, stream, watch, video=video, broken=broken, timing=timing)
        text = json.dumps(summary, ensure_ascii=False, indent=1)
        (work.folder / "summary.json").write_text(text + "\n", encoding="utf-8")
        seal_output(work.folder, signer)
        work.publish()
    return Analysis(out, summary, broken)


def _summary(
    camera: Camera, stream: Stream, watch: CameraWatch, *, video: Path, broken: BrokenMedia | None,
    timing: dict[str, float],
) -> dict[str, Any]:  # fmt: skip
    totals, info = watch.totals, stream.info
    by_type = {"passage": 0, "violation": 0, "incident": 0, "fire_alert": 0}
    for (type_, _), count in totals.events.items():
        by_type[type_] += count
    stages = {name: round(value, 3) for name, value in totals.seconds.items()}
    return {
        "camera": camera.id,
        "video": video.name,
        "version": __version__,
        "frames": stream.counts.decoded,
        "analysed": totals.analysed,
        "passages": by_type["passage"],
        "violations": by_type["violation"],
        "incidents": by_type["incident"],
        "fire_alerts": by_type["fire_alert"],
        "events": [{"type": t, "kind": k, "count": n} for (t, k), n in sorted(totals.events.items())],
        "passages_by": [
            {"line": line, "direction": direction, "class": name, "count": count}
            for (line, direction, name), count in sorted(totals.passages.items())
        ],
        "rules": [
            {
                "type": status.type.value,
                "kind": status.kind,
                "version": status.version,
                "off_because": [{"code": reason.code, **dict(reason.values)} for reason in status.missing],
            }
            for status in rule_statuses(camera)
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
