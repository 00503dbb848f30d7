"""An authority of tests: issues certificates, revokes them, makes PKCS#12 files and detached CMS signatures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs7, pkcs12
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 22, tzinfo=UTC)
YEAR = timedelta(days=365)
P12_PASSWORD = "a password of tests"


def usage(*names: str) -> x509.KeyUsage:
    known = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{name: name in names for name in known})


SIGNS = usage("digital_signature", "content_commitment")
LOGS_IN = usage("digital_signature", "key_encipherment")


class Authority:
    """Issues certificates."""

    def __init__(self, name: str = "Тест КУЦ") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._make(name, self.key, name, usage("key_cert_sign", "crl_sign"), True, NOW - YEAR, 10)

    def issue(self, name: str = "ҮЛГІБАЕВ СЕРІК", of=SIGNS, start: datetime = NOW - timedelta(days=30), years: int = 1):
        """Key and certificate of a person."""
        key = ec.generate_private_key(ec.SECP256R1())
        return key, self._make(name, key, self.certificate.subject, of, False, start, years)

    def revoked(self, *certificates, until: datetime = NOW + YEAR) -> bytes:
        """A revocation list, PEM."""
        made = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        made = made.last_update(min(NOW, until) - timedelta(days=1)).next_update(until)
        for one in certificates:
            gone = x509.RevokedCertificateBuilder().serial_number(one.serial_number).revocation_date(NOW).build()
            made = made.add_revoked_certificate(gone)
        return made.sign(self.key, SHA256()).public_bytes(Encoding.PEM)

    def folder(self, path: Path) -> Path:
        """A folder with the authority's certificate."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "authority.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return path

    def _make(self, name, key, issuer, of, ca, start, years):
        subject = x509.Name(
            [x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        )
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if ca else issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + years * YEAR)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(of, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(self.key, SHA256())
        )


def p12(key, certificate) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"officer", key, certificate, None, BestAvailableEncryption(P12_PASSWORD.encode())
    )


def cms(data: bytes, key, certificate) -> bytes:
    """A detached CMS, as NCALayer would make one."""
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(certificate, key, SHA256())
    return builder.sign(Encoding.DER, options)
