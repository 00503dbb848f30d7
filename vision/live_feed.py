"""What a camera's process gives to viewers: fragments of the packets it reads, over a socket that only this host has.

::

    <live>/<camera>.sock     message: kind (1 byte), length (4 bytes, big-endian), payload
                             the other side writes single bytes: `V`, `v` video on or off, `S`, `s` stills on or off

Nothing is decoded or encoded for it but a still a second where a browser asks for one, and nothing is done while nobody
is connected. Who reads too slowly is cut off; on connecting again he begins at the newest key frame. The socket dies
with the process; a successor puts its own in its place.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import cv2

from qyran.errors import MediaError
from vision.fragments import Fragment, Fragmenter, Init, init_of
from vision.nal_units import as_annex_b, parameter_sets
from vision.packets import StreamHeader
from vision.stream_settings import StreamStatus
from vision.tap_queue import Arrival, TapQueue
from vision.types import Frame

INIT, FRAGMENT, STATE, STILL = 1, 2, 3, 4
"""Kinds of messages."""
HEAD: Final = struct.Struct(">BI")
FRAGMENT_S: Final = 0.2
"""Length of a live fragment: half of it is what a viewer waits for it on the average, seconds."""
QUEUE_BYTES: Final = 16 << 20
OUT_BYTES: Final = 16 << 20
"""Bytes that may wait for a slow reader before he is cut off."""
STILL_S: Final = 1.0
STILL_WIDTH: Final = 960
STILL_QUALITY: Final = 80
WAKE_S: Final = 0.5

log = logging.getLogger(__name__)


def socket_path(folder: Path, camera: str) -> Path:
    """Where a camera's socket lies."""
    return folder / f"{camera}.sock"


@contextlib.contextmanager
def short(path: Path) -> Iterator[str]:
    """A name of a socket within the 107 bytes that Linux takes (unix(7)), however deep its folder lies."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)


def message(kind: int, *parts: bytes) -> bytes:
    """A message as it goes over the socket."""
    return b"".join((HEAD.pack(kind, sum(map(len, parts))), *parts))


@dataclass(slots=True)
class _Reader:
    """Somebody who is connected, most often the service."""

    connection: socket.socket
    wants_video: bool = True
    wants_stills: bool = False
    told_state: bool = False
    init: Init | None = None
    fragmenter: Fragmenter | None = None
    out: bytearray = field(default_factory=bytearray)
    gone: bool = False

    def hear(self) -> None:
        """Take his wishes."""
        try:
            said = self.connection.recv(64)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self.gone = True
            return
        for wish in said:
            if wish in b"Vv":
                self.wants_video = wish == ord("V")
            elif wish in b"Ss":
                self.wants_stills = wish == ord("S")

    def say(self, data: bytes) -> None:
        """Send as far as he takes it; the rest waits."""
        self.out += data
        try:
            while self.out:
                del self.out[: self.connection.send(self.out)]
        except BlockingIOError:
            self.gone = len(self.out) > OUT_BYTES
        except OSError:
            self.gone = True


class LiveFeed:
    """Gives one camera's packets to whoever connects, until `close`; `queue` is the tap that its ring feeds.

    Raises:
        OSError: the socket cannot be made.
    """

    def __init__(self, folder: Path, camera: str) -> None:
        self.queue = TapQueue(QUEUE_BYTES)
        self._camera = camera
        self._path = socket_path(folder, camera)
        self._epoch = uuid4().hex
        self._lock = threading.Lock()
        self._arrived: list[_Reader] = []
        self._readers: list[_Reader] = []
        self._group: list[Arrival] = []
        self._told: StreamHeader | None = None
        self._header: StreamHeader | None = None
        self._sets: tuple[bytes, ...] = ()
        self._init: Init | None = None
        self._state: dict[str, str | None] = {"state": "wait", "reason": None, "since": _iso(datetime.now(UTC))}
        self._state_changed = False
        self._picture: Frame | None = None
        self._still_at = 0.0
        self._stop = threading.Event()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        with short(self._path) as name:
            self._path.unlink(missing_ok=True)
            self._listener.bind(name)
        self._inode = self._path.stat().st_ino
        self._listener.listen(8)
        self._threads = [
            threading.Thread(target=self._accept, name=f"live door {camera}", daemon=True),
            threading.Thread(target=self._run, name=f"live {camera}", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def status(self, status: StreamStatus) -> None:
        """The stream went up or down; called from its reader's thread."""
        self._state = {"state": status.kind, "reason": status.reason, "since": _iso(status.time)}
        self._state_changed = True

    def passing(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames; the newest is at hand for a still."""
        for frame in frames:
            self._picture = frame
            yield frame

    def close(self) -> None:
        """End; the socket goes."""
        self._stop.set()
        self.queue.close()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(2 * WAKE_S)
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:  # else a successor's
                self._path.unlink()

    # -- threads -----------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setblocking(False)
            with self._lock:
                self._arrived.append(_Reader(connection))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._step(self.queue.take(WAKE_S))
            except Exception:
                log.exception("camera %s: the live view failed", self._camera)
        for reader in self._readers:
            reader.connection.close()

    def _step(self, arrival: Arrival | None) -> None:
        if arrival is not None:
            self._follow(arrival)
        with self._lock:
            new, self._arrived = self._arrived, []
        self._readers += new
        changed, self._state_changed = self._state_changed, False
        still = self._still() if any(one.wants_stills for one in self._readers) else None
        for reader in self._readers:
            reader.hear()
            if changed or not reader.told_state:
                reader.told_state = True
                reader.say(message(STATE, json.dumps(self._state).encode()))
            if reader.wants_video:
                self._serve(reader, arrival)
            else:
                reader.init = None
            if still is not None and reader.wants_stills:
                reader.say(still)
            elif reader.out:
                reader.say(b"")
        for reader in [one for one in self._readers if one.gone]:
            reader.connection.close()
            self._readers.remove(reader)

    def _serve(self, reader: _Reader, arrival: Arrival | None) -> None:
        if self._init is None:
            return
        if reader.init is not self._init:
            reader.init = self._init
            reader.fragmenter = Fragmenter(self._init, least_s=0.0, most_s=FRAGMENT_S, origin_s=0.0)
            reader.say(self._init_message(self._init))
            for one in self._group:
                self._give(reader, one)
        elif arrival is not None:
            self._give(reader, arrival)

    @staticmethod
    def _give(reader: _Reader, arrival: Arrival) -> None:
        due = arrival.packet.due
        assert due is not None  # noqa: S101 - the queue takes no other
        assert reader.fragmenter is not None  # noqa: S101 - made with the init
        made = reader.fragmenter.feed(arrival.packet, due)
        if made is not None:
            reader.say(fragment_message(made))

    def _follow(self, arrival: Arrival) -> None:
        """Keep the packets since the newest key frame, and the configuration they are of."""
        header, packet = arrival.header, arrival.packet
        if packet.key:
            raw = as_annex_b(header.codec, header.extradata)
            sets = parameter_sets(header.codec, packet.data) if raw else ()
            if header is not self._told or (sets and sets != self._sets):
                self._told, self._sets = header, sets
                own = parameter_sets(header.codec, header.extradata)
                renewed = (header.of_key(packet.data) or header) if set(sets) - set(own) else header
                self._adopt(renewed)
            self._group = []
        self._group.append(arrival)

    def _adopt(self, header: StreamHeader) -> None:
        if header == self._header:
            return
        self._header = header
        try:
            self._init = init_of(header)
        except MediaError as error:
            self._init = None
            log.warning("camera %s has no live view: %s", self._camera, error)

    def _init_message(self, init: Init) -> bytes:
        header = self._header
        said = {"epoch": self._epoch, "codecs": init.codecs, "codec": header.codec if header else ""}
        table = json.dumps(said).encode()
        return message(INIT, len(table).to_bytes(2, "big"), table, init.data)

    def _still(self) -> bytes | None:
        """The newest picture, once a second."""
        frame, now = self._picture, time.monotonic()
        if frame is None or now < self._still_at:
            return None
        self._still_at = now + STILL_S
        height, width = frame.picture.shape[:2]
        share = min(1.0, STILL_WIDTH / width)
        small = cv2.resize(frame.picture, (round(width * share), round(height * share)), interpolation=cv2.INTER_AREA)
        done, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, STILL_QUALITY])
        at_ms = round(frame.time.timestamp() * 1000)
        return message(STILL, at_ms.to_bytes(8, "big"), data.tobytes()) if done else None


def fragment_message(made: Fragment) -> bytes:
    """A fragment as it goes over the socket: whether it begins with a key frame, and its boxes."""
    return message(FRAGMENT, b"\x01" if made.key else b"\x00", made.data)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
