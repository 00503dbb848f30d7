"""The ledger's head of one day, fit to be published: every root signed that day, and the head of the day before.

Whoever keeps a published head can tell later whether a root was signed that day, and so whether a case's chain stood
then as it stands now. Uses the standard library and `cryptography` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from evidence.canonical import canonical_json, sha256_hex, strict_json

FORMAT: Final = "qyran-ledger-head/1"
FIELDS: Final = frozenset({"format", "city", "day", "roots", "previous", "key", "signature"})


@dataclass(frozen=True, slots=True)
class Head:
    """A published head.

    Attributes:
        city: whose ledger.
        day: ISO date, in the city's time zone.
        roots: time and Merkle root of each root signed that day, in order.
        previous: SHA-256 of the head published before, None for the first.
        key: id of the key that signed.
        signature: Ed25519, hexadecimal.
    """

    city: str
    day: str
    roots: tuple[tuple[str, str], ...]
    previous: str | None
    key: str
    signature: str = ""

    def message(self) -> bytes:
        """What is signed."""
        return canonical_json({**self._told(), "format": FORMAT})

    def to_bytes(self) -> bytes:
        """The file as it is published."""
        return canonical_json({**self._told(), "format": FORMAT, "signature": self.signature})

    @property
    def sha256(self) -> str:
        """What the next head names this one by."""
        return sha256_hex(self.to_bytes())

    def holds(self, root: str) -> bool:
        """Whether a root was signed that day."""
        return any(one == root for _, one in self.roots)

    def _told(self) -> dict[str, Any]:
        roots: Sequence[Any] = [list(one) for one in self.roots]
        return {"city": self.city, "day": self.day, "roots": roots, "previous": self.previous, "key": self.key}


def read_head(data: bytes) -> Head:
    """Read a published head.

    Raises:
        ValueError: it is none, or not written in the one canonical way.
    """
    raw = strict_json(data)
    if not isinstance(raw, dict) or set(raw) != FIELDS or raw["format"] != FORMAT:
        raise ValueError("no head of a ledger")
    try:
        roots = tuple((str(time), str(root)) for time, root in raw["roots"])
        found = Head(raw["city"], raw["day"], roots, raw["previous"], raw["key"], raw["signature"])
        same = found.to_bytes() == data
    except (TypeError, ValueError):
        raise ValueError("no head of a ledger") from None
    if not same:
        raise ValueError("not canonical")
    return found
