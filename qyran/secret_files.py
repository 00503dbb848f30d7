"""Secrets: files that others may read are refused before they are read, and so is what everybody tries first."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from qyran.errors import ConfigError

CONTAINER: Final = Path("/run/secrets")
"""Where container engines lay secrets into memory, for every user of the container: it has only one."""
OTHERS: Final = stat.S_IROTH | stat.S_IWOTH

FIRST: Final = frozenset(
    {
        "0000", "1111", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "666666",
        "888888", "admin", "admin123", "admin1234", "admin12345", "administrator", "camera", "change-me", "change_me",
        "changeme", "default", "example", "guest", "hikvision", "letmein", "minioadmin", "pass", "passw0rd",
        "password", "password1", "postgres", "postgresql", "qwerty", "qwerty123", "qyran", "root", "secret",
        "service", "system", "test", "toor", "tlJwpbo6", "user", "welcome", "xc3511", "пароль",
    }
)  # fmt: skip
"""What cameras and databases are delivered with, and what people take when asked for something quickly."""


def is_guessed_first(secret: str) -> bool:
    """Whether a secret is one that everybody tries before any other."""
    return secret in FIRST or secret.casefold() in FIRST


def refuse_open_file(path: Path) -> None:
    """Refuse a file of a secret that any user of the machine can read or write.

    Raises:
        ConfigError: others can read it, or put another in its place.
        OSError: it is not there.
    """
    found = path.resolve()
    if CONTAINER in found.parents:
        return
    if found.stat().st_mode & OTHERS:
        raise ConfigError(f"Everybody on this machine can read or change the secret in {path}; run chmod 600 on it.")
