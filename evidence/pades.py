"""PAdES signatures on PDF documents (ETSI EN 319 142, baseline B) through pyHanko.

Until a city plugs in its own token, an installation signs with a self-signed development certificate, which says so in
its name. pyHanko runs an event loop of its own; a caller inside one is waited for in another thread.
"""

from __future__ import annotations

import asyncio
import io
import logging
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from asn1crypto import cms
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from evidence.keys import TRUSTED, create_once, read_secret
from qyran.errors import ConfigError

Result = TypeVar("Result")

DEVELOPMENT: Final = "development-decision.pem"  # private key and certificate in one file
FIELD: Final = "OfficerSignature"
LIFE: Final = timedelta(days=3650)  # of a development certificate; without a time stamp a signature ends with it
RESERVED: Final = 6144  # hexadecimal digits kept for the CMS; a P-256 signature with its certificate takes about 3000

_TOKEN: Final = threading.Lock()

# What pyHanko and asn1crypto raise on bytes that are no PDF or no signature.
UNREADABLE: Final = (
    PdfError, SignatureValidationError, SigningError, ValueError, KeyError, IndexError, TypeError, AttributeError,
    RecursionError, OverflowError, AssertionError, NotImplementedError,
)  # fmt: skip

# Validation says by its result what is wrong with a file; its log lines would name the same again.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class DocumentSigner:
    """What signs documents: pyHanko's signer (in memory here, PKCS#11 for a token) and what people must know of it.

    Attributes:
        signer: a `pyhanko.sign.signers.Signer`.
        certificate: the certificate that signs.
        development: True for the self-signed development certificate.
        turn: held while it signs; a token serves one at a time.
    """

    signer: Any = field(repr=False)
    certificate: x509.Certificate
    development: bool
    turn: AbstractContextManager[Any] = field(default_factory=nullcontext, repr=False)

    @property
    def serial(self) -> str:
        """Serial number of the certificate, hexadecimal capitals."""
        return f"{self.certificate.serial_number:X}"


@dataclass(frozen=True, slots=True)
class PdfVerdict:
    """What a check of a signed PDF found.

    Attributes:
        ok: signed by a trusted certificate and unchanged to the byte since.
        code: text key of the fault, None when ok.
        signer: common name in the certificate that signed, None where it cannot be read.
        signed_at: time the signer claims.
    """

    ok: bool
    code: str | None
    signer: str | None = None
    signed_at: datetime | None = None


def installation_document_signer(home: Path) -> DocumentSigner:
    """The development signer of an installation, made on first use; its certificate joins the trust store.

    Raises:
        ConfigError: the key file is damaged or others may read it.
    """
    path = home / "keys" / DEVELOPMENT
    create_once(path, _new_development_identity, mode=0o600)
    data = read_secret(path)
    try:
        key = load_pem_private_key(data, password=None)
        certificate = x509.load_pem_x509_certificate(data)
    except ValueError:
        raise ConfigError(
            f"{path} does not hold a private key and its certificate; remove it to make new ones."
        ) from None
    public = certificate.public_bytes(Encoding.PEM)
    create_once(home / "keys" / TRUSTED / f"decision-{certificate.serial_number:x}.pem", lambda: public, mode=0o644)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DocumentSigner(_simple_signer(private, certificate), certificate, development=True)


def pkcs12_document_signer(path: Path, password: str) -> DocumentSigner:
    """What a PKCS#12 file holds: a private key and its certificate.

    Raises:
        ConfigError: the file cannot be read or opened with the password.
    """
    try:
        data = path.read_bytes()
        key, certificate, _ = pkcs12.load_key_and_certificates(data, password.encode())
    except OSError as error:
        raise ConfigError(f"The key file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ConfigError(f"The key file {path} cannot be opened: wrong password, or no PKCS#12 file.") from None
    if key is None or certificate is None:
        raise ConfigError(f"The key file {path} holds no private key with its certificate.")
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return DocumentSigner(_simple_signer(private, certificate), certificate, development=False)


def pkcs11_document_signer(module: Path, token: str, label: str, pin: str) -> DocumentSigner:
    """What a PKCS#11 token holds under a label: the key never leaves it.

    Raises:
        ConfigError: the library, the token, the PIN or the label is wrong, or `qyran[hsm]` is not installed.
    """
    try:
        from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415 - an extra; only a token needs it
        from pyhanko.sign.pkcs11 import PKCS11Signer  # noqa: PLC0415
    except ImportError:
        raise ConfigError("Signing with a token needs the extra qyran[hsm]: install python-pkcs11.") from None
    try:
        # Hashed here: not every token offers a mechanism that hashes.
        signer = PKCS11Signer(
            _token_session(module, token, pin), cert_label=label, key_label=label, embed_roots=False, bulk_fetch=False,
            use_raw_mechanism=True,
        )  # fmt: skip
        certificate = x509.load_der_x509_certificate(signer.signing_cert.dump())
    except (PKCS11Error, PdfError, SigningError, RuntimeError, OSError, ValueError) as error:
        raise ConfigError(f"The token {token} does not give the key {label}: {type(error).__name__}.") from None
    return DocumentSigner(signer, certificate, development=False, turn=_TOKEN)


@cache
def _token_session(module: Path, token: str, pin: str) -> Any:
    """The process's one session with a token: a second login of the same process is refused."""
    from pyhanko.config.pkcs11 import TokenCriteria  # noqa: PLC0415
    from pyhanko.sign.pkcs11 import open_pkcs11_session  # noqa: PLC0415

    return open_pkcs11_session(str(module), token_criteria=TokenCriteria(label=token), user_pin=pin)


def _simple_signer(private: bytes, certificate: x509.Certificate) -> Any:
    """A signer with its key in memory that embeds its own certificate and no other."""
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )


def sign_pdf(pdf: bytes, signer: DocumentSigner, *, reason: str, name: str) -> bytes:
    """Sign a PDF as final: no later change is permitted (certification, DocMDP level 1).

    Args:
        pdf: the document, unsigned.
        signer: who signs.
        reason: why, as viewers show it.
        name: the person who signs.
    """
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        reason=reason,
        name=name,
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    output = io.BytesIO()
    with signer.turn:
        _outside_event_loops(
            lambda: signers.sign_pdf(
                IncrementalPdfFileWriter(io.BytesIO(pdf)),
                metadata,
                signer.signer,
                new_field_spec=SigFieldSpec(FIELD),
                bytes_reserved=RESERVED,
                output=output,
            )
        )
    return output.getvalue()


def _outside_event_loops(work: Callable[[], Result]) -> Result:
    """Do work that starts an event loop of its own, in another thread where the caller's has one already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(max_workers=1) as apart:
        return apart.submit(work).result()


def verify_pdf(pdf: bytes, trusted: Sequence[x509.Certificate]) -> PdfVerdict:
    """Check that a PDF carries one signature by a trusted certificate over every byte of the file.

    Judged by pyHanko's `bottom_line` (its `valid` stays true for an altered file), and beyond it by two rules of our
    own: nothing may follow the signed bytes, and the signature itself must be the one its certificate's owner wrote,
    with nothing in the space kept for it.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        found = list(reader.embedded_regular_signatures)
    except UNREADABLE:
        return PdfVerdict(ok=False, code="pdf_unreadable")
    if not found:
        return PdfVerdict(ok=False, code="pdf_unsigned")
    if len(found) > 1:
        return PdfVerdict(ok=False, code="pdf_altered")
    return _judge(pdf, found[0], trusted)


def _judge(pdf: bytes, embedded: Any, trusted: Sequence[x509.Certificate]) -> PdfVerdict:
    roots = [asn1_x509.Certificate.load(item.public_bytes(Encoding.DER)) for item in trusted]
    who: str | None = None
    when: datetime | None = None
    try:
        own = embedded.signer_cert
        who = str(own.subject.native.get("common_name", ""))
        context = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")
        status = _outside_event_loops(lambda: validate_pdf_signature(embedded, context))
        when = status.signer_reported_dt.astimezone(UTC) if status.signer_reported_dt else None
        whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE and _as_written(pdf, embedded)
        forged = any(own.public_key.dump() == root.public_key.dump() and own.dump() != root.dump() for root in roots)
    except UNREADABLE:
        return PdfVerdict(ok=False, code="pdf_altered", signer=who, signed_at=when)
    if not (status.intact and status.valid and whole) or forged:
        return PdfVerdict(ok=False, code="pdf_altered", signer=who, signed_at=when)
    if not status.trusted:
        return PdfVerdict(ok=False, code="pdf_unknown_signer", signer=who, signed_at=when)
    if not status.bottom_line:
        return PdfVerdict(ok=False, code="pdf_altered", signer=who, signed_at=when)
    return PdfVerdict(ok=True, code=None, signer=who, signed_at=when)


def _as_written(pdf: bytes, embedded: Any) -> bool:
    """Whether the bytes outside the signed ranges are one signature in the only form we write it.

    A CMS has places that its own signature does not cover (its version, the list of digests, certificates nobody
    uses). It is put together again from the parts that are covered, and must come out the same to the byte; what is
    left of the space kept for it must be zeros.
    """
    start, length, after, tail = (int(number) for number in embedded.byte_range)
    if start != 0 or after + tail != len(pdf):
        return False
    inner = re.fullmatch(rb"<([0-9A-F]*)>", pdf[length:after])
    if inner is None or len(inner[1]) % 2:
        return False
    signed, signer, own = embedded.signed_data, embedded.signer_info, embedded.signer_cert
    again = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number}),
            ),
            "digest_algorithm": {"algorithm": embedded.md_algorithm},
            "signed_attrs": signer["signed_attrs"],
            "signature_algorithm": {"algorithm": signer["signature_algorithm"]["algorithm"].native},
            "signature": signer["signature"].native,
        }
    )
    whole = cms.ContentInfo({
        "content_type": "signed_data",
        "content": cms.SignedData({
            "version": "v1",
            "digest_algorithms": [{"algorithm": embedded.md_algorithm}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices("certificate", own)],
            "signer_infos": [again],
        }),
    })  # fmt: skip
    written = whole.dump()
    content = bytes.fromhex(inner[1].decode())
    return len(signed["certificates"]) == 1 and content == written + bytes(len(content) - len(written))


def _new_development_identity() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Qyran"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Qyran DEVELOPMENT certificate, no legal force"),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)
