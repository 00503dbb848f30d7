"""Cursors: where a reader stands, opaque to him.

A cursor names a place and the record that stands there, so that a feed that was put back from an older copy is noticed
instead of silently skipping what came between.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from qyran.errors import InputError

START: Final = "start"
"""A cursor before the first record."""
_OUTER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_INNER: Final = re.compile(rb"1\.(\d{1,18})\.([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the feed: the record with `seq`, whose id begins with `mark`."""

    seq: int
    mark: str


def cursor_of(seq: int, record_id: str) -> str:
    """The cursor after a record."""
    return base64.urlsafe_b64encode(f"1.{seq}.{record_id[:8]}".encode()).rstrip(b"=").decode()


def place_of(cursor: str) -> Place:
    """Where a cursor points.

    Raises:
        InputError: it is none.
    """
    try:
        inner = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) if _OUTER.fullmatch(cursor) else b""
    except (binascii.Error, ValueError):
        inner = b""
    found = _INNER.fullmatch(inner)
    if found is None:
        raise InputError("The cursor is none of this feed's; give one that a record or an answer named, or none.")
    return Place(int(found[1]), found[2].decode())
