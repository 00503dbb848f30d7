"""Masking every picture of a clip and encoding it anew.

Each picture is looked at by itself, and wears the masks of its neighbours too: what a detector misses in one picture it
found in the one before or after, so nobody is seen for a twenty-fifth of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from evidence.masker import FILL
from evidence.masks import Box, Masked, together
from qyran.errors import IntegrityError

CLIP: Final = "clip.mp4"
NEIGHBOURS: Final = 2
"""Pictures before and after whose masks a picture wears too."""
QUALITY: Final = 23
"""Constant rate factor of H.264."""
TITLE: Final = "Masked copy. Маскаланған көшірме. Маскированная копия."


class Looker(Protocol):
    """Finds what to mask in a picture, as `evidence.masker.Masker`."""

    def look(self, picture: NDArray[np.uint8], subject: Box | None = None, *, keep_plate: bool = True) -> Masked:
        """What to mask in uint8 [H, W, 3], BGR."""


@dataclass(frozen=True, slots=True)
class MaskedClip:
    """What was masked: see `evidence.masked_copy.MaskedEntry`."""

    width: int
    height: int
    pictures: int
    people: int
    windows: int
    plates: int
    plate_kept: int


def mask_clip(
    source: Path, target: Path, masker: Looker, subjects: Sequence[Box | None], *, keep_plate: bool,
    tell: Callable[[int], None] = lambda _: None,
) -> MaskedClip:  # fmt: skip
    """Write the masked copy of a clip as H.264, without sound.

    Args:
        source: the clip.
        target: the copy.
        masker: finds what to mask.
        subjects: box of the subject in each picture in the order of showing; missing ones are None.
        keep_plate: whether the subject's plate stays.
        tell: told after each picture how many were looked at.

    Raises:
        IntegrityError: the clip cannot be decoded.
    """
    found: list[Masked] = []
    for i, (picture, _) in enumerate(_pictures(source)):
        found.append(masker.look(picture, subjects[i] if i < len(subjects) else None, keep_plate=keep_plate))
        tell(len(found))
    if not found:
        raise IntegrityError(f"The clip {source.name} of the evidence {source.parent.name} holds no picture.")
    width, height = _write(source, target, found)
    return MaskedClip(
        width, height, len(found), sum(one.people for one in found), sum(one.windows for one in found),
        sum(one.plates for one in found), sum(one.kept is not None for one in found),
    )  # fmt: skip


def _write(source: Path, target: Path, found: Sequence[Masked]) -> tuple[int, int]:
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as out:
        out.metadata["title"] = TITLE
        stream = None
        for i, (picture, tick) in enumerate(_pictures(source)):
            if i >= len(found):
                break
            if stream is None:
                height, width = (side & ~1 for side in picture.shape[:2])  # 4:2:0 needs even sides
                stream = out.add_stream("libx264", rate=25, options={"crf": str(QUALITY), "preset": "veryfast"})
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.codec_context.time_base = tick[1]
            near = found[max(0, i - NEIGHBOURS) : i + NEIGHBOURS + 1]
            for left, top, right, bottom in together(found[i], near):
                picture[top:bottom, left:right] = FILL
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="bgr24")
            frame.pts, frame.time_base = tick
            out.mux(stream.encode(frame))
        if stream is None:
            raise IntegrityError(f"The clip {source.name} holds no picture.")
        out.mux(stream.encode(None))
    return width, height


def _pictures(source: Path) -> Iterator[tuple[NDArray[np.uint8], tuple[int, Fraction]]]:
    """Each picture, uint8 [H, W, 3] BGR, with its presentation time stamp and the seconds of one tick."""
    try:
        with av.open(str(source)) as container:
            track = container.streams.video[0]
            base = Fraction(track.time_base or Fraction(1, 90_000))
            for frame in container.decode(track):
                yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8), (int(frame.pts or 0), base)
    except (av.FFmpegError, IndexError) as error:
        message = f"The clip {source.name} of the evidence {source.parent.name} cannot be decoded"
        raise IntegrityError(f"{message}: {type(error).__name__}.") from None
