"""The keys of an installation in one sealed file: without them a back-up's personal data stays closed to everybody.

A tar of ``<home>/keys`` under AES-256-GCM, the key derived from a passphrase by scrypt (RFC 7914). Whoever holds the
back-up without the passphrase reads no name and no plate.
"""

from __future__ import annotations

import io
import secrets
import tarfile
from pathlib import Path, PurePosixPath
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from qyran.errors import ConfigError, InputError, IntegrityError

FILE: Final = "keys.sealed"
MAGIC: Final = b"qyran keys 1\n"
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2.1
COST: Final = 2**17  # scrypt's N; with r = 8 it takes 128 MiB (OWASP's advice for stored secrets)
BLOCK: Final = 8
LEAST_PASSPHRASE: Final = 16
"""Signs of a passphrase; whoever has the file can guess as long as they like."""


def seal_keys(folder: Path, passphrase: str) -> bytes:
    """Everything in the folder of keys, sealed.

    Raises:
        ConfigError: the passphrase is too short.
    """
    if len(passphrase) < LEAST_PASSPHRASE:
        raise ConfigError(f"The passphrase of a back-up needs {LEAST_PASSPHRASE} signs or more.")
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                info = tarfile.TarInfo(str(path.relative_to(folder)))
                data = path.read_bytes()
                info.size, info.mode = len(data), path.stat().st_mode & 0o777
                tar.addfile(info, io.BytesIO(data))
    salt, nonce = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(NONCE_BYTES)
    return MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, plain.getvalue(), MAGIC)


def open_keys(sealed: bytes, passphrase: str, folder: Path) -> None:
    """Put the keys of a back-up into a folder that has none.

    Raises:
        InputError: the folder holds keys.
        IntegrityError: the passphrase is another, or the file was altered.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} holds keys already; they are not replaced by those of a back-up.")
    if not sealed.startswith(MAGIC):
        raise IntegrityError("The keys of the back-up are in no form that this version knows.")
    body = sealed.removeprefix(MAGIC)
    salt, nonce, rest = body[:SALT_BYTES], body[SALT_BYTES : SALT_BYTES + NONCE_BYTES], body[SALT_BYTES + NONCE_BYTES :]
    try:
        plain = AESGCM(_key(passphrase, salt)).decrypt(nonce, rest, MAGIC)
    except (InvalidTag, ValueError):
        raise IntegrityError("The keys of the back-up cannot be opened: another passphrase, or altered.") from None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            content = tar.extractfile(member)
            if content is None or name.is_absolute() or ".." in name.parts:
                raise IntegrityError(f"The keys of the back-up hold {member.name}, which is no key.")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.touch(mode=member.mode & 0o777)
            target.chmod(member.mode & 0o777)
            target.write_bytes(content.read())


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=1).derive(passphrase.encode())
