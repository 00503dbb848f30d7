"""A camera's TLS connection, judged and given to libav as a plain one on this host's loopback.

libav opens `rtsps` without asking whose certificate it is shown. Here a connection is made to the address that was
judged, its certificate is compared with what the camera's file says, and only then do bytes pass. The plain side takes
one client and is gone with the connection.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import selectors
import socket
import ssl
import threading
from typing import Final

from qyran.errors import ConfigError, StreamError

PIN: Final = "sha256:"
AUTHORITY: Final = "file:"
PIECE: Final = 1 << 16
WAITING_BYTES: Final = 4 << 20
"""So much may wait for libav; beyond, the camera waits."""
LOOK_S: Final = 0.5


class Untrusted(StreamError):
    """A camera's certificate is none that its file names; the message says which it has."""


class TlsRelay:
    """One connection to a camera, open until `close` or either end's.

    Args:
        host: as the stream's address names it, which its certificate has to name too unless that itself is named.
        address: of that host, judged.
        port: of the stream.
        certificate: "sha256:HEX" of the camera's own, "file:PATH" of an authority; None asks the system's authorities.
        timeout_s: for connecting.

    Raises:
        Untrusted: the certificate is another one.
        ConfigError: the authority's file cannot be read.
        OSError: there is no connection.
    """

    def __init__(self, host: str, address: str, port: int, certificate: str | None, timeout_s: float) -> None:
        context = _context(certificate)
        with contextlib.ExitStack() as stack:
            raw = stack.enter_context(socket.create_connection((address, port), timeout_s))
            try:
                far = context.wrap_socket(raw, server_hostname=host)
            except ssl.SSLCertVerificationError as error:
                raise Untrusted(_advice(error.verify_message, _shown(address, port, timeout_s))) from None
            stack.enter_context(far)
            shown = _sha256(far.getpeercert(binary_form=True))
            pin = _pin(certificate)
            if pin is not None and not hmac.compare_digest(shown, pin):
                raise Untrusted(_advice("it is another one", shown))
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1))
            stack.pop_all()
        listener.settimeout(timeout_s)
        far.setblocking(False)
        self._far, self._listener = far, listener
        self._stop = threading.Event()
        self.port: int = listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"tls {host}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End both sides."""
        self._stop.set()
        with contextlib.suppress(OSError):  # it wakes who waits for libav; gone once that came
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        near: socket.socket | None = None
        try:
            with self._listener:
                near, _ = self._listener.accept()
            near.setblocking(False)
            _pass(self._far, near, self._stop)
        except OSError:
            pass  # either end has gone: libav reads the end of the stream
        finally:
            for one in (self._far, near):
                if one is not None:
                    one.close()


def check_certificate(value: str) -> str:
    """A camera file's `certificate` as it should be.

    Raises:
        ValueError: it is neither a fingerprint nor a file.
    """
    digits = value.removeprefix(PIN).replace(":", "").lower()
    if value.startswith(PIN) and len(digits) == 64 and not set(digits) - set("0123456789abcdef"):
        return PIN + digits
    if value.startswith(AUTHORITY) and value.removeprefix(AUTHORITY):
        return value
    raise ValueError('must be "sha256:" and the 64 digits of the camera\'s certificate, or "file:PATH" of an authority')


def _pass(far: ssl.SSLSocket, near: socket.socket, stop: threading.Event) -> None:
    """Pass bytes both ways until an end closes.

    Raises:
        OSError: an end broke.
    """
    up, down = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        while not stop.is_set():
            _listen(selector, far, read=len(down) < WAITING_BYTES, write=bool(up))
            _listen(selector, near, read=len(up) < PIECE, write=bool(down))
            selector.select(LOOK_S)
            goes_on = _fill(far, down, WAITING_BYTES) and _fill(near, up, PIECE)
            _empty(near, down)
            _empty(far, up)
            if not goes_on:
                return


def _listen(selector: selectors.BaseSelector, one: socket.socket, *, read: bool, write: bool) -> None:
    """Wait for one end to be ready for what can be done with it."""
    events = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
    if one in selector.get_map():
        selector.unregister(one)
    if events:
        selector.register(one, events)


def _fill(source: socket.socket, into: bytearray, most: int) -> bool:
    """Read what is there; False at the end of the stream."""
    with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        while len(into) < most:
            data = source.recv(PIECE)
            if not data:
                return False
            into += data
    return True


def _empty(target: socket.socket, waiting: bytearray) -> None:
    """Write what can be written."""
    with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        while waiting:
            del waiting[: target.send(waiting)]


def _context(certificate: str | None) -> ssl.SSLContext:
    if certificate is not None and certificate.startswith(AUTHORITY):
        path = certificate.removeprefix(AUTHORITY)
        try:
            return ssl.create_default_context(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"The authority of a camera, {path}, cannot be read ({type(error).__name__}).") from None
    context = ssl.create_default_context()
    if _pin(certificate) is not None:
        _ask_nobody(context)
    return context


def _ask_nobody(context: ssl.SSLContext) -> None:
    """Leave the judgement to whoever compares the certificate itself."""
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE


def _pin(certificate: str | None) -> str | None:
    return certificate.removeprefix(PIN) if certificate is not None and certificate.startswith(PIN) else None


def _shown(address: str, port: int, timeout_s: float) -> str:
    """Fingerprint of the certificate that is shown, for whoever may compare it; empty where there is none any more."""
    context = ssl.create_default_context()
    _ask_nobody(context)
    try:
        with socket.create_connection((address, port), timeout_s) as raw, context.wrap_socket(raw) as far:
            return _sha256(far.getpeercert(binary_form=True))
    except OSError:
        return ""


def _sha256(certificate: bytes | None) -> str:
    return hashlib.sha256(certificate or b"").hexdigest()


def _advice(why: str, shown: str) -> str:
    told = f'; if it is the camera\'s own, its file says certificate = "{PIN}{shown}"' if shown else ""
    return f"its certificate is not trusted ({why.rstrip('.')}){told}"
