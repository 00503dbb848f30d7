"""`qyran detect`: what a shipped model sees in single pictures, as JSON-ready items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import cv2
import numpy as np

from models.plates.open_reader import open_reader
from qyran.errors import MediaError
from service.crop_readers import head_reader
from service.detectors import EXPECTED, SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from service.detectors import ModelChoice

    Picture = NDArray[np.uint8]
    Look = Callable[[Picture], list[dict[str, Any]]]

Task = Literal["road", "fire", "plates", "signal"]
TASKS: Final[tuple[Task, ...]] = ("road", "fire", "plates", "signal")


def detect(
    task: Task, files: Sequence[Path], *, long_side: int | None = None, models: ModelChoice = SHIPPED
) -> list[dict[str, Any]]:
    """One item a file: its name, size and detections with boxes in pixels of the file.

    Args:
        task: ``road`` and ``fire`` look for objects; ``plates`` finds number plates and gives each its best full
            ``text``, the ``text_score`` that every sign is right, and the positions of ``uncertain`` signs;
            ``signal`` takes the crop of one signal head and gives one detection whose class is its state.
        files: pictures OpenCV can read.
        long_side: input size of the network in pixels; by default the model card's.
        models: which detectors look.

    Raises:
        MediaError: a file is absent or no picture.
        ConfigError: a model cannot be used.
    """
    pictures = [(path, read_picture(path)) for path in files]
    look = _signal() if task == "signal" else _network(task, long_side, models)
    if task == "plates":
        look = _with_texts(look, models)
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


def _network(task: Literal["road", "fire", "plates"], long_side: int | None, models: ModelChoice) -> Look:
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


def _with_texts(look: Look, models: ModelChoice) -> Look:
    """What `look` finds with what it says; all plates of a picture are read together."""
    reader = open_reader(engine=models.engine)

    def read(picture: Picture) -> list[dict[str, Any]]:
        found = look(picture)
        boxes = np.array([one["box"] for one in found], np.float32).reshape(-1, 4)
        return [
            {**one, "text": said.text, "text_score": round(said.score, 4), "uncertain": list(said.uncertain)}
            for one, said in zip(found, reader.read(picture, boxes), strict=True)
        ]

    return read


def _signal() -> Look:
    reader = head_reader()

    def look(picture: Picture) -> list[dict[str, Any]]:
        state, score = reader.read(picture)
        height, width = picture.shape[:2]
        return [{"class": state.value, "score": round(score, 4), "box": [0.0, 0.0, float(width), float(height)]}]

    return look
