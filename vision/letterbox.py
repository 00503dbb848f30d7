"""A picture fitted into a network's input rectangle, and boxes brought back from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAD: Final = 114
"""Grey value around the picture, the one the models are trained with."""

Colour = Literal["rgb", "bgr"]
Place = Literal["centre", "corner", "stretch"]
COLOURS: Final[tuple[Colour, ...]] = ("rgb", "bgr")
PLACES: Final[tuple[Place, ...]] = ("centre", "corner", "stretch")


@dataclass(frozen=True, slots=True)
class Pixels:
    """How pictures go into a network.

    Attributes:
        colour: order of the three channels.
        most: value of white, 1 or 255.
        place: where the scaled picture lies in the input; ``stretch`` fills it, whatever the picture's aspect.
    """

    colour: Colour = "rgb"
    most: int = 1
    place: Place = "centre"


PLAIN: Final = Pixels()
"""The way of Ultralytics: RGB from 0 to 1, grey on both sides."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture lies in the input.

    Attributes:
        picture_width, picture_height: of the picture, pixels.
        inner_width, inner_height: of the scaled picture, input pixels.
        left, top: where the scaled picture begins in the input, input pixels.
        width, height: of the input, multiples of the stride.
        pixels: colour order and range of the input.
    """

    picture_width: int
    picture_height: int
    inner_width: int
    inner_height: int
    left: int
    top: int
    width: int
    height: int
    pixels: Pixels = PLAIN

    def blank(self, n: int = 1) -> NDArray[np.float32]:
        """Inputs full of grey, float32 [n, 3, height, width], to be given to `fill` again and again."""
        return np.full((n, 3, self.height, self.width), PAD / 255 * self.pixels.most, np.float32)

    def fill(self, picture: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        """Write a BGR picture into `out` [1, 3, height, width] in the network's colours and range.

        Splitting the planes first and scaling each straight into its place costs a sixth of the usual
        transpose and divide.
        """
        if (self.inner_width, self.inner_height) != (self.picture_width, self.picture_height):
            picture = np.asarray(
                cv2.resize(picture, (self.inner_width, self.inner_height), interpolation=cv2.INTER_LINEAR), np.uint8
            )
        rows = slice(self.top, self.top + self.inner_height)
        columns = slice(self.left, self.left + self.inner_width)
        order = (2, 1, 0) if self.pixels.colour == "rgb" else (0, 1, 2)
        scale = np.float32(self.pixels.most / 255)
        for channel, plane in zip(order, cv2.split(picture), strict=True):
            np.multiply(plane, scale, out=out[0, channel, rows, columns], casting="unsafe")

    def to_picture(self, boxes: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Boxes [N, 4] from input pixels to picture pixels, clipped to the picture."""
        x_scale, y_scale = self.picture_width / self.inner_width, self.picture_height / self.inner_height
        moved = (boxes - (self.left, self.top, self.left, self.top)) * (x_scale, y_scale, x_scale, y_scale)
        limits = (self.picture_width, self.picture_height, self.picture_width, self.picture_height)
        return np.asarray(np.clip(moved, 0, limits), np.float32)


def fit(
    picture_width: int,
    picture_height: int,
    long_side: int,
    stride: int,
    most_pixels: int | None = None,
    pixels: Pixels = PLAIN,
) -> Letterbox:
    """The smallest input, in multiples of `stride`, that holds the picture scaled to `long_side`.

    Args:
        picture_width: of the picture, pixels.
        picture_height: of the picture, pixels.
        long_side: of the scaled picture, pixels; with `most_pixels` it may come out shorter.
        stride: both sides of the input are multiples of it.
        most_pixels: most pixels of the input after rounding to the stride; at least ``stride * stride``.
        pixels: colour order, range and place.
    """
    if pixels.place == "stretch":
        return fit_into(picture_width, picture_height, long_side, long_side, pixels)
    scale = long_side / max(picture_width, picture_height)
    width, height = _rounded(picture_width, picture_height, scale, stride)
    if most_pixels is not None and width * height > most_pixels:
        scale = _scale_within(picture_width, picture_height, width, stride, most_pixels)
        width, height = _rounded(picture_width, picture_height, scale, stride)
    return _place(picture_width, picture_height, scale, width, height, pixels)


def fit_into(picture_width: int, picture_height: int, width: int, height: int, pixels: Pixels = PLAIN) -> Letterbox:
    """The picture scaled into an input of fixed size."""
    if pixels.place == "stretch":
        return Letterbox(picture_width, picture_height, width, height, 0, 0, width, height, pixels)
    scale = min(width / picture_width, height / picture_height)
    return _place(picture_width, picture_height, scale, width, height, pixels)


def _rounded(picture_width: int, picture_height: int, scale: float, stride: int) -> tuple[int, int]:
    width, height = (-(-max(1, round(side * scale)) // stride) * stride for side in (picture_width, picture_height))
    return width, height


def _scale_within(picture_width: int, picture_height: int, widest: int, stride: int, most_pixels: int) -> float:
    """The largest scale whose input, no wider than `widest`, has at most `most_pixels`."""
    best = 0.0
    for width in range(stride, min(widest, most_pixels // stride) + 1, stride):
        height = most_pixels // width // stride * stride
        best = max(best, min(width / picture_width, height / picture_height))
    return best


def _place(picture_width: int, picture_height: int, scale: float, width: int, height: int, pixels: Pixels) -> Letterbox:
    inner_width, inner_height = (max(1, round(side * scale)) for side in (picture_width, picture_height))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    if pixels.place == "corner":
        left = top = 0
    return Letterbox(picture_width, picture_height, inner_width, inner_height, left, top, width, height, pixels)
