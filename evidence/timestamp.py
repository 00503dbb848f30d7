"""Checking an RFC 3161 time stamp token offline: what it stamps, who signed it, and when.

Needs the standard library and `cryptography` only: it goes into every export beside `verify.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence.der import OCTETS, SEQUENCE, SET, TIME, Node, read

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
SHA256: Final = "2.16.840.1.101.3.4.2.1"
DIGESTS: Final = {SHA256: "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
LONGEST_CHAIN: Final = 8
UNREADABLE: Final = (
    ValueError, LookupError, TypeError, OverflowError, StopIteration, UnsupportedAlgorithm, x509.InvalidVersion,
    x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What `cryptography` and a short token raise on bytes that are no token."""


class TokenFault(ValueError):
    """Why a token proves nothing: a text key of `evidence/texts`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says, its signature checked.

    Attributes:
        time: when the authority saw the digest, UTC.
        serial: the token's number at the authority.
        policy: object identifier of the authority's policy.
        authority: name of the certificate that signed.
        nonce: the number of the request, None where none was sent.
        anchored: whether that certificate leads to an authority that is trusted here.
    """

    time: datetime
    serial: int
    policy: str
    authority: str
    nonce: int | None
    anchored: bool


@dataclass(frozen=True, slots=True)
class _Info:
    imprint: bytes
    time: datetime
    serial: int
    policy: str
    nonce: int | None


def check_token(token: bytes, sha256: str, authorities: Sequence[x509.Certificate]) -> Stamp:
    """Check a token over a SHA-256.

    Args:
        token: the CMS ContentInfo of RFC 3161, DER.
        sha256: of what was stamped, hexadecimal.
        authorities: certificates of authorities (or of their issuers) that are trusted.

    Raises:
        TokenFault: it cannot be read, stamps something else, or its signature does not fit. A certificate that leads
            to no trusted authority is no fault here: see `Stamp.anchored`.
    """
    try:
        info, info_bytes, certificates, signer_info = _opened(token)
        stamped = _told(info)
        signer = _signer(certificates, signer_info, info_bytes)
    except TokenFault:
        raise
    except UNREADABLE:
        raise TokenFault("stamp_unreadable") from None
    if stamped.imprint.hex() != sha256:
        raise TokenFault("stamp_other")
    anchored = _anchored(signer, certificates, authorities, stamped.time)
    name = signer.subject.rfc4514_string()
    return Stamp(stamped.time, stamped.serial, stamped.policy, name, stamped.nonce, anchored)


def _opened(token: bytes) -> tuple[Node, bytes, list[x509.Certificate], Node]:
    """TSTInfo, its bytes, the certificates that came along, and the one SignerInfo."""
    kind, wrapped = read(token).must(SEQUENCE).parts()
    if kind.oid() != SIGNED_DATA:
        raise ValueError("no signed data")
    signed = wrapped.must(0xA0).parts()[0].must(SEQUENCE).parts()
    encapsulated = signed[2].must(SEQUENCE).parts()
    if encapsulated[0].oid() != TST_INFO:
        raise ValueError("no time stamp")
    content = encapsulated[1].must(0xA0).parts()[0].must(OCTETS).content
    certificates = [
        x509.load_der_x509_certificate(one.whole) for part in signed[3:-1] if part.tag == 0xA0 for one in part.parts()
    ]
    (signer,) = signed[-1].must(SET).parts()
    return read(content).must(SEQUENCE), content, certificates, signer.must(SEQUENCE)


def _told(info: Node) -> _Info:
    parts = info.parts()
    algorithm, imprint = parts[2].must(SEQUENCE).parts()
    if algorithm.parts()[0].oid() != SHA256:
        raise TokenFault("stamp_other")
    nonce = next((part.number() for part in parts[5:] if part.tag == 0x02), None)
    text = parts[4].must(TIME).content.decode("ascii")
    form = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
    time = datetime.strptime(text, form).replace(tzinfo=UTC)
    return _Info(imprint.must(OCTETS).content, time, parts[3].number(), parts[1].oid(), nonce)


def _signer(certificates: Sequence[x509.Certificate], signer: Node, content: bytes) -> x509.Certificate:
    """The certificate that signed, its signature checked.

    Raises:
        TokenFault: the signature does not fit, or its certificate did not come along or may not stamp.
    """
    parts = signer.parts()
    digest_name = DIGESTS.get(parts[2].parts()[0].oid())
    if digest_name is None or parts[3].tag != 0xA0:
        raise TokenFault("stamp_algorithm")
    attributes = {one.parts()[0].oid(): one.parts()[1].must(SET).parts()[0] for one in parts[3].parts()}
    digest = attributes[MESSAGE_DIGEST].must(OCTETS).content
    if attributes[CONTENT_TYPE].oid() != TST_INFO or digest != hashlib.new(digest_name, content).digest():
        raise TokenFault("stamp_altered")
    certificate = _named(certificates, attributes)
    message = b"\x31" + parts[3].whole[1:]  # what is signed is the SET, not its implicit tag (RFC 5652, 5.4)
    _fits(certificate, parts[5].must(OCTETS).content, message, HASHES[digest_name])
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise TokenFault("stamp_not_authority") from None
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING] or not usage.critical:
        raise TokenFault("stamp_not_authority")
    return certificate


def _named(certificates: Sequence[x509.Certificate], attributes: dict[str, Node]) -> x509.Certificate:
    """The certificate whose hash the signed attributes hold (RFC 2634 5.4, RFC 5035)."""
    if SIGNING_CERTIFICATE_V2 in attributes:
        first = attributes[SIGNING_CERTIFICATE_V2].parts()[0].parts()[0].parts()
        named = DIGESTS.get(first[0].parts()[0].oid(), "") if first[0].tag == SEQUENCE else "sha256"
        wanted = next(one for one in first if one.tag == OCTETS).content
    elif SIGNING_CERTIFICATE in attributes:
        named = "sha1"  # by the standard of that attribute; the signature itself does not rest on it
        wanted = attributes[SIGNING_CERTIFICATE].parts()[0].parts()[0].parts()[0].must(OCTETS).content
    else:
        raise TokenFault("stamp_unreadable")
    for one in certificates:
        data = one.public_bytes(Encoding.DER)
        if hashlib.new(named, data, usedforsecurity=False).digest() == wanted:
            return one
    raise TokenFault("stamp_no_certificate")


def _fits(certificate: x509.Certificate, signature: bytes, message: bytes, digest: hashes.HashAlgorithm) -> None:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            raise TokenFault("stamp_algorithm")
    except InvalidSignature:
        raise TokenFault("stamp_altered") from None


def _anchored(
    certificate: x509.Certificate,
    others: Sequence[x509.Certificate],
    authorities: Sequence[x509.Certificate],
    time: datetime,
) -> bool:
    """Whether a certificate leads to a trusted one, all of them valid at that moment."""
    current = certificate
    for _ in range(LONGEST_CHAIN):
        if not current.not_valid_before_utc <= time <= current.not_valid_after_utc:
            return False
        if current in authorities:
            return True
        above = next((one for one in (*authorities, *others) if one != current and _issued(current, one)), None)
        if above is None:
            return False
        current = above
    return False


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound, UnsupportedAlgorithm):
        return False
    return basic.value.ca
