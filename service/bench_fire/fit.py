"""Fit the chance of `fire_alerts.chance` on development clips: `python -m service.bench_fire.fit --keep DIR`.

The clips are rendered with a seed of their own (`SEED`), which no figure of `qyran bench fire` uses. Each clip weighs
the same, however long something was seen in it. Ridge regression keeps weights small where the clips say little.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fire_alerts.chance import WEIGHTS
from fire_alerts.evidence import NAMES, measured
from fire_alerts.places import believable, gathered, overlap
from fire_alerts.windows import Windows
from models.data.places import shared
from qyran import __version__
from service.bench_fire.happenings import Part, looks_of
from service.bench_fire.real import halves
from vision.classes import FIRE_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from fire_alerts.places import Place
    from service.bench_fire.looks import Look, Looked

    F64 = NDArray[np.float64]

SEED: Final = 1
PART: Final = Part(30, 60)
RIDGE: Final = 0.01
"""Weight of the squares of the weights, beside the mean loss of a clip."""
STEPS: Final = 40
SURE: Final = 0.25
"""Overlap with the truth from which a place is the fire,"""
NOT: Final = 0.02
"""below which it is not; between the two nothing is learned."""
SEEN: Final = 0.008
"""Share of the picture from which a happening must be told."""
NEGATIVE: Final = 2.0
"""A look-alike weighs so many times a happening: an operator forgives a second sooner than a false alarm."""


BLIND: Final = ("fade", "whole", "change", "darker", "brighter", "new")
"""What is 0 as long as nobody knows how the street usually looks,"""
BLIND_SHARE: Final = 1.0
"""so each row of a detected box is learned once more without it, at this weight: a camera may be switched on late."""
UNUSED: Final = {
    "fire": frozenset({"fade", "whole", "around", "ridden", "along", "stays", "age", "cloud", "rough"}),
    "smoke": frozenset({"whole", "ridden", "along", "age", "cloud", "flame", "flicker", "around"}),
}
"""Numbers that tell of the clips rather than of the physics of the class; their weight is 0."""
Row = tuple[int, int, tuple[float, ...]]
"""Class, label (1 burns, 0 does not), numbers."""


def rows_of(looked: Looked, windows: Windows) -> Iterator[Row]:
    """Every place at every look with what is true of it."""
    places: list[Place] = []
    looks_s: list[float] = []
    for observation, look in zip(looked.observations("fit"), looked.looks, strict=True):
        now = observation.video_s
        looks_s = [*(t for t in looks_s if now - t < windows.evidence_s), now]
        kept: list[Place] = []
        for place in gathered(places, believable(observation, windows), windows):
            recent = place.within(now, windows.evidence_s)
            if not recent or now - recent[-1].video_s > windows.window_s:
                continue
            kept.append(place)
            if recent[-1].video_s != now or now - place.first_s < windows.least_evidence_s:
                continue
            numbers, label = measured(recent, len(looks_s), now - place.first_s), _label(recent[-1].box, look)
            if numbers is not None and label is not None:
                yield place.class_id, label, numbers
        places = kept


def _label(box: tuple[float, float, float, float], look: Look) -> int | None:
    most = max((overlap(box, other) for other in look.boxes), default=0.0)
    if most >= SURE and look.share >= SEEN:
        return 1
    return 0 if most <= NOT else None


def fit(numbers: F64, labels: F64, weights: F64) -> dict[str, Any]:
    """Ridge logistic regression by Newton's steps; weights sum to 1."""
    mean, scale = numbers.mean(axis=0), np.maximum(numbers.std(axis=0), 1e-3)
    x = np.column_stack([np.ones(len(numbers)), np.clip((numbers - mean) / scale, -4, 4)])
    beta = np.zeros(x.shape[1])
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 0.0
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        slope = x.T @ (weights * (chance - labels)) + penalty @ beta
        curve = (x * (weights * chance * (1 - chance))[:, None]).T @ x + penalty + 1e-9 * np.eye(x.shape[1])
        beta -= np.linalg.solve(curve, slope)
    return {
        "bias": round(float(beta[0]), 5), "weight": [round(float(v), 5) for v in beta[1:]],
        "mean": [round(float(v), 5) for v in mean], "scale": [round(float(v), 5) for v in scale],
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Fit and write the weights with their card."""
    parser = argparse.ArgumentParser(prog="python -m service.bench_fire.fit")
    parser.add_argument("--keep", type=Path, required=True, metavar="DIR", help="where the clips are kept")
    parser.add_argument("--data", type=Path, default=shared() / "data", metavar="DIR", help="films of traffic")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    given = parser.parse_args(arguments)
    given.keep.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, Row]] = []
    for clip, looked in looks_of(PART, SEED, given.keep, _tell):
        rows += [(clip.id, row) for row in rows_of(looked, Windows())]
    for name, looked in halves(given.data):
        rows += [(name, row) for row in rows_of(looked, Windows())]
    told = fitted(rows)
    given.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def fitted(rows: list[tuple[str, Row]]) -> dict[str, Any]:
    """The weights of each class with their card."""
    out: dict[str, Any] = {}
    counts: dict[str, Any] = {}
    for class_id, name in enumerate(FIRE_CLASSES):
        own = [(clip, label, numbers) for clip, (of, label, numbers) in rows if of == class_id]
        clips: dict[tuple[str, int], int] = {}
        for clip, label, _ in own:
            clips[clip, label] = clips.get((clip, label), 0) + 1
        labels = np.array([label for _, label, _ in own], np.float64)
        weights = np.array([(1.0 if label else NEGATIVE) / clips[clip, label] for clip, label, _ in own])
        told = np.array([numbers for _, _, numbers in own])
        told[:, [NAMES.index(one) for one in UNUSED[name]]] = 0.0
        blind = told.copy()
        blind[:, [NAMES.index(one) for one in BLIND]] = 0.0
        detected = np.array([numbers[NAMES.index("cloud")] < 1 for _, _, numbers in own])
        both = np.concatenate([weights, BLIND_SHARE * weights * detected])
        out[name] = fit(np.concatenate([told, blind]), np.concatenate([labels, labels]), both / both.sum())
        counts[name] = {
            "looks_burning": int(labels.sum()), "looks_not": int((1 - labels).sum()),
            "clips_burning": sum(label for _, label in clips), "clips_not": sum(1 - label for _, label in clips),
        }  # fmt: skip
    return {
        "card": {
            "what": "chance that a place burns or smokes, from pixels over six seconds; ridge logistic regression",
            "fitted_on": f"rendered clips of seed {SEED} ({PART.burning} burning and {PART.near} near misses a kind); "
            "the first halves of two films of traffic",
            "command": "python -m service.bench_fire.fit --keep DIR",
            "version": __version__, "counts": counts, "licence": "AGPL-3.0-or-later",
            "limits": "rendered clips only; an auxiliary sign, not a certified fire alarm; see docs/fire.md",
        },
        "names": list(NAMES),
        "classes": out,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
