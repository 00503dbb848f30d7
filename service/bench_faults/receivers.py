"""Receivers that are slow, endless or never take anything: others must not wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from service.bench_faults.cells import Cell, Ground, Outcome
from service.bench_faults.house import house
from service.bench_faults.killing import waiting
from service.bench_faults.ledger import account

WAYS: Final = ("answers in 30 s", "drips bytes", "never ends", "fails for ever", "refuses for ever")
TIMEOUT_S: Final = 2
HANG_S: Final = 30.0
DRIP_S: Final = 0.2
MORE: Final = """
[[receivers]]
id = "slow"
channel = "webhook"
url = "{url}"
secret = "env:FAULTS_SECRET"
steps = ["every"]
timeout_s = {timeout}
"""
SAID: Final = "receiver:slow"
ROUNDS: Final = 3


def cells() -> list[Cell]:
    """Each way of being a bad receiver."""
    return [Cell("receiver", way, partial(bad_receiver, way), quick=way == "drips bytes") for way in WAYS]


def bad_receiver(way: str, ground: Ground) -> Outcome:
    """One receiver behaves so, the other must hear everything meanwhile, and the page names the bad one."""
    with serving(way) as (url, asked):
        more = MORE.format(url=url, timeout=TIMEOUT_S)
        with house(ground.model("sqlite"), ground.folder, number=ground.number, more=more) as home:
            home.receivers = ("city",)
            home.start()
            home.wait_until_healthy()
            began = time.monotonic()
            with home.officer():
                for _ in range(ROUNDS):
                    home.first_load()
                    time.sleep(1.0)
                settled = home.settle()
                took = time.monotonic() - began
                said = _said(home.outages, way)
            left = [] if settled else waiting(home)
            if home.serve is not None:
                home.serve.end()
            unsaid = [] if way == "refuses for ever" or any(one.startswith(SAID) for one in said) else [SAID]
            notes = {"left": left, "the other heard all in s": round(took, 1), "asked": asked[0]}
            return Outcome(account(home), settled=settled, said=said, unsaid=unsaid, notes=notes)


def _said(outages: Any, way: str) -> list[str]:
    """What the page names, once it has had time for several tries."""
    end = time.monotonic() + 60.0
    found: list[str] = outages()
    while way != "refuses for ever" and time.monotonic() < end and not any(one.startswith(SAID) for one in found):
        time.sleep(1.0)
        found = outages()
    return found


@contextmanager
def serving(way: str) -> Iterator[tuple[str, list[int]]]:
    """A real HTTP server that behaves badly; its address, and how often it was asked."""
    ended, asked = threading.Event(), [0]

    handler = _handler(way, ended, asked)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """Who asks has given up waiting."""

    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def _handler(way: str, ended: threading.Event, asked: list[int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked[0] += 1
            self.rfile.read(int(self.headers.get("content-length", 0)))
            if way == "answers in 30 s":
                ended.wait(HANG_S)
                self._head(200, 2)
                self.wfile.write(b"ok")
            elif way == "drips bytes":
                self._head(200, 1_000_000)
                self._pour(b"x", DRIP_S)
            elif way == "never ends":
                self._head(200, None)
                self._pour(b"x" * 65_536, 0.001)
            else:
                self._head(503 if way == "fails for ever" else 400, 0)

        def _head(self, status: int, length: int | None) -> None:
            self.send_response(status)
            if length is None:
                self.send_header("connection", "close")
                self.close_connection = True
            else:
                self.send_header("content-length", str(length))
            self.end_headers()

        def _pour(self, drop: bytes, every_s: float) -> None:
            while not ended.wait(every_s):
                self.wfile.write(drop)
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Nobody wants to know."""

    return Handler
