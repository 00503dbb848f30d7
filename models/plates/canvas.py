"""A plate being drawn: a coloured ground, and one layer of stamped ink that takes colour and relief at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.plates.strokes import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.plates.glyphs import Alphabet

Colour = tuple[float, float, float]
"""Blue, green, red, 0 to 255."""

SPACES: Final = {" ": 0.35, "-": 0.42, ".": 0.25, "s": 0.5, "h": 0.55, "|": 0.3}
"""Room of what is not a sign, as a share of the line's height: gap, hyphen, dot, seals, shield, bar."""


@dataclass(frozen=True, slots=True)
class Token:
    """One thing of a line: a sign, or one of SPACES; its height in mm."""

    value: str
    height: float


class Canvas:
    """A flat plate of a size in mm, drawn at some pixels per mm."""

    def __init__(self, width: float, height: float, px_per_mm: float, ground: Colour) -> None:
        self.size = (width, height)
        self.scale = px_per_mm
        shape = (max(8, round(height * px_per_mm)), max(8, round(width * px_per_mm)))
        self.picture: NDArray[np.uint8] = np.empty((*shape, 3), np.uint8)
        self.picture[:] = np.clip(ground, 0, 255)
        self.ink: NDArray[np.uint8] = np.zeros(shape, np.uint8)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle, mm."""
        s = self.scale
        cv2.rectangle(
            self.picture,
            (round(x * s), round(y * s)),
            (round((x + width) * s) - 1, round((y + height) * s) - 1),
            colour,
            -1,
        )

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled circle, mm."""
        s = self.scale
        cv2.circle(
            self.picture,
            (round(x * s * 8), round(y * s * 8)),
            max(4, round(radius * s * 8)),
            colour,
            -1,
            cv2.LINE_AA,
            3,
        )

    def ink_box(self, x: float, y: float, width: float, height: float) -> None:
        """A rectangle of ink, mm."""
        s = self.scale
        x0, y0 = round(x * s), round(y * s)
        self.ink[
            max(0, y0) : max(y0 + 1, round((y + height) * s)), max(0, x0) : max(x0 + 1, round((x + width) * s))
        ] = 255

    def rim(self, inset: float, thickness: float, radius: float) -> None:
        """A rounded frame of ink along the plate's edge, mm."""
        s = self.scale
        height, width = self.ink.shape
        d, r = inset * s, max(1.0, radius * s)
        corners = np.array([[d, d], [width - 1 - d, d], [width - 1 - d, height - 1 - d], [d, height - 1 - d]])
        points = np.concatenate([_corner(corners, i, r) for i in range(4)])
        cv2.polylines(
            self.ink, [np.round(points * 8).astype(np.int32)], True, 255, max(1, round(thickness * s)), cv2.LINE_AA, 3
        )

    def stamp(self, mask: NDArray[np.uint8], x: float, y: float, width: float, height: float) -> None:
        """A sign's mask into the ink layer, its box in mm."""
        small, (x0, y0, x1, y1) = self._placed(mask, x, y, width, height)
        if small is not None:
            np.maximum(self.ink[y0:y1, x0:x1], small, out=self.ink[y0:y1, x0:x1])

    def paint(self, mask: NDArray[np.uint8], x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A sign's mask painted in its own colour, without relief, its box in mm."""
        small, (x0, y0, x1, y1) = self._placed(mask, x, y, width, height)
        if small is not None:
            blend(self.picture[y0:y1, x0:x1], small, colour)

    def words(self, text: str, alphabet: Alphabet, box: tuple[float, float, float, float], colour: Colour) -> None:
        """Small print filling a box (x, y, width, height) in mm; spaces are gaps."""
        x, y, width, height = box
        step = width / max(1, len(text))
        for i, sign in enumerate(text):
            if sign in alphabet:
                self.paint(alphabet[sign], x + i * step, y, step * 0.82, height, colour)

    def line(
        self,
        tokens: Sequence[Token],
        alphabet: Alphabet,
        span: tuple[float, float],
        base: float,
        *,
        stretch: float = 1.0,
        gap: float = 0.12,
        justify: bool = False,
    ) -> list[tuple[str, float, float]]:
        """A line of signs with its feet on ``base``, centred in ``span``, squeezed where too long.

        Args:
            tokens: the line.
            alphabet: its face.
            span: left and right end, mm.
            base: y of the feet, mm.
            stretch: widths relative to the face.
            gap: room between signs as a share of the height.
            justify: spread over the whole span.

        Returns:
            What is no sign, with the x of its middle and its height, mm.
        """
        widths = [
            alphabet[t.value].shape[1] / HEIGHT * t.height * stretch
            if t.value in alphabet
            else SPACES[t.value] * t.height
            for t in tokens
        ]
        gaps = [gap * t.height for t in tokens[:-1]]
        room = span[1] - span[0]
        total = sum(widths) + sum(gaps)
        squeeze = min(1.0, room / total)
        spare = (room - total) / max(1, len(gaps)) if justify and squeeze == 1.0 else 0.0
        x = span[0] if spare else span[0] + (room - total * squeeze) / 2
        others = []
        for token, width, after in zip(tokens, widths, [*gaps, 0.0], strict=True):
            if token.value in alphabet:
                self.stamp(alphabet[token.value], x, base - token.height, width * squeeze, token.height)
            else:
                others.append((token.value, x + width * squeeze / 2, token.height))
            x += (width + after) * squeeze + spare
        return others

    def finish(self, colour: Colour, relief: float) -> NDArray[np.uint8]:
        """The ink in its colour over the ground, with light and shadow along stamped edges of that strength."""
        picture = self.picture
        if relief > 0:
            light = cv2.subtract(self.ink, np.roll(self.ink, (1, 1), (0, 1)))
            shade = cv2.subtract(np.roll(self.ink, (1, 1), (0, 1)), self.ink)
            change = (light.astype(np.float32) - shade) * np.float32(relief)
            picture = np.clip(picture + change[:, :, None], 0, 255).astype(np.uint8)
        blend(picture, self.ink, colour)
        return picture

    def _placed(
        self, mask: NDArray[np.uint8], x: float, y: float, width: float, height: float
    ) -> tuple[NDArray[np.uint8] | None, tuple[int, int, int, int]]:
        s = self.scale
        x0, y0 = round(x * s), round(y * s)
        w, h = max(1, round(width * s)), max(1, round(height * s))
        x1, y1 = min(self.ink.shape[1], x0 + w), min(self.ink.shape[0], y0 + h)
        if x1 <= max(x0, 0) or y1 <= max(y0, 0):
            return None, (0, 0, 0, 0)
        small = np.asarray(cv2.resize(mask, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
        left, top = max(0, -x0), max(0, -y0)
        return small[top : y1 - y0, left : x1 - x0], (x0 + left, y0 + top, x1, y1)


def blend(picture: NDArray[np.uint8], mask: NDArray[np.uint8], colour: Colour) -> None:
    """Paint a colour through a mask (255 = full), in place."""
    share = mask[:, :, None].astype(np.float32) / 255
    picture[:] = (picture * (1 - share) + np.array(colour, np.float32) * share).astype(np.uint8)


def _corner(corners: NDArray[np.float64], i: int, radius: float) -> NDArray[np.float64]:
    """The arc around one corner of a clockwise rectangle."""
    before, corner, after = corners[i - 1], corners[i], corners[(i + 1) % 4]
    first = corner + (before - corner) / max(1e-6, float(np.hypot(*(before - corner)))) * radius
    last = corner + (after - corner) / max(1e-6, float(np.hypot(*(after - corner)))) * radius
    t = np.linspace(0, 1, 5)[:, None]
    return np.asarray((1 - t) ** 2 * first + 2 * t * (1 - t) * corner + t**2 * last)
