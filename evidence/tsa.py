"""Asking an RFC 3161 time stamp authority over HTTP (RFC 3161, 3.4)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

import httpx
from cryptography import x509

from evidence import der
from evidence.timestamp import SHA256, Stamp, TokenFault, check_token
from qyran.errors import QyranError

TIMEOUT_S: Final = 10.0
MOST_BYTES: Final = 1 << 20
"""Of an answer; a token with its certificates takes a few thousand."""
GRANTED: Final = (0, 1)
"""Status: granted, granted with modifications (RFC 3161, 2.4.2)."""
NONCE_BYTES: Final = 8


class StampRefused(QyranError):
    """An authority gave no token that can be used: it is away, refused, or answered something else."""


def request_of(sha256: str, nonce: int) -> bytes:
    """A request to stamp a SHA-256, hexadecimal, with the authority's certificate in the answer."""
    algorithm = der.write(der.SEQUENCE, der.oid(SHA256), b"\x05\x00")
    imprint = der.write(der.SEQUENCE, algorithm, der.write(der.OCTETS, bytes.fromhex(sha256)))
    return der.write(der.SEQUENCE, der.integer(1), imprint, der.integer(nonce), b"\x01\x01\xff")


def token_in(answer: bytes) -> bytes:
    """The token of an answer.

    Raises:
        StampRefused: it holds none.
    """
    try:
        parts = der.read(answer).must(der.SEQUENCE).parts()
        status = parts[0].must(der.SEQUENCE).parts()[0].number()
    except (ValueError, IndexError):
        raise StampRefused("The time stamp authority answered something that is no time stamp response.") from None
    if status not in GRANTED or len(parts) < 2:
        raise StampRefused(f"The time stamp authority refused with status {status}.")
    return parts[1].whole


def stamp(url: str, sha256: str, authorities: Sequence[x509.Certificate]) -> tuple[bytes, Stamp]:
    """Get a token over a SHA-256 and check it.

    Args:
        url: of the authority, http or https.
        sha256: hexadecimal.
        authorities: certificates that are trusted; empty trusts none, and the token is then told as not anchored.

    Raises:
        StampRefused: it is away, refused, or its token proves nothing.
    """
    nonce = secrets.randbits(8 * NONCE_BYTES - 1) | 1
    token = token_in(_asked(url, request_of(sha256, nonce)))
    try:
        said = check_token(token, sha256, authorities)
    except TokenFault as fault:
        raise StampRefused(f"The time stamp authority's token proves nothing ({fault.code}).") from None
    if said.nonce != nonce:
        raise StampRefused("The time stamp authority answered another request.")
    if authorities and not said.anchored:
        raise StampRefused("The time stamp is signed by an authority that is not trusted here.")
    return token, said


def _asked(url: str, request: bytes) -> bytes:
    headers = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
    try:
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            answer = client.post(url, content=request, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StampRefused(f"The time stamp authority cannot be reached ({type(error).__name__}).") from None
    if answer.status_code != httpx.codes.OK:
        raise StampRefused(f"The time stamp authority answered HTTP {answer.status_code}.")
    if len(answer.content) > MOST_BYTES:
        raise StampRefused("The time stamp authority's answer is too large to be a time stamp.")
    return answer.content
