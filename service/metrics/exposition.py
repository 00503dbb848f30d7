"""The page that Prometheus reads, and who may read it: whoever shows the token, and programs of this machine.

Behind a proxy on this machine every request seems to come from here. So without a token a request has to come from this
machine, be meant for this machine, and pass no proxy that says so; where people reach the service over TLS a proxy
stands before it, and only the token counts.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from qyran.errors import InputError
from service.metrics.instruments import PROCESS
from service.settings import Settings, read_secret

PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers that say that somebody else asked first."""
HERE: Final = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
TIMEOUT_S: Final = 10.0

log = logging.getLogger(__name__)


def page(collector: Collector) -> bytes:
    """All figures as text: this process's own and what the collector finds."""
    asked = CollectorRegistry()
    asked.register(collector)
    found = generate_latest(asked)  # first: what fails in it is counted by the process
    return generate_latest(PROCESS) + found


def may_read(settings: Settings, peer: str, headers: Mapping[str, str]) -> bool:
    """Whether a request with these headers (names in small letters) from this address may read the figures.

    Raises:
        ConfigError: the token cannot be read where it is said to be.
    """
    if settings.metrics_token is not None:
        kind, _, given = headers.get("authorization", "").partition(" ")
        token = read_secret(settings.metrics_token)
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
            return True
    if settings.secure or any(name in headers for name in PASSED_ON):
        return False
    return _is_here(peer) and headers.get("host", "").rpartition(":")[0].lower() in HERE


@contextmanager
def served(address: str, settings: Settings, collector: Collector) -> Iterator[int]:
    """Serve the figures on `PORT` of this machine or `HOST:PORT` while inside; gives the port.

    Raises:
        InputError: the address is none, or is taken.
    """
    host, _, port = address.rpartition(":")
    try:
        server = ThreadingHTTPServer((host.strip("[]") or "127.0.0.1", int(port)), _handler(settings, collector))
    except (OSError, ValueError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "write PORT or HOST:PORT"
        raise InputError(f"The figures cannot be served at {address}: {reason}.") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    log.info("Figures are served on port %d.", server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(settings: Settings, collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S
        server_version, sys_version = "Qyran", ""

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            if self.path.partition("?")[0] == "/health/live":
                self._answer(200, "application/json", b'{"status":"ok"}\n')
            elif self.path.partition("?")[0] != "/metrics":
                self._answer(404, "text/plain", b"There is /metrics and /health/live.\n")
            elif not _permitted(settings, self.client_address[0], headers):
                self._answer(403, "text/plain", b"Show the token of QYRAN_METRICS_TOKEN.\n")
            else:
                self._answer(200, CONTENT_TYPE_PLAIN_0_0_4, page(collector))

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """A scrape is no news."""

    return Handler


def _permitted(settings: Settings, peer: str, headers: Mapping[str, str]) -> bool:
    try:
        return may_read(settings, peer, headers)
    except Exception:
        log.exception("Whether the figures may be read cannot be told.")
        return False


def _is_here(peer: str) -> bool:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
