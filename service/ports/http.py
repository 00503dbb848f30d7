"""Speaking JSON over HTTP with systems of others: time limits, a bearer token, and failures as the ports name them."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from qyran.addresses import ForbiddenAddress, resolve
from service.ports.channels import ChannelDown, Refused

TIMEOUT_S: Final = 10.0
MOST_BYTES: Final = 16 * 2**20
"""Of an answer; a register's longest list has some hundred kilobytes."""
BUSY: Final = frozenset({401, 403, 404, 405, 408, 425, 429})
"""Answers that speak of the connection, not of what was sent: our token, their address, their load."""

CODE: Final = re.compile(r"[a-z_]{1,40}|(?:smtp|http)_[0-9_]{1,12}")


@dataclass(frozen=True, slots=True)
class Peer:
    """A system of others.

    Attributes:
        url: its base address.
        token: bearer token, None where it asks none.
        ca_file: certificates to trust instead of the system's.
        timeout_s: for one answer, seconds: until its head, between its pieces, and from its head to its end.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout_s: float = TIMEOUT_S

    def open(self, most: int = 1) -> httpx.Client:
        """Connections that are kept: who sends often does not greet each time. Close it.

        Args:
            most: requests at once.
        """
        limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
        return httpx.Client(timeout=self.timeout_s, verify=self._trusted(), follow_redirects=False, limits=limits)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        content: bytes | None = None,
        media: str | None = None,
        headers: Mapping[str, str] | None = None,
        by: httpx.Client | None = None,
    ) -> httpx.Response:
        """One request; its answer is 2xx, 4xx that the caller judges, or an exception.

        Args:
            method: of HTTP.
            path: below the base address; nothing personal belongs into it.
            body: sent as JSON.
            key: idempotency key.
            content: sent as it is, in the place of a body.
            media: what the content is.
            headers: further ones.
            by: connections of `open`; one of its own where not given.

        Raises:
            ChannelDown: no answer, or one that does not speak of what was sent.
        """
        sent = {"accept": "application/json", **(headers or {})}
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        if key is not None:
            sent["idempotency-key"] = key
        if media is not None:
            sent["content-type"] = media
        address = f"{self.url.rstrip('/')}{path}"
        try:
            judge_host(address)
            with nullcontext(by) if by is not None else self.open() as client:
                answer = self._answer(
                    client, client.build_request(method, address, json=body, content=content, headers=sent)
                )
        except httpx.TimeoutException:
            raise ChannelDown("timeout") from None
        except ForbiddenAddress:
            raise ChannelDown("forbidden_address") from None
        except (httpx.HTTPError, OSError):
            raise ChannelDown("no_connection") from None
        if answer.status_code in BUSY or not (answer.is_success or answer.is_client_error):
            raise ChannelDown(f"http_{answer.status_code}")
        return answer

    def _answer(self, client: httpx.Client, request: httpx.Request) -> httpx.Response:
        """The whole answer, within the time and of a size that an answer has: a peer that drips holds up nobody."""
        until, content = monotonic() + self.timeout_s, bytearray()
        answer = client.send(request, stream=True)
        try:
            for piece in answer.iter_bytes():
                content += piece
                if monotonic() > until:
                    raise ChannelDown("timeout")
                if len(content) > MOST_BYTES:
                    raise ChannelDown("answer_too_long")
        finally:
            answer.close()
        headers = [(name, value) for name, value in answer.headers.multi_items() if name != "content-encoding"]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(content), request=request)

    def _trusted(self) -> ssl.SSLContext | bool:
        return ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else True


def judge_host(address: str) -> None:
    """Refuse an address that no system of others has, before anything is sent there.

    Raises:
        ForbiddenAddress: it is link-local, a cloud's metadata service, or no host's.
        OSError: its name resolves to nothing.
    """
    parts = urlsplit(address)
    resolve(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def told(answer: httpx.Response) -> Any:
    """The JSON of an answer.

    Raises:
        Refused: the system refused what was sent; its word for it is under `reason`.
        ChannelDown: what it answered is no JSON.
    """
    try:
        body = answer.json() if answer.content else None
    except ValueError:
        raise ChannelDown("no_json") from None
    if answer.is_success:
        return body
    reason = body.get("reason") if isinstance(body, dict) else None
    raise Refused(code_of(reason) or f"http_{answer.status_code}")


def code_of(word: object) -> str | None:
    """A word of others as a code of ours: small letters, or the number of a protocol; None for anything else.

    Only a code that reads like one is taken over, so that no number, address or name of a person gets into a log.
    """
    text = str(word or "").strip().lower().replace(" ", "_").replace("-", "_")
    return text if CODE.fullmatch(text) else None
