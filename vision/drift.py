"""Drift watch: whether a camera still looks where its lines were drawn, and still sees.

Every few seconds a small gray picture is taken. Five of them give a median without passing traffic; its edges are
held against a slowly learned picture of edges. Edges do not care how bright the day is, so dusk and street lamps
change them little and slowly, and what changes slowly is learned. A view is lost when

- its edges fit again after a shift, a turn or a zoom, or fit nowhere although the picture is as rich as before: moved;
- fine edges are gone where coarse ones remain: blurred;
- most of the picture has lost its edges to brightness: blinded; to anything else: covered.

A state holds only after it was seen steadily, so a lorry that stops before the camera says nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np

from vision.displacement import corner_shift, local_shifts
from vision.shrink import median_of
from vision.types import View, ViewState

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

EVERY_S: Final = 2.0
"""Seconds between two looks."""
LOOKS: Final = 5
"""Looks in the median: traffic that passes is in less than half of them."""
LEARN_LOOKS: Final = 8
"""Looks before anything is said: the first median and a little more."""
SMALL: Final = (240, 136)
"""Size at which coarse edges and shifts are measured: 2 % of the width are 5 pixels."""
FINE: Final = (640, 360)
"""Size at which fine edges are measured."""
GRID: Final = (8, 16)
"""Rows and columns of the blocks in which edges are counted."""
LEARN_SHARE: Final = 0.016
"""Share of a new look in what is learned: 2 s of 125 s."""
EDGE: Final = 6.0
"""A block has edges when its strong gradients reach this, gray levels a pixel; sensor noise stays below."""
LEAST_BLOCKS: Final = 10
"""With fewer blocks with edges nothing can be said."""
LOST_EDGES: Final = 0.35
"""A block has lost its edges below this share of what was learned..."""
LOST_BLOCKS: Final = 0.6
"""...and the view is gone when so many blocks have."""
BRIGHT: Final = 235.0
"""Gray level from which a block is burnt out."""
BRIGHTER: Final = 40.0
"""Glare lifts the blocks that lose their edges by this much, gray levels."""
BURNT: Final = 0.25
"""Share of burnt blocks, beyond those learned, that blinds a camera."""
PATCHES: Final = 0.5
"""Share of the spread of the blocks' brightness that a blur leaves."""
ALIKE: Final = 0.8
"""Correlation of the blocks' brightness with what was learned, above which the picture is only blurred."""
FINE_LOST: Final = 0.55
"""Blurred below this share of the fine edges learned..."""
FINE_TO_COARSE: Final = 0.7
"""...while fine edges lost against coarse ones: fog and dusk take both alike."""
MOVED: Final = 0.012
"""Shift of the picture's corners, share of its width, from which a camera has moved."""
ELSEWHERE: Final = 0.6
"""Share of tiles no longer in their places, from which it looks elsewhere..."""
RICH: Final = 0.5
"""...if it still sees this share of the edges learned."""
FITS: Final = 0.6
"""Share of tiles that must fit where they were for the picture to be learned."""
HOLD_S: Final = 16.0
"""A state must be seen this long..."""
STEADY: Final = 0.8
"""...in this share of the looks."""
BACK_S: Final = 10.0
"""The view is well again when it was seen well this long."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look measures on the median picture, or what was learned of many.

    Attributes:
        coarse, fine: float32 [rows, columns], strong gradients of each block at the two sizes.
        bright: float32 [rows, columns], gray level of each block.
        edges: float32 [h, w], gradient magnitude of the small picture.
    """

    coarse: Floats
    fine: Floats
    bright: Floats
    edges: Floats


class Memory(Protocol):
    """Where what was learned survives the process."""

    def recall(self, moment: datetime) -> Look | None:
        """What was learned shortly before a moment."""

    def keep(self, look: Look, moment: datetime) -> None:
        """Remember what is learned at a moment; may be asked with every frame."""

    def forget(self) -> None:
        """Remember nothing any more."""


class DriftWatch:
    """Holds the looks of one camera at one picture size; see the module's docstring."""

    def __init__(self, learned: Look | None = None) -> None:
        """Begin with what was learned before, if anything was."""
        self._small: deque[NDArray[np.uint8]] = deque(maxlen=LOOKS)
        self._fine: deque[Floats] = deque(maxlen=LOOKS)
        self._seen: deque[tuple[float, View]] = deque()
        self._learned = learned
        self._looks = 0 if learned is None else LEARN_LOOKS  # nothing more to begin with: judge the first median
        self._due_s = -np.inf
        self.view = ViewState()

    @property
    def learned(self) -> Look | None:
        """What the view looks like when it is well; None while too little was seen."""
        return self._learned

    def step(self, picture: NDArray[np.uint8], video_s: float) -> ViewState:
        """Take one frame (uint8 [H, W, 3], BGR) and give the state of the view; most frames are not looked at."""
        if video_s < self._due_s:
            return self.view
        self._due_s = video_s + EVERY_S
        look = self._look(picture)
        self._looks += 1
        if len(self._small) < LOOKS:
            return self.view
        if self._learned is None or self._looks <= LEARN_LOOKS:
            self._learned = look if self._learned is None else _mixed(self._learned, look, 0.5)
            return self.view
        seen, fits = judge(self._learned, look)
        if seen is View.OK and fits and self.view.state is View.OK:
            self._learned = _mixed(self._learned, look, LEARN_SHARE)
        self._seen.append((video_s, seen))
        while self._seen and self._seen[0][0] < video_s - HOLD_S - EVERY_S:
            self._seen.popleft()
        self.view = self._held(video_s)
        return self.view

    def _look(self, picture: NDArray[np.uint8]) -> Look:
        gray = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), FINE, interpolation=cv2.INTER_AREA)
        self._small.append(np.asarray(cv2.resize(gray, SMALL, interpolation=cv2.INTER_AREA), np.uint8))
        self._fine.append(_strong(_gradient(gray.astype(np.float32))))
        median = median_of(self._small, LOOKS).astype(np.float32)
        edges = _gradient(median)
        return Look(
            coarse=_strong(edges),
            fine=np.median(np.stack(self._fine), axis=0).astype(np.float32),
            bright=np.asarray(_blocks(median).mean(axis=2), np.float32),
            edges=edges,
        )

    def _held(self, video_s: float) -> ViewState:
        """The state that the last looks agree on; the old one where they do not."""
        if self.view.state is not View.OK:
            back = [seen for at, seen in self._seen if at > video_s - BACK_S]
            return ViewState(View.OK, video_s) if all(seen is View.OK for seen in back) else self.view
        window = [(at, seen) for at, seen in self._seen if at >= video_s - HOLD_S]
        bad = [(at, seen) for at, seen in window if seen is not View.OK]
        whole = self._seen[0][0] <= video_s - HOLD_S + EVERY_S / 2
        if not whole or len(bad) < STEADY * len(window):
            return self.view
        states = [seen for _, seen in bad]
        return ViewState(max(set(states), key=lambda state: (states.count(state), state.value)), bad[0][0])


def judge(learned: Look, look: Look) -> tuple[View, bool]:
    """What one look says of the view against what was learned, and whether it fits well enough to be learned."""
    rich = learned.coarse >= EDGE
    if rich.sum() < LEAST_BLOCKS:
        return View.OK, True
    coarse = look.coarse[rich] / learned.coarse[rich]
    state = _unseen(learned, look, rich, coarse)
    if state is View.OK and _is_blurred(learned, look, rich):
        state = View.BLURRED
    if state is not View.OK:
        return state, False
    shifts = local_shifts(learned.edges, look.edges)
    if not len(shifts.tile):
        return View.OK, True
    elsewhere = shifts.lost.mean() >= ELSEWHERE and float(np.median(coarse)) >= RICH
    if elsewhere or corner_shift(shifts, SMALL) >= MOVED * SMALL[0]:
        return View.MOVED, False
    return View.OK, bool((~shifts.lost).mean() >= FITS)


def _unseen(learned: Look, look: Look, rich: NDArray[np.bool_], coarse: Floats) -> View:
    """Blinded or covered, or so blurred that it comes to the same; OK where most edges are still there."""
    burnt = (look.bright >= BRIGHT).mean()
    lost = coarse < LOST_EDGES
    if lost.mean() < LOST_BLOCKS:
        return View.BLINDED if burnt - (learned.bright >= BRIGHT).mean() >= BURNT else View.OK
    lifted = float(np.median((look.bright - learned.bright)[rich][lost]))
    if lifted >= BRIGHTER or burnt >= BURNT:
        return View.BLINDED
    # What is only blurred keeps its large patches of light and dark, and how far they are apart.
    if look.bright.std() < PATCHES * learned.bright.std():
        return View.COVERED
    alike = np.corrcoef(look.bright.ravel(), learned.bright.ravel())[0, 1]
    return View.BLURRED if alike >= ALIKE else View.COVERED


def _is_blurred(learned: Look, look: Look, rich: NDArray[np.bool_]) -> bool:
    """Whether fine edges are gone and coarse ones remain."""
    sharp = (learned.fine >= EDGE) & rich
    if sharp.sum() < LEAST_BLOCKS:
        return False
    fine = look.fine[sharp] / learned.fine[sharp]
    against = fine / np.maximum(look.coarse[sharp] / learned.coarse[sharp], 1e-3)
    return bool(np.median(fine) < FINE_LOST and np.median(against) < FINE_TO_COARSE)


def _gradient(gray: Floats) -> Floats:
    """Gradient magnitude, gray levels a pixel."""
    return np.asarray(
        cv2.magnitude(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)) / 4, np.float32
    )


def _blocks(values: Floats) -> Floats:
    """A picture cut into the grid's blocks, [rows, columns, pixels]; what does not fit at the border is left out."""
    rows, columns = GRID
    h, w = values.shape[0] // rows, values.shape[1] // columns
    cut = values[: rows * h, : columns * w].reshape(rows, h, columns, w)
    return np.asarray(cut.transpose(0, 2, 1, 3).reshape(rows, columns, h * w))


def _strong(edges: Floats) -> Floats:
    """The 95th percentile of each block: its edges, not its noise."""
    blocks = _blocks(edges)
    at = int(0.95 * blocks.shape[2])
    return np.asarray(np.partition(blocks, at, axis=2)[..., at], np.float32)


def _mixed(learned: Look, look: Look, share: float) -> Look:
    return replace(
        learned,
        coarse=learned.coarse + share * (look.coarse - learned.coarse),
        fine=learned.fine + share * (look.fine - learned.fine),
        bright=learned.bright + share * (look.bright - learned.bright),
        edges=learned.edges + share * (look.edges - learned.edges),
    )
