"""A plain client reads through an outage of the server while others write: no record missing, none twice."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from qyran.roles import SYSTEM
from service.exchange import feed
from service.exchange.readers import make_reader
from service.store.alert_tables import Alert
from tests.service.exchange import plain_reader
from tests.service.exchange.facts import an_alert

SERVER = Path(__file__).with_name("exchange_server.py")
ROOT = SERVER.parents[3]
WRITERS, EACH = 3, 12


def a_server(world, port: int) -> subprocess.Popen[str]:
    """A process of its own, so that it can be killed."""
    settings = world.settings
    given = {"QYRAN_HOME": str(settings.home), "QYRAN_DATABASE_URL": settings.database_url, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(port)], env={**os.environ, **given}, stdout=subprocess.PIPE, text=True,
        cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def stop(server: subprocess.Popen[str]) -> None:
    """Kill it: nothing is finished or closed."""
    server.send_signal(signal.SIGKILL)
    server.wait()
    assert server.stdout is not None
    server.stdout.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def write(world, go_on: threading.Event) -> None:
    """Raise alerts and move them on, many writers at once; the last change of each is its closing."""
    for number in range(EACH):
        with world.store.write() as work:
            alert = an_alert(work)
        for state in ("acknowledged", "confirmed", "closed"):
            with world.store.write() as work:
                row = work.session.get_one(Alert, alert)
                row.state, row.changed_at = state, work.now
        if number == EACH // 2:
            go_on.wait(60)


def test_an_outage_leaves_no_gap_and_no_double(both):
    token, port = both.do(SYSTEM, make_reader, "plain", ["feed"]), free_port()
    address, lines, down = f"http://127.0.0.1:{port}", [], threading.Event()
    server = a_server(both, port)
    writers = [threading.Thread(target=write, args=(both, down)) for _ in range(WRITERS)]
    for one in writers:
        one.start()
    cursor = None
    while len(lines) < WRITERS * 2:
        cursor = plain_reader.read_on(address, token, lines, cursor, limit=3)
    stop(server)  # in the middle of whatever it tells just then
    before = len(lines)
    assert plain_reader.read_on(address, token, lines, cursor) == cursor
    assert len(lines) == before
    down.set()
    server = a_server(both, port)
    try:
        for one in writers:
            one.join()
        with both.store.write() as work:
            last = an_alert(work)
        plain_reader.read_until(address, token, lines, f"alert/{last}", cursor)
    finally:
        stop(server)
    with both.store.read() as work:
        held = feed.page(work, limit=feed.MOST).lines
    read = [plain_reader.json.loads(line) for line in lines]
    assert [one["seq"] for one in read] == list(range(1, len(read) + 1))
    assert tuple(lines) == held[: len(lines)]
    newest = {one["subject"]: one["data"] for one in read if one["kind"] == "alert"}
    assert len(newest) == WRITERS * EACH + 1
    assert {data["state"] for subject, data in newest.items() if subject != f"alert/{last}"} == {"closed"}
