"""What networks say about boxes: raw scores and boxes out of the outputs of the usual exports.

Every kind gives the same two things for one picture: the raw score of each class for each candidate, and the boxes
of the candidates asked for, in pixels of the input. What comes after (calibration, suppression, the way back to the
picture) is the same for all and lies in `vision.detector`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qyran.errors import ConfigError
from vision.letterbox import PLAIN, Pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Out = NDArray[np.float32]
    """One picture's output, two axes."""

YOLOX_STRIDES: Final = (8, 16, 32)
"""Grids of YOLOX, pixels between their points."""
END_TO_END_COLUMNS: Final = 6
"""Left, top, right, bottom, score, class."""
MOST_SCORE: Final = 1.001
"""No score is higher; what is, is no score, or one before its sigmoid."""


@dataclass(frozen=True, slots=True)
class Output:
    """One kind of output.

    Attributes:
        shape: the two axes after the batch by number of classes, for a message; None where any length goes.
        scores: raw scores [classes, candidates] of one picture.
        boxes: of the candidates asked for, [n, 4] as x1, y1, x2, y2 in input pixels; it also gets the input's size.
        pixels: how pictures go in unless a card says otherwise.
        suppressed: whether the network names each object once by itself.
    """

    shape: Callable[[int], tuple[int | None, int | None]]
    scores: Callable[[Out, int], Out]
    boxes: Callable[[Out, NDArray[np.intp], int, int], Floats]
    pixels: Pixels = PLAIN
    suppressed: bool = False


def _from_centre(rows: NDArray[Any]) -> Floats:
    """Boxes [n, 4] from centre and size to corners."""
    centre, half = rows[:, :2].astype(np.float64), rows[:, 2:4].astype(np.float64) / 2
    return np.concatenate((centre - half, centre + half), axis=1)


def _share_boxes(out: Out, chosen: NDArray[np.intp], width: int, height: int) -> Floats:
    """Boxes given as centre and size in fractions of the input."""
    return np.asarray(_from_centre(out[chosen, :4]) * (width, height, width, height), np.float64)


def _end_to_end_scores(out: Out, classes: int) -> Out:
    class_id = out[:, 5]
    if len(out) and not ((class_id >= 0) & (class_id < classes) & (class_id == np.floor(class_id))).all():
        raise ValueError("its sixth column names a class that the card does not have")
    scores = np.zeros((classes, len(out)), np.float32)
    scores[class_id.astype(np.intp), np.arange(len(out))] = out[:, 4]
    return scores


def _yolox_boxes(out: Out, chosen: NDArray[np.intp], width: int, height: int) -> Floats:
    """YOLOX leaves its grid to the caller: offsets in cells from the grid point, sizes as logarithms in cells."""
    grid, step = yolox_grid(width, height)
    if len(grid) != len(out):
        raise ValueError(
            f"it has {len(out)} candidates where the grids of YOLOX have {len(grid)} on an input of {width}x{height}"
        )
    rows = out[chosen, :4].astype(np.float64)
    cells = step[chosen, None]
    centre = (rows[:, :2] + grid[chosen]) * cells
    return _from_centre(np.concatenate((centre, np.exp(np.minimum(rows[:, 2:], 20)) * cells), axis=1))


def yolox_grid(width: int, height: int, strides: Sequence[int] = YOLOX_STRIDES) -> tuple[Floats, Floats]:
    """Grid points [n, 2] in cells and the cell's size [n] in pixels, for all grids one after the other."""
    points, steps = [], []
    for stride in strides:
        y, x = np.mgrid[: height // stride, : width // stride]
        points.append(np.stack((x.ravel(), y.ravel()), axis=1))
        steps.append(np.full(x.size, float(stride)))
    return np.concatenate(points).astype(np.float64), np.concatenate(steps)


OUTPUTS: Final[Mapping[str, Output]] = {
    "yolo": Output(
        shape=lambda classes: (4 + classes, None),
        scores=lambda out, _: out[4:],
        boxes=lambda out, chosen, *_: _from_centre(out[:4, chosen].T),
    ),
    "end-to-end": Output(
        shape=lambda _: (None, END_TO_END_COLUMNS),
        scores=_end_to_end_scores,
        boxes=lambda out, chosen, *_: out[chosen, :4].astype(np.float64),
        suppressed=True,
    ),
    "yolox": Output(
        shape=lambda classes: (None, 5 + classes),
        scores=lambda out, _: (out[:, 5:] * out[:, 4:5]).T,
        boxes=_yolox_boxes,
        pixels=Pixels("bgr", 255, "corner"),
    ),
    "rt-detr": Output(
        shape=lambda classes: (None, 4 + classes),
        scores=lambda out, _: out[:, 4:].T,
        boxes=_share_boxes,
        pixels=Pixels(place="stretch"),
        suppressed=True,
    ),
    "rt-detr-end-to-end": Output(
        shape=lambda _: (None, END_TO_END_COLUMNS),
        scores=_end_to_end_scores,
        boxes=_share_boxes,
        pixels=Pixels(place="stretch"),
        suppressed=True,
    ),
}
"""Kinds of output by the name a card gives.

``yolo``: Ultralytics v8, 11, 26 and their like without suppression, [1, 4 + classes, candidates], centre and size in
input pixels, scores after the sigmoid. ``end-to-end``: Ultralytics exports with suppression or from networks that need
none (26, v10), [1, candidates, 6]. ``yolox``: [1, candidates, 5 + classes], grids not yet decoded. ``rt-detr``:
Ultralytics RT-DETR, [1, candidates, 4 + classes], boxes as centre and size in fractions of the input;
``rt-detr-end-to-end``: the same since Ultralytics 8.4, [1, candidates, 6], with score and class in the last columns.
"""


def check_shape(shape: Sequence[Any], kind: str, classes: int, name: str) -> None:
    """Whether an output's shape, as far as it is known, fits its kind and its classes.

    Args:
        shape: of the output, batch first; axes that are no int are unknown.
        kind: key of `OUTPUTS`.
        classes: number of the network's classes.
        name: of the weights, for the message.

    Raises:
        ConfigError: it does not.
    """
    wanted = OUTPUTS[kind].shape(classes)
    fits = len(shape) == 3 and all(
        need is None or not isinstance(axis, int) or axis == need for axis, need in zip(shape[1:], wanted, strict=True)
    )
    if not fits:
        words = ", ".join("any" if need is None else str(need) for need in (None, *wanted))
        given = ", ".join(str(axis) if isinstance(axis, int) else "any" for axis in shape)
        raise ConfigError(
            f"The weights {name} give an output of shape ({given}), which does not fit {classes} classes of the output "
            f"kind {kind!r} ({words}); give the card that belongs to them."
        )


def strongest(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    """The highest of the scores [classes, candidates] of each candidate.

    Raises:
        ValueError: they are no scores.
    """
    best = raw.max(axis=0, initial=0)
    if best.size and not float(best.max()) <= MOST_SCORE:  # so that NaN is caught too
        raise ValueError(f"a score of {best.max():.3g} is no score between 0 and 1")
    return np.asarray(best, np.float32)


def misfit(name: str, kind: str, fault: object) -> ConfigError:
    """The error for an output whose content does not fit its kind."""
    return ConfigError(
        f"The output of the weights {name} is no {kind!r} output: {fault}; correct `output` in the card."
    )
