"""The port to an object store: what is asked of any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

PIECE: Final = 1 << 20
"""Bytes read at a time."""


class ObjectsAway(OSError):
    """The object store does not answer, or refuses; nothing is lost by waiting."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its key, length in bytes, and SHA-256 as it was put (None where it was not noted)."""

    key: str
    size: int
    sha256: str | None


class ObjectStore(Protocol):
    """A store of objects by keys such as ``evidence/2026-11/ID/clip.mp4``."""

    name: str

    def put(self, key: str, path: Path) -> str:
        """Put a file; durable and verified when this returns. Its SHA-256.

        Raises:
            ObjectsAway: the store does not answer, or says it holds something else.
        """

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """An object's bytes from `start` up to, not including, `end`.

        Raises:
            FileNotFoundError: there is none.
            ObjectsAway: the store does not answer.
        """

    def find(self, prefix: str) -> Iterator[Found]:
        """The objects whose keys begin so, by key.

        Raises:
            ObjectsAway: the store does not answer.
        """

    def below(self, prefix: str) -> list[str]:
        """The names of the folders under a prefix that ends with ``/``, sorted; nothing of what is in them is listed.

        Raises:
            ObjectsAway: the store does not answer.
        """

    def drop(self, keys: Sequence[str]) -> None:
        """Delete objects by their keys; those that are not there are passed over.

        Raises:
            ObjectsAway: the store does not answer, or keeps one.
        """

    def delete(self, prefix: str) -> int:
        """Delete the objects under a prefix; how many. What a lock of the store keeps raises.

        Raises:
            ObjectsAway: the store does not answer, or keeps one.
        """
