"""The state of signal heads from one picture: a small network looks at each crop.

What the network learned from and how well it reads stands in its card, `models/weights/signals.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
UNSEEN: Final = (SignalState.UNKNOWN, 0.0)


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
        return found
