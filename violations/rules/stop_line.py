"""Stop line: a vehicle comes to stand with its front over the stop line while the signal is red.

Code of Administrative Offences of Kazakhstan, article 601 part 1. Only who was wholly before the line when red already
stood can break the rule; who drives on is a case of `red_light`; who backs off before the dwell is over, whoever may go
by a lit arrow, and whoever stands on the line itself, is innocent. The verdict waits for the end of red, since until
then the vehicle could still drive on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from violations.accusation import Looks, accuse
from vision.finding import Finding, Reason
from vision.sight import Sight
from vision.stop_watch import GO_ON_SIZES, Approach, Ban, Head, StopWatch, red_watch, signalled, step_stops, undirected
from vision.strip import LONG
from vision.types import SignalState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.types import Observation

DWELL_S: Final = 3.0
"""It must stand over the line for this long under red."""
OVER: Final = 0.1
"""The front must be beyond the line by this share of the vehicle's length,"""
OVER_HIDDEN: Final = 0.2
"""by this one where it drives away, so that the front is hidden and its place told from the rear, and is a bus or a
lorry, which differ in length, or is seen without calibration."""
BEGINS_S: Final = 0.1
"""Red began this long before the last look at the vehicle before the line, by the reading's own `since_s`."""
STILL_SIZES: Final = 0.12
"""A vehicle stands while its bottom centre stays within this share of its box's size."""
LONGEST_S: Final = 40.0
"""A verdict waits no longer than this for the end of red: later the packets of the act are gone."""
LOST_S: Final = 2.5
"""A track unseen this long has ended."""


@dataclass(frozen=True, slots=True)
class _Stand:
    """A vehicle that stands over the line.

    Attributes:
        place: where and when it came to stand over the line.
        last: its latest look there.
        over_lengths: how far its front is beyond, lengths.
    """

    place: Sight
    last: Sight
    over_lengths: float
    approach: Approach


@dataclass(frozen=True, slots=True)
class StopLineState:
    """The watch over stop lines, and who stands over one by (signal, track)."""

    watch: StopWatch
    stands: Mapping[tuple[str, int], _Stand]
    last: Observation | None = None


class StopLine:
    """The rule; see the module's docstring."""

    kind = "stop_line"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A signal head with a stop line whose lawful direction is known."""
        heads = signalled(camera, "stop")
        if not heads:
            return (Reason("missing_signal_with_stop_line"),)
        return undirected(heads, camera)

    def start(self, camera: Camera) -> StopLineState:
        """No vehicle seen yet."""
        return StopLineState(red_watch(camera), MappingProxyType({}))

    def step(self, state: StopLineState, observation: Observation) -> tuple[StopLineState, tuple[Finding, ...]]:
        """Follow every vehicle at every stop line."""
        watch, ran = step_stops(state.watch, observation)
        gone = {(one.signal.id, one.approach.track) for one in ran}
        stands: dict[tuple[str, int], _Stand] = {}
        found: list[Finding] = []
        for head, arrow in zip(watch.heads, watch.drawn.arrows if watch.drawn else (), strict=False):
            if arrow is None:
                continue
            stood: Mapping[int, _Stand] = {
                track: stand for (signal, track), stand in state.stands.items() if signal == head.signal.id
            }
            held = _stand_on(stood, head, observation, _over_of(arrow, watch))
            red = head.ban is not None and head.ban.ended_s is None
            for track, stand in held.items():
                drove = (head.signal.id, track) in gone
                waited = observation.video_s - stand.place.video_s > LONGEST_S
                lost = observation.video_s - stand.last.video_s > LOST_S
                if drove or (lost and not _stood(stand)):
                    continue
                if red and not waited and not lost:
                    stands[head.signal.id, track] = stand
                elif _stood(stand):
                    found.append(_finding(stand, head, observation))
        return StopLineState(watch, MappingProxyType(stands), observation), tuple(found)

    def finish(self, state: StopLineState) -> tuple[Finding, ...]:
        """Who has stood over the line for long enough when the video ends is reported."""
        last = state.last
        heads = {head.signal.id: head for head in state.watch.heads}
        if last is None:
            return ()
        return tuple(
            _finding(stand, heads[signal], last) for (signal, _), stand in state.stands.items() if _stood(stand)
        )


RULE: Final = StopLine()


def _may_go(head: Head, observation: Observation) -> bool:
    """Whether an arrow beside the red is lit, or cannot be read."""
    lit = (SignalState.GREEN, SignalState.FLASHING, SignalState.UNKNOWN)
    readings = [observation.signals.get(head.signal.reading_of(section)) for section in head.signal.sections]
    return any(reading is None or reading.state in lit for reading in readings)


def _over_of(arrow: NDArray[np.float64], watch: StopWatch) -> tuple[float, float]:
    """How far beyond the line the front of a short and of a long vehicle must be, lengths."""
    if arrow[1] >= 0:
        return OVER, OVER  # comes near: its front is seen
    known = watch.drawn is not None and watch.drawn.plane is not None
    return OVER if known else OVER_HIDDEN, OVER_HIDDEN


def _stand_on(
    held: Mapping[int, _Stand], head: Head, observation: Observation, over: tuple[float, float]
) -> Mapping[int, _Stand]:  # fmt: skip
    """Who stands over the line by `over`, if short or long, after one more look at everybody near it."""
    if head.ban is None or head.ban.ended_s is not None:
        return held
    if _may_go(head, observation):
        return {track: stand for track, stand in held.items() if _stood(stand)}
    after = dict(held)
    for track, approach in head.approaches.items():
        if approach.last.video_s == observation.video_s:
            stand = _stand(after.pop(track, None), approach, head.ban, over[approach.class_id in LONG])
            if stand is not None:
                after[track] = stand
    return after


def _before(approach: Approach, ban: Ban) -> Sight | None:
    """The last look at which the vehicle was before the line under red, None if there is none.

    Who stops right behind the line drove slowly: unlike for who drives on, red need not have stood for long.
    """
    if approach.before is not None:
        return approach.before
    whole = approach.whole
    return whole if whole is not None and whole.video_s >= ban.since_s + BEGINS_S else None


def _stand(stand: _Stand | None, approach: Approach, ban: Ban, over: float) -> _Stand | None:
    """The vehicle after one more look, None when it does not stand over the line."""
    sight = approach.last
    if approach.beyond_sizes >= GO_ON_SIZES:
        return None
    if _before(approach, ban) is None or approach.front_lengths < over:
        # Who backs off in time has not stood; who does so later has.
        return stand if stand is not None and _stood(stand) else None
    if stand is None:
        return _Stand(sight, sight, approach.front_lengths, approach)
    away = float(np.hypot(sight.foot[0] - stand.place.foot[0], sight.foot[1] - stand.place.foot[1]))
    if away > STILL_SIZES * max(sight.size, stand.place.size):
        return stand if _stood(stand) else _Stand(sight, sight, approach.front_lengths, approach)
    least = min(stand.over_lengths, approach.front_lengths)
    return replace(stand, last=sight, over_lengths=least, approach=approach)


def _stood(stand: _Stand) -> bool:
    return _stands_s(stand) >= DWELL_S


def _stands_s(stand: _Stand) -> float:
    return stand.last.video_s - stand.place.video_s


def _finding(stand: _Stand, head: Head, observation: Observation) -> Finding:
    approach = stand.approach
    since_s = approach.ban_since_s if head.ban is None else head.ban.since_s
    before = approach.before or approach.whole or stand.place
    line = ("line", head.line.id)
    trace = (
        Reason("red_since", (("signal", head.signal.id), ("since_s", round(since_s, 2)))),
        Reason("before_line", (line, ("at_s", round(before.video_s, 2)))),
        Reason(
            "stands_over_line",
            (line, ("from_s", round(stand.place.video_s, 2)), ("seconds", round(_stands_s(stand), 1))),
        ),
        Reason("front_beyond", (("lengths", round(stand.over_lengths, 2)),)),
        Reason("did_not_drive_on", (("until_s", round(stand.last.video_s, 2)),)),
    )
    return accuse(
        StopLine.kind, StopLine.version, observation, track=approach.track, class_id=approach.class_id,
        onset_s=stand.place.video_s, trace=trace, score=head.ban.score if head.ban else 1.0, line=head.line.id,
        signal=head.signal.id, looks=Looks(before, stand.last, approach.nearest, stand.last),
    )  # fmt: skip
