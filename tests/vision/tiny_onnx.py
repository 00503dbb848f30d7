"""ONNX files with an answer that is known beforehand, written by hand: the serving environment has no `onnx`.

The network is ``output = answer + gain * mean(picture)``, so that a test can tell which picture an answer belongs to.
Only the few fields of the protocol buffers that ONNX Runtime needs are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

FLOAT = 1


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def tensor(name: str, value: np.ndarray) -> bytes:
    dims = b"".join(field(1, side) for side in value.shape)
    return dims + field(2, FLOAT) + field(8, name) + field(9, np.ascontiguousarray(value, "<f4").tobytes())


def place(name: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(field(1, field(1 if isinstance(side, int) else 2, side)) for side in shape)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims)))


def node(kind: str, inputs: Sequence[str], output: str, attributes: bytes = b"") -> bytes:
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind) + attributes


def axes(*values: int) -> bytes:
    """The attribute ``axes`` of ReduceMean."""
    return field(5, field(1, "axes") + b"".join(field(8, value) for value in values) + field(20, 7))


def keep_no_dims() -> bytes:
    return field(5, field(1, "keepdims") + field(3, 0) + field(20, 2))


def write(
    path: Path, answer: np.ndarray, *, gain: np.ndarray | None = None,
    size: tuple[int | str, int | str] = ("height", "width"), batch: int | str = "n",
) -> Path:  # fmt: skip
    """Write a network that answers `answer` [a, b] for each picture; `size` is width and height of its input."""
    gain = np.zeros_like(answer) if gain is None else gain
    nodes = (
        node("ReduceMean", ["images"], "by_column", axes(1) + keep_no_dims()),
        node("ReduceMean", ["by_column"], "mean", axes(1, 2)),
        node("Mul", ["mean", "gain"], "share"),
        node("Add", ["share", "answer"], "output0"),
    )
    graph = b"".join(field(1, each) for each in nodes) + field(2, "tiny")
    graph += field(5, tensor("answer", answer[None])) + field(5, tensor("gain", gain[None]))
    graph += field(11, place("images", (batch, 3, size[1], size[0])))
    graph += field(12, place("output0", (batch, *answer.shape)))
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13)))
    return path
