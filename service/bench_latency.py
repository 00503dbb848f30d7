"""`qyran bench latency`: from the frame that decides to the operator's console and to the emergency service.

Rendered scenes play in a loop over real RTSP as pictures of 1080p at 25 a second. A worker process watches them, the
service takes their alarms, a console listens to the live list over HTTP and answers every alarm at once, so that the
next loop raises a new one, and a stand-in of a service takes CAP messages. All clocks are this machine's; a delay
begins at the moment that the deciding frame was dated with.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx

from service.bench_alerts_receiver import StandIn, alert_and_seq, receiving
from service.bench_live import SCENES, SIZE, clip, cpu_seconds, log_in, quantiles, site, worker
from service.bench_video import FPS

STREAMS: Final = 8
SECONDS: Final = 180
CONSOLE_P95_S: Final = 2.0
CAP_P95_S: Final = 3.0
ALARMS: Final = """
[sender]
id = "bench"

[[receivers]]
id = "fire-service"
channel = "cap"
service = "101"
url = "{url}"
steps = ["every"]
"""


@dataclass(slots=True)
class Console:
    """What an operator's page hears, and that it answers everything.

    Attributes:
        seen: seconds from a report's frame to its arrival here, by alert and moment of the frame.
        detected: when the first frame of an alert was, UTC seconds.
    """

    seen: dict[tuple[str, float], float] = field(default_factory=dict)
    detected: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def hear(self, base: str, client: httpx.Client, stop: threading.Event) -> None:
        """Listen until told to stop."""
        csrf = log_in(base, client)
        with client.stream("GET", f"{base}/api/v1/alerts/stream", timeout=None) as answer:
            for line in answer.iter_lines():
                if stop.is_set():
                    return
                if line.startswith("data:") and '"t_detect"' in line:
                    self._take(json.loads(line[5:]), time.time(), base, client, csrf)

    def _take(self, one: dict[str, Any], now: float, base: str, client: httpx.Client, csrf: str) -> None:
        alert, at = one["id"], datetime.fromisoformat(one["last_seen"]).timestamp()
        self.seen.setdefault((alert, at), now - at)
        self.kinds.setdefault(alert, one["kind"])
        if alert not in self.detected:
            self.detected[alert] = datetime.fromisoformat(one["t_detect"]).timestamp()
            threading.Thread(target=self._answer, args=(alert, base, client, csrf), daemon=True).start()

    def _answer(self, alert: str, base: str, client: httpx.Client, csrf: str) -> None:
        """Acknowledge, judge and close: what comes next is a new alarm."""
        steps: tuple[tuple[str, dict[str, str]], ...] = (
            ("acknowledge", {}),
            ("verdict", {"verdict": "false", "reason": "no_event"}),
            ("close", {"closing_code": "not_confirmed"}),
        )
        for step, body in steps:
            answer = client.post(
                f"{base}/api/v1/alerts/{alert}/{step}", json=body, headers={"x-csrf-token": csrf}, timeout=30
            )
            if answer.status_code >= httpx.codes.BAD_REQUEST:
                self.faults.append(f"{step}: {answer.status_code}")
                return


def bench_latency(
    streams: int = STREAMS,
    seconds: float = SECONDS,
    keep: Path | None = None,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure.

    Args:
        streams: cameras watched at once.
        seconds: of watching, after the worker has seen the first frame.
        keep: folder in which the drawn clips are kept and found again.
        tell: told what is being done.

    Raises:
        ConfigError: GStreamer's RTSP server is absent, or the service does not start.
    """
    with tempfile.TemporaryDirectory(prefix="qyran-") as folder, ExitStack() as stack:
        home = Path(folder)
        clips = [clip(scene, keep or home / "clips", tell) for scene in SCENES]
        stand_in, console, stop = StandIn(), Console(), threading.Event()
        alarms = home / "alerts.toml"
        alarms.write_text(ALARMS.format(url=stack.enter_context(receiving(stand_in))), encoding="utf-8")
        at = stack.enter_context(site(home, streams, clips, {"QYRAN_ALERTS_FILE": str(alarms)}))
        client = stack.enter_context(httpx.Client())
        threading.Thread(target=_heard, args=(console, at.base, client, stop), daemon=True).start()
        tell("watching")
        with worker(at, client) as start_s:
            ready = time.monotonic()
            before = cpu_seconds()
            time.sleep(seconds)
            used = {name: after - before.get(name, 0.0) for name, after in cpu_seconds().items()}
        stop.set()
        span = time.monotonic() - ready
    return _report(streams, span, start_s, console, stand_in, used)


def _report(
    streams: int, span: float, start_s: float, console: Console, stand_in: StandIn, used: dict[str, float]
) -> dict[str, Any]:
    first: dict[str, float] = {}
    for key, _, _, at in stand_in.bodies:
        alert, _ = alert_and_seq(key)
        first.setdefault(alert, at)
    told = sorted(first[alert] - at for alert, at in console.detected.items() if alert in first)
    seen = sorted(console.seen.values())
    kinds = sorted(set(console.kinds.values()))
    return {
        "streams": streams, "size": list(SIZE), "fps": FPS, "seconds": round(span, 1), "cores": os.cpu_count(),
        "started_s": round(start_s, 1),
        "alerts": len(console.detected), "by_kind": {one: list(console.kinds.values()).count(one) for one in kinds},
        "frame_to_console_s": quantiles(seen), "console_goal_p95_s": CONSOLE_P95_S,
        "frame_to_cap_s": quantiles(told), "cap_goal_p95_s": CAP_P95_S,
        "cap_missing": len(set(console.detected) - set(first)), "cap_repeats": stand_in.repeats,
        "steps_refused": console.faults,
        "cpu_share": {name: round(value / span, 3) for name, value in used.items()},
    }  # fmt: skip


def _heard(console: Console, base: str, client: httpx.Client, stop: threading.Event) -> None:
    with suppress(httpx.HTTPError):  # the service ends before its listeners
        console.hear(base, client, stop)
