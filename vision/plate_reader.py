"""Reading a plate: a first look finds its corners, a second look along them reads it, the grammar judges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from qyran.errors import InputError
from vision.plate_crop import MARGIN, box_quad, flat, normalised, patch, placed, unrolled, widened
from vision.plate_decoding import Decoded, decode, log_softmax, sign_confidence
from vision.plate_grammar import SIGNS, classify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vision.engine import Engine

LOOKS: Final = (MARGIN, (0.06, 0.13), (0.015, 0.0))
"""Margins of the looks along the corners: each falls otherwise on the pixels, and their mean is steadier than one."""

SQUARISH: Final = 2.9
"""A plate narrower than this many times its height is also read as two lines: square plates are 1.4,
one line is 4.6, plates of the United States, one line too, are 2."""

CORNER_ROOM: Final = (0.35, 1.5)
"""Corners are believed where they enclose at least and at most these shares of the box's area."""

DOUBTFUL: Final = 0.9
"""Confidence below which a position is marked uncertain."""

FINEST: Final = 1e-6
"""A share is kept this far from 0 and 1, where its logit ends."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How the decoder's numbers become the probability that a text is right: a logistic fit on rendered plates.

    Attributes:
        bias: constant.
        share: weight of the logit of the best text's share among the candidates.
        likelihood: weight of the logarithm of its CTC probability.
        accept: score from which a reading counts without a person's look.
    """

    bias: float = 0.0
    share: float = 1.0
    likelihood: float = 0.0
    accept: float = 0.9

    @classmethod
    def of_settings(cls, settings: Mapping[str, float]) -> Calibration:
        """From the numbers of a model card; missing ones keep their defaults."""
        return cls(
            **{name: float(settings[name]) for name in ("bias", "share", "likelihood", "accept") if name in settings}
        )

    def score(self, decoded: Decoded) -> float:
        """Probability that the first candidate is right in every sign."""
        share = min(max(math.exp(decoded.scores[0]), FINEST), 1 - FINEST)
        value = self.bias + self.share * math.log(share / (1 - share)) + self.likelihood * decoded.likelihoods[0]
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a plate says.

    Attributes:
        text: the best full reading, capitals and digits without separators; empty where nothing could be read.
        score: calibrated probability that every sign is right.
        confidence: of each sign.
        uncertain: positions whose confidence is low.
        form: the grammar's form the text has, None for a text of no known shape.
        candidates: texts with the logarithms of their shares, likeliest first.
        corners: float32 (4, 2), the plate's corners in the picture, clockwise from its top left, px.
        lines: 1 or 2.
        likelihood: logarithm of the text's CTC probability, mean over the looks.
    """

    text: str
    score: float
    confidence: tuple[float, ...]
    uncertain: tuple[int, ...]
    form: str | None
    candidates: tuple[tuple[str, float], ...]
    corners: NDArray[np.float32]
    lines: int
    likelihood: float


class PlateReader:
    """Reads plates in boxes with a network as made by ``models.plates``.

    Args:
        engine: runs the network: input float32 [n, 1, 48, 192]; output [n, 48 + 1, 37], rows of logits (CTC blank
            first) and one last row that begins with the corners in shares of the crop.
        calibration: from the model's card.
    """

    def __init__(self, engine: Engine, calibration: Calibration | None = None) -> None:
        self._engine = engine
        self.calibration = calibration or Calibration()

    def read(
        self, picture: NDArray[np.uint8], boxes: NDArray[np.float32], corners: NDArray[np.float32] | None = None
    ) -> list[Reading]:
        """Read every plate of a picture.

        Args:
            picture: uint8 [height, width, 3], BGR, or [height, width], grey.
            boxes: float [n, 4], x1, y1, x2, y2 of upright boxes around the plates, px, without margin.
            corners: float [n, 4, 2] of the plates where already known; else the reader finds them.

        Returns:
            One reading for each box, in their order.

        Raises:
            InputError: the picture or the boxes have another shape.
        """
        if picture.ndim not in {2, 3} or boxes.ndim != 2 or boxes.shape[1:] != (4,):
            raise InputError(f"Plates are read from a picture and boxes (n, 4), not {picture.shape} and {boxes.shape}.")
        patches = [patch(picture, box_quad(box)) for box in boxes]
        if not patches:
            return []
        first = [widened(quad, *MARGIN) for _, quad in patches]
        crops = np.stack([flat(grey, quad) for (grey, _), quad in zip(patches, first, strict=True)])
        output = self._run(crops)
        quads = [
            self._corners(row[-1, :8], wide, quad) for row, wide, (_, quad) in zip(output, first, patches, strict=True)
        ]
        if corners is not None:
            quads = [
                _into_patch(corner, box_quad(box), quad)
                for corner, box, (_, quad) in zip(corners, boxes, patches, strict=True)
            ]
        looks, plan = [], []
        for (grey, _), quad in zip(patches, quads, strict=True):
            wide = [widened(quad, *margin) for margin in LOOKS]
            squarish = _aspect(quad) < SQUARISH
            plan.append(squarish)
            looks += [flat(grey, one) for one in wide]
            looks += [unrolled(grey, one) for one in wide] if squarish else []
        columns = log_softmax(self._run(np.stack(looks))[:, :-1])
        readings, at = [], 0
        for i, squarish in enumerate(plan):
            n = len(LOOKS)
            ways = [(columns[at : at + n], 1)] + ([(columns[at + n : at + 2 * n], 2)] if squarish else [])
            at += n * len(ways)
            place = _out_of_patch(quads[i], box_quad(boxes[i]), patches[i][1])
            readings.append(self._reading(ways, place))
        return readings

    def _reading(self, ways: Sequence[tuple[NDArray[np.float64], int]], corners: NDArray[np.float32]) -> Reading:
        decoded = [(decode(list(looks)), lines) for looks, lines in ways]
        decoded = [item for item in decoded if item[0].texts]
        if not decoded:
            return Reading("", 0.0, (), (), None, (), corners, 1, -math.inf)
        best, lines = max(decoded, key=lambda item: item[0].likelihoods[0] + classify(item[0].texts[0])[1])
        confidence = sign_confidence(best)
        uncertain = tuple(i for i, value in enumerate(confidence) if value < DOUBTFUL)
        return Reading(
            text=best.texts[0],
            score=self.calibration.score(best),
            confidence=confidence,
            uncertain=uncertain,
            form=classify(best.texts[0])[0],
            candidates=tuple(zip(best.texts, best.scores, strict=True)),
            corners=corners,
            lines=lines,
            likelihood=best.likelihoods[0],
        )

    def _run(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        output = self._engine.run(normalised(crops))
        if output.ndim != 3 or output.shape[2] != 1 + len(SIGNS):
            raise InputError(
                f"The plate reader's output is {output.shape}, not (n, columns + 1, {1 + len(SIGNS)}); "
                "its weights are another model's."
            )
        return output

    @staticmethod
    def _corners(
        shares: NDArray[np.float32], wide: NDArray[np.float32], quad: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The corners the network found, or the box itself where they make no sense."""
        found = placed(shares.reshape(4, 2), wide)
        ways = np.roll(found, -1, 0) - found
        turns = ways[:, 0] * np.roll(ways[:, 1], -1) - ways[:, 1] * np.roll(ways[:, 0], -1)
        area = _area(found) / max(_area(quad), 1e-6)
        believed = bool((turns > 0).all()) and CORNER_ROOM[0] < area < CORNER_ROOM[1]
        return found if believed else quad


def _area(quad: NDArray[np.float32]) -> float:
    x, y = quad[:, 0].astype(float), quad[:, 1].astype(float)
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _aspect(quad: NDArray[np.float32]) -> float:
    """Width over height, means of opposite sides."""
    sides = np.hypot(*(np.roll(quad, -1, 0) - quad).T)
    return float((sides[0] + sides[2]) / max(sides[1] + sides[3], 1e-6))


def _into_patch(
    points: NDArray[np.float32], box: NDArray[np.float32], moved: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Points of the picture in the pixels of its patch."""
    scale = (moved[2, 0] - moved[0, 0]) / max(float(box[2, 0] - box[0, 0]), 1e-6)
    return np.asarray((points - box[0]) * scale + moved[0], np.float32)


def _out_of_patch(
    points: NDArray[np.float32], box: NDArray[np.float32], moved: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Points of a patch in the pixels of its picture."""
    scale = max(float(box[2, 0] - box[0, 0]), 1e-6) / max(float(moved[2, 0] - moved[0, 0]), 1e-6)
    return np.asarray((points - moved[0]) * scale + box[0], np.float32)
