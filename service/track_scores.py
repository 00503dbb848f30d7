"""HOTA, IDF1, MOTA and switches by the library of their authors, TrackEval (Luiten and Hoffhues)."""

from __future__ import annotations

from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qyran.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING: Final = (
    "Tracks are scored by the library trackeval, which is not installed: run `make setup-dev`, or "
    "`pip install --no-deps trackeval`."
)


@dataclass(slots=True)
class Sequence:
    """Who was there and who was followed, moment by moment.

    Attributes:
        true_ids, track_ids: int64 [n] and [m] of each moment.
        overlap: float64 [n, m] of each moment, IoU.
    """

    true_ids: list[NDArray[np.int64]] = field(default_factory=list)
    track_ids: list[NDArray[np.int64]] = field(default_factory=list)
    overlap: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, true_ids: NDArray[np.int64], track_ids: NDArray[np.int64], overlap: NDArray[np.float64]) -> None:
        """Append a moment."""
        self.true_ids.append(true_ids)
        self.track_ids.append(track_ids)
        self.overlap.append(overlap)


def scores(sequences: list[Sequence]) -> dict[str, Any]:
    """The figures over all sequences together.

    Raises:
        ConfigError: the library is not installed.
    """
    with redirect_stdout(StringIO()):  # it tells on stdout which of its data sets lack a library
        try:
            from trackeval.metrics import CLEAR, HOTA, Identity  # noqa: PLC0415 - only who scores needs it
        except ImportError:
            raise ConfigError(MISSING) from None
        tables = [_table(one) for one in sequences]
        quiet = {"PRINT_CONFIG": False}
        combined = []
        for metric in (HOTA(), CLEAR(quiet), Identity(quiet)):
            each = {str(i): metric.eval_sequence(table) for i, table in enumerate(tables)}
            combined.append(metric.combine_sequences(each))
    hota, clear, identity = combined
    return {
        "hota": float(np.mean(hota["HOTA"])),
        "detection_accuracy": float(np.mean(hota["DetA"])),
        "association_accuracy": float(np.mean(hota["AssA"])),
        "localisation_accuracy": float(np.mean(hota["LocA"])),
        "idf1": float(identity["IDF1"]),
        "mota": float(clear["MOTA"]),
        "id_switches": int(clear["IDSW"]),
        "fragments": int(clear["Frag"]),
        "recall": float(clear["CLR_Re"]),
        "precision": float(clear["CLR_Pr"]),
        "true_identities": sum(int(table["num_gt_ids"]) for table in tables),
        "track_identities": sum(int(table["num_tracker_ids"]) for table in tables),
        "true_boxes": sum(int(table["num_gt_dets"]) for table in tables),
    }


def _table(one: Sequence) -> dict[str, Any]:
    """A sequence as the library takes it, ids counting from 0."""
    true_names, true_ids = _counted(one.true_ids)
    track_names, track_ids = _counted(one.track_ids)
    return {
        "num_timesteps": len(one.overlap),
        "num_gt_ids": len(true_names),
        "num_tracker_ids": len(track_names),
        "num_gt_dets": sum(map(len, true_ids)),
        "num_tracker_dets": sum(map(len, track_ids)),
        "gt_ids": true_ids,
        "tracker_ids": track_ids,
        "similarity_scores": one.overlap,
    }


def _counted(ids: list[NDArray[np.int64]]) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    names = np.unique(np.concatenate(ids)) if ids else np.zeros(0, np.int64)
    return names, [np.searchsorted(names, some) for some in ids]
