"""Small videos made at test time, and ways to break them."""

from __future__ import annotations

import hashlib
import random
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

FPS = 25


def scene(count: int, size: tuple[int, int] = (160, 120), seed: int = 0) -> list[np.ndarray]:
    """Pictures in which everything moves: a sliding texture with a red box running across."""
    width, height = size
    noise = np.random.default_rng(seed).integers(0, 255, (height, 2 * width, 3), dtype=np.uint8)
    texture = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    pictures = []
    for i in range(count):
        picture = np.roll(texture, -3 * i, axis=1)[:, :width].copy()
        left = 5 * i % (width - 30)
        picture[20:50, left : left + 30] = (0, 0, 255)
        pictures.append(picture)
    return pictures


def make_clip(
    path: Path, *, codec: str = "libx264", count: int = 100, size: tuple[int, int] = (160, 120), gop: int = 25,
    options: dict[str, str] | None = None, ticks: list[int] | None = None, time_base: Fraction = Fraction(1, FPS),
    container: dict[str, str] | None = None, seed: int = 0,
) -> Path:  # fmt: skip
    """Encode a scene; `ticks` are the PTS in `time_base`, by default one frame every 40 ms."""
    if codec == "libx265":
        options = {"x265-params": "log-level=none", **(options or {})}
    with av.open(str(path), "w", options=container or {}) as out:
        track = out.add_stream(codec, rate=FPS, options=options or {})
        track.width, track.height = size
        track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        track.codec_context.gop_size = gop
        track.codec_context.time_base = time_base
        for i, picture in enumerate(scene(count, size, seed)):
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts, frame.time_base = ticks[i] if ticks else i, time_base
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


def faststart(path: Path, **options: object) -> Path:
    """A clip whose index stands in front, so that it can be cut off and still be opened."""
    return make_clip(path, container={"movflags": "faststart"}, **options)


def write_units(
    target: Path, *clips: Path, codec: str = "h264", spoil: frozenset[int] = frozenset(), fps: int = FPS
) -> Path:
    """Access units of raw (Annex B) videos without B-frames, one after the other, as `rtsp_server.py` serves them.

    Units whose number is in `spoil` keep their first bytes and are noise from there on.
    """
    units = []
    for clip in clips:
        with av.open(str(clip)) as container:
            units += [bytes(packet) for packet in container.demux() if packet.size]
    rng = random.Random(1)  # noqa: S311 - the same noise each time
    units = [unit[:6] + rng.randbytes(len(unit) - 6) if i in spoil else unit for i, unit in enumerate(units)]
    body = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
    target.write_bytes(f"{codec} {fps}\n".encode() + body)
    return target


def cut_off(source: Path, target: Path, share: float) -> Path:
    data = source.read_bytes()
    target.write_bytes(data[: int(share * len(data))])
    return target


def with_noise(source: Path, target: Path, start: float, end: float) -> Path:
    data = bytearray(source.read_bytes())
    first, last = int(start * len(data)), int(end * len(data))
    data[first:last] = random.Random(1).randbytes(last - first)  # noqa: S311 - the same noise each time
    target.write_bytes(data)
    return target


def with_flips(source: Path, target: Path, at: float, count: int) -> Path:
    data = bytearray(source.read_bytes())
    rng = random.Random(1)  # noqa: S311 - the same flips each time
    for _ in range(count):
        data[int(at * len(data)) + rng.randrange(1000)] ^= 1 << rng.randrange(8)
    target.write_bytes(data)
    return target


def digest(picture: np.ndarray) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


def decoded(path: Path) -> list[tuple[float, str]]:
    """Second and digest of every picture, by plain PyAV; a stream without time stamps is counted at `FPS`."""
    with av.open(str(path)) as container:
        track = container.streams.video[0]
        return [
            (
                i / FPS if frame.pts is None else float(frame.pts * track.time_base),
                digest(frame.to_ndarray(format="bgr24")),
            )
            for i, frame in enumerate(container.decode(track))
        ]
