"""A simulator of the systems nobody can reach from here: register, SMS gateway, vehicle register, over HTTP.

It speaks the contracts of docs/delivery.md and behaves as badly as asked: it refuses, delays, fails after it has taken
something, and says everything twice. It is for tests and exercises; what it answers has no meaning.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

LOCAL: Final = "127.0.0.1"
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Faults:
    """How badly it behaves, as shares of requests from 0 to 1.

    Attributes:
        refuse: refused for ever, with a reason.
        fail: answered with 503 before anything was taken.
        lose: taken, and the answer lost.
        duplicate: receipts and answers given twice, under two names.
        delay_s: before every answer, seconds.
        undeliverable: messages whose receipt says that they did not arrive.
    """

    refuse: float = 0.0
    fail: float = 0.0
    lose: float = 0.0
    duplicate: float = 0.0
    delay_s: float = 0.0
    undeliverable: float = 0.0


@dataclass(slots=True)
class Simulator:
    """The state of all simulated systems.

    Attributes:
        faults: may be changed at any time.
        clock: gives the times it answers with.
        messages: what the SMS gateway took, by key.
        decisions: what the register took, by document number.
        handed: how often each key or number was handed over.
        waiting: receipts and answers not yet seen, by name.
        owners: what the vehicle register answers, by plate.
        asked: plates it was asked for.
        told: answers the register refused to believe us, by name.
    """

    faults: Faults = field(default_factory=Faults)
    clock: Clock = utc_now
    seed: int = 1
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    decisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    handed: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    owners: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    idle: threading.Event = field(default_factory=threading.Event)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  repeatable misbehaviour

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
        """What a request is answered with; None where the connection is cut."""
        if self.faults.delay_s:
            self.idle.wait(self.faults.delay_s)
        with self.lock:
            if self._happens(self.faults.fail):
                return 503, {"reason": "busy"}
            found = self._route(method, path, body)
            takes = method == "PUT" or path == "/messages"
            return None if takes and self._happens(self.faults.lose) else found

    def deliver(self, kind: str = "delivered", reason: str | None = None) -> int:
        """Say what became of every message that no receipt was given for; how many."""
        with self.lock:
            waiting = [one for one in self.messages.values() if not one["told"]]
            for one in waiting:
                one["told"] = True
                lost = self._happens(self.faults.undeliverable)
                said = "undeliverable" if lost else kind
                why = "absent_subscriber" if lost else reason
                self._say(self.receipts, {"key": one["key"], "kind": said, "reason": why}, "receipt")
            return len(waiting)

    def register(self, *kinds: str) -> int:
        """Let the register answer for every decision that has no answer, with these kinds in order; how many."""
        with self.lock:
            waiting = [one for one in self.decisions.values() if not one["told"]]
            for one in waiting:
                one["told"] = True
                for kind in kinds or ("registered",):
                    said: dict[str, Any] = {"case_id": one["case_id"], "kind": kind}
                    said |= {"number": f"SIM-{one['document_no']}"} if kind == "registered" else {}
                    said |= {"reason": "field_missing"} if kind == "refused" else {}
                    said |= {"channel": "sms"} if kind in {"notified", "delivered", "undeliverable"} else {}
                    self._say(self.answers, said, "id")
            return len(waiting)

    def _route(  # noqa: PLR0911  one return a route
        self, method: str, path: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        match method, path.split("/")[1:]:
            case "POST", ["messages"]:
                return self._take(self.messages, str(body["key"]), {**body, "told": False})
            case "PUT", ["decisions", number]:
                return self._take(self.decisions, number, {**body, "told": False})
            case "GET", ["receipts"]:
                return 200, {"receipts": list(self.receipts.values())}
            case "GET", ["answers"]:
                return 200, {"answers": list(self.answers.values())}
            case "POST", ["receipts", "seen"]:
                return self._forget(self.receipts, body["receipts"])
            case "POST", ["answers", "seen"]:
                return self._forget(self.answers, body["answers"])
            case "POST", ["answers", "refused"]:
                self.told += body["answers"]
                return self._forget(self.answers, body["answers"])
            case "POST", ["owner"]:
                self.asked.append(body["plate"])
                return 200, {"owner": self.owners.get(body["plate"])}
        return 404, {}

    def _take(self, taken: dict[str, dict[str, Any]], key: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.handed[key] = self.handed.get(key, 0) + 1
        if key not in taken:
            if self._happens(self.faults.refuse):
                return 422, {"reason": "unknown_recipient"}
            taken[key] = body
        return 202, {"id": f"sim-{list(taken).index(key) + 1}"}

    def _say(self, waiting: dict[str, dict[str, Any]], content: dict[str, Any], name: str) -> None:
        for _ in range(2 if self._happens(self.faults.duplicate) else 1):
            number = f"{name}-{len(waiting) + len(self.told) + self.chance.randrange(10**9)}"
            waiting[number] = {name: number, "time": self.clock().isoformat(), **content}

    @staticmethod
    def _forget(waiting: dict[str, dict[str, Any]], names: list[str]) -> tuple[int, dict[str, Any]]:
        for one in names:
            waiting.pop(one, None)
        return 200, {}

    def _happens(self, share: float) -> bool:
        return share > 0 and self.chance.random() < share


@contextmanager
def serving(simulator: Simulator, port: int = 0) -> Iterator[str]:
    """Serve a simulator on a port of this machine, in a thread; its address."""

    class Handler(BaseHTTPRequestHandler):
        """One connection."""

        def _handle(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            found = simulator.answer(self.command, self.path, body)
            if found is None:
                self.close_connection = True
                self.connection.close()
                return
            data = json.dumps(found[1]).encode()
            self.send_response(found[0])
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _handle  # noqa: N815  the names http.server asks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer((LOCAL, port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://{LOCAL}:{server.server_address[1]}"
    finally:
        simulator.idle.set()
        server.shutdown()
        server.server_close()
        thread.join()
