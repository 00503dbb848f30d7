"""The teacher: vehicle-attributes-recognition-barrier-0039 of the Open Model Zoo (Apache-2.0), run by OpenVINO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import openvino

from vision.attributes import COLOURS, KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

TEACHER: Final = "weights/omz/vehicle-attributes-recognition-barrier-0039.xml"
"""Where it lies in the folder of shared data."""
TEACHER_KINDS: Final = ("car", "bus", "truck", "van")
TEACHER_COLOURS: Final = ("white", "grey", "yellow", "red", "green", "blue", "black")
SIDE: Final = 72


class Teacher:
    """What the teacher says, in the order of our kinds and colours.

    Args:
        weights: its OpenVINO file.
    """

    def __init__(self, weights: Path) -> None:
        core = openvino.Core()
        hints = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
        self._network = core.compile_model(core.read_model(weights), "CPU", hints)

    def say(self, crop: Picture) -> tuple[Floats, Floats]:
        """Shares of each kind [4] and known colour [7] for a tight crop, uint8 BGR."""
        small = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        blob = small.transpose(2, 0, 1)[None].astype(np.float32)
        found = {port.get_any_name(): np.asarray(value).ravel() for port, value in self._network(blob).items()}
        kind = found["type"][[TEACHER_KINDS.index(name) for name in KINDS]]
        colour = found["color"][[TEACHER_COLOURS.index(name) for name in COLOURS[:-1]]]
        return kind.astype(np.float32), colour.astype(np.float32)
