"""Connecting to an RTSP camera, with a code and a sentence for everything that may go wrong."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import av

from qyran.addresses import ForbiddenAddress, resolve
from qyran.errors import StreamError
from vision.card_decoding import accelerator
from vision.credentials import guard_libav_log, scrub, with_credentials
from vision.stream_settings import DownReason, StreamSettings
from vision.tls_relay import TlsRelay, Untrusted

_ANALYSE_US: Final = 2_000_000
"""Longest look at the data before the first picture, microseconds (libav's default of 5 s delays a reconnect)."""


class LiveFault(StreamError):
    """A live stream failed.

    Attributes:
        reason: code for the log of up and down times.
    """

    def __init__(self, message: str, reason: DownReason) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(slots=True)
class Connection:
    """An open RTSP session."""

    container: av.container.InputContainer
    track: av.VideoStream
    relay: TlsRelay | None = None

    def close(self) -> None:
        """End the session."""
        self.container.close()
        if self.relay is not None:
            self.relay.close()


def connect(url: str, credentials: str | None, settings: StreamSettings, certificate: str | None = None) -> Connection:
    """Open a session and find its video track.

    Args:
        url: of the stream; with `rtsps` the camera's certificate is judged (`vision.tls_relay`).
        credentials: where user and password are found.
        settings: how it is read.
        certificate: as the camera's file says; None asks the system's authorities.

    Raises:
        LiveFault: why not; its message holds no password.
        ConfigError: the credentials or the authority cannot be read, or the decoder that was chosen is not there.
    """
    guard_libav_log()
    card = accelerator(settings.decoder)
    name = scrub(url)
    options = {
        "rtsp_transport": settings.transport,
        "analyzeduration": str(_ANALYSE_US),
        "fpsprobesize": "0",  # no second of pictures held back to count their rate
    }
    began = time.monotonic()
    with ExitStack() as stack:
        try:
            plain, relay = _pinned(url, certificate, settings)
            if relay is not None:
                stack.callback(relay.close)
                options["rtsp_transport"] = "tcp"
            container = av.open(
                with_credentials(plain, credentials), "r", container_options=options,
                timeout=(settings.open_timeout_s, settings.read_timeout_s), metadata_errors="replace",
                hwaccel=card,
            )  # fmt: skip
        except Untrusted as error:
            raise LiveFault(f"The stream {name} is not opened: {error}.", "untrusted") from None
        except (av.FFmpegError, OSError, ValueError) as error:
            raise LiveFault(*_explain(error, url, time.monotonic() - began, settings)) from None
        track = next((t for t in container.streams.video if t.codec_context is not None), None)
        if track is None or not track.codec_context.width:
            container.close()
            raise LiveFault(f"The stream {name} holds no video that can be decoded.", "no_video")
        stack.pop_all()
        return Connection(container, track, relay)


def _pinned(url: str, certificate: str | None, settings: StreamSettings) -> tuple[str, TlsRelay | None]:
    """The stream's address with its host's name resolved and judged: whom a name is given to afterwards has no effect.

    With TLS it is that of a relay, whose connection is open and whose certificate was judged too.

    Raises:
        LiveFault: the name resolves to nothing, or to what no camera has.
        Untrusted: the certificate is another one.
        OSError: there is no connection.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme == "rtsps"
    port = parts.port or (_RTSPS_PORT if secure else _RTSP_PORT)
    try:
        address = resolve(host, port)[0]
    except ForbiddenAddress as error:
        raise LiveFault(f"The stream {scrub(url)} is not opened: {error}", "unreachable") from None
    except (OSError, UnicodeError):
        raise LiveFault(
            f"The stream {scrub(url)} cannot be reached: the host is unknown or there is no way to it.", "unreachable"
        ) from None
    user, at, _ = parts.netloc.rpartition("@")
    if secure:
        relay = TlsRelay(host, address, port, certificate, settings.open_timeout_s)
        return urlunsplit(parts._replace(scheme="rtsp", netloc=f"{user}{at}127.0.0.1:{relay.port}")), relay
    if parts.scheme != "rtsp" or host == address:
        return url, None
    named = f"[{address}]" if ":" in address else address
    told = f":{parts.port}" if parts.port is not None else ""
    return urlunsplit(parts._replace(netloc=f"{user}{at}{named}{told}")), None


_NEARLY: Final = 0.9
"""libav tells an interrupted read as bad data; a failure after this part of the time-out was the time-out."""
_RTSP_PORT: Final = 554
_RTSPS_PORT: Final = 322
"""Both of RFC 7826, section 22.14."""

_REASONS: Final[tuple[tuple[tuple[type[BaseException], ...], DownReason], ...]] = (
    ((av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError), "unauthorized"),
    ((av.error.HTTPNotFoundError,), "not_found"),
    ((av.error.ExitError, TimeoutError), "timeout"),
    ((ConnectionRefusedError,), "refused"),
    ((EOFError, ConnectionError), "ended"),
    ((OSError,), "unreachable"),
)


def reason_of(error: Exception) -> DownReason:
    """Code of an error met while connecting or reading."""
    return next((reason for kinds, reason in _REASONS if isinstance(error, kinds)), "broken")


def _probe(url: str, settings: StreamSettings) -> DownReason:
    """What a bare TCP connection meets, where libav only says that there was no valid data."""
    parts = urlsplit(url)
    try:
        port = parts.port or (_RTSPS_PORT if parts.scheme == "rtsps" else _RTSP_PORT)
        socket.create_connection((parts.hostname or "", port), settings.open_timeout_s).close()
    except OSError as error:
        return reason_of(error)
    return "broken"


def _explain(error: Exception, url: str, waited_s: float, settings: StreamSettings) -> tuple[str, DownReason]:
    name = scrub(url)
    reason = reason_of(error)
    if reason == "broken":
        reason = "timeout" if waited_s >= _NEARLY * settings.open_timeout_s else _probe(url, settings)
    sentences: dict[DownReason, str] = {
        "unauthorized": f"The stream {name} refuses the user or password; check the camera's credentials.",
        "not_found": f"The stream {name} does not exist on that server (404); check the path of the address.",
        "timeout": f"The stream {name} did not answer within {waited_s:.1f} s.",
        "refused": f"The stream {name} cannot be reached: nothing listens at that port.",
        "ended": f"The stream {name} was closed by the server while it was being opened.",
        "unreachable": f"The stream {name} cannot be reached: the host is unknown or there is no way to it.",
    }
    return sentences.get(reason, f"The stream {name} answers, but not with video that can be read."), reason
