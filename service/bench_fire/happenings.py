"""Rendered fires and smoke and their near misses: how many are found, how late, and what is taken for them."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fire_alerts.confirm import RULE, ConfirmState
from fire_alerts.places import overlap
from scenarios.fires.clips import FILLED, FPS, clips, share, shown
from service.bench_fire.looks import Given, draw, look
from service.bench_scores import Counts
from service.bench_scores import share as share_of
from service.detectors import SHIPPED
from vision.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fire_alerts.confirm import Confirm
    from scenarios.fires.clips import FireClip
    from service.bench_fire.looks import Looked

SAME_PLACE: Final = 0.15
"""Overlap from which an alert is at the fire."""
EARLY: Final = 0.001
"""Share of the picture from which something can be seen at all: an alert at that place is right from then on."""
WITHIN_S: Final = 10.0
"""Goal of the delay after the fire fills 2 % of the picture."""
DRAWS: Final = 400
"""Of the bootstrap of a mean delay."""


@dataclass(slots=True)
class Score(Counts):
    """Counts of one kind in one light.

    Attributes:
        acts, found, as_kind: happenings, those that raised an alert at their place, and an alert of their own kind.
        near, taken: near misses, and those that raised one.
        wrong: alerts at no fire, in any clip of the kind.
        delays_s: of those found, from 2 % of the picture to the first alert; below 0 where the alert was earlier.
        missed, false: which ones.
    """

    acts: int = 0
    found: int = 0
    as_kind: int = 0
    near: int = 0
    taken: int = 0
    wrong: int = 0
    delays_s: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    false: list[dict[str, Any]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As JSON, with 95 % intervals: Wilson's of shares, the bootstrap's of the mean delay."""
        return {
            "happenings": self.acts, "found": self.found, "recall": share_of(self.found, self.acts),
            "found_as_their_kind": self.as_kind, "near_misses": self.near, "near_misses_taken": self.taken,
            "wrong_alerts": self.wrong, "precision": share_of(self.found, self.found + self.wrong),
            "delay_after_2_percent_s": delay(self.delays_s), "missed": self.missed, "false": self.false,
        }  # fmt: skip


def delay(values: Sequence[float]) -> dict[str, Any]:
    """Mean with its interval, 95th percentile, largest, and the share within the goal."""
    if not values:
        return {"n": 0}
    told = np.array(values)
    rng = np.random.default_rng(0)
    means = rng.choice(told, (DRAWS, len(told))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {
        "n": len(told), "mean": round(float(told.mean()), 2), "mean_low": round(float(low), 2),
        "mean_high": round(float(high), 2), "p95": round(float(np.quantile(told, 0.95)), 2),
        "max": round(float(told.max()), 2), "within_10_s": share_of(int((told <= WITHIN_S).sum()), len(told)),
    }  # fmt: skip


def judge(clip: FireClip, looked: Looked, rule: Confirm = RULE) -> Score:
    """How the rule did on a clip."""
    return score(clip, looked, findings(looked, rule))


def findings(looked: Looked, rule: Confirm = RULE) -> list[Finding]:
    """What the rule finds in the looks of a clip."""
    state, out = ConfirmState(), list[Finding]()
    for observation in looked.observations("bench"):
        state, found = rule.step(state, observation)
        out += found
    return out


def score(clip: FireClip, looked: Looked, found: Iterable[Finding]) -> Score:
    """Findings of a clip held against its truth."""
    out = Score(acts=int(clip.burns), near=int(not clip.burns))
    filled = next((one.video_s for one in looked.looks if one.share >= FILLED), None)
    first: float | None = None
    for finding in found:
        truth = min(looked.looks, key=lambda one: abs(one.video_s - finding.video_s))
        there = finding.box is not None and any(overlap(finding.box, box) >= SAME_PLACE for box in truth.boxes)
        if there and truth.share >= EARLY:
            first = finding.video_s if first is None else first
            out.as_kind = max(out.as_kind, int(finding.kind == clip.kind))
            continue
        out.wrong += 1
        out.false.append({"clip": clip.id, "kind": finding.kind, "at_s": round(finding.video_s, 1),
                          "box": None if finding.box is None else [round(v) for v in finding.box],
                          "score": finding.score, "why": [reason.code for reason in finding.trace]})  # fmt: skip
    out.taken = int(not clip.burns and out.wrong > 0)
    if clip.burns and first is not None:
        out.found = 1
        if filled is not None:
            out.delays_s.append(first - filled)
    elif clip.burns:
        out.missed.append(clip.id)
    return out


@dataclass(frozen=True, slots=True)
class Part:
    """How many clips of each kind."""

    burning: int
    near: int


def looks_of(
    part: Part, seed: int, folder: Path, on_clip: Callable[[str], None] | None = None
) -> Iterable[tuple[FireClip, Looked]]:
    """The clips of a run with what the eye gave of them, drawn where they do not lie in the folder."""
    detector = SHIPPED.detector("fire")
    wanted = clips(part.burning, part.near, seed)
    for count, clip in enumerate(wanted, 1):
        pictures = (
            Given(one.picture, one.video_s, one.objects, share(one.regions), tuple(r.box for r in one.regions))
            for one in shown(clip, seed)
        )
        looked = look(draw(pictures, FPS, folder, clip.id), folder, clip.id, detector)
        if on_clip is not None:
            on_clip(f"{count}/{len(wanted)} {clip.id}")
        yield clip, looked


def bench_happenings(
    part: Part, seed: int, keep: Path | None, on_clip: Callable[[str], None] | None = None, rule: Confirm = RULE
) -> dict[str, Any]:
    """Draw, look, judge; told by kind and light, `hard` being all but clear daylight."""
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    names: dict[str, Score] = defaultdict(Score)
    with tempfile.TemporaryDirectory(prefix="qyran-fire-") as gone:
        folder = keep or Path(gone)
        folder.mkdir(parents=True, exist_ok=True)
        for clip, looked in looks_of(part, seed, folder, on_clip):
            one = judge(clip, looked, rule)
            scores[clip.kind, clip.condition].add(one)
            scores[clip.kind, "all"].add(one)
            if clip.condition != "day":
                scores[clip.kind, "hard"].add(one)
            names[f"{clip.kind} {clip.name}"].add(one)
    return {
        "kinds": {
            kind: {light: one.told() for (of, light), one in sorted(scores.items()) if of == kind}
            for kind in ("fire", "smoke")
        },
        "by_name": {
            name: {"happenings": one.acts, "found": one.found, "near_misses": one.near, "taken": one.taken}
            for name, one in sorted(names.items())
        },
    }
