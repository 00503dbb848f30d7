"""Draw a slit scan of a video: one column a frame, the pixels under a control line from its first point down.

Whatever crosses the line leaves one blob, so that a person counts the crossings of a whole video in one picture
and reads their second from the ticks. See README.md beside this file for the method.

    python tests/truth/slit_scan.py VIDEO --line x1,y1,x2,y2 --out PNG
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RULER_PX = 18
"""Height of the band that carries the second marks, in pixels of the slit scan."""
LABEL_PX = 40
"""Least distance between two written seconds, in pixels, so that they stay legible."""

Line = tuple[float, float, float, float]


def parse_line(text: str) -> Line:
    """Read ``x1,y1,x2,y2`` in fractions of the picture (x right, y down)."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' holds something that is no number") from error
    if len(values) != 4 or not all(0.0 <= value <= 1.0 for value in values):
        raise argparse.ArgumentTypeError(f"'{text}' is not x1,y1,x2,y2 with four fractions from 0 to 1")
    x1, y1, x2, y2 = values
    return x1, y1, x2, y2


def scan(video: Path, line: Line) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Sample the line in every frame.

    Returns the scan (points along the line, frames, 3; BGR) and the PTS of each frame in seconds.
    """
    columns: list[NDArray[np.uint8]] = []
    seconds: list[float] = []
    map_x = map_y = np.empty((0, 1), np.float32)
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="bgr24")
            if not columns:
                height, width = picture.shape[:2]
                ends = np.multiply(line, (width - 1, height - 1, width - 1, height - 1))
                length = max(2, round(float(np.hypot(ends[2] - ends[0], ends[3] - ends[1]))))
                map_x = np.linspace(ends[0], ends[2], length, dtype=np.float32)[:, None]
                map_y = np.linspace(ends[1], ends[3], length, dtype=np.float32)[:, None]
            columns.append(np.asarray(cv2.remap(picture, map_x, map_y, cv2.INTER_LINEAR), np.uint8))
            if frame.time is None:
                raise SystemExit(f"{video}: frame {len(seconds)} carries no time stamp")
            seconds.append(frame.time)
    if not columns:
        raise SystemExit(f"{video}: holds no frame")
    return np.concatenate(columns, axis=1), np.asarray(seconds, np.float64)


def with_ruler(picture: NDArray[np.uint8], seconds: NDArray[np.float64], stretch: int) -> NDArray[np.uint8]:
    """Stretch each frame to ``stretch`` columns and write the seconds of the video above the scan."""
    body = np.repeat(picture, stretch, axis=1)
    ruler = np.zeros((RULER_PX, body.shape[1], 3), np.uint8)
    last_label = -LABEL_PX
    for second in range(int(np.ceil(seconds[0])), int(seconds[-1]) + 1):
        x = int(np.searchsorted(seconds, second)) * stretch
        ruler[RULER_PX - 5 :, x] = 255
        body[:: max(1, body.shape[0] // 40), x] = (0, 255, 255)
        if x - last_label >= LABEL_PX:
            cv2.putText(ruler, str(second), (x, RULER_PX - 6), cv2.FONT_HERSHEY_PLAIN, 0.9, (255, 255, 255), 1)
            last_label = x
    return np.concatenate((ruler, body))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the slit scan and say what it holds."""
    parser = argparse.ArgumentParser(prog="slit_scan.py", description="slit scan of a video under a control line")
    parser.add_argument("video", type=Path)
    parser.add_argument("--line", type=parse_line, required=True, metavar="x1,y1,x2,y2", help="fractions")
    parser.add_argument("--out", type=Path, required=True, metavar="PNG")
    parser.add_argument("--stretch", type=int, default=2, metavar="N", help="columns a frame (default 2)")
    options = parser.parse_args(arguments)
    if not options.video.is_file():
        parser.error(f"{options.video}: no such file")
    if options.stretch < 1:
        parser.error("--stretch: give at least one column a frame")
    picture, seconds = scan(options.video, options.line)
    if not cv2.imwrite(str(options.out), with_ruler(picture, seconds, options.stretch)):
        parser.error(f"{options.out}: cannot be written")
    sys.stdout.write(f"{options.out}: {len(seconds)} frames, {seconds[0]:.2f} s to {seconds[-1]:.2f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
