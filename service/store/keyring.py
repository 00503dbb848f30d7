"""The master keys of personal data: which there are, which seals now, and the secret that plates are compared by.

In ``<home>/keys`` lie ``personal.key`` (the first), ``personal-<id>.key`` (those a rotation made), each of 32 bytes and
0600, ``personal-index.key`` (what keyed tokens are made with; it seals nothing and outlives every master key) and
``personal-ring.json``, which names the key that seals. No key is ever in the database.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from evidence.keys import create_once, read_secret
from qyran.errors import ConfigError

KEY_BYTES: Final = 32  # AES-256
ID_CHARS: Final = 16  # 8 bytes of a SHA-256 name a key
FIRST: Final = "personal.key"
INDEX: Final = "personal-index.key"
RING: Final = "personal-ring.json"


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of an installation at one moment.

    Attributes:
        active: id of the key that seals.
        since: when it became so; None for the first.
        keys: by id.
        index: what keyed tokens are made with, and what keyed buckets are made with.
        stamp: tells whether the ring's file has changed since.
    """

    active: str
    since: datetime | None
    keys: Mapping[str, bytes]
    index: tuple[bytes, bytes]
    stamp: tuple[int, int]


def key_name(key: bytes) -> str:
    """The id of a master key: part of a hash that tells nothing of it."""
    return hashlib.sha256(b"qyran personal id" + key).hexdigest()[:ID_CHARS]


def load_ring(folder: Path) -> Ring:
    """The keys in a folder; makes the first on first use.

    Raises:
        ConfigError: a key cannot be read, others can read it, or the key that seals is not there.
    """
    stamp = stamp_of(folder)
    files = sorted(folder.glob("personal-*.key"))
    if not (folder / RING).exists():
        create_once(folder / FIRST, lambda: secrets.token_bytes(KEY_BYTES), mode=0o600)
    keys = {}
    for path in [folder / FIRST, *files]:
        if path.name != INDEX and path.exists():
            key = _key(path)
            keys[key_name(key)] = key
    index = folder / INDEX
    if not index.exists():
        create_once(index, lambda: _index_of(_key(folder / FIRST)), mode=0o600)
    secret = read_secret(index)
    if len(secret) != 2 * KEY_BYTES:
        raise ConfigError(f"{index} has {len(secret)} bytes; {2 * KEY_BYTES} are needed.")
    active, since = _active(folder, keys)
    return Ring(active, since, keys, (secret[:KEY_BYTES], secret[KEY_BYTES:]), stamp)


def stamp_of(folder: Path) -> tuple[int, int]:
    """Changes whenever another key becomes the one that seals."""
    try:
        found = (folder / RING).stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


def add_key(folder: Path, now: datetime) -> str:
    """Make a key and let it seal from now on; its id. The keys before stay to open what they sealed."""
    key = secrets.token_bytes(KEY_BYTES)
    name = key_name(key)
    create_once(folder / f"personal-{name}.key", lambda: key, mode=0o600)
    fresh = folder / f".{RING}.{name}"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"active": name, "since": now.isoformat()}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / RING)
    return name


def remove_key(folder: Path, name: str) -> None:
    """Delete the file of a key.

    Raises:
        ConfigError: there is no such key.
    """
    for path in (folder / FIRST, folder / f"personal-{name}.key"):
        if path.exists() and key_name(_key(path)) == name:
            path.unlink()
            return
    raise ConfigError(f"There is no key {name} in {folder}.")


def _active(folder: Path, keys: Mapping[str, bytes]) -> tuple[str, datetime | None]:
    path = folder / RING
    if not path.exists():
        return key_name(_key(folder / FIRST)), None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        active, since = str(said["active"]), datetime.fromisoformat(said["since"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"{path} does not say which key seals; put it back from the back-up.") from None
    if active not in keys:
        raise ConfigError(f"The key {active} that seals personal data is not in {folder}; put it back.")
    return active, since


def _key(path: Path) -> bytes:
    key = read_secret(path)
    if len(key) != KEY_BYTES:
        raise ConfigError(f"The key for personal data {path} has {len(key)} bytes; {KEY_BYTES} are needed.")
    return key


def _index_of(key: bytes) -> bytes:
    return b"".join(hashlib.sha256(name + key).digest() for name in (b"qyran personal token", b"qyran personal bucket"))
