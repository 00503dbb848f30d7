"""The port to a service that verifies the national signature: a CMS made by NCALayer, judged by an NCANode.

Contract (NCANode 3, ``POST /cms/verify``): given ``{"cms", "data", "revocationCheck": ["OCSP"]}`` in base64 it answers
``{"valid": bool, "signers": [{"certificates": [{"valid", "revocations": [{"revoked"}], "notBefore", "notAfter",
"keyUsage", "serialNumber"}]}]}``. The service knows the state's algorithms and its authorities; what it says counts.
Whose certificate it is, is judged here, from the certificate inside the CMS.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from asn1crypto import cms as asn1_cms
from cryptography import x509

from evidence.certificates import fingerprint
from service.ports.channels import ChannelDown, Refused
from service.ports.http import Peer, told

MOST_BYTES: Final = 1 << 20  # of a detached CMS; one with OCSP answer and time stamp takes about 10 kB
SIGN: Final = "SIGN"
MALFORMED: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of a CMS: the certificate's fingerprint and serial number, and why it is refused, or None."""

    certificate_sha256: str
    serial: str
    fault: str | None


class NationalSignature(Protocol):
    """A service that verifies a detached CMS."""

    name: str

    def verify(self, cms: bytes, data: bytes, at: datetime) -> Judged:
        """Judge a CMS over data.

        Raises:
            ChannelDown: the service does not answer.
            Refused: it is no CMS of one signer.
        """


class NcaNode:
    """An NCANode-compatible service."""

    name = "ncanode"

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def verify(self, cms: bytes, data: bytes, at: datetime) -> Judged:
        """Ask it, and match its answer with the certificate in the CMS."""
        certificate = signer_certificate(cms)
        serial = f"{certificate.serial_number:X}"
        body = {
            "cms": base64.b64encode(cms).decode(),
            "data": base64.b64encode(data).decode(),
            "revocationCheck": ["OCSP"],
        }
        answer = told(self._peer.ask("POST", "/cms/verify", body))
        return Judged(fingerprint(certificate), serial, _fault(answer, serial, at))


def signer_certificate(cms: bytes) -> x509.Certificate:
    """The certificate of the one signer of a detached CMS.

    Raises:
        Refused: it is no such CMS.
    """
    if len(cms) > MOST_BYTES:
        raise Refused("cms_too_large")
    try:
        content = asn1_cms.ContentInfo.load(cms, strict=True)
        signed = content["content"]
        if content["content_type"].native != "signed_data" or len(signed["signer_infos"]) != 1:
            raise Refused("cms_not_of_one_signer")
        if signed["encap_content_info"]["content"].native is not None:
            raise Refused("cms_not_detached")
        who = signed["signer_infos"][0]["sid"].chosen
        for one in signed["certificates"]:
            own = one.chosen
            if own.issuer == who["issuer"] and own.serial_number == who["serial_number"].native:
                return x509.load_der_x509_certificate(own.dump())
    except MALFORMED:
        raise Refused("cms_unreadable") from None
    raise Refused("cms_without_certificate")


def _fault(answer: Any, serial: str, at: datetime) -> str | None:
    """Why the service's answer does not let the signature count, the reason that says most first."""
    try:
        signers = answer["signers"]
        given = signers[0]["certificates"][0]
        same = len(signers) == 1 and int(str(given["serialNumber"]), 16) == int(serial, 16)
        checks = (
            ("another_certificate", not same),
            ("revoked", any(one.get("revoked") for one in given.get("revocations") or ())),
            ("expired", at > _moment(given["notAfter"])),
            ("not_yet_valid", at < _moment(given["notBefore"])),
            ("wrong_usage", given.get("keyUsage") != SIGN),
            ("unknown_issuer", given.get("valid") is not True),
            ("signature_wrong", answer.get("valid") is not True),
        )
    except MALFORMED:
        raise ChannelDown("not_understood") from None
    return next((name for name, holds in checks if holds), None)


def _moment(text: object) -> datetime:
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
