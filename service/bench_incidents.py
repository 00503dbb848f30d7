"""`qyran bench incidents`: every incident rule over rendered happenings and near misses, from pixels to findings."""

from __future__ import annotations

import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from incidents.rules import camera_tampering
from qyran import __version__
from qyran.errors import InputError
from scenarios.happenings import CONDITIONS
from scenarios.happenings.clip import draw
from scenarios.happenings.incidents import INCIDENTS, incident_clip
from scenarios.happenings.views import ViewClip, view_clips
from service.bench_kept import Kept, NotedDetector
from service.bench_rules import MOST_CLIPS, NEAR_PER_HAPPENING, vote
from service.bench_scores import DoneClip, Score, each_done, refuse_unknown, words
from service.crop_readers import head_reader_for
from service.detectors import SHIPPED
from service.rulebook import Judge
from vision.camera import TRIALS, load_camera
from vision.drift import DriftWatch
from vision.finding import FindingType
from vision.pipeline import Pipeline
from vision.stream import Stream
from vision.stream_settings import StreamSettings
from vision.types import Observation, Tracks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scenarios.acts import Act
    from scenarios.happenings.clip import Clip, Drawn
    from scenarios.truth import FrameTruth
    from vision.finding import Finding

TAMPERING: Final = "camera_tampering"
KINDS: Final = (*INCIDENTS, TAMPERING)
DAYLIGHT: Final = "day"
NO_GOAL: Final = frozenset({"animal", "debris", "person_down"})
"""Kinds that no class of the detector and no data stand behind: their recall is reported without a goal."""
EARLY_S: Final = 4.0
"""A finding may place the onset this much before the happening's, and be given so much later than it is certain:"""
LATE_S: Final = 25.0
BESIDE: Final = 0.6
"""A finding is about an object if its box's middle lies in the object's, widened by this share of its size."""
DRAWS: Final = 2000
"""Samples of the bootstrap that gives the interval of a delay's 95th percentile."""
_START: Final = datetime(2026, 5, 14, 7, 0, tzinfo=UTC)
SEED_ROOM: Final = 40
"""Seeds between two conditions."""


@dataclass(slots=True)
class TimedScore(Score):
    """Counts of one kind in one condition.

    Attributes:
        delays_s: from onset to finding of each happening found.
        waits_s: the same from when it was certain.
    """

    delays_s: list[float] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As JSON: shares with Wilson's intervals, delays with theirs."""
        late = {"delay_s": delay(self.delays_s), "delay_after_certain_s": delay(self.waits_s)}
        return {**Score.told(self), **late}  # `super` knows no class with slots that a decorator made anew


def delay(seconds: Sequence[float]) -> dict[str, Any]:
    """Mean with its 95 % interval, 95th percentile with a bootstrap interval; nothing where nothing was found."""
    values = np.asarray(seconds, float)
    if not len(values):
        return {"n": 0}
    half = 1.96 * float(values.std(ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    drawn = np.random.default_rng(1).choice(values, (DRAWS, len(values)))
    low, high = np.percentile(np.percentile(drawn, 95, axis=1), [2.5, 97.5])
    mean = float(values.mean())
    return {
        "n": len(values),
        "mean": round(mean, 2), "mean_low": round(mean - half, 2), "mean_high": round(mean + half, 2),
        "p95": round(float(np.percentile(values, 95)), 2), "p95_low": round(float(low), 2),
        "p95_high": round(float(high), 2), "most": round(float(values.max()), 2),
    }  # fmt: skip


def bench_incidents(
    kinds: Sequence[str],
    per_kind: int,
    conditions: Sequence[str],
    seed: int,
    *,
    jobs: int = 1,
    keep: Path | None = None,
    on_clip: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Render, analyse and score.

    Args:
        kinds: of incidents; all where empty.
        per_kind: happenings wanted of each kind in each condition, with twice as many near misses.
        conditions: some of `CONDITIONS`.
        seed: of everything.
        jobs: processes.
        keep: folder for clips, truth, detections and verdicts, taken from there while they hold.
        on_clip: told a line about each clip once it is scored.

    Raises:
        InputError: an unknown kind or condition, or nothing wanted.
    """
    kinds = list(kinds) or list(KINDS)
    if per_kind < 1 or jobs < 1:
        raise InputError("--per-kind and --jobs must be 1 or more.")
    refuse_unknown(kinds, KINDS, "incident with happenings")
    refuse_unknown(conditions, CONDITIONS, "condition")
    began = time.perf_counter()
    scores: dict[tuple[str, str], TimedScore] = defaultdict(TimedScore)
    clips = 0
    seconds = spent = 0.0
    aside: list[str] = []
    # Kinds take turns, so that a run that is broken off says something about each.
    lanes = [_lane(kind, light, per_kind, seed) for light in conditions for kind in kinds]
    for done in each_done(_in_turns(lanes), _do, jobs, keep):
        clips, seconds, spent = clips + (not done.aside), seconds + done.seconds, spent + done.cpu_s
        aside += [done.aside] if done.aside else []
        for key, counts in done.scores.items():
            scores[key].add(counts)
        if on_clip is not None:
            on_clip(done.line())
    return {
        "version": __version__, "seed": seed, "clips": clips, "set_aside": aside,
        "video_s": round(seconds, 1),
        "wall_s": round(time.perf_counter() - began, 1), "cpu_s": round(spent, 1),
        "kinds": {kind: {light: scores[kind, light].told() for light in conditions} for kind in kinds},
    }  # fmt: skip


def _in_turns(lanes: list[Iterator[Clip | ViewClip]]) -> Iterator[Clip | ViewClip]:
    while lanes:
        kept = []
        for lane in lanes:
            one = next(lane, None)
            if one is not None:
                kept.append(lane)
                yield one
        lanes = kept


def _lane(kind: str, condition: str, wanted: int, seed: int) -> Iterator[Clip | ViewClip]:
    """As many clips as the wanted happenings and near misses take."""
    base = (seed * SEED_ROOM + CONDITIONS.index(condition)) * MOST_CLIPS
    if kind == TAMPERING:
        yield from view_clips(condition, base, wanted)
        return
    acts = near = 0
    for k in range(MOST_CLIPS):
        if acts >= wanted and near >= NEAR_PER_HAPPENING * wanted:
            return
        clip = incident_clip(kind, condition, base + k)
        acts += sum(act.kind == kind for act in clip.rehearse())
        near += sum(not intent.breaks for intent in clip.intents)
        yield clip


def _do(clip: Clip | ViewClip, keep: Path | None) -> DoneClip[TimedScore]:
    """Render one clip, look at it, score it; or take from `keep` what holds of that."""
    used = time.process_time()
    if isinstance(clip, ViewClip):
        scores = {(TAMPERING, clip.condition): _view_score(clip)}
        name = f"{TAMPERING}-{clip.condition}-{clip.seed}"
        return DoneClip(name, scores, 84.0, time.process_time() - used)
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="qyran-bench-") as folder:
            drawn = draw(clip, Path(folder))
            scores = score(clip, drawn, *look(clip, drawn))
    else:
        kept = Kept(keep, clip)
        told = kept.verdict()
        if told is None:
            drawn = kept.drawn()
            scores = score(clip, drawn, *look(clip, drawn, kept))
            kept.keep_verdict({" ".join(key): asdict(counts) for key, counts in scores.items()})
        else:
            scores = {(key.split()[0], key.split()[1]): TimedScore(**counts) for key, counts in told.items()}
    return DoneClip(clip.scene.name, scores, clip.scene.duration_s, time.process_time() - used)


def look(clip: Clip, drawn: Drawn, kept: Kept | None = None) -> tuple[list[Finding], dict[int, int]]:
    """The chain from the file: what the incident rules found, and each track's object."""
    camera = load_camera(drawn.camera).model_copy(update={"trials": TRIALS})
    eye = SHIPPED.detector("road")
    noted = NotedDetector(eye, None if kept is None else kept.seen(eye.spec))
    pipeline = Pipeline(camera, noted, heads=head_reader_for(camera))
    judge = Judge(camera)
    found: list[Finding] = []
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    opened = camera.model_copy(update={"stream": str(drawn.video)})
    with Stream(opened, StreamSettings(start_time=clip.scene.start, first_open="raise")) as stream:
        for frame in stream.frames(pipeline.settings.rate_hz):
            observation = pipeline.observe(frame)
            vote(votes, observation, drawn)
            found += judge.step(observation)
    found += judge.finish()
    if kept is not None and noted.answers:
        kept.keep_seen(eye.spec, noted.answers)
    objects = {track: count.most_common(1)[0][0] for track, count in votes.items()}
    return [one for one in found if one.type is FindingType.INCIDENT], objects


def score(
    clip: Clip, drawn: Drawn, findings: Sequence[Finding], objects: dict[int, int]
) -> dict[tuple[str, str], TimedScore]:
    """Findings against happenings; one too many about the same happening is wrong."""
    light = clip.condition
    names = {intent.actor: intent.name for intent in drawn.intents}
    lawful = {intent.actor for intent in drawn.intents if not intent.breaks}
    out: dict[tuple[str, str], TimedScore] = defaultdict(TimedScore)
    own = out[clip.rule, light]
    own.near = sum(not intent.breaks for intent in drawn.intents)
    told: dict[Act, Finding] = {}
    for finding in sorted(findings, key=lambda one: one.video_s):
        about = _about(finding, drawn.frames, objects)
        own_first = sorted(drawn.acts, key=lambda a: objects.get(finding.track or -1) not in a.everybody)
        act = next((a for a in own_first if a not in told and _same(a, finding, about)), None)
        if act is not None:
            told[act] = finding
            out[finding.kind, light].right += finding.kind == clip.rule
            continue
        counts = out[finding.kind, light]
        counts.wrong += 1
        counts.false.append(
            {"clip": clip.scene.name, "at_s": round(finding.video_s, 2), "onset_s": round(finding.onset_s, 2),
             "about": ", ".join(sorted(names.get(one, "traffic") for one in about)) or "nobody"}
        )  # fmt: skip
        own.near_wrong += finding.kind == clip.rule and bool(about & lawful)
    for act in drawn.acts:
        if act.kind != clip.rule:
            continue
        own.happenings += 1
        if act in told:
            own.found += 1
            own.delays_s.append(round(told[act].video_s - act.onset_s, 2))
            own.waits_s.append(round(told[act].video_s - act.until_s, 2))
        else:
            who = names.get(act.object_id, "traffic")
            own.missed.append({"clip": clip.scene.name, "at_s": round(act.onset_s, 2), "who": who})
    return dict(out)


def _about(finding: Finding, frames: tuple[FrameTruth, ...], objects: dict[int, int]) -> frozenset[int]:
    """The objects that a finding may be about: its track's, and those where its box is."""
    out = {objects[finding.track]} if finding.track in objects else set()
    if finding.box is not None:
        times = np.array([frame.video_s for frame in frames])
        frame = frames[int(np.abs(times - finding.video_s).argmin())]
        middle = np.array([finding.box[0] + finding.box[2], finding.box[1] + finding.box[3]]) / 2
        for o in frame.objects:
            low, high = np.array(o.box[:2]), np.array(o.box[2:])
            reach = BESIDE * (high - low) + 2.0
            if ((middle >= low - reach) & (middle <= high + reach)).all():
                out.add(o.id)
    return frozenset(out)


def _same(act: Act, finding: Finding, about: frozenset[int]) -> bool:
    return (
        act.kind == finding.kind
        and (act.object_id == 0 or bool(act.everybody & about))
        and finding.onset_s >= act.onset_s - EARLY_S
        and finding.video_s <= act.until_s + LATE_S
    )


def _view_score(clip: ViewClip) -> TimedScore:
    """One camera's view: the rule over what the drift watch says."""
    watch, rule = DriftWatch(), camera_tampering.RULE
    state = camera_tampering.TamperingState()
    out = TimedScore(near=int(not clip.happens), happenings=int(clip.happens))
    found: list[Finding] = []
    for second, picture in clip.pictures():
        view = watch.step(picture, second)
        moment = _START + timedelta(seconds=second)
        seen = Observation("bench", int(second), int(second), second, moment, picture.shape[1], picture.shape[0],
                           Tracks.empty(), view=view)  # fmt: skip
        state, findings = rule.step(state, seen)
        found += findings
    right = [one for one in found if clip.happens and one.video_s >= clip.onset_s - EARLY_S]
    if right:
        out.found = out.right = 1
        out.delays_s = [round(right[0].video_s - clip.onset_s, 2)]
        out.waits_s = list(out.delays_s)
    elif clip.happens:
        out.missed = [{"clip": f"{TAMPERING}-{clip.seed}", "at_s": round(clip.onset_s, 1), "who": clip.name}]
    out.wrong = len(found) - len(right[:1])
    out.near_wrong = int(not clip.happens and bool(found))
    if out.wrong:
        out.false = [{"clip": f"{TAMPERING}-{clip.seed}", "at_s": round(found[-1].video_s, 1), "about": clip.name}]
    return out


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    columns = f"{'recall (95 %)':>20} {'wrong':>6} {'precision (95 %)':>20} {'near':>9} {'delay s: mean, p95':>34}"
    lines = [f"{'kind':<17} {'light':<6} {'found':>8} {columns}"]
    for kind, parts in report["kinds"].items():
        for light, told in parts.items():
            lines.append(
                f"{kind:<17} {light:<6} {told['found']:>4}/{told['happenings']:<3} {words(told['recall']):>20} "
                f"{told['findings_wrong']:>6} {words(told['precision']):>20} "
                f"{told['near_misses_taken']:>4}/{told['near_misses']:<4} {_delay_words(told['delay_s']):>34}"
                + ("  (no goal)" if kind in NO_GOAL else "")
            )
    lines.append(f"{report['clips']} clips, {report['video_s']} s of video, {report['cpu_s']} s of CPU")
    return "\n".join(lines)


def _delay_words(told: dict[str, Any]) -> str:
    if not told["n"]:
        return "-"
    return (
        f"{told['mean']:.1f} ({told['mean_low']:.1f}-{told['mean_high']:.1f}), "
        f"{told['p95']:.1f} ({told['p95_low']:.1f}-{told['p95_high']:.1f})"
    )
