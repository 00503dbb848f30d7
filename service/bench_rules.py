"""`qyran bench rules`: every rule over rendered happenings, from pixels to findings, held against the truth."""

from __future__ import annotations

import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qyran import __version__
from qyran.errors import InputError
from scenarios.happenings import CONDITIONS, MAKERS, clip_of
from scenarios.happenings.clip import draw
from service.bench_kept import Kept, NotedDetector
from service.bench_scores import DoneClip, Score, each_done, refuse_unknown, words
from service.crop_readers import attribute_reader, head_reader_for
from service.detectors import SHIPPED
from service.rulebook import Judge, rule_statuses
from vision.camera import load_camera
from vision.finding import FindingType
from vision.pipeline import Pipeline
from vision.stream import Stream
from vision.stream_settings import StreamSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scenarios.acts import Act
    from scenarios.happenings.clip import Clip, Drawn
    from vision.finding import Finding
    from vision.types import Observation

SAME_IOU: Final = 0.3
"""A track and an object overlap at least this much to be the same."""
EARLY_S: Final = 3.0
"""A finding may place the onset this much before the act's, and be given so much later than it is certain:"""
LATE_S: Final = 8.0
DAYLIGHT: Final = "day"
OCCLUSION: Final = "occlusion"
HIDDEN: Final = 0.7
"""An act whose subject shows a smaller share of itself is an act behind something,"""
AROUND_S: Final = 1.0
"""on average from so long before it to so long after it."""
NEAR_PER_HAPPENING: Final = 2
"""Near misses wanted for each happening."""
MOST_CLIPS: Final = 400
"""Clips of one rule and condition at most, should one kind stay rare."""
CONDITION_ROOM: Final = 8
"""So many conditions find room between two seeds."""


def bench_rules(
    rules: Sequence[str],
    per_rule: int,
    conditions: Sequence[str],
    seed: int,
    *,
    jobs: int = 1,
    keep: Path | None = None,
    on_clip: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Render, analyse and score; `hard` sums up everything but clear daylight.

    Args:
        rules: kinds; all that pictures can show where empty.
        per_rule: happenings wanted of each rule, half of them by day where other conditions are asked for too; twice
            as many near misses.
        conditions: some of `CONDITIONS`.
        seed: of everything.
        jobs: processes.
        keep: folder for the clips, what the detector saw in them and how the rules did, each of which is taken from
            there while it holds (`service.bench_kept`); else clips are deleted as soon as they are scored.
        on_clip: told a line about each clip once it is scored.

    Raises:
        InputError: an unknown rule or condition, or nothing wanted.
    """
    rules = list(rules) or list(MAKERS)
    if per_rule < 1 or jobs < 1:
        raise InputError("--per-rule and --jobs must be 1 or more.")
    refuse_unknown(rules, tuple(MAKERS), "rule with happenings")
    refuse_unknown(conditions, CONDITIONS, "condition")
    began, used = time.perf_counter(), time.process_time()
    clips = [
        clip
        for rule in rules
        for condition in conditions
        for clip in _clips(rule, condition, _wanted(per_rule, condition, conditions), seed)
    ]
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    seconds = spent = 0.0
    aside: list[str] = []
    for count, done in enumerate(each_done(clips, _do, jobs, keep), 1):
        seconds, spent = seconds + done.seconds, spent + done.cpu_s
        aside += [done.aside] if done.aside else []
        if on_clip is not None:
            on_clip(f"{count}/{len(clips)} {done.line()}")
        for key, counts in done.scores.items():
            scores[key].add(counts)
    return {
        "version": __version__,
        "seed": seed,
        "clips": len(clips) - len(aside),
        "set_aside": aside,
        "video_s": round(seconds, 1),
        "wall_s": round(time.perf_counter() - began, 1),
        "cpu_s": round(spent + (time.process_time() - used if jobs > 1 else 0.0), 1),
        "rules": {rule: _rule_report(rule, conditions, scores) for rule in rules},
    }


def _rule_report(rule: str, conditions: Sequence[str], scores: dict[tuple[str, str], Score]) -> dict[str, Any]:
    lights = [*conditions, *([OCCLUSION] if (rule, OCCLUSION) in scores else [])]
    out = {light: scores[rule, light].told() for light in lights}
    if any(light != DAYLIGHT for light in lights):
        hard = Score()
        for light in lights:
            if light != DAYLIGHT:
                hard.add(scores[rule, light])
        out["hard"] = {name: value for name, value in hard.told().items() if name not in ("missed", "false")}
    return out


def _wanted(per_rule: int, condition: str, conditions: Sequence[str]) -> int:
    others = [name for name in conditions if name != DAYLIGHT]
    if DAYLIGHT not in conditions:
        return -(-per_rule // len(others))
    if not others:
        return per_rule
    return -(-per_rule // 2) if condition == DAYLIGHT else -(-per_rule // (2 * len(others)))


def _clips(rule: str, condition: str, wanted: int, seed: int) -> Iterator[Clip]:
    """As many clips as the wanted happenings and near misses take."""
    acts = near = 0
    for k in range(MOST_CLIPS):
        if acts >= wanted and near >= NEAR_PER_HAPPENING * wanted:
            return
        clip = clip_of(rule, condition, (seed * CONDITION_ROOM + CONDITIONS.index(condition)) * MOST_CLIPS + k)
        acts += sum(intent.breaks for intent in clip.intents)
        near += sum(not intent.breaks for intent in clip.intents)
        yield clip


def _do(clip: Clip, keep: Path | None) -> DoneClip[Score]:
    """Render one clip, look at it, score it; or take from `keep` what holds of that."""
    used = time.process_time()
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
            scores = {(key.split()[0], key.split()[1]): Score(**counts) for key, counts in told.items()}
    return DoneClip(clip.scene.name, scores, clip.scene.duration_s, time.process_time() - used)


def look(clip: Clip, drawn: Drawn, kept: Kept | None = None) -> tuple[list[Finding], dict[int, int], set[str]]:
    """The chain from the file: findings of the rules about violations, each track's object, and the kinds that ran.

    Where something is `kept` of the clip, what the detector saw is taken from there, or kept there.
    """
    camera = load_camera(drawn.camera)
    eye = SHIPPED.detector("road")
    noted = NotedDetector(eye, None if kept is None else kept.seen(eye.spec))
    pipeline = Pipeline(camera, noted, heads=head_reader_for(camera), looks=attribute_reader())
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
    on = {s.kind for s in rule_statuses(camera) if s.type is FindingType.VIOLATION and not s.missing}
    objects = {track: count.most_common(1)[0][0] for track, count in votes.items()}
    return [f for f in found if f.type is FindingType.VIOLATION], objects, on


def vote(votes: dict[int, Counter[int]], observation: Observation, drawn: Drawn) -> None:
    """Which object each track lies on in this picture."""
    truth = drawn.frames[min(observation.index, len(drawn.frames) - 1)]
    if not truth.objects or not len(observation.tracks):
        return
    theirs = np.array([o.box for o in truth.objects])
    mine = observation.tracks.box.astype(float)
    low = np.maximum(mine[:, None, :2], theirs[None, :, :2])
    high = np.minimum(mine[:, None, 2:], theirs[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(2)
    area = (mine[:, 2:] - mine[:, :2]).prod(1)[:, None] + (theirs[:, 2:] - theirs[:, :2]).prod(1)[None]
    share = common / np.maximum(area - common, 1e-9)
    for i, track in enumerate(observation.tracks.id.tolist()):
        best = int(share[i].argmax())
        if observation.tracks.seen[i] and share[i, best] >= SAME_IOU:
            votes[track][truth.objects[best].id] += 1


def score(
    clip: Clip, drawn: Drawn, findings: Sequence[Finding], objects: dict[int, int], on: set[str]
) -> dict[tuple[str, str], Score]:
    """Findings against acts, by kind and light; those of other rules than the clip's count only where they are wrong.

    An act behind something, for most of its time and most of its subject, belongs to the light ``occlusion``.
    """
    names = {intent.actor: intent.name for intent in drawn.intents}
    lawful = {intent.actor for intent in drawn.intents if not intent.breaks}
    out: dict[tuple[str, str], Score] = defaultdict(Score)
    own = out[clip.rule, clip.condition]
    own.near = len(lawful)
    told: set[Act] = set()
    for finding in sorted(findings, key=lambda f: f.video_s):
        about = objects.get(finding.track) if finding.track is not None else None
        act = next((a for a in drawn.acts if a not in told and _same(a, finding, about)), None)
        light = _light(clip, drawn, about, finding.onset_s, finding.video_s)
        if act is not None:
            told.add(act)
            out[finding.kind, light].right += finding.kind == clip.rule
        elif finding.kind == clip.rule or finding.kind not in clip.companions:
            counts = out[finding.kind, light]
            counts.wrong += 1
            counts.false.append(
                {"clip": clip.scene.name, "at_s": round(finding.video_s, 2), "onset_s": round(finding.onset_s, 2),
                 "object": about, "who": names.get(about, "traffic") if about is not None else "nobody"}
            )  # fmt: skip
            own.near_wrong += finding.kind == clip.rule and about in lawful
    for act in drawn.acts:
        if act.kind != clip.rule:
            continue
        counts = out[clip.rule, _light(clip, drawn, act.object_id, act.onset_s, act.until_s)]
        counts.happenings += 1
        counts.found += act in told
        if act not in told:
            counts.missed.append(
                {"clip": clip.scene.name, "at_s": round(act.onset_s, 2), "object": act.object_id,
                 "who": names.get(act.object_id, "traffic"), "rule_on": clip.rule in on}
            )  # fmt: skip
    return dict(out)


def _light(clip: Clip, drawn: Drawn, about: int | None, begin_s: float, end_s: float) -> str:
    """The clip's condition, or occlusion where the subject is mostly hidden between two moments and a little around."""
    shares = [
        o.visible
        for frame in drawn.frames
        if begin_s - AROUND_S <= frame.video_s <= end_s + AROUND_S
        for o in frame.objects
        if o.id == about
    ]
    return OCCLUSION if shares and float(np.mean(shares)) < HIDDEN else clip.condition


def _same(act: Act, finding: Finding, about: int | None) -> bool:
    return (
        act.kind == finding.kind
        and act.object_id == about
        and finding.onset_s >= act.onset_s - EARLY_S
        and finding.video_s <= act.until_s + LATE_S
    )


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    columns = f"{'recall (95 %)':>22} {'wrong':>6} {'precision (95 %)':>22} {'near':>9}"
    lines = [f"{'rule':<20} {'light':<9} {'found':>9} {columns}"]
    for rule, parts in report["rules"].items():
        for light, told in parts.items():
            lines.append(
                f"{rule:<20} {light:<9} {told['found']:>4}/{told['happenings']:<4} {words(told['recall']):>22} "
                f"{told['findings_wrong']:>6} {words(told['precision']):>22} "
                f"{told['near_misses_taken']:>4}/{told['near_misses']:<4}"
            )
    lines.append(f"{report['clips']} clips, {report['video_s']} s of video, {report['cpu_s']} s of CPU")
    return "\n".join(lines)
