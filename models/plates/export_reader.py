"""Export the trained reader: ``python -m models.plates.export_reader`` writes ``plate_reader.onnx`` and its card.

The card's calibration and accept threshold are fitted on rendered development plates, never on evaluated photographs.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
import torch

from models.card import WEIGHTS, file_sha256
from models.plates.reader_net import CLASSES, STEPS, ReaderNet
from models.score_plates import RENDERED_N, read_figures, rendered_readings
from vision.engine import open_engine
from vision.plate_crop import HEIGHT, WIDTH
from vision.plate_grammar import SIGNS
from vision.plate_reader import FINEST, Calibration, PlateReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION: Final = "0.1.0"

DEVELOPMENT: Final = 1500
"""Rendered development plates of each kind that calibration and threshold are chosen on."""

SAFE: Final = 0.0004
"""Share of wrong readings among those accepted of the development plates; the goal, elsewhere, is 0.001."""

MADE_BY: Final = (
    "models/plates/fetch_fonts.sh; python -m models.plates.pool; python -m models.plates.train_reader; "
    "python -m models.plates.export_reader"
)

POOLED: Final = 61_440
"""Rendered pictures in the pool of the shipped weights: 30 shards."""

LEAST_ACCEPT: Final = 0.9
"""The accept threshold is never lower."""

_log = logging.getLogger(__name__)


def export(checkpoint: Path, target: Path) -> None:
    """Write the averaged weights as ONNX with normalisation folded in and a dynamic batch."""
    model = ReaderNet()
    model.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    model.eval()
    example = torch.zeros(2, 1, HEIGHT, WIDTH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (example,), str(target), input_names=["crops"], output_names=["columns"], opset_version=17,
            dynamic_axes={"crops": {0: "n"}, "columns": {0: "n"}}, dynamo=False,
        )  # fmt: skip
    exported = onnx.load(str(target))
    onnx.checker.check_model(exported)
    with torch.no_grad():
        probe = torch.randn(3, 1, HEIGHT, WIDTH)
        wanted = model(probe).numpy()
    found = open_engine(target).run(probe.numpy())
    if found.shape != (3, STEPS + 1, CLASSES) or float(np.abs(found - wanted).max()) > 1e-3:
        raise RuntimeError(f"the exported network differs from the trained one by {np.abs(found - wanted).max()}")


def calibrate(reader: PlateReader, n: int) -> Calibration:
    """A logistic function from the decoder's numbers to being right, and the score from which readings are accepted."""
    plain = Calibration(bias=0.0, share=1.0, likelihood=0.0)
    reader.calibration = plain
    rows, right = [], []
    for kind in ("clean", "hard", "any"):
        for reading, correct in rendered_readings(reader, kind, n, test=False):
            if not reading.text:
                continue
            share = min(max(reading.score, FINEST), 1 - FINEST)
            rows.append([1.0, float(np.log(share / (1 - share))), reading.likelihood])
            right.append(correct)
    weights = logistic(np.array(rows), np.array(right, np.float64))
    fitted = Calibration(bias=float(weights[0]), share=float(weights[1]), likelihood=float(weights[2]))
    values = np.array(rows) @ weights
    return Calibration(
        fitted.bias, fitted.share, fitted.likelihood, threshold(1 / (1 + np.exp(-values)), np.array(right))
    )


def logistic(rows: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of a logistic regression by Newton's method with a little ridge; slopes never turn negative."""
    kept = np.ones(rows.shape[1], np.bool_)
    for _ in range(rows.shape[1]):
        weights = np.zeros(rows.shape[1])
        for _ in range(40):
            p = 1 / (1 + np.exp(-np.clip(rows[:, kept] @ weights[kept], -30, 30)))
            slope = rows[:, kept].T @ (right - p) - 1e-3 * weights[kept]
            bend = (rows[:, kept] * (p * (1 - p))[:, None]).T @ rows[:, kept] + 1e-3 * np.eye(int(kept.sum()))
            weights[kept] += np.linalg.solve(bend, slope)
        negative = (weights < 0) & (np.arange(len(weights)) > 0)
        if not negative.any():
            break
        kept &= ~negative
    return weights


def threshold(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The lowest score above which at most SAFE of the readings are wrong, at least LEAST_ACCEPT."""
    order = np.argsort(-scores)
    wrong = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    fitting = np.flatnonzero(wrong <= SAFE)
    lowest = float(scores[order[fitting[-1]]]) if len(fitting) else 1.0
    return round(min(max(lowest, LEAST_ACCEPT), 0.99999), 5)


def card(weights: Path, calibration: Calibration, figures: list[dict[str, Any]]) -> dict[str, Any]:
    """The card's content."""
    openalpr = {"source": "https://github.com/openalpr/benchmarks", "licence": "AGPL-3.0", "attribution": "OpenALPR"}
    russian = {
        "source": "https://github.com/dstaroff/russian-license-plate-recognition",
        "licence": "GPL-3.0",
        "attribution": "dstaroff",
    }
    return {
        "name": "plate_reader",
        "version": VERSION,
        "file": weights.name,
        "sha256": file_sha256(weights),
        "task": "read",
        "classes": list(SIGNS),
        "input": {"width": WIDTH, "height": HEIGHT, "channels": 1},
        "precision": "fp32",
        "settings": {
            "bias": round(calibration.bias, 4),
            "share": round(calibration.share, 4),
            "likelihood": round(calibration.likelihood, 4),
            "accept": calibration.accept,
        },
        "metrics": {"figures": figures},
        "data": [
            {
                "name": "rendered plates",
                "source": "models/plates: own strokes, and fonts of @fontsource packages",
                "licence": "AGPL-3.0; fonts OFL-1.1",
                "attribution": "the authors of the fonts in models/plates/fonts/package.json",
                "used_for": "training, validation, evaluation",
                "n": POOLED,
            },
            {"name": "plates (US, BR)", **openalpr, "used_for": "training", "n": 90},
            {
                "name": "plates_ro",
                "source": "https://github.com/RobertLucian/license-plate-dataset",
                "licence": "MIT",
                "attribution": "Robert Lucian Chiriac",
                "used_for": "training (backgrounds)",
                "n": 60,
            },
            {"name": "plates (EU)", **openalpr, "used_for": "evaluation", "n": 54},
            {"name": "plates_kz", **russian, "used_for": "evaluation", "n": 47},
            {"name": "plates_ru", **russian, "used_for": "evaluation", "n": 111},
        ],
        "licence": "AGPL-3.0",
        "made_by": MADE_BY,
        "machine": "2 shared CPU cores, no GPU",
    }


def ship(run: Path, out: Path, data: Path, development: int = DEVELOPMENT, test: int = RENDERED_N) -> None:
    """Export, calibrate, measure and write weights and card.

    Args:
        run: folder of the checkpoint.
        out: where weights and card go.
        data: the folder of the data sets.
        development: rendered plates of each kind to calibrate on.
        test: rendered plates of each kind to measure on.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "plate_reader.onnx"
    with tempfile.TemporaryDirectory(dir=out) as folder:
        part = Path(folder) / weights.name
        export(run / "last.pt", part)
        reader = PlateReader(open_engine(part))
        reader.calibration = calibrate(reader, development)
        _log.info("calibration %s", reader.calibration)
        figures, misread = read_figures(reader, data, test)
        part.rename(weights)
    content = json.dumps(card(weights, reader.calibration, figures), indent=2, ensure_ascii=False)
    weights.with_suffix(".json").write_text(content + "\n", encoding="utf-8")
    for figure in figures:
        _log.info("%s: %s of %d (goal %s)", figure["name"], figure["value"], figure["n"], figure["goal"])
    for item in misread:
        _log.info("misread %s", item)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path(".cache/models/plates/reader"))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    ship(options.run, options.out, options.data)


if __name__ == "__main__":
    main()
