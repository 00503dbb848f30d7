"""Whether a certificate may sign a document: in force, for signatures, of somebody trusted, not revoked.

The chain is judged offline against certificates and revocation lists that an installation keeps; nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from qyran.errors import ConfigError

LONGEST_CHAIN: Final = 6
PEM: Final = b"-----BEGIN"
UNSUITABLE: Final = (InvalidSignature, ValueError, TypeError)
"""What `cryptography` raises where one certificate did not issue another."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What certificates are judged against.

    Attributes:
        authorities: certificates whose issue is trusted, intermediate ones included.
        revoked: revocation lists of these authorities.
        needs_lists: a certificate whose issuer has no list in force is refused.
    """

    authorities: tuple[x509.Certificate, ...]
    revoked: tuple[x509.CertificateRevocationList, ...] = ()
    needs_lists: bool = False


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, hexadecimal."""
    return certificate.fingerprint(SHA256()).hex()


def fault_of(certificate: x509.Certificate, trust: Trust, at: datetime) -> str | None:
    """Why a certificate may not sign at a moment, None where it may.

    Returns:
        not_yet_valid, expired, wrong_usage, unknown_issuer, revoked or revocation_unknown.
    """
    if at < certificate.not_valid_before_utc:
        return "not_yet_valid"
    if at > certificate.not_valid_after_utc:
        return "expired"
    return _chain_fault(certificate, trust, at) if _signs_documents(certificate) else "wrong_usage"


def _chain_fault(certificate: x509.Certificate, trust: Trust, at: datetime) -> str | None:
    here = certificate
    for _ in range(LONGEST_CHAIN):
        if any(fingerprint(here) == fingerprint(one) for one in trust.authorities) and here is not certificate:
            return None
        issuer = _issuer(here, trust.authorities, at)
        if issuer is None:
            return "unknown_issuer"
        fault = _revoked(here, issuer, trust, at)
        if fault is not None:
            return fault
        if fingerprint(issuer) == fingerprint(here):
            return None
        here = issuer
    return "unknown_issuer"


def load_trust(authorities: Path, lists: Path | None) -> Trust:
    """Certificates (``*.pem``, ``*.crt``, ``*.cer``) and revocation lists (``*.crl``) of two folders, PEM or DER.

    Raises:
        ConfigError: a folder is not there, holds no certificate, or a file of it cannot be read.
    """
    files = [path for path in _files(authorities) if path.suffix.lower() in {".pem", ".crt", ".cer"}]
    found: list[x509.Certificate] = []
    for path in files:
        data = path.read_bytes()
        try:
            found += x509.load_pem_x509_certificates(data) if PEM in data else [x509.load_der_x509_certificate(data)]
        except ValueError:
            raise ConfigError(f"{path} holds no certificate; remove or replace it.") from None
    if not found:
        raise ConfigError(f"{authorities} holds no certificate of an authority; put its *.pem there.")
    revoked = []
    for path in _files(lists) if lists is not None else ():
        if path.suffix.lower() != ".crl":
            continue
        data = path.read_bytes()
        try:
            revoked.append(x509.load_pem_x509_crl(data) if PEM in data else x509.load_der_x509_crl(data))
        except ValueError:
            raise ConfigError(f"{path} holds no revocation list; remove or replace it.") from None
    return Trust(tuple(found), tuple(revoked), needs_lists=lists is not None)


def pem_of(certificate: x509.Certificate) -> bytes:
    """A certificate as PEM."""
    return certificate.public_bytes(Encoding.PEM)


def _signs_documents(certificate: x509.Certificate) -> bool:
    """For signatures that bind: both digital signature and non-repudiation, and no authority's certificate."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    try:
        authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = False
    return usage.digital_signature and usage.content_commitment and not authority


def _issuer(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate], at: datetime
) -> x509.Certificate | None:
    for one in authorities:
        if one.subject != certificate.issuer or not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
            continue
        try:
            certificate.verify_directly_issued_by(one)
        except UNSUITABLE:
            continue
        return one
    return None


def _revoked(certificate: x509.Certificate, issuer: x509.Certificate, trust: Trust, at: datetime) -> str | None:
    if fingerprint(certificate) == fingerprint(issuer):
        return None
    in_force = False
    for one in trust.revoked:
        try:
            if one.issuer != issuer.subject or not one.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
                continue
        except UNSUITABLE:
            continue
        if one.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            return "revoked"
        until = one.next_update_utc
        in_force = in_force or until is None or at <= until
    return "revocation_unknown" if trust.needs_lists and not in_force else None


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ConfigError(f"The folder {folder} of certificates is not there.")
    return sorted(path for path in folder.iterdir() if path.is_file())
