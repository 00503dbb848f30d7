"""Rendered plates the reader is measured on: fixed seeds, only our own strokes, never part of the training's pool."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.plates.draw import KZ_FORMS, draw_plate
from models.plates.seen import Seen, see
from models.plates.strokes import SIGNS
from models.plates.view import HARDSHIPS, clean_view, hard_view, training_view
from vision.plate_crop import MARGIN, flat, normalised, unrolled, widened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SEEDS: Final = {"clean": 101, "hard": 102, "any": 103}
"""First half of the seed of each set of development pictures; the test pictures use these plus 1000."""


@functools.lru_cache(maxsize=8)
def rendered(kind: str, n: int, *, test: bool = False) -> tuple[Seen, ...]:
    """Rendered plates.

    Args:
        kind: ``clean`` or ``hard`` Kazakhstan plates of all known forms, or ``any`` plates as in training.
        n: how many.
        test: the test pictures; else those that thresholds and calibration may be chosen on.
    """
    out = []
    for i in range(n):
        rng = np.random.default_rng([SEEDS[kind] + 1000 * test, i])
        form = None if kind == "any" else KZ_FORMS[int(rng.choice(len(KZ_FORMS), p=[0.4, 0.2, 0.12, 0.14, 0.06, 0.08]))]
        drawn = draw_plate(rng, form, own_face=True)
        view = (
            {"clean": clean_view, "any": training_view}[kind](rng)
            if kind != "hard"
            else hard_view(rng, HARDSHIPS[i % 4])
        )
        out.append(see(rng, drawn, view))
    return tuple(out)


def greedy(columns: NDArray[np.float32]) -> str:
    """The free reading of one crop: the likeliest class of each column, repeats and blanks dropped.

    Args:
        columns: [steps, 1 + signs], logits or logarithms, blank first.
    """
    best = columns.argmax(1)
    first = np.concatenate([[True], best[1:] != best[:-1]])
    return "".join(SIGNS[int(k) - 1] for k in best[first & (best > 0)])


def free_reading_rate(model: Any, kind: str, n: int) -> float:
    """Share of development pictures a torch model reads exactly from their true corners, without any grammar."""
    import torch  # noqa: PLC0415 - only training has it

    pictures = rendered(kind, n)
    crops = np.stack([true_crop(seen) for seen in pictures])
    model.eval()
    with torch.no_grad():
        output = np.concatenate(
            [model(torch.from_numpy(normalised(crops[i : i + 100]))).float().numpy() for i in range(0, n, 100)]
        )
    return exact_rate([greedy(columns[:-1]) for columns in output], [seen.text for seen in pictures])


def true_crop(seen: Seen) -> NDArray[np.uint8]:
    """A picture cut along its true corners."""
    quad = widened(seen.corners, *MARGIN)
    return unrolled(seen.picture, quad) if seen.lines == 2 else flat(seen.picture, quad)


def exact_rate(found: Sequence[str], truth: Sequence[str]) -> float:
    """Share of texts that are exactly right."""
    return float(np.mean([a == b for a, b in zip(found, truth, strict=True)]))
