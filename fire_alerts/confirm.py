"""Smoke and fire confirmed over time: single frames are never believed.

The detector looks twice a second with a low threshold, and pixels tell of clouds that it overlooks
(`vision.plume`). Looks are gathered into places. A place becomes an alert in one of two ways: the detector's mean score
over a window passes a strict threshold and the pixels do not deny it, or the evidence of the pixels over some seconds
does (`fire_alerts.evidence`, `fire_alerts.chance`). While an alert is on, lower thresholds keep it (hysteresis), so
one fire is one alert.

Look-alikes that move with the traffic (headlights, brake lights, dust) do not stay in a place; what rides on a moving
vehicle's box is left out; what never stirs (paint, a low sun, autumn trees) is no fire however much it looks like one.
An auxiliary sign, not a certified fire alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from fire_alerts.chance import models
from fire_alerts.evidence import drifts, glows_steadily, lives, measured
from fire_alerts.places import Place, believable, gathered, overlap
from fire_alerts.windows import Windows
from vision.classes import FIRE, FIRE_CLASSES, SMOKE
from vision.finding import Finding, FindingType, Moment, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fire_alerts.places import Look
    from vision.camera import Camera
    from vision.sight import Box
    from vision.types import Observation

WORDS: Final = 3
"""So many kinds of evidence are named in a trace."""


@dataclass(frozen=True, slots=True)
class ConfirmState:
    """The places under watch and the times of the detector's looks that still count."""

    looks_s: tuple[float, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What speaks for a place at this moment."""

    mean: float
    seen: int
    looked: int
    chance: float | None
    alive: bool | None
    numbers: tuple[float, ...] | None

    def by_score(self, windows: Windows, share: float = 1.0) -> bool:
        """Whether the detector's word suffices."""
        enough = self.seen >= windows.least_looks and self.seen >= windows.share * self.looked
        return enough and self.mean >= windows.alarm_score * share and self.alive is not False

    def by_pixels(self, windows: Windows, share: float = 1.0) -> bool:
        """Whether the evidence of the pixels does."""
        return self.chance is not None and self.chance >= windows.alarm_chance * share


@dataclass(frozen=True, slots=True)
class Confirm:
    """The rule (`vision.finding.Rule`), one for both kinds; see the module's docstring."""

    windows: Windows = field(default_factory=Windows)
    kind: str = "fire_and_smoke"
    version: str = "2"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """Nothing: any camera can see smoke."""
        del camera
        return ()

    def start(self, camera: Camera) -> ConfirmState:
        """Nothing seen yet."""
        del camera
        return ConfirmState()

    def step(self, state: ConfirmState, observation: Observation) -> tuple[ConfirmState, tuple[Finding, ...]]:
        """Take one look, if the fire detector looked at this frame."""
        if observation.fire is None:
            return state, ()
        now, windows = observation.video_s, self.windows
        looks_s = (*(t for t in state.looks_s if now - t < windows.evidence_s), now)
        places = gathered(state.places, believable(observation, windows), windows)
        found: list[Finding] = []
        kept: list[Place] = []
        for place in places:
            weighed = _weigh(place, looks_s, windows)
            known = self._next(place, weighed, now)
            if known.raised and not place.raised and not _belongs_to_alert(known, kept + places, windows):
                found.append(_finding(known, observation, weighed, self.version))
            limit = windows.quiet_s if known.raised else windows.window_s
            if now - max(known.last_strong_s, known.looks[-1].video_s) <= limit:
                kept.append(known)
        return ConfirmState(looks_s, tuple(kept)), tuple(found)

    def finish(self, state: ConfirmState) -> tuple[Finding, ...]:
        """A window that was not filled proves nothing."""
        del state
        return ()

    def _next(self, place: Place, weighed: _Weighed, now: float) -> Place:
        """The place after this look."""
        windows = self.windows
        share = windows.keep if place.raised else 1.0
        likely = place.likely + 1 if weighed.by_pixels(windows) and place.looks[-1].video_s == now else 0
        if weighed.by_pixels(windows) and place.looks[-1].video_s != now:
            likely = place.likely  # not seen this once; the evidence stands
        strong = weighed.mean >= windows.alarm_score * share or weighed.by_pixels(windows, share)
        return replace(
            place,
            looks=place.within(now, windows.evidence_s) or place.looks[-1:],
            last_strong_s=now if strong else place.last_strong_s,
            likely=likely,
            raised=place.raised or weighed.by_score(windows) or likely >= windows.steady,
        )


RULE: Final = Confirm()


def _weigh(place: Place, looks_s: Sequence[float], windows: Windows) -> _Weighed:
    """What the looks of a place come to."""
    now = looks_s[-1]
    recent = [look for look in place.within(now, windows.window_s) if look.score > 0]
    looked = sum(now - t < windows.window_s for t in looks_s)
    mean = sum(look.score for look in recent) / looked
    lasting = place.within(now, windows.evidence_s)
    numbers, age_s = None, now - place.first_s
    if age_s >= windows.least_evidence_s and _one_place(lasting, windows):
        numbers = measured(lasting, len(looks_s), age_s)
    chance = None if numbers is None else models()[place.class_id].chance(numbers)
    alive = lives(lasting, windows.dead_stir)
    if place.class_id == FIRE and glows_steadily(lasting, windows.flame, windows.flicker):
        alive, chance = False, None
    if place.class_id == SMOKE and drifts(lasting, windows.untorn, windows.calm):
        chance = None
    if place.class_id == FIRE and chance is not None and chance < windows.denied_chance:
        alive = False
    return _Weighed(mean, len(recent), looked, chance, alive, numbers)


def _one_place(looks: Sequence[Look], windows: Windows) -> bool:
    """Whether the picture around did not change as a whole, as light and weather do."""
    told = [look.pixels.whole for look in looks if look.pixels is not None]
    return bool(told) and max(told) < windows.whole


def _belongs_to_alert(place: Place, places: list[Place], windows: Windows) -> bool:
    """Whether an alert of the same class already stands at this place."""
    return any(
        other.raised
        and other.class_id == place.class_id
        and other.first_s != place.first_s
        and overlap(other.box, place.box) >= windows.same_place
        for other in places
    )


def _finding(place: Place, observation: Observation, weighed: _Weighed, version: str) -> Finding:
    kind = FIRE_CLASSES[place.class_id]
    first, last = place.looks[0], place.looks[-1]
    growth = _area(last.box) / max(_area(first.box), 1.0)
    seen, looked = weighed.seen or len(place.looks), max(weighed.looked, weighed.seen or len(place.looks))
    trace = [
        Reason(
            f"{kind}_seen", (("seen", seen), ("looked", looked), ("seconds", round(last.video_s - place.first_s, 1)))
        ),
        Reason("mean_score", (("score", round(weighed.mean, 2)),)),
    ]
    if weighed.chance is not None and weighed.numbers is not None:
        trace.append(Reason("pixel_chance", (("chance", round(weighed.chance, 2)),)))
        strongest = models()[place.class_id].strongest(weighed.numbers, WORDS)
        trace += [Reason(f"evidence_{name}") for name in strongest]
    trace += [Reason("growth", (("times", round(growth, 1)),)), Reason("auxiliary_fire_sign")]
    return Finding(
        type=FindingType.FIRE_ALERT,
        kind=kind,
        rule_version=version,
        onset_s=place.first_s,
        video_s=observation.video_s,
        score=round(min(1.0, max(weighed.mean, weighed.chance or 0.0)), 3),
        trace=tuple(trace),
        moments=(
            Moment("onset", place.first_s, first.box),
            Moment("decision", observation.video_s, last.box),
            Moment("wide", observation.video_s),
        ),
        box=place.box,
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
