"""A picture fitted into a network's input rectangle, and boxes brought back from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAD: Final = 114
"""Grey value around the picture, the one the models are trained with."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture lies in the input.

    Attributes:
        picture_width, picture_height: of the picture, pixels.
        inner_width, inner_height: of the scaled picture, input pixels.
        left, top: where the scaled picture begins in the input, input pixels.
        width, height: of the input, multiples of the stride.
    """

    picture_width: int
    picture_height: int
    inner_width: int
    inner_height: int
    left: int
    top: int
    width: int
    height: int

    def blank(self) -> NDArray[np.float32]:
        """An input full of grey, float32 [1, 3, height, width], to be given to `fill` again and again."""
        return np.full((1, 3, self.height, self.width), PAD / 255, np.float32)

    def fill(self, picture: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """Write a BGR picture into `out` as RGB from 0 to 1.

        Splitting the planes first and scaling each straight into its place costs a sixth of the usual
        transpose and divide.
        """
        if (self.inner_width, self.inner_height) != (self.picture_width, self.picture_height):
            picture = np.asarray(
                cv2.resize(picture, (self.inner_width, self.inner_height), interpolation=cv2.INTER_LINEAR), np.uint8
            )
        rows = slice(self.top, self.top + self.inner_height)
        columns = slice(self.left, self.left + self.inner_width)
        for channel, plane in zip((2, 1, 0), cv2.split(picture), strict=True):
            np.multiply(plane, np.float32(1 / 255), out=out[0, channel, rows, columns], casting="unsafe")

    def to_picture(self, boxes: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Boxes [N, 4] from input pixels to picture pixels, clipped to the picture."""
        x_scale, y_scale = self.picture_width / self.inner_width, self.picture_height / self.inner_height
        moved = (boxes - (self.left, self.top, self.left, self.top)) * (x_scale, y_scale, x_scale, y_scale)
        limits = (self.picture_width, self.picture_height, self.picture_width, self.picture_height)
        return np.asarray(np.clip(moved, 0, limits), np.float32)


def fit(picture_width: int, picture_height: int, long_side: int, stride: int) -> Letterbox:
    """The smallest input, in multiples of `stride`, that holds the picture scaled to `long_side`."""
    scale = long_side / max(picture_width, picture_height)
    width, height = (-(-max(1, round(side * scale)) // stride) * stride for side in (picture_width, picture_height))
    return _place(picture_width, picture_height, scale, width, height)


def fit_into(picture_width: int, picture_height: int, width: int, height: int) -> Letterbox:
    """The picture scaled into an input of fixed size."""
    scale = min(width / picture_width, height / picture_height)
    return _place(picture_width, picture_height, scale, width, height)


def _place(picture_width: int, picture_height: int, scale: float, width: int, height: int) -> Letterbox:
    inner_width, inner_height = (max(1, round(side * scale)) for side in (picture_width, picture_height))
    return Letterbox(
        picture_width, picture_height, inner_width, inner_height,
        (width - inner_width) // 2, (height - inner_height) // 2, width, height,
    )  # fmt: skip
