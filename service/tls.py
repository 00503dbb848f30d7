"""TLS of the service itself: for machines that talk to it without a proxy between them."""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from qyran.errors import ConfigError


def server_context(certificate: Path, private_key: Path, client_authority: Path | None = None) -> ssl.SSLContext:
    """What a server speaks TLS 1.2 or newer with.

    Args:
        certificate: its chain, PEM, its own certificate first.
        private_key: PEM, not readable by others.
        client_authority: only clients with a certificate of this authority are let in.

    Raises:
        ConfigError: a file cannot be read, they do not belong together, others can read the key, or the certificate is
            over or not valid yet.
    """
    try:
        mode = stat.S_IMODE(private_key.stat().st_mode)
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ConfigError(f"{certificate} holds no certificate in PEM.") from None
    if mode & 0o077:
        raise ConfigError(f"The private key {private_key} can be read by others; run chmod 600 on it.")
    now, own = datetime.now(UTC), chain[0]
    if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
        raise ConfigError(
            f"The certificate {certificate} is valid from {own.not_valid_before_utc:%Y-%m-%d} to"
            f" {own.not_valid_after_utc:%Y-%m-%d}; install one that is valid today."
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, private_key)
    except ssl.SSLError:
        raise ConfigError(f"{private_key} is not the key of the certificate {certificate}.") from None
    if client_authority is not None:
        try:
            context.load_verify_locations(client_authority)
        except (OSError, ssl.SSLError):
            raise ConfigError(f"{client_authority} holds no certificate of an authority in PEM.") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context
