"""How live views cross between machines: what the service wishes, as JSON, and messages of cameras one after another.

::

    number of the line (4 bytes, big-endian), kind (1 byte), length (4 bytes), payload; and the next

Kinds and payloads are those of a camera's socket (`vision.live_feed`). What a machine sends is looked at before it is
shown to anybody: it goes on into browsers.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qyran.errors import InputError
from vision.live_feed import FRAGMENT, INIT, STATE, STILL

MEDIA_TYPE: Final = "application/vnd.qyran.live-lines"
HEAD: Final = struct.Struct(">IBI")
MOST: Final = 33 << 20
"""Bytes of one request: a message of the largest kind goes alone."""
BATCH: Final = 4 << 20
"""Bytes of messages that are sent together."""
CODECS: Final = re.compile(r"[A-Za-z0-9.,_ -]{0,100}")
"""RFC 6381; it stands in a header of the service's answer."""
JPEG: Final = b"\xff\xd8\xff"
STILL_HEAD: Final = 8
"""Bytes of the time before a picture."""


class Wish(BaseModel):
    """What somebody wants to see of a camera.

    Attributes:
        line: number that its messages carry.
        camera: which.
        video: fragments of its own packets.
        stills: a picture a second.
    """

    line: Annotated[int, Field(ge=0, lt=1 << 32)]
    camera: str
    video: bool
    stills: bool


class Wishes(BaseModel):
    """Everything that is wished of a machine now.

    Attributes:
        version: another one, whenever something else is wished.
        lines: one each camera.
    """

    version: Annotated[str, Field(max_length=64)]
    lines: tuple[Wish, ...]


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid")

    state: Literal["wait", "up", "down"]
    reason: Annotated[str, Field(max_length=64, pattern=r"^[a-z_]*$")] | None
    since: Annotated[str, Field(max_length=40)]


class _Init(BaseModel):
    model_config = ConfigDict(extra="forbid")

    epoch: Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]*$")]
    codecs: Annotated[str, Field(max_length=100)]
    codec: Annotated[str, Field(max_length=16, pattern=r"^[a-z0-9]*$")]


def packed(line: int, kind: int, payload: bytes) -> bytes:
    """One message."""
    return HEAD.pack(line, kind, len(payload)) + payload


def unpacked(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The messages of a request: number of the line, kind, payload.

    Raises:
        InputError: it is cut short, or a message is none of a camera's.
    """
    at = 0
    while at < len(data):
        if len(data) - at < HEAD.size:
            raise InputError("The messages end in the middle of one.")
        line, kind, size = HEAD.unpack_from(data, at)
        at += HEAD.size
        payload = data[at : at + size]
        if len(payload) < size:
            raise InputError("The messages end in the middle of one.")
        _check(kind, payload)
        yield line, kind, payload
        at += size


def _check(kind: int, payload: bytes) -> None:
    """Refuse what no camera says.

    Raises:
        InputError: it is none of the kinds, or not what its kind is.
    """
    fits = False
    try:
        if kind == STATE:
            fits = bool(_State.model_validate_json(payload))
        elif kind == INIT:
            size = int.from_bytes(payload[:2], "big")
            fits = CODECS.fullmatch(_Init.model_validate_json(payload[2 : 2 + size]).codecs) is not None
        elif kind == FRAGMENT:
            fits = payload[:1] in {b"\x00", b"\x01"}
        elif kind == STILL:
            fits = payload[STILL_HEAD:].startswith(JPEG)
    except ValidationError:
        fits = False
    if not fits:
        raise InputError(f"A message of kind {kind} is not what a camera says.")
