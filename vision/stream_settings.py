"""Settings of a stream, what is known of it, and what it tells about being up or down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vision.card_decoding import DecoderName

TimeSource = Literal["given", "creation_time", "file_time", "wall_clock"]
DownReason = Literal[
    "unauthorized",  # 401 or 403: wrong user or password
    "untrusted",  # its certificate is none that the camera's file names
    "not_found",  # 404: the server has no such path
    "refused",  # nothing listens at the port
    "unreachable",  # no route, or the name is not known
    "timeout",  # no answer within the open or read time-out
    "stalled",  # connected, yet no picture for `stall_s`
    "ended",  # the server ended the session
    "broken",  # the transport gave data that is no stream
    "no_video",  # connected, but there is no video track that can be decoded
    "closed",  # we closed it
]


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How a stream is read.

    Attributes:
        transport: RTSP transport; TCP loses nothing on the way.
        open_timeout_s: how long connecting (and, separately, finding out what is sent) may take.
        read_timeout_s: how long one read may wait for data.
        stall_s: connected but no picture for so long means reconnect.
        backoff_first_s, backoff_max_s: delay before the first retry and its upper limit; it doubles in between, and
            each delay is drawn between half of it and all of it so that cameras do not return in step.
        steady_s: a connection that lived so long begins again at the first delay.
        jump_s: a live time stamp so far from the wall clock is a jump of the camera's clock.
        hand_over: pictures that wait for a slow consumer of a live stream; the oldest is dropped.
        first_open: "raise" tells at once why a live stream cannot be opened, "retry" goes on trying.
        start_time: UTC of the first frame of a file, where it is known.
        behind_s: a live stream that is read so much later than at best lately is not decoded until its next key frame,
            so that reading catches up. Packets are kept all the same.
        threads: decoder threads; one costs the least CPU for many cameras on few cores.
        decoder: of a live stream, the processor or a graphics card (`vision.card_decoding`).
    """

    transport: Literal["tcp", "udp"] = "tcp"
    open_timeout_s: float = 5.0
    read_timeout_s: float = 3.0
    stall_s: float = 5.0
    backoff_first_s: float = 0.5
    backoff_max_s: float = 30.0
    steady_s: float = 10.0
    jump_s: float = 10.0
    hand_over: int = 4
    behind_s: float = 1.0
    first_open: Literal["raise", "retry"] = "retry"
    start_time: datetime | None = None
    threads: int = 1
    decoder: DecoderName = "cpu"


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What a stream is.

    Attributes:
        width, height: pixels as coded; a display matrix (rotation) is ignored.
        codec: libavcodec's name of the codec ("h264", "hevc", "mpeg4", "mjpeg").
        time_base: seconds of one PTS tick.
        fps: average frame rate; 25 where the stream does not tell.
        duration_s: seconds, None for a live stream and where the file does not tell.
        live: whether it is a live stream.
        start_time: UTC of the first frame.
        time_source: where `start_time` comes from; "file_time" is the weakest (modification time of the file).
    """

    width: int
    height: int
    codec: str
    time_base: Fraction
    fps: float
    duration_s: float | None
    live: bool
    start_time: datetime
    time_source: TimeSource


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A live stream went up (first picture of a connection) or down.

    Attributes:
        kind: "up" or "down".
        time: UTC.
        reason: code of why it is down, None when up.
    """

    kind: Literal["up", "down"]
    time: datetime
    reason: DownReason | None = None


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """Running totals of a stream.

    Attributes:
        decoded: pictures decoded.
        given: pictures handed to the consumer.
        dropped: pictures that a slow consumer of a live stream never got.
        corrupt: packets that were damaged, or skipped after damage until the next key frame.
        connections: times a live stream was connected.
        skipped: packets of a live stream that were not decoded because reading had fallen behind.
    """

    decoded: int = 0
    given: int = 0
    dropped: int = 0
    corrupt: int = 0
    connections: int = 0
    skipped: int = 0
