"""Canonical JSON and hashes: the one way a value becomes bytes that are signed or chained.

In the spirit of RFC 8785: keys sorted, no white space, UTF-8 without escapes, no NaN. Two deliberate differences: keys
sort by code point (not UTF-16 unit), and a float keeps Python's shortest repr (``1.0`` stays ``1.0``), so that a value
read back is the value that was written.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

CHUNK: Final = 1 << 20  # bytes read at a time


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of a JSON value (dict with str keys, list, tuple, str, int, float, bool, None).

    Raises:
        ValueError: for NaN, an infinity or a lone surrogate, which JSON in UTF-8 cannot hold.
        TypeError: for anything else that is no JSON value, a key that is no string included.
    """
    _check_keys(value)
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def strict_json(data: bytes) -> Any:
    """Read JSON that leaves no room for two readings: a repeated key, NaN or bytes that are not UTF-8 are errors.

    Raises:
        ValueError: saying what is wrong.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def sha256_hex(data: bytes) -> str:
    """SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def _check_keys(value: Any) -> None:
    """`json.dumps` turns 1, True and None into keys of text: two values would share their bytes."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"canonical JSON takes keys of text only, not {type(key).__name__}")
            _check_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_keys(inner)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
