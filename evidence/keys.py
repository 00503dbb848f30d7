"""Signing keys of an installation and the public keys it trusts.

Keys lie in ``<home>/keys``: ``evidence.pem`` where the city has installed its own Ed25519 key, else
``development-evidence.pem``, made on first use and named so in everything it signs. Public halves and certificates
lie in ``<home>/keys/trusted``; only they decide what a verification accepts, never a package.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from evidence.canonical import sha256_hex
from qyran.errors import ConfigError, InputError

INSTALLED: Final = "evidence.pem"
DEVELOPMENT: Final = "development-evidence.pem"
TRUSTED: Final = "trusted"
AUTHORITIES: Final = "time"
"""Folder under the trusted keys with certificates of time stamp authorities."""


@dataclass(frozen=True, slots=True)
class Signer:
    """An Ed25519 key that signs evidence and ledger roots.

    Attributes:
        key: the private key; never logged, shown or written anywhere but in the installation's home.
        development: True for a key Qyran made for itself, which no court knows.
    """

    key: Ed25519PrivateKey = field(repr=False)
    development: bool

    @property
    def key_id(self) -> str:
        """Id of the public half, see `key_id`."""
        return key_id(self.key.public_key())

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature (RFC 8032)."""
        return self.key.sign(message)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verification accepts.

    Attributes:
        keys: Ed25519 public keys by key id, for manifests, seals and ledger roots.
        certificates: X.509 certificates that may sign decisions.
        authorities: X.509 certificates of time stamp authorities, or of their issuers; with none, a token is checked
            as far as it goes by itself.
    """

    keys: Mapping[str, Ed25519PublicKey]
    certificates: tuple[x509.Certificate, ...] = ()
    authorities: tuple[x509.Certificate, ...] = ()

    def accepts(self, key: str, signature: bytes, message: bytes) -> bool:
        """Whether the trusted key of this id made this signature."""
        public = self.keys.get(key)
        if public is None:
            return False
        try:
            public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def key_id(key: Ed25519PublicKey) -> str:
    """SHA-256 of the raw public key, hexadecimal."""
    return sha256_hex(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def installation_signer(home: Path) -> Signer:
    """The installation's signer; makes a development key (0600) on first use and publishes its public half.

    Safe when several processes start at once: one key wins.

    Raises:
        ConfigError: the key file is no Ed25519 key, or others may read it.
    """
    folder = home / "keys"
    installed = folder / INSTALLED
    development = not installed.exists()
    path = folder / DEVELOPMENT if development else installed
    if development:
        create_once(path, lambda: _pem(Ed25519PrivateKey.generate()), mode=0o600)
    key = load_pem_private_key(read_secret(path), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} is not an Ed25519 private key in PEM; put the right key there.")
    signer = Signer(key, development)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    create_once(folder / TRUSTED / f"{signer.key_id[:16]}.pem", lambda: public, mode=0o644)
    return signer


def trust_store(home: Path) -> Trust:
    """All public keys and certificates in ``<home>/keys/trusted``; empty when there is none.

    Certificates of time stamp authorities stand in ``<home>/keys/trusted/time``.

    Raises:
        ConfigError: a file there is neither.
    """
    folder = home / "keys" / TRUSTED
    found = [load_trust(path) for path in sorted(folder.glob("*.pem"))]
    keys = {name: key for trust in found for name, key in trust.keys.items()}
    stamping = [load_trust(path) for path in sorted((folder / AUTHORITIES).glob("*.pem"))]
    return Trust(
        MappingProxyType(keys),
        tuple(item for trust in found for item in trust.certificates),
        tuple(item for trust in stamping for item in trust.certificates),
    )


def load_trust(path: Path) -> Trust:
    """One PEM file given by hand: an Ed25519 public key or certificates.

    Raises:
        InputError: the file does not exist.
        ConfigError: it holds neither.
    """
    data = _read(path)
    if b"BEGIN CERTIFICATE" in data:
        try:
            return Trust({}, tuple(x509.load_pem_x509_certificates(data)))
        except ValueError:
            raise ConfigError(f"{path} holds a certificate that cannot be read.") from None
    key = load_public_key(path)
    return Trust(MappingProxyType({key_id(key): key}))


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read an Ed25519 public key (PEM).

    Raises:
        InputError: the file does not exist.
        ConfigError: it is no such key.
    """
    data = _read(path)
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path} is not an Ed25519 public key in PEM.")
    return key


def read_secret(path: Path) -> bytes:
    """Read a private key file.

    Raises:
        ConfigError: it cannot be read, or others than its owner can.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The key {path} cannot be read: {error.__class__.__name__}.") from None
    if mode & 0o077:
        raise ConfigError(f"The private key {path} can be read by others; run chmod 600 on it.")
    return data


def create_once(path: Path, content: Callable[[], bytes], *, mode: int) -> None:
    """Write a file unless it is there: whole or not at all, and the first of several writers wins."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    spare = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(spare, path)
        except FileExistsError:
            return
    finally:
        spare.unlink()


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"The key {path} does not exist.") from None
    except OSError as error:
        raise ConfigError(f"The key {path} cannot be read: {error.__class__.__name__}.") from None
