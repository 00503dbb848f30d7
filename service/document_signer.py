"""Whose key signs a decision: the development one, a PKCS#12 file or a PKCS#11 token, and whether it may.

The signing file (TOML, named by ``QYRAN_SIGNING_FILE``) says where keys lie; without it an installation signs with its
development certificate, and the document says so. A certificate that may not sign is refused before a number is taken.
"""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from cryptography import x509
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator
from sqlalchemy import select

from evidence.certificates import Trust, fault_of, fingerprint, load_trust, pem_of
from evidence.keys import TRUSTED, create_once
from evidence.pades import (
    DocumentSigner,
    installation_document_signer,
    pkcs11_document_signer,
    pkcs12_document_signer,
)
from qyran.errors import ConfigError, InputError, NotFound, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.delivery_settings import PeerFile
from service.settings import read_secret
from service.store.database import Store, Work
from service.store.delivery_tables import OfficerCertificate
from service.store.tables import AppUser

USERNAME: Final = "{username}"
KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
Secret = Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]
SENTENCES: Final = {
    "not_yet_valid": "The signing certificate is not valid yet.",
    "expired": "The signing certificate has expired; sign with a valid one.",
    "wrong_usage": "The certificate is not for signing documents; choose the one for signatures, not for logging in.",
    "unknown_issuer": "The signing certificate was issued by nobody this installation trusts.",
    "revoked": "The signing certificate has been revoked.",
    "revocation_unknown": "The list of revoked certificates is missing or out of date; it has to be fetched first.",
    "not_the_officers": "The signing certificate is not registered to the officer who signs.",
}


class SigningFile(BaseModel):
    """Where the keys lie.

    Attributes:
        kind: pkcs12, pkcs11, or development for the certificate made here, which has no legal force.
        whose: `officer`: each signs with an own certificate, registered to him; `body`: one seal of the body.
        file, password: of PKCS#12; ``{username}`` stands for the officer's.
        module, token, label, pin: of PKCS#11: the library, the token's label, the label of key and certificate.
        authorities: folder of the certificates of the authorities that issue.
        revoked: folder of their revocation lists; None does not ask for revocation.
        national: NCANode-compatible service; officers then sign in the browser by NCALayer, and the keys above seal.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["pkcs12", "pkcs11", "development"]
    whose: Literal["officer", "body"] = "officer"
    file: str | None = None
    password: Secret | None = None
    module: Path | None = None
    token: str | None = None
    label: str | None = None
    pin: Secret | None = None
    authorities: Path | None = None
    revoked: Path | None = None
    national: PeerFile | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> SigningFile:
        needed = {
            "pkcs12": ("file", "password", "authorities"),
            "pkcs11": ("module", "token", "label", "pin", "authorities"),
            "development": (),
        }[self.kind]
        absent = [name for name in needed if getattr(self, name) is None]
        if absent:
            raise ValueError(f"the kind {self.kind} needs {', '.join(absent)}")
        return self


def signing_file(store: Store) -> SigningFile | None:
    """The signing file of an installation, None where it has none.

    Raises:
        ConfigError: it cannot be used.
    """
    path = store.settings.signing_file
    if path is None:
        return None
    try:
        return SigningFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The signing file {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        message = str(first["msg"]).removeprefix("Value error, ")
        raise ConfigError(f"The signing file {path} is wrong at {place}: {message}.") from None


def signer_for(work: Work) -> DocumentSigner:
    """What signs for the actor of a unit of work, its certificate checked.

    Raises:
        ConfigError: the keys cannot be reached.
        TransitionError: the certificate may not sign, with the reason.
    """
    file = signing_file(work.store)
    home = work.store.settings.home
    if file is None or file.kind == "development" or file.authorities is None:
        return installation_document_signer(home)
    user = work.session.get_one(AppUser, work.actor.id)
    signer = _load(file, user.username)
    trust = load_trust(file.authorities, file.revoked)
    check_certificate(work, signer.certificate, trust, own=file.whose == "officer")
    for one in trust.authorities:
        _trust(home, one)
    return signer


def _trust(home: Path, authority: x509.Certificate) -> None:
    """Whoever verifies documents offline needs the authority in the trust store."""
    path = home / "keys" / TRUSTED / f"authority-{fingerprint(authority)[:32]}.pem"
    create_once(path, lambda: pem_of(authority), mode=0o644)


def check_certificate(work: Work, certificate: x509.Certificate, trust: Trust, *, own: bool) -> None:
    """Refuse a certificate that may not sign for the actor.

    Raises:
        TransitionError: with the reason.
    """
    fault = fault_of(certificate, trust, work.now)
    if fault is None and own and not registered(work, fingerprint(certificate), work.actor.id):
        fault = "not_the_officers"
    if fault is not None:
        raise TransitionError(SENTENCES[fault])


def registered(work: Work, sha256: str, user_id: str) -> bool:
    """Whether a certificate is registered to a user and was not withdrawn."""
    row = work.session.get(OfficerCertificate, sha256)
    return row is not None and row.user_id == user_id and row.withdrawn_at is None


def register_certificate(work: Work, username: str, certificate: x509.Certificate) -> None:
    """Say that a certificate is an officer's.

    Raises:
        AccessError: the actor is no administrator.
        NotFound: there is no such user.
        InputError: it is somebody else's already.
    """
    role = require(work.actor, KEEPERS)
    user = work.session.scalar(select(AppUser).where(AppUser.username == username))
    if user is None:
        raise NotFound(f"There is no user {username}.")
    sha256 = fingerprint(certificate)
    known = work.session.get(OfficerCertificate, sha256)
    if known is not None and known.user_id != user.id:
        raise InputError("This certificate is registered to another user.")
    if known is None:
        known = OfficerCertificate(
            sha256=sha256,
            user_id=user.id,
            serial=f"{certificate.serial_number:X}",
            not_after=certificate.not_valid_after_utc,
            registered_at=work.now,
            registered_by=work.actor.id,
        )
        work.session.add(known)
    known.withdrawn_at = None
    log_access(work, role, "certificate_registered", user.id)


def withdraw_certificate(work: Work, serial: str, at: datetime | None = None) -> int:
    """An officer's certificate signs no more; how many had that serial number.

    Raises:
        AccessError: the actor is no administrator.
        NotFound: there is none.
    """
    role = require(work.actor, KEEPERS)
    query = select(OfficerCertificate).where(OfficerCertificate.serial == serial.upper())
    rows = work.session.scalars(query.with_for_update()).all()
    if not rows:
        raise NotFound(f"No certificate with the serial number {serial} is registered.")
    for row in rows:
        row.withdrawn_at = at or work.now
        log_access(work, role, "certificate_withdrawn", row.user_id)
    return len(rows)


def _load(file: SigningFile, username: str) -> DocumentSigner:
    def own(text: str | None) -> str:
        return (text or "").replace(USERNAME, username)

    if file.kind == "pkcs12":
        return pkcs12_document_signer(Path(own(file.file)), read_secret(own(file.password)))
    return pkcs11_document_signer(file.module or Path(), own(file.token), own(file.label), read_secret(own(file.pin)))
