"""How many signal heads of the validation pictures are read right: what `qyran models evaluate signals` reports."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.classifiers import open_classifier
from models.measure import figure
from models.signals.heads import load_heads
from vision.signal_head import HeadReader
from vision.signal_input import STATES
from vision.types import SignalState

if TYPE_CHECKING:
    from pathlib import Path

GOAL: Final = 0.98
GOAL_MS: Final = 1.0
"""Milliseconds for one head on one core."""
TIMED: Final = 200


def score(data: Path, weights: Path | None = None, threads: int = 1) -> dict[str, Any]:
    """The share of heads whose state is right, by state, the confusion, and every mistake.

    Args:
        data: the folder of the data sets.
        weights: card of the signal network, by default the shipped one.
        threads: of the processor.

    Raises:
        ConfigError: the card is wrong.
        MediaError: a picture cannot be read.
    """
    reader = HeadReader(open_classifier("signals", weights, threads=threads))
    heads = load_heads(data / "signals", "val")
    said = [reader.read(head.crop) for head in heads]
    counts = np.zeros((len(STATES), len(STATES)), int)
    mistakes = []
    for head, (state, sure) in zip(heads, said, strict=True):
        counts[STATES.index(SignalState(head.state)), STATES.index(state)] += 1
        if state != head.state:
            mistakes.append(
                {
                    "kind": "wrong state", "file": str(head.file), "box": list(head.place), "weight": sure,
                    "text": f"box {head.box}: {head.state} read as {state}, score {sure:.2f}",
                }
            )  # fmt: skip
    right = int(np.trace(counts))
    unknown = int(counts[:, STATES.index(SignalState.UNKNOWN)].sum())
    wrong = len(heads) - right - unknown
    figures = [
        figure("state right", right / len(heads), len(heads), GOAL),
        figure("wrong state said", wrong / len(heads), len(heads), None, at_most=True),
        *(
            figure(f"{state} right", counts[index, index] / counts[index].sum(), int(counts[index].sum()), None)
            for index, state in enumerate(STATES) if counts[index].sum()
        ),
    ]  # fmt: skip
    spent = _milliseconds(reader, heads[0].crop)
    return {
        "figures": [*figures, figure("ms a head", spent, TIMED, GOAL_MS, at_most=True)],
        "confusion": {"classes": [state.value for state in STATES], "counts": counts.tolist()},
        "mistakes": mistakes,
        "time": {"ms": round(spent, 3), "pictures": TIMED},
    }


def _milliseconds(reader: HeadReader, crop: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    """Median processor time of one head."""
    spent = []
    for _ in range(TIMED):
        used = time.process_time()
        reader.read(crop)
        spent.append(1000 * (time.process_time() - used))
    return float(np.median(spent))
