"""`qyran detect`: what a shipped model sees in single pictures, as JSON-ready items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import cv2
import numpy as np

from qyran.errors import MediaError
from service.crop_readers import head_reader
from service.detectors import EXPECTED, SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from service.detectors import ModelChoice

    Picture = NDArray[np.uint8]

Task = Literal["road", "fire", "signal"]
TASKS: Final[tuple[Task, ...]] = ("road", "fire", "signal")


def detect(
    task: Task, files: Sequence[Path], *, long_side: int | None = None, models: ModelChoice = SHIPPED
) -> list[dict[str, Any]]:
    """One item a file: its name, size and detections with boxes in pixels of the file.

    Args:
        task: ``road`` and ``fire`` look for objects; ``signal`` takes the crop of one signal head and gives one
            detection whose class is its state.
        files: pictures OpenCV can read.
        long_side: input size of the network in pixels; by default the model card's.
        models: which detectors look.

    Raises:
        MediaError: a file is absent or no picture.
        ConfigError: a model cannot be used.
    """
    pictures = [(path, read_picture(path)) for path in files]
    look = _signal() if task == "signal" else _network(task, long_side, models)
    return [
        {"file": str(path), "width": picture.shape[1], "height": picture.shape[0], "detections": look(picture)}
        for path, picture in pictures
    ]


def read_picture(path: Path) -> Picture:
    """A picture file as uint8 [H, W, 3] BGR.

    Raises:
        MediaError: the file is absent or no picture.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise MediaError(f"The picture {path} cannot be read: {error.strerror}.") from None
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise MediaError(f"The file {path} is no picture that can be read; give a JPEG or PNG.")
    return np.asarray(picture, np.uint8)


def _network(
    task: Literal["road", "fire"], long_side: int | None, models: ModelChoice
) -> Callable[[Picture], list[dict[str, Any]]]:
    detector = models.detector(task, long_side=long_side)
    names = EXPECTED[task]

    def look(picture: Picture) -> list[dict[str, Any]]:
        seen = detector.detect(picture)
        return [
            {
                "class": names[int(seen.class_id[i])],
                "score": round(float(seen.score[i]), 4),
                "box": [round(value, 1) for value in seen.box[i].tolist()],
            }
            for i in range(len(seen))
        ]

    return look


def _signal() -> Callable[[Picture], list[dict[str, Any]]]:
    reader = head_reader()

    def look(picture: Picture) -> list[dict[str, Any]]:
        state, score = reader.read(picture)
        height, width = picture.shape[:2]
        return [{"class": state.value, "score": round(score, 4), "box": [0.0, 0.0, float(width), float(height)]}]

    return look
