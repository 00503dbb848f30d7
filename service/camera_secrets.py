"""Passwords of streams, sealed: set on the page or by `qyran camera password`, shown to nobody, opened by workers.

A camera file names one by ``credentials = "sealed:NAME"``. The store keeps it under a key of its own,
``<home>/keys/cameras``, which seals nothing else: a worker on another machine gets that folder and
``<home>/camera-secrets``, and can open no personal data with it. What lies there is as sealed as in the store.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from qyran.errors import ConfigError, InputError, IntegrityError
from qyran.secret_files import is_guessed_first
from service.access import CAMERA_READERS, CAMERA_WRITERS, log_access, require
from service.durable import sync_folder, write_synced
from service.store.keyring import add_key
from service.store.secret_tables import CameraSecret
from service.store.vault import Vault
from vision.credentials import provide

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.database import Store, Work

KIND: Final = "sealed"
TABLE: Final = "camera_secret"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
LONGEST: Final = 128
"""Characters of a user's name and of a password; cameras take fewer."""


@dataclass(frozen=True, slots=True)
class SecretView:
    """A password as lists show it: that there is one, and since when."""

    name: str
    number: int
    set_at: datetime
    set_by: str


def set_secret(work: Work, name: str, user: str, password: str) -> SecretView:
    """Keep user and password of a stream in the place of those before; the log says who did it.

    Raises:
        AccessError: the actor keeps no cameras.
        InputError: the name, the user or the password cannot be one.
    """
    role = require(work.actor, CAMERA_WRITERS)
    if not NAME.fullmatch(name):
        raise InputError(
            "The name of a stream's password has 1 to 64 Latin letters, digits, dots, dashes, underscores."
        )
    if not (1 <= len(user) <= LONGEST and 1 <= len(password) <= LONGEST) or ":" in user:
        raise InputError(f"User and password of a stream have 1 to {LONGEST} characters each, the user no colon.")
    if not (user + password).isprintable():
        raise InputError("User and password of a stream hold printable characters only.")
    if is_guessed_first(password) or password.casefold() == user.casefold():
        raise InputError("That password is one cameras are delivered with; give the camera another first.")
    row = work.session.get(CameraSecret, name, with_for_update=True)
    if row is None:
        row = CameraSecret(name=name, number=0)
        work.session.add(row)
    row.number += 1
    row.wrapped, row.sealed = _seal(_vault(work.store.settings.home), name, row.number, user, password)
    row.set_at, row.set_by = work.now, work.actor.id
    log_access(work, role, "camera_password_set", name)
    work.session.flush()
    return SecretView(name, row.number, row.set_at, row.set_by)


def secrets(work: Work) -> tuple[SecretView, ...]:
    """Which streams have a password, by name; never the passwords.

    Raises:
        AccessError: the actor sees no cameras.
    """
    require(work.actor, CAMERA_READERS)
    rows = work.session.scalars(select(CameraSecret).order_by(CameraSecret.name))
    return tuple(SecretView(row.name, row.number, row.set_at, row.set_by) for row in rows)


def publish(store: Store) -> None:
    """Lay the sealed passwords where workers read them; a password that is open already is used until it reconnects."""
    folder = folder_of(store.settings.home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with store.read() as work:
        rows = list(work.session.scalars(select(CameraSecret)))
    for row in rows:
        said = {"name": row.name, "number": row.number, "wrapped": _text(row.wrapped), "sealed": _text(row.sealed)}
        fresh = folder / f".{row.name}.{row.number}"
        write_synced(fresh, json.dumps(said).encode())
        fresh.chmod(0o600)
        fresh.replace(folder / f"{row.name}.json")
    sync_folder(folder)


def rotate(store: Store) -> int:
    """Let a new key seal the passwords of streams, and seal all of them anew; how many. The key before stays."""
    vault = _vault(store.settings.home)
    with store.write() as work:
        add_key(vault.folder, work.now)
        rows = list(work.session.scalars(select(CameraSecret).with_for_update()))
        for row in rows:
            row.wrapped, row.sealed = vault.resealed(row.name, row.number, row.wrapped, row.sealed, table=TABLE)
    publish(store)
    return len(rows)


def opened(name: str, home: Path) -> str:
    """``user:password`` of a stream, for the process that opens it.

    Raises:
        ConfigError: there is none of that name here, or its key is not; the sentence holds nothing secret.
    """
    if not NAME.fullmatch(name):
        raise ConfigError("The credentials of a stream name no sealed password: write sealed:NAME.")
    path = folder_of(home) / f"{name}.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        number, wrapped, sealed = int(said["number"]), _bytes(said["wrapped"]), _bytes(said["sealed"])
    except (OSError, ValueError, KeyError, TypeError, binascii.Error):
        raise ConfigError(
            f"There is no sealed password {name} here; set it by `qyran camera password {name}`."
        ) from None
    try:
        found = _vault(home).open(name, number, wrapped, sealed, table=TABLE)
    except IntegrityError:
        raise ConfigError(
            f"The sealed password {name} cannot be opened by the keys in {home / 'keys' / 'cameras'}; copy that folder"
            " from the machine that sealed it, or set the password anew."
        ) from None
    return f"{found['user']}:{found['password']}"


def install(home: Path) -> None:
    """Let streams of this process find the sealed passwords of an installation."""
    provide(KIND, partial(opened, home=home))


def folder_of(home: Path) -> Path:
    """Where workers read sealed passwords."""
    return home / "camera-secrets"


def _vault(home: Path) -> Vault:
    return Vault(home / "keys" / "cameras")


def _seal(vault: Vault, name: str, number: int, user: str, password: str) -> tuple[bytes, bytes]:
    return vault.seal(name, number, {"user": user, "password": password}, table=TABLE)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
