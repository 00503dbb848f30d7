"""A stand-in for a receiver of alerts that fails as often as it is told to: for `qyran bench alerts` and for tests.

As a process of its own (``python -m service.bench_alerts_receiver FAILS HANG_S``) it says its address, and at the end
of its input what arrived, as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Final

FAULTS: Final = ("busy", "hang", "drop", "lose")
"""503 before taking; no answer in time; the connection cut before taking; taken, and the answer lost."""


@dataclass
class StandIn:
    """What arrived, counted once a key; safe to use from several threads.

    Attributes:
        fails: share of requests that fail, 0 to 1, spread evenly over `faults`.
        hang_s: how long it keeps who asks waiting where it hangs; longer than his time limit.
        keep: whether bodies are kept; a long bench keeps numbers only.
        taken: by key: the times it was taken.
        order: by alert: versions in the order in which they arrived first.
        first_at: by alert: when its first message arrived, seconds since 1970.
    """

    fails: float = 0.0
    faults: tuple[str, ...] = FAULTS
    hang_s: float = 0.3
    keep: bool = True
    seed: int = 1
    requests: int = 0
    taken: dict[str, int] = field(default_factory=dict)
    order: dict[str, list[int]] = field(default_factory=dict)
    bodies: list[tuple[str, Mapping[str, str], bytes, float]] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    first_at: dict[str, float] = field(default_factory=dict)
    answer: int = 200
    guard: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)
    _chance: random.Random | None = None

    def fault(self) -> str | None:
        """What goes wrong with this request."""
        with self.guard:
            self.requests += 1
            self._chance = self._chance or random.Random(self.seed)  # noqa: S311  draws faults, guards nothing
            if self._chance.random() >= self.fails:
                return None
            found = self._chance.choice(self.faults)
            self.failed[found] = self.failed.get(found, 0) + 1
            return found

    def take(self, key: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take a message, once a key."""
        with self.guard:
            self.taken[key] = self.taken.get(key, 0) + 1
            if self.keep:
                self.bodies.append((key, headers, body, time()))
            if self.taken[key] == 1:
                alert, seq = alert_and_seq(key)
                self.order.setdefault(alert, []).append(seq)
                self.first_at.setdefault(alert, time())

    @property
    def repeats(self) -> int:
        """Messages that came again under the same key."""
        return sum(self.taken.values()) - len(self.taken)

    def summary(self) -> dict[str, object]:
        """What arrived, without the bodies."""
        return {
            "requests": self.requests,
            "failed": self.failed,
            "delivered": len(self.taken),
            "repeats": self.repeats,
            "alerts": len(self.order),
            "overtakings": self.overtakings,
            "first_at": self.first_at,
        }

    @property
    def overtakings(self) -> int:
        """Alerts of which a later version arrived before an earlier one."""
        return sum(found != sorted(found) for found in self.order.values())


def alert_and_seq(key: str) -> tuple[str, int]:
    """Alert and version that a message's key names: ``qyran-<uuid>-<seq>-<receiver>``."""
    parts = key.split("-")
    return "-".join(parts[1:6]), int(parts[6])


@contextmanager
def receiving(stand_in: StandIn, port: int = 0) -> Iterator[str]:
    """A real HTTP server in front of it; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            fault = stand_in.fault()
            if fault == "drop":
                return self._cut()
            if fault == "hang":
                stand_in.ended.wait(stand_in.hang_s)
                return self._cut()
            if fault == "busy":
                return self._say(503)
            if stand_in.answer < 300:
                stand_in.take(self.headers.get("idempotency-key", ""), dict(self.headers.items()), body)
            return self._cut() if fault == "lose" else self._say(stand_in.answer)

        def _say(self, status: int) -> None:
            data = json.dumps({"ok": status < 300}).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _cut(self) -> None:
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nobody wants to know."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            """Who asks has given up waiting."""

    with Server(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            stand_in.ended.set()
            server.shutdown()
            thread.join()


def main() -> None:
    """Run until the input ends."""
    stand_in = StandIn(fails=float(sys.argv[1]), hang_s=float(sys.argv[2]), keep=False)
    with receiving(stand_in) as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        sys.stdin.read()
        sys.stdout.write(json.dumps(stand_in.summary()) + "\n")


if __name__ == "__main__":
    main()
