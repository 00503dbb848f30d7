"""Crash: a vehicle's motion changed faster than any driver can make it, and it rests.

Witnesses are an impact beyond what tyres do, a push beyond what engines do, an outline that fits no longer (turned, on
its side), a second vehicle that was struck at the same moment and place, people who stand around. One that is beyond
doubt suffices; weaker ones must agree. All that happens near it for a while belongs to the same crash. The rule is
never paused: what little a camera still sees may be this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents import impact
from incidents.crossing import crossed
from incidents.halt import HALTED_MS2
from incidents.impact import ImpactState
from incidents.struck import DRIVES_MS, Impact, Rest
from incidents.ways import apart
from vision.classes import BUS, PERSON, TRUCK
from vision.finding import Finding, FindingType, Moment, Reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.types import Observation

ENOUGH: Final = 1.0
"""Score of all witnesses from which it is told: 1 is an impact just beyond what tyres do."""
HEAVY: Final = 0.75
"""Weight of what a lorry or bus alone says: of its long side the box shows now more, now less."""
TURNED: Final = (1.10, 1.30)
"""Its outline has changed by this factor when it rests: full braking in the lane leaves it within 8 %; from the second
on it has surely turned."""
TURNED_SCORE: Final = 0.6
DIMMED: Final = 0.85
"""The detector is less sure of it than this share of what it was: on its side it hardly looks like a vehicle."""
DIMMED_SCORE: Final = 0.3
PARTNER_SCORE: Final = 0.45
"""What a second vehicle adds that was struck, the other way: two who brake for the same are no partners,"""
PARTNER_M, PARTNER_S = 6.5, 0.8
"""so near in place and time,"""
AGAINST: Final = -0.5
"""their changes of velocity by this cosine against each other,"""
BLOW_M: Final = 2.6
"""the line of the blow no farther beside either: half a car's length, and what is not known of its place. Two who brake
for the same in lanes of opposite directions pass each other by more."""
CROSSED_SCORE: Final = 0.6
"""What it adds that somebody came across its way and stayed there."""
PEOPLE_SCORE: Final = 0.2
"""What people add who stand around,"""
PEOPLE_M: Final = 5.0
"""so near,"""
PEOPLE: Final = 2
"""at least so many."""
STRUCK_M, STRUCK_S = 12.0, 5.0
"""Whoever is struck this near in place and time to another is in the same crash;"""
SAME_M: Final = 8.0
"""who comes to rest this near to one who rests there since a crash belongs to it,"""
SAME_S: Final = 300.0
"""for so long,"""
ANEW_S: Final = STRUCK_S
"""unless it drove up so much later and was struck itself: then somebody ran into the first."""
AROUND_M: Final = 15.0
"""Who stands this near to a crash stands there because of it."""


@dataclass(frozen=True, slots=True)
class CrashState:
    """The impacts, and those who were told to rest after one, with the second at which they last did."""

    watch: ImpactState
    told: tuple[tuple[Rest, float], ...] = ()


class Crash:
    """The rule; see the module's docstring."""

    kind = "crash"
    version = "3"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """Metres."""
        return () if camera.calibration is not None else (Reason("missing_calibration"),)

    def start(self, camera: Camera) -> CrashState:
        """Nothing happened."""
        return CrashState(ImpactState(camera))

    def step(self, state: CrashState, observation: Observation) -> tuple[CrashState, tuple[Finding, ...]]:
        """A finding when somebody rests after an impact and the witnesses agree."""
        watch, rests = impact.step(state.watch, observation)
        now = observation.video_s
        told = [one for one in state.told if now - one[1] <= SAME_S]
        found: list[Finding] = []
        for rest in sorted(rests, key=lambda one: -one.impact.ms2):
            score, trace = weighed(watch, rest, observation)
            if score < ENOUGH or rest.impact.jumped:
                continue
            moved = _moved(rest, trace)
            known = any(_same(before, rest, moved=moved) for before, _ in told)
            told = [one for one in told if one[0].impact.track != rest.impact.track]
            told.append((rest, now))
            if not known:
                found.append(_finding(rest, score, trace, observation))
        return replace(state, watch=watch, told=tuple(told)), tuple(found)

    def finish(self, state: CrashState) -> tuple[Finding, ...]:
        """Who has not come to rest may have driven on."""
        del state
        return ()


RULE: Final = Crash()


def belongs(state: CrashState, place: NDArray[np.float64]) -> bool:
    """Whether somebody at a place on the road [2], metres, stands there because of a crash."""
    spots = [spot for rest, _ in state.told for spot in (rest.at, rest.impact.at)]
    return any(np.hypot(place[0] - x, place[1] - y) <= AROUND_M for x, y in spots)


def _moved(rest: Rest, trace: tuple[Reason, ...]) -> bool:
    """Whether it moved until it was struck: it drove, or it rolled and somebody came across it."""
    before_ms = rest.impact.before_ms
    came = any(reason.code == "impact_crossed" for reason in trace)
    return before_ms >= (impact.ROLLS_MS if came else DRIVES_MS)


def _same(one: Rest, other: Rest, *, moved: bool) -> bool:
    """Whether two were in one crash; the other is later, and moved until it was struck or did not."""
    a, b = one.impact, other.impact
    struck = abs(a.video_s - b.video_s) <= STRUCK_S and apart(a.at, b.at) <= STRUCK_M
    anew = moved and b.video_s - a.video_s > ANEW_S
    return a.track == b.track or struck or (apart(one.at, other.at) <= SAME_M and not anew)


def weighed(watch: ImpactState, rest: Rest, observation: Observation) -> tuple[float, tuple[Reason, ...]]:
    """What the witnesses add up to, and their words."""
    one = rest.impact
    limit = impact.PUSHED_MS2 if one.pushed else HALTED_MS2 if one.halted else impact.BEYOND_MS2
    score = one.ms2 / limit * (HEAVY if one.class_id in (BUS, TRUCK) else 1.0)
    at, ms2 = round(one.video_s, 1), round(one.ms2, 1)
    trace = [
        Reason("impact_pushed", (("at_s", at), ("ms2", ms2))) if one.pushed
        else Reason("impact_sudden", (("at_s", at), ("ms", round(one.change_ms, 1)), ("ms2", ms2)))
    ]  # fmt: skip
    sure = not one.pushed or one.ms2 >= impact.PUSHED_MS2
    if sure and rest.turned > TURNED[0]:
        score += TURNED_SCORE * min(1.0, (rest.turned - TURNED[0]) / (TURNED[1] - TURNED[0]))
        trace.append(Reason("impact_turned"))
    if sure and rest.dimmed < DIMMED:
        score += DIMMED_SCORE
        trace.append(Reason("impact_dimmed"))
    partners = [
        other for track, other in watch.open.items()
        if track != one.track and abs(other.video_s - one.video_s) <= PARTNER_S
        and apart(other.at, one.at) <= PARTNER_M and _struck_each_other(one, other)
    ]  # fmt: skip
    if sure and partners:
        score += PARTNER_SCORE
        trace.append(Reason("impact_contact"))
    if crossed(watch, rest, observation.video_s):
        score += CROSSED_SCORE
        trace.append(Reason("impact_crossed"))
    people = _around(rest, observation) if sure else 0
    if people >= PEOPLE:
        score += PEOPLE_SCORE
        trace.append(Reason("impact_people", (("number", people),)))
    trace.append(
        Reason("impact_rests", (("since_s", round(rest.since_s, 1)),
                                ("seconds", round(observation.video_s - rest.since_s, 1))))
    )  # fmt: skip
    return score, tuple(trace)


def _struck_each_other(one: Impact, other: Impact) -> bool:
    """Whether what one lost the other gained, in a blow whose line goes through both."""
    a, b, between = np.array(one.change), np.array(other.change), np.subtract(other.at, one.at)
    hard = float(np.hypot(*a)), float(np.hypot(*b))
    if min(hard) == 0 or float(a @ b) > AGAINST * hard[0] * hard[1]:
        return False
    beside = [abs(float(v[0] * between[1] - v[1] * between[0])) / size for v, size in zip((a, b), hard, strict=True)]
    return max(beside) <= BLOW_M


def _around(rest: Rest, observation: Observation) -> int:
    """How many people stand around it."""
    tracks = observation.tracks
    people = tracks.ground[(tracks.class_id == PERSON) & tracks.seen]
    if not len(people):
        return 0
    return int((np.hypot(people[:, 0] - rest.at[0], people[:, 1] - rest.at[1]) <= PEOPLE_M).sum())


def _finding(rest: Rest, score: float, trace: tuple[Reason, ...], observation: Observation) -> Finding:
    now, one = observation.video_s, rest.impact
    return Finding(
        type=FindingType.INCIDENT, kind=Crash.kind, rule_version=Crash.version, onset_s=one.video_s, video_s=now,
        score=min(1.0, score / 2), trace=trace,
        moments=(Moment("onset", one.video_s), Moment("decision", now, rest.box), Moment("wide", now)),
        track=one.track, class_id=one.class_id, box=rest.box, ground=rest.at,
    )  # fmt: skip
