"""What the network sees in training: photographed and drawn heads, single sections, and what hides them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.signals.drawn import BURNING, draw_head
from models.signals.heads import CANVAS
from models.signals.vary import (
    COLOURS,
    Canvas,
    cover,
    frame,
    frame_lamp,
    hidden,
    lamp_chroma,
    light_two,
    lit_place,
    put_out,
    redden,
    seen,
    turn_yellow,
)
from vision.signal_input import STATES, put_section, section_size
from vision.types import SignalState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.signals.heads import Head

    Picture = NDArray[np.uint8]

SHARE: Final = {"red": 0.26, "green": 0.24, "yellow": 0.18, "red_yellow": 0.08, "off": 0.10, "unknown": 0.14}
"""How often each state is asked for."""
NAMES: Final = tuple(SHARE)
RISING: Final = np.cumsum(list(SHARE.values()))
SECTIONS: Final = 0.2
"""Share of single sections (arrows) among the crops."""
SECTIONS_OFF: Final = 0.35
"""Share of sections put out: coloured glass by day must not be taken for light."""
SHINING: Final = 45.0
"""Chroma of a photographed lamp from which it may be shown alone, of 255."""
DRAWN: Final = 0.25
"""Share of drawn heads."""
UPSIDE_DOWN: Final = 0.15
"""Share of heads turned over: the set holds such, and colour decides before place."""
POOL: Final = 900
"""Drawn heads kept."""
LEAST_CONTRAST: Final = 12.0
"""Between the darkest and the brightest place of a crop; with less nothing is left to see, of 255."""


class Mixer:
    """Endless training crops.

    Args:
        heads: photographed heads of one part.
        backgrounds: pictures without a head, uint8 BGR.
        size: width and height of a crop.
        seed: the same seed gives the same crops.
    """

    def __init__(self, heads: Sequence[Head], backgrounds: Sequence[Picture], size: tuple[int, int], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._size = size
        self._backgrounds = backgrounds
        self._real: dict[str, list[Canvas]] = {name: [] for name in SHARE}
        for head in heads:
            self._real[head.state].append(Canvas(head.canvas, head.state, lit_place(head.canvas, head.state)))
        self._known = {state: [one for one in self._real[state] if one.lit is not None] for state in COLOURS}
        # A lamp alone has no unlit neighbours to be compared with: only one that clearly shines can be told from glass.
        self._shining = {
            state: [one for one in canvases if lamp_chroma(one) >= SHINING] or canvases
            for state, canvases in self._known.items()
        }
        self._red_ends = [one for one in self._known["red"] if one.lit in (0, 2)]
        self._drawn: dict[str, list[Canvas]] = {name: [] for name in BURNING}
        for number in range(POOL):
            state = list(BURNING)[number % len(BURNING)]
            place = COLOURS.index(state) if state in COLOURS else None
            self._drawn[state].append(Canvas(draw_head(state, backgrounds, self._rng), state, place))

    def batch(self, n: int) -> tuple[Picture, NDArray[np.int64]]:
        """Crops uint8 [n, height, width, 3] BGR and their places in `STATES`, int64 [n]."""
        made = [self.one() for _ in range(n)]
        return np.stack([crop for crop, _ in made]), np.array([STATES.index(state) for _, state in made])

    def one(self) -> tuple[Picture, SignalState]:
        """One crop and its state."""
        crop, state = self._one()
        soft = cv2.blur(crop, (3, 3))
        shows = float(soft.max()) - float(soft.min()) >= LEAST_CONTRAST
        return crop, SignalState(state) if shows else SignalState.UNKNOWN

    def _one(self) -> tuple[Picture, str]:
        rng = self._rng
        wanted = NAMES[int(np.searchsorted(RISING, rng.uniform() * RISING[-1]))]
        if rng.uniform() < SECTIONS and wanted != "red_yellow":
            return self._section(wanted)
        if wanted == "unknown":
            return self._unknown()
        canvas = self._canvas(wanted)
        if rng.uniform() < 0.06 and canvas.state in COLOURS:
            canvas = cover(canvas, self._backgrounds, rng)
        return seen(frame(self._turned(canvas.picture), self._size, rng), rng), canvas.state

    def _canvas(self, state: str) -> Canvas:
        """A head in a state, photographed, made from a photograph, or drawn."""
        rng = self._rng
        if rng.uniform() < DRAWN:
            return self._pick(self._drawn[state])
        if state == "off" and rng.uniform() < 0.7:
            return put_out(self._pick(self._known[str(rng.choice(COLOURS))]), rng)
        if state == "red_yellow" and rng.uniform() < 0.95:
            return light_two(self._pick(self._red_ends), rng)
        if state == "yellow" and rng.uniform() < 0.3:
            return turn_yellow(self._pick(self._red_ends), rng)
        if state == "yellow" and rng.uniform() < 0.2:
            return redden(self._pick(self._known["yellow"]), rng)
        return self._pick(self._real[state] or self._drawn[state])

    def _unknown(self) -> tuple[Picture, str]:
        rng = self._rng
        canvas = self._canvas(str(rng.choice(["red", "green", "yellow", "off"])))
        way = rng.uniform()
        if way < 0.4:
            canvas = cover(canvas, self._backgrounds, rng)
            return seen(frame(self._turned(canvas.picture), self._size, rng), rng), canvas.state
        if way < 0.6:
            return hidden(frame(self._turned(canvas.picture), self._size, rng), rng), "unknown"
        if way < 0.75 and self._real["unknown"]:
            canvas = self._pick(self._real["unknown"])
            return seen(frame(self._turned(canvas.picture), self._size, rng), rng), "unknown"
        behind = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
        if rng.uniform() < 0.2:
            behind = np.full((16, 16, 3), rng.uniform(0, 255) + rng.normal(0, 6, 3), np.float64).clip(0, 255)
        picture = np.asarray(cv2.resize(np.asarray(behind, np.uint8), CANVAS), np.uint8)
        return seen(frame(picture, self._size, rng), rng), "unknown"

    def _section(self, wanted: str) -> tuple[Picture, str]:
        """One lamp alone, in the place that a section has in the network's input."""
        rng = self._rng
        side = section_size(self._size)
        if wanted == "unknown":
            canvas = cover(self._canvas("green"), self._backgrounds, rng)
            if canvas.state != "unknown" or rng.uniform() < 0.4:
                lamp = hidden(frame_lamp(canvas.picture, 1, side, rng), rng)
            else:
                behind = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
                lamp = seen(cv2.resize(behind, side).astype(np.float32), rng)
            return put_section(lamp, self._size), "unknown"
        if rng.uniform() < SECTIONS_OFF:
            wanted = "off"
        state = wanted if wanted in COLOURS else str(rng.choice(COLOURS))
        canvas = self._pick(self._drawn[state] if rng.uniform() < 0.5 else self._shining[state])
        lit = canvas.lit or 0
        place = lit if wanted != "off" else int(rng.choice([place for place in range(3) if place != lit]))
        if wanted == "off" and rng.uniform() < 0.6:
            canvas, place = self._pick(self._drawn["off"]), int(rng.integers(3))
        lamp = seen(frame_lamp(self._mirrored(canvas.picture), place, side, rng), rng)
        return put_section(lamp, self._size), wanted

    def _turned(self, picture: Picture) -> Picture:
        picture = self._mirrored(picture)
        return picture[::-1] if self._rng.uniform() < UPSIDE_DOWN else picture

    def _mirrored(self, picture: Picture) -> Picture:
        return picture[:, ::-1] if self._rng.uniform() < 0.5 else picture

    def _pick(self, canvases: Sequence[Canvas]) -> Canvas:
        return canvases[int(self._rng.integers(len(canvases)))]
