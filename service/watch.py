"""One camera under watch: frames in, events with evidence out.

Puts the rooms together: the pipeline sees, the rules judge, evidence is cut from the packets that are still in the
ring, and everything leaves through one `Sink` (a file for `analyse`, the durable spool for a worker).
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from evidence.overlay import TrackPoint, drawn_parts
from evidence.package import write_package
from evidence.stills import MARGIN_S, clip_span
from evidence.subject import Subject, calibration_sha256
from fire_alerts.second_look import Word
from qyran import __version__
from service import passage_still
from service.aside import Aside, Urgency
from service.event import Event
from service.evidence_words import in_words
from service.plates import FORM
from service.rulebook import Judge
from service.second_look import AGAIN_S, Doubted, SecondLook
from service.totals import Totals
from service.watch_events import class_name, finding_event, held_back_of, passage_event, whole_of
from service.watch_parts import Closer, Passed, Pending
from vision.finding import FindingType
from vision.passage_speed import SETTLE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from evidence.keys import Signer
    from service.passage_still import Still
    from service.watch_identity import Identity
    from vision.archive import PacketRing
    from vision.camera import Camera
    from vision.finding import Finding
    from vision.lookahead import Ahead
    from vision.pipeline import Looked, Pipeline
    from vision.signal_head import HeadReader
    from vision.types import Frame, Observation, Passage, Plate, VehicleLook

EVIDENCE_AGAIN_S: Final = (5.0, 10.0, 20.0)  # evidence that the disk refused; the ring holds a minute of packets
PATH_S: Final = 60.0
"""Seconds of a track's boxes kept for the overlay; as long as the longest clip."""
PLATE_LEAST: Final = 0.5
"""Score from which a reading is told: one that is rather wrong than right would only mislead the officer."""
BESIDE: Final = frozenset({"evidence", "held_back"})
"""Types of events that are no happenings of their own."""
PLATE_WAIT_S: Final = 2.0
"""Seconds for which a passage waits for its vehicle's plate: many are read after the line, nearer to the camera."""
SPEED_WAIT_S: Final = SETTLE_S + 0.5
"""Seconds for which a passage waits at most for the speed that later looks can better."""
PLATE_SURE: Final = 0.9
"""Score from which a reading without a doubtful sign ends the wait (`vision.plate_reader`: accept), so that a watch
list hears of it at once."""
STILL_LATE_S: Final = 0.3
"""A vehicle seen last longer ago than this is no more where its box says: its still comes from the ring."""

log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where events go."""

    def put(self, event: Event, package: Path | None) -> None:
        """Take an event, and its evidence package if it has one; durable when it returns."""


class CameraWatch:
    """Everything between a camera's frames and its events; see the module's docstring."""

    def __init__(
        self, pipeline: Pipeline, ring: PacketRing, sink: Sink, signer: Signer, folder: Path, identity: Identity,
        totals: Totals | None = None, stills: Path | None = None, *, heeds_view: bool = True, at_once: bool = False,
        aside: Aside | None = None,
    ) -> None:  # fmt: skip
        """Watch one camera.

        Args:
            pipeline: turns its frames into observations; knows the camera file.
            ring: holds its last packets; the stream fills it.
            sink: takes the events.
            signer: signs the evidence.
            folder: where evidence packages are written.
            identity: what evidence says about where it was made.
            totals: where to count; by default its own.
            stills: where the pictures of passages are written; None makes none.
            heeds_view: whether rules pause while the view is lost; where not, it is only reported.
            at_once: whether an alarm leaves with the seconds that there are, and its whole clip follows it.
            aside: makes evidence and second looks beside the looks; by default they are waited for.
        """
        self._at_once = at_once
        self._stills = stills
        self.totals = totals or Totals()
        self._camera, self._pipeline, self._ring = pipeline.camera, pipeline, ring
        self._sink, self._signer, self._folder, self.identity = sink, signer, folder, identity
        self._judge = Judge(pipeline.camera, heeds_view=heeds_view)
        self._second = SecondLook(ring, pipeline.another_fire_eye)
        self._doubted: list[Doubted] = []
        self._closer: deque[Closer] = deque()
        self._refused: deque[Pending] = deque()
        self._aside = aside or Aside()
        self._pending: list[Pending] = []
        self._passed: list[Passed] = []
        self._paths: dict[int, deque[TrackPoint]] = {}
        self._plates: dict[int, Plate] = {}
        self._looks: dict[int, VehicleLook] = {}
        self._last: Observation | None = None

    def run(self, frames: Iterable[Frame]) -> Iterator[Observation]:
        """Look at frame after frame, counting the time that decoding takes."""
        waiting = iter(frames)
        while True:
            with self.totals.stage("decode"):
                frame = next(waiting, None)
            if frame is None:
                return
            yield self.take(frame)

    def run_ahead(self, frames: Iterable[Ahead]) -> Iterator[Observation]:
        """The same over frames that other threads decode and look at meanwhile; waiting for them is counted apart."""
        coming = iter(frames)
        while True:
            with self.totals.stage("wait"):
                ahead = next(coming, None)
            if ahead is None:
                return
            self.totals.spend("decode", ahead.decode_s)
            yield self.take(ahead.frame, ahead.looked)

    def take(self, frame: Frame, looked: Looked | None = None) -> Observation:
        """Look at one frame, or take what was found in it: observe, judge, report."""
        pipeline = self._pipeline
        observation = pipeline.observe(frame) if looked is None else pipeline.follow(frame, looked)
        self._last = observation
        self.totals.analysed += 1
        self._remember(observation)
        wait_s = PLATE_WAIT_S if self._pipeline.reads_plates else 0.0
        for passage in observation.passages:
            event = passage_event(self._camera.id, passage, observation)
            still = self._still_of(passage, frame, observation)
            due_s = observation.video_s + (wait_s if passage.settled else max(wait_s, SPEED_WAIT_S))
            self._passed.append(Passed(due_s, passage, event, still))
        self._settle(observation.settled)
        self._report_passages(observation.video_s)
        with self.totals.stage("rules"):
            findings = self._judge.step(observation)
        for finding in findings:
            self._open_sure(finding, observation)
        self._look_again(observation)
        self._hear_closer()
        self._close_due(observation.video_s)
        return observation

    def adopt(self, camera: Camera, heads: HeadReader | None, identity: Identity) -> None:
        """Watch by another version of the camera's file from the next frame on; evidence names the one it was seen by.

        Raises:
            InputError: it cannot be used; then the watch goes on as before.
        """
        before = self._camera
        self._pipeline.adopt(camera, heads)
        found = self._judge.adopt(before, camera)
        if self._last is not None:
            for finding in found:
                self._open(finding, self._last)
        self._camera, self.identity = camera, identity

    def finish(self) -> None:
        """The video ended: confirm what is pending and close the clips with what exists."""
        if self._last is not None:
            for finding in self._judge.finish():
                self._open(finding, self._last)
        self._report_passages(float("inf"))
        self._aside.settle()
        self._hear_closer()
        self._close_due(float("inf"))
        self._aside.close()

    def _settle(self, settled: tuple[Passage, ...]) -> None:
        """Take the settled speeds of passages that still wait."""
        better = {(one.track, one.line): one for one in settled}
        for i, passed in enumerate(self._passed):
            found = better.get((passed.passage.track, passed.passage.line))
            if found is not None and not passed.passage.settled:
                self._passed[i] = passed.with_speed(found)

    def _report_passages(self, video_s: float) -> None:
        """Report the passages that waited long enough for their plate and speed, or that know both."""
        waiting, self._passed = self._passed, []
        for passed in waiting:
            known = passed.passage.settled and (not self._pipeline.reads_plates or self._is_sure(passed.passage.track))
            if passed.due_s > video_s and not known:
                self._passed.append(passed)
                continue
            event = self._with_plate(passed.event, passed.passage.track)
            if (plate := self._plate_of(passed.passage.track)) is not None:
                told = {"plate_score": round(plate.score, 3), "plate_uncertain": plate.uncertain}
                event = event.model_copy(update=told)
            self._report_passage(event, passed.still)

    def _report_passage(self, event: Event, still: Callable[[], Still | None] | None) -> None:
        if still is None or self._stills is None:
            self._report(event, None)
            return
        folder = self._stills / str(event.id)
        self._aside.do(Urgency.PASSAGE, lambda: self._report_with_still(event, still, folder))

    def _report_with_still(self, event: Event, made: Callable[[], Still | None], folder: Path) -> None:
        try:
            with self.totals.stage("evidence"):
                still = made()
                hashes = None if still is None else passage_still.write(still, folder)
        except OSError:  # a full disk: the passage counts without its picture
            hashes = None
        if hashes is None:
            self._report(event, None)
            return
        named = {"still": f"{passage_still.FOLDER}/{event.id}", "still_files": hashes}
        self._report(event.model_copy(update=named), folder)

    def _is_sure(self, track: int) -> bool:
        plate = self._plate_of(track)
        return plate is not None and plate.score >= PLATE_SURE and not plate.uncertain

    def _still_of(self, passage: Passage, frame: Frame, observation: Observation) -> Callable[[], Still | None] | None:
        """Gives the vehicle in this frame, or, where it has left, decoded again in the frame of its crossing."""
        path = self._paths.get(passage.track)
        if self._stills is None or not path:
            return None
        if observation.video_s - path[-1].video_s <= STILL_LATE_S:
            with self.totals.stage("evidence"):
                held = passage_still.hold(frame.picture, path[-1].box)
            return lambda: held
        nearest = min(path, key=lambda point: abs(point.video_s - passage.video_s))
        return lambda: self._old_still(nearest)

    def _old_still(self, point: TrackPoint) -> Still | None:
        old = self._ring.picture_at(point.video_s)
        return None if old is None else passage_still.hold(old.picture, point.box)

    def _with_plate(self, event: Event, track: int | None) -> Event:
        """An event with what is known now of its track: the reading of its plate, its kind and its colour."""
        plate = self._plate_of(track)
        look = None if track is None else self._looks.get(track)
        known: dict[str, str | None] = {} if plate is None else {"plate": plate.text}
        if look is not None:
            known |= {"vehicle_type": look.kind, "colour": look.colour}
        return event.model_copy(update=known)

    def _plate_of(self, track: int | None) -> Plate | None:
        """The reading of a track's plate, None where there is none to be trusted or none that can be a plate."""
        plate = None if track is None else self._plates.get(track)
        trusted = plate is not None and plate.score >= PLATE_LEAST and FORM.fullmatch(plate.text)
        return plate if trusted else None

    def _remember(self, observation: Observation) -> None:
        tracks = observation.tracks
        for plate in observation.plates:
            self._plates[plate.track] = plate
        for look in observation.looks:
            self._looks[look.track] = look
        for i, track in enumerate(tracks.id.tolist()):
            x1, y1, x2, y2 = (float(value) for value in tracks.box[i])
            point = TrackPoint(
                observation.index, observation.pts, observation.video_s, (x1, y1, x2, y2), bool(tracks.seen[i])
            )
            self._paths.setdefault(track, deque()).append(point)
        horizon = observation.video_s - PATH_S
        for track, path in list(self._paths.items()):
            while path and path[0].video_s < horizon:
                path.popleft()
            if not path:
                del self._paths[track]
                self._plates.pop(track, None)
                self._looks.pop(track, None)

    def _open_sure(self, finding: Finding, observation: Observation) -> None:
        """Look a second time at a fire alert before it leaves; everything else leaves as it is."""
        if finding.type is not FindingType.FIRE_ALERT:
            self._open(finding, observation)
            return
        self._aside.do(Urgency.ALARM, lambda: self._look_closer(Doubted(finding, 0), observation))

    def _look_again(self, observation: Observation) -> None:
        """Look at rejected fire alerts again as they fall due; what is no longer rejected leaves then."""
        due = [doubted for doubted in self._doubted if doubted.due_s <= observation.video_s]
        self._doubted = [doubted for doubted in self._doubted if doubted.due_s > observation.video_s]
        for doubted in due:
            self._aside.do(Urgency.ALARM, partial(self._look_closer, doubted, observation))

    def _look_closer(self, doubted: Doubted, observation: Observation) -> None:
        with self.totals.stage("second_look"):
            first = doubted.tries == 0
            told, verdict = (
                self._second.at(doubted.finding) if first else self._second.again(doubted, observation.video_s)
            )
        self._closer.append(Closer(doubted.finding, told, verdict, observation, doubted.tries))

    def _hear_closer(self) -> None:
        """What second looks came to since the last frame: the alert leaves, or is doubted and looked at later."""
        while self._closer:
            one = self._closer.popleft()
            rejected = one.verdict.word is Word.REJECTED
            if one.tries == 0 or not rejected:
                self.totals.second_looks[one.told.kind, one.verdict.word.value] += 1
            if not rejected:
                self._open(one.told, one.observation)
                continue
            if one.tries == 0:
                finding = one.finding
                log.info(
                    "Camera %s: a second look rejects %s at %.1f s", self._camera.id, finding.kind, finding.video_s
                )
                self._hold_back(one.told, one.observation)
            if one.tries < len(AGAIN_S):
                self._doubted.append(Doubted(one.finding, one.tries + 1))

    def _open(self, finding: Finding, observation: Observation) -> None:
        """Wait for the seconds after the decision before the clip is cut; nobody waits for an alarm."""
        pending = self._pending_of(finding, finding_event(self._camera.id, finding, observation), observation)
        if self._at_once and finding.type is not FindingType.VIOLATION:
            self._tell(pending)
            pending = replace(pending, event=whole_of(pending.event))
        self._pending.append(pending)

    def _hold_back(self, finding: Finding, observation: Observation) -> None:
        """Tell of what a second look denied: no alarm, yet nothing that was thrown away unseen."""
        event = held_back_of(finding_event(self._camera.id, finding, observation))
        self._pending.append(self._pending_of(finding, event, observation))

    def _pending_of(self, finding: Finding, event: Event, observation: Observation) -> Pending:
        path = tuple(self._paths.get(finding.track, ())) if finding.track is not None else ()
        due_s = finding.video_s + MARGIN_S
        return Pending(due_s, finding, event, path, observation, self._camera, self.identity)

    def _close_due(self, video_s: float) -> None:
        while self._refused:
            self._pending.append(self._refused.popleft())
        due = [pending for pending in self._pending if pending.due_s <= video_s]
        self._pending = [pending for pending in self._pending if pending.due_s > video_s]
        for pending in due:
            self._tell(pending, video_s)

    def _tell(self, pending: Pending, video_s: float = float("inf")) -> None:
        """Report a finding with the evidence there is by now; what the disk refuses is tried again after `video_s`."""
        event, subject = self._with_plate(pending.event, pending.finding.track), self._subject(pending)
        whole = pending.event.type in BESIDE or pending.finding.type is FindingType.VIOLATION
        urgency = Urgency.CLIP if whole else Urgency.ALARM
        self._aside.do(urgency, lambda: self._report_with_evidence(pending, event, subject, video_s))

    def _report_with_evidence(self, pending: Pending, event: Event, subject: Subject, video_s: float) -> None:
        try:
            with self.totals.stage("evidence"):
                package = write_package(subject, self._ring, self._folder, self._signer)
        except OSError as error:
            log.error("The disk takes no evidence of %s: %s", event.id, error.strerror)  # noqa: TRY400 - it says all
            if pending.tries < len(EVIDENCE_AGAIN_S) and video_s < float("inf"):
                later_s = video_s + EVIDENCE_AGAIN_S[pending.tries]
                self._refused.append(replace(pending, due_s=later_s, tries=pending.tries + 1))
            elif event.type != "evidence":
                self._report(event.model_copy(update={"evidence": None}), None)
            return
        self._report(event, package.folder)

    def _subject(self, pending: Pending) -> Subject:
        finding = pending.finding
        start, end = clip_span(finding.onset_s, finding.video_s)
        later = self._paths.get(finding.track, ()) if finding.track is not None else ()
        last = pending.path[-1].video_s if pending.path else start
        path = [point for point in pending.path if point.video_s >= start]
        path += [point for point in later if last < point.video_s <= end]
        return Subject(
            event_id=pending.event.id,
            camera=pending.camera.id,
            camera_sha256=pending.identity.camera_sha256,
            calibration_sha256=calibration_sha256(pending.camera),
            models=pending.identity.models,
            finding=finding,
            anchor_s=pending.anchor.video_s,
            anchor_time=pending.anchor.time,
            clock=pending.identity.clock_state(pending.anchor.time),
            software=__version__,
            class_name=class_name(finding.class_id),
            plate=self._plate_of(finding.track),
            path=path,
            drawn=drawn_parts(pending.camera, finding),
            marks=pending.identity.marks,
            words=in_words(finding.type, finding.trace),
        )

    def _report(self, event: Event, package: Path | None) -> None:
        """Hand an event over; called from the thread beside the looks too."""
        self._sink.put(event, package)
        if event.type not in BESIDE:
            self.totals.events[event.type, event.kind] += 1
        if event.type == "passage":
            self.totals.passages[event.line or "", event.direction or "", event.class_ or ""] += 1
