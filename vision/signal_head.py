"""The state of signal heads from one picture: a small network looks at each crop.

What the network learned from and how well it reads stands in its card, `models/weights/signals.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from qyran.errors import ConfigError
from vision.signal_input import STATES, head_input, section_input
from vision.types import SignalState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.classifier import Classifier

    Picture = NDArray[np.uint8]

LEAST_PX: Final = (4, 8)
"""Heads with a shorter side or a longer side below these cannot be read, pixels."""
LEAST_SECTION_PX: Final = 4
"""The same for either side of a single section."""
SHINES: Final = 0.2
"""Chroma of a section's lamp beyond that of its corners from which it can be burning, 1 is full colour;"""
GLASS: Final = 0.08
"""up to here it is the colour of unlit glass, and between the two nothing can be said: a lamp alone has no unlit
neighbours to be compared with."""
UNSEEN: Final = (SignalState.UNKNOWN, 0.0)


LEAST_SCORE: Final = 0.05
LIT: Final = frozenset({SignalState.RED, SignalState.RED_YELLOW, SignalState.YELLOW, SignalState.GREEN})
OFF: Final = STATES.index(SignalState.OFF)
ENDS: Final = (slice(0, 2), slice(-2, None))


class HeadReader:
    """Reads single pictures of signal heads and of single sections.

    Args:
        classifier: the signal network.

    Raises:
        ConfigError: it names other states than a head has.
    """

    def __init__(self, classifier: Classifier) -> None:
        spec = classifier.spec
        if spec.lists != (tuple(state.value for state in STATES),):
            raise ConfigError(
                f"The weights {spec.weights.name} are no signal model: it must name {', '.join(STATES)} in this order."
            )
        self._classifier = classifier
        self._size = (spec.width, spec.height)

    def read(self, crop: Picture) -> tuple[SignalState, float]:
        """State of one head and how sure it is, see `read_all`."""
        return self.read_all([crop])[0]

    def read_all(self, heads: Sequence[Picture], sections: Sequence[Picture] = ()) -> list[tuple[SignalState, float]]:
        """State of each head, then of each section, and how sure it is (0 to 1).

        `off` means that the head can be seen and no lamp is lit at this moment; `unknown` that it cannot be seen (too
        small, covered, blinded, dark) or that the network is not sure. Whether a signal flashes shows only over time,
        see `SignalReader`.

        Args:
            heads: each uint8 [H, W, 3], BGR, of one head; red on top, or left in a head that lies.
            sections: each of one lamp alone.
        """
        found = [UNSEEN] * (len(heads) + len(sections))
        inputs: dict[int, Picture] = {}
        for index, crop in enumerate(heads):
            short, long = sorted(crop.shape[:2])
            if short >= LEAST_PX[0] and long >= LEAST_PX[1]:
                inputs[index] = head_input(crop, self._size)
        for index, crop in enumerate(sections, len(heads)):
            if min(crop.shape[:2]) >= LEAST_SECTION_PX:
                inputs[index] = section_input(crop, self._size)
        if inputs:
            shares = self._classifier.shares(np.stack(list(inputs.values())))[0]
            for index, row in zip(inputs, shares, strict=True):
                best = int(row.argmax())
                if STATES[best] is not SignalState.UNKNOWN and row[best] >= self._classifier.spec.accept:
                    found[index] = (STATES[best], float(row[best]))
                if index >= len(heads) and STATES[best] in LIT:
                    found[index] = _checked(found[index], sections[index - len(heads)], float(row[OFF]))
        return found


def _checked(said: tuple[SignalState, float], crop: Picture, off: float) -> tuple[SignalState, float]:
    """What a section that seems lit shows, after a look at how much colour there is; `off` is the share of off."""
    colour = shine(crop)
    if colour >= SHINES:
        return said
    return (SignalState.OFF, max(off, LEAST_SCORE)) if colour <= GLASS else UNSEEN


def shine(crop: Picture) -> float:
    """Chroma of the most colourful tenth of a lamp's crop beyond that of its corners, 1 is full colour."""
    small = cv2.resize(crop, (12, 12), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    corners = np.concatenate([small[rows, columns].reshape(-1, 3) for rows in ENDS for columns in ENDS])
    beyond = small - np.median(corners, axis=0)
    return float(np.percentile(beyond.max(axis=2) - beyond.min(axis=2), 90))
