"""Packets on their way from a stream's reader to a thread that must never hold it up."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final

from vision.packets import StoredPacket, StreamHeader

MOST_BYTES: Final = 48 << 20
"""Of packets that wait: some 80 s at 4.8 Mbit/s, more than a disk that stalls for a while takes to come back."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet, and the configuration it is of; `lost` packets were dropped before it because nobody took them."""

    packet: StoredPacket
    header: StreamHeader
    lost: int


class TapQueue:
    """A `PacketTap` that keeps what comes until it is taken, within `most_bytes`; beyond, whole groups are lost.

    Attributes:
        lost: packets dropped so far.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.lost = 0
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._waiting: deque[Arrival] = deque()
        self._bytes = 0
        self._header: StreamHeader | None = None
        self._dropped = 0
        self._closed = False

    def begin(self, header: StreamHeader) -> None:
        """A connection begins."""
        self._header = header

    def push(self, packet: StoredPacket) -> None:
        """One packet; never waits."""
        header = self._header
        if header is None or packet.due is None or packet.hidden:
            return
        with self._changed:
            if self._dropped and not packet.key:
                self._drop(1)
                return
            if self._bytes + len(packet.data) > self._most_bytes:
                self._drop(1)
                return
            self._waiting.append(Arrival(packet, header, self._dropped))
            self._dropped = 0
            self._bytes += len(packet.data)
            self._changed.notify()

    def take(self, timeout_s: float) -> Arrival | None:
        """The next one; None after a time-out or once all is taken and the queue is closed."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(timeout_s)
            if not self._waiting:
                return None
            found = self._waiting.popleft()
            self._bytes -= len(found.packet.data)
            return found

    def clear(self) -> None:
        """Forget what waits, without counting it as lost."""
        with self._changed:
            self._waiting.clear()
            self._bytes = 0
            self._dropped = 0

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def done(self) -> bool:
        """Whether the queue is closed and empty."""
        with self._changed:
            return self._closed and not self._waiting

    def _drop(self, count: int) -> None:
        self._dropped += count
        self.lost += count
