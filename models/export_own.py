"""A network of Ultralytics (.pt), or a checkpoint of our own training, as ONNX with its card.

``qyran models export FILE.pt --out DIR``. A .pt of Ultralytics is a pickle and runs code when it is opened: open
only files whose maker you trust.
"""

from __future__ import annotations

import argparse
import json
import logging
import pickle
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from models.card import KNOWN_CLASSES, file_sha256, load_detector_card
from models.export import export_onnx
from models.spec import spec_of
from models.start import new_network  # by way of models.torch_shim, which must come before ultralytics
from qyran.errors import ConfigError, QyranError
from vision.classes import FIRE_CLASSES, PLATE_CLASSES, ROAD_CLASSES
from vision.detector import Detector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OURS: Final = {len(classes): classes for classes in (ROAD_CLASSES, FIRE_CLASSES, PLATE_CLASSES)}
"""Classes of our own checkpoints by the number of rows of their last layer."""
LAST: Final = "model.22.cv3.0.2.weight"


def export_card(
    source: Path, out: Path, *, name: str, side: int, nms_free: bool, classes_as: Mapping[str, str]
) -> Path:
    """Write ``<name>.onnx`` and ``<name>.json`` to `out`; returns the card.

    Args:
        source: the .pt.
        out: folder, made if need be.
        name: of the model.
        side: long side of the input, pixels.
        nms_free: export the head that needs no suppression, where the network has one (26, v10).
        classes_as: our class by the network's; by default the classes with names of ours.

    Raises:
        ConfigError: the file is no network that can be exported, or none of its classes is one of ours.
    """
    out.mkdir(parents=True, exist_ok=True)
    weights = out / f"{name}.onnx"
    state = _plain_state(source)
    if state is None:
        fields = _ultralytics(source, weights, side, nms_free=nms_free)
    else:
        fields = _checkpoint(state, weights, source)
    theirs = fields["classes"]
    kept = dict(classes_as) or {word: word for word in theirs if word in KNOWN_CLASSES}
    if not kept:
        raise ConfigError(
            f"None of the classes of {source.name} ({', '.join(theirs[:8])}) is one of ours; say which are by "
            f"--as THEIRS=OURS, ours being {', '.join(KNOWN_CLASSES)}."
        )
    card = {
        "name": name, "version": "1", "file": weights.name, "sha256": file_sha256(weights), "task": "detect",
        **fields, "classes_as": kept, "long_side": side, "threshold": 0.25, "precision": "fp32",
        "made_by": f"qyran models export {source.name}",
    }  # fmt: skip
    path = out / f"{name}.json"
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    # The proof that card and network fit: one grey picture through the product's own detector.
    Detector(spec_of(load_detector_card(path))).detect(np.full((side, side, 3), 127, np.uint8))
    return path


def _plain_state(source: Path) -> dict[str, torch.Tensor] | None:
    """The tensors of a file that holds nothing else; None for a pickle of Ultralytics."""
    try:
        state = torch.load(source, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ConfigError(f"The file {source} cannot be read: {error.strerror}.") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError):
        return None
    return (
        state if isinstance(state, dict) and all(isinstance(value, torch.Tensor) for value in state.values()) else None
    )


def _checkpoint(state: dict[str, torch.Tensor], weights: Path, source: Path) -> dict[str, Any]:
    rows = len(state[LAST]) if LAST in state else 0
    if rows not in OURS:
        raise ConfigError(f"The file {source} holds no checkpoint of our own training (…_average.pt).")
    network = new_network(rows)
    network.load_state_dict(state)
    export_onnx(network, weights)
    return {"classes": list(OURS[rows]), "output": "yolo", "stride": 32, "licence": "AGPL-3.0"}


def _ultralytics(source: Path, weights: Path, side: int, *, nms_free: bool) -> dict[str, Any]:
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    try:
        model = load_ultralytics(source)
    except Exception as error:  # a pickle fails in any way it likes
        raise ConfigError(f"The file {source} is no network of Ultralytics ({type(error).__name__}).") from error
    names = model.names
    head = type(model.model.model[-1]).__name__
    transformer = "RTDETR" in head
    if not transformer and head not in {"Detect", "v10Detect"}:
        raise ConfigError(f"The network of {source} is no detector (its head is {head}); give one trained to detect.")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copy = Path(folder) / source.name
        shutil.copyfile(source, copy)  # the exporter writes beside its source
        model = load_ultralytics(copy)
        made = model.export(
            format="onnx", imgsz=side, dynamic=not transformer, nms=False if nms_free else None, verbose=False
        )
        shutil.move(made, weights)
    free = _is_free(weights)
    return {
        "classes": [str(names[index]) for index in sorted(names)],
        "output": "rt-detr-end-to-end" if transformer else "end-to-end" if free else "yolo",
        "stride": 32,
        "licence": "AGPL-3.0",
    }


def load_ultralytics(source: Path) -> Any:
    """The model in a .pt of Ultralytics, YOLO or RT-DETR."""
    from ultralytics import YOLO  # noqa: PLC0415 - after models.torch_shim has made torchvision's operators

    return YOLO(str(source))


def _is_free(weights: Path) -> bool:
    """Whether the exported head names each object once: six columns a candidate."""
    from vision.engine import open_engine  # noqa: PLC0415 - only to look at a shape

    shape = open_engine(weights).output_shape
    return len(shape) == 3 and shape[2] == 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="qyran models export", description=__doc__)
    parser.add_argument("source", type=Path, metavar="FILE.pt")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: beside the file")
    parser.add_argument("--name", help="of the model; default: that of the file")
    parser.add_argument("--side", type=int, default=640, metavar="PX", help="long side of the input")
    parser.add_argument("--nms-free", action="store_true", help="the head without suppression, where there is one")
    parser.add_argument("--as", dest="classes_as", action="append", default=[], metavar="THEIRS=OURS")
    options = parser.parse_args(arguments)
    try:
        path = export_card(
            options.source,
            options.out or options.source.parent,
            name=options.name or options.source.stem,
            side=options.side,
            nms_free=options.nms_free,
            classes_as=dict(word.split("=", 1) if "=" in word else (word, word) for word in options.classes_as),
        )
    except QyranError as error:
        sys.stderr.write(f"qyran: {error}\n")
        return 2
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
