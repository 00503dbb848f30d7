"""Connecting to an RTSP camera, with a code and a sentence for everything that may go wrong."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import av

from qyran.addresses import ForbiddenAddress, resolve
from qyran.errors import StreamError
from vision.card_decoding import accelerator
from vision.credentials import guard_libav_log, scrub, with_credentials
from vision.stream_settings import DownReason, StreamSettings

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

    def close(self) -> None:
        """End the session."""
        self.container.close()


def connect(url: str, credentials: str | None, settings: StreamSettings) -> Connection:
    """Open a session and find its video track.

    Raises:
        LiveFault: why not; its message holds no password.
        ConfigError: the credentials cannot be read, or the decoder that was chosen is not there.
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
    try:
        container = av.open(
            with_credentials(_pinned(url), credentials), "r", container_options=options,
            timeout=(settings.open_timeout_s, settings.read_timeout_s), metadata_errors="replace",
            hwaccel=card,
        )  # fmt: skip
    except (av.FFmpegError, OSError, ValueError) as error:
        raise LiveFault(*_explain(error, url, time.monotonic() - began, settings)) from None
    track = next((t for t in container.streams.video if t.codec_context is not None), None)
    if track is None or not track.codec_context.width:
        container.close()
        raise LiveFault(f"The stream {name} holds no video that can be decoded.", "no_video")
    return Connection(container, track)


def _pinned(url: str) -> str:
    """The stream's address with its host's name resolved and judged: whom a name is given to afterwards has no effect.

    With TLS the name stays, since the camera's certificate names it.

    Raises:
        LiveFault: the name resolves to nothing, or to what no camera has.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        address = resolve(host, parts.port or _RTSP_PORT)[0]
    except ForbiddenAddress as error:
        raise LiveFault(f"The stream {scrub(url)} is not opened: {error}", "unreachable") from None
    except (OSError, UnicodeError):
        raise LiveFault(
            f"The stream {scrub(url)} cannot be reached: the host is unknown or there is no way to it.", "unreachable"
        ) from None
    if parts.scheme != "rtsp" or host == address:
        return url
    named = f"[{address}]" if ":" in address else address
    user, at, _ = parts.netloc.rpartition("@")
    port = f":{parts.port}" if parts.port is not None else ""
    return urlunsplit(parts._replace(netloc=f"{user}{at}{named}{port}"))


_NEARLY: Final = 0.9
"""libav tells an interrupted read as bad data; a failure after this part of the time-out was the time-out."""
_RTSP_PORT: Final = 554

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
        socket.create_connection((parts.hostname or "", parts.port or _RTSP_PORT), settings.open_timeout_s).close()
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
