"""Signal heads over time: a state holds until another one has shown for a while; blinking is seen as such."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.geometry import box_to_pixels
from vision.types import SignalReading, SignalState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vision.camera import Signal
    from vision.signal_head import HeadReader

MAJORITY_S: Final = 0.4
"""A state becomes steady when it outweighs all others over this time, seconds."""
LEAST_READINGS: Final = 2
"""and was read at least this often."""
OFF_S: Final = 1.5
"""Longest dark phase of a blinking signal; longer is off, seconds."""
UNKNOWN_S: Final = 0.8
"""Time without a clear reading after which the old state is believed no longer, seconds."""
MEMORY_S: Final = 4.0
"""Time over which blinking is looked for, seconds."""
PHASE_S: Final = (0.15, 1.2)
"""Length of a light or dark phase of a blinking signal, seconds (50 to 70 flashes a minute, with the sampling)."""
FLASHES: Final = 2
"""Light phases followed by dark ones that make a signal blink."""

_UNLIT: Final = frozenset({SignalState.OFF, SignalState.UNKNOWN})
_BLINKS: Final = frozenset({SignalState.GREEN, SignalState.YELLOW, SignalState.RED})

Raw = tuple[float, SignalState, float]


class SignalHead:
    """One head over time."""

    def __init__(self) -> None:
        self._raw: deque[Raw] = deque()
        self._state = SignalState.UNKNOWN
        self._since_s = 0.0
        self._clear_s = -np.inf

    def step(self, video_s: float, state: SignalState, score: float) -> SignalReading:
        """Take what one picture shows, give what the head steadily shows."""
        self._raw.append((video_s, state, score))
        while self._raw[0][0] < video_s - MEMORY_S:
            self._raw.popleft()
        if state != SignalState.UNKNOWN:
            self._clear_s = video_s
        blink_s = _blinking_since(self._raw, video_s)
        if blink_s is not None:
            self._turn(SignalState.FLASHING, blink_s)
        elif (majority := _majority(self._raw, video_s)) is not None:
            now, since_s = majority
            if now != SignalState.OFF or video_s - since_s >= OFF_S:
                self._turn(now, since_s)
        if blink_s is None and video_s - self._clear_s > UNKNOWN_S:
            self._turn(SignalState.UNKNOWN, max(self._clear_s, self._raw[0][0]))
        return SignalReading(self._state, self._since_s, self._support(video_s))

    def _turn(self, state: SignalState, since_s: float) -> None:
        if state != self._state:
            self._state, self._since_s = state, since_s

    def _support(self, video_s: float) -> float:
        """Mean score of the readings behind the state lately, 0 for an unknown one."""
        flashing = self._state == SignalState.FLASHING
        span_s = MEMORY_S if flashing else MAJORITY_S
        wanted = _BLINKS if flashing else {self._state} - {SignalState.UNKNOWN}
        backing = [score for when, state, score in self._raw if when >= video_s - span_s and state in wanted]
        return float(np.mean(backing)) if backing else 0.0


class SignalReader:
    """Reads the signal heads of one camera at one picture size.

    Args:
        signals: of the camera file.
        width, height: of the picture, pixels.
        reader: reads single pictures; None only where there are no signals.
    """

    def __init__(self, signals: Sequence[Signal], width: int, height: int, reader: HeadReader | None) -> None:
        self._reader = reader
        whole = {signal.id: signal.box for signal in signals}
        alone = {signal.reading_of(section): section.box for signal in signals for section in signal.sections}
        self._whole = {name: _pixels(box, width, height) for name, box in whole.items()}
        self._alone = {name: _pixels(box, width, height) for name, box in alone.items()}
        self._heads = {name: SignalHead() for name in (*whole, *alone)}

    def step(self, picture: NDArray[np.uint8], video_s: float) -> Mapping[str, SignalReading]:
        """The steady state of every head by its id, and of every section by `Signal.reading_of`."""
        if self._reader is None:
            return {}
        found = self._reader.read_all(
            [picture[place] for place in self._whole.values()], [picture[place] for place in self._alone.values()]
        )
        return {
            name: head.step(video_s, state, score)
            for (name, head), (state, score) in zip(self._heads.items(), found, strict=True)
        }


def _pixels(box: tuple[float, float, float, float], width: int, height: int) -> tuple[slice, slice]:
    """Rows and columns of a box in fractions of the picture."""
    x1, y1, x2, y2 = box_to_pixels(box, width, height)
    return slice(int(y1), int(np.ceil(y2))), slice(int(x1), int(np.ceil(x2)))


def _majority(raw: deque[Raw], video_s: float) -> tuple[SignalState, float] | None:
    """The state that outweighs the others lately, and since when it has been read without a break."""
    weight: dict[SignalState, float] = {}
    count: dict[SignalState, int] = {}
    for when, state, score in raw:
        if when >= video_s - MAJORITY_S and state != SignalState.UNKNOWN:
            weight[state] = weight.get(state, 0.0) + max(score, 0.05)
            count[state] = count.get(state, 0) + 1
    if not weight:
        return None
    best = max(weight, key=lambda state: weight[state])
    if weight[best] * 2 <= sum(weight.values()) or count[best] < LEAST_READINGS or raw[-1][1] != best:
        return None
    since_s = video_s
    misread = 0
    for when, state, _ in reversed(raw):
        misread = 0 if state == best else misread + 1
        if misread > 1:  # one odd reading is a glitch, two are another state
            break
        since_s = when if state == best else since_s
    return best, since_s


def _blinking_since(raw: deque[Raw], video_s: float) -> float | None:
    """The second from which one colour has been going on and off to this moment, None where it has not."""
    phases: list[tuple[SignalState, float, float]] = []  # state, first and last second
    for when, state, _ in raw:
        shown = SignalState.OFF if state in _UNLIT else state
        if phases and phases[-1][0] == shown:
            phases[-1] = (shown, phases[-1][1], when)
        else:
            phases.append((shown, when, when))
    flashes, since_s, colour, end_s = 0, None, None, video_s
    for i in range(len(phases) - 1, -1, -1):
        state, start_s, _ = phases[i]
        length_s = end_s - start_s
        first, last = i == 0, i == len(phases) - 1
        if length_s > PHASE_S[1] or (length_s < PHASE_S[0] and not last and not first):
            break
        if state != SignalState.OFF:
            if state not in _BLINKS or (colour is not None and state != colour):
                break
            colour = state
            flashes += i + 1 < len(phases)
            since_s = start_s
        end_s = start_s
    return since_s if flashes >= FLASHES else None
