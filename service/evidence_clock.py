"""How far the host's clock is off: asked of NTP servers, kept as a dated series, and told in every package.

The supervisor of the cameras asks; a file a day under ``clock`` in the installation's home holds every reading, and
``clock/last.json`` the newest, which camera processes read. Where nobody is asked or nobody answers, the state of the
clock is unknown, and a package says so.
"""

from __future__ import annotations

import json
import logging
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from evidence.whole import whole_file

PORT: Final = 123
TIMEOUT_S: Final = 2.0
PACKET: Final = struct.Struct("!B B b b 11I")
CLIENT: Final = 0x23
"""No warning, version 4, mode client (RFC 5905, 7.3)."""
SERVER_MODE: Final = 4
UNSYNCHRONISED: Final = 3
"""Leap indicator of a server whose own clock is not set."""
MOST_STRATUM: Final = 15
EPOCH: Final = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""
LAST: Final = "last.json"
STALE_S: Final = 86_400.0
"""An older reading says nothing of the clock any more, seconds."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a server's clock.

    Attributes:
        server: whom it was asked of.
        at: when, by the host's clock.
        offset_s: the server's clock ahead of the host's, seconds.
        delay_s: the way there and back, seconds: the offset is sure to half of it.
        stratum: of the server.
    """

    server: str
    at: datetime
    offset_s: float
    delay_s: float
    stratum: int

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "server": self.server,
            "at": self.at.isoformat(timespec="microseconds"),
            "offset_s": round(self.offset_s, 6),
            "delay_s": round(self.delay_s, 6),
            "stratum": self.stratum,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Reading:
        """As it was kept.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        at = datetime.fromisoformat(raw["at"])
        return cls(str(raw["server"]), at, float(raw["offset_s"]), float(raw["delay_s"]), int(raw["stratum"]))


def ask(server: str, *, clock: Callable[[], float] = time.time) -> Reading:
    """Ask one server by SNTP (RFC 4330).

    Args:
        server: ``host`` or ``host:port``.
        clock: the host's clock, seconds since 1970.

    Raises:
        OSError: it does not answer, or not as a server that knows the time.
    """
    host, _, port = server.partition(":")
    nonce = secrets.token_bytes(8)  # the server sends it back: nobody else can answer
    with _udp(host, port) as link:
        sent = clock()
        link.send(bytes((CLIENT,)) + bytes(39) + nonce)
        answer = link.recv(512)
        got = clock()
    return _read(server, answer, nonce, sent, got)


def measure(servers: Iterable[str]) -> Reading | None:
    """The reading with the shortest way among those who answer; None where nobody does."""
    found: list[Reading] = []
    for server in servers:
        try:
            found.append(ask(server))
        except OSError as error:
            log.warning("The time server %s gave no time: %s", server, error)
    return min(found, key=lambda one: one.delay_s, default=None)


def keep(home: Path, reading: Reading | None, at: datetime) -> None:
    """Write a reading down, or that there was none: into the day's series and as the newest."""
    folder = home / "clock"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    entry = reading.to_json() if reading else {"server": None, "at": at.isoformat(timespec="microseconds")}
    line = json.dumps(entry, sort_keys=True) + "\n"
    with (folder / f"{at.astimezone(UTC):%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as series:
        series.write(line)
    if reading is not None:
        whole_file(folder / LAST, line.encode())


def state_at(home: Path, at: datetime) -> dict[str, Any]:
    """What a package says of the clock at a moment.

    ``measured`` with the offset, its uncertainty and its age; ``stale`` where the newest reading is more than a day
    old; ``unknown`` where there is none.
    """
    try:
        reading = Reading.from_json(json.loads((home / "clock" / LAST).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return {"state": "unknown"}
    age_s = (at - reading.at).total_seconds()
    state = "measured" if abs(age_s) <= STALE_S else "stale"
    return {
        "state": state,
        **reading.to_json(),
        "uncertainty_s": round(reading.delay_s / 2, 6),
        "age_s": round(age_s, 1),
    }


class ClockWatch:
    """Asks the servers every so often until it is stopped."""

    def __init__(self, home: Path, servers: tuple[str, ...], every: timedelta, stop: threading.Event) -> None:
        self._home, self._servers, self._every, self._stop = home, servers, every, stop
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Begin; nothing is done where no server is configured."""
        if self._servers:
            self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it goes on asking."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until it has stopped."""
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                keep(self._home, measure(self._servers), datetime.now(UTC))
            except OSError as error:
                log.warning("The state of the clock could not be written down: %s", error)
            self._stop.wait(self._every.total_seconds())


def _udp(host: str, port: str) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, int(port or PORT), type=socket.SOCK_DGRAM)[0]
    link = socket.socket(family, kind, protocol)
    link.settimeout(TIMEOUT_S)
    link.connect(address)
    return link


def _read(server: str, answer: bytes, nonce: bytes, sent: float, got: float) -> Reading:
    if len(answer) < PACKET.size:
        raise OSError("the answer is too short")
    fields = PACKET.unpack_from(answer)
    leap, mode, stratum = fields[0] >> 6, fields[0] & 7, fields[1]
    if mode != SERVER_MODE or answer[24:32] != nonce:
        raise OSError("the answer belongs to no question of ours")
    if leap == UNSYNCHRONISED or not 1 <= stratum <= MOST_STRATUM:
        raise OSError("the server's own clock is not set")
    there, back = _seconds(fields[11], fields[12]), _seconds(fields[13], fields[14])
    offset = ((there - sent) + (back - got)) / 2
    delay = max(0.0, (got - sent) - (back - there))
    return Reading(server, datetime.fromtimestamp(got, UTC), offset, delay, stratum)


def _seconds(whole: int, part: int) -> float:
    return whole - EPOCH + part / 2**32
