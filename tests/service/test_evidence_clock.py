from __future__ import annotations

import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.evidence_clock import EPOCH, ClockWatch, Reading, ask, keep, measure, state_at

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def stamp(seconds: float) -> bytes:
    return struct.pack("!2I", int(seconds + EPOCH), int((seconds % 1) * 2**32))


def told(
    question: bytes, ahead_s: float, *, leap: int = 0, mode: int = 4, stratum: int = 2, nonce: bytes | None = None
):
    now = time.time() + ahead_s
    head = struct.pack("!BBbb3I", leap << 6 | 4 << 3 | mode, stratum, 6, -20, 0, 0, 0)
    return head + stamp(now) + (nonce or question[40:48]) + stamp(now) + stamp(now)


@contextmanager
def time_server(answer):
    """A server of time on a port of its own; yields its name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                question, who = link.recvfrom(512)
                if not question:
                    return
                link.sendto(answer(question), who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = link.getsockname()
        yield f"{host}:{port}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", (host, port))
        thread.join()


@pytest.mark.parametrize("ahead_s", [0.0, 2.5, -90.0])
def test_a_server_tells_how_far_the_host_is_off(ahead_s):
    with time_server(lambda question: told(question, ahead_s)) as server:
        reading = ask(server)
    assert reading.offset_s == pytest.approx(ahead_s, abs=0.05)
    assert 0 <= reading.delay_s < 1
    assert (reading.server, reading.stratum) == (server, 2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"nonce": b"12345678"}, "no question of ours"),
        ({"mode": 3}, "no question of ours"),
        ({"leap": 3}, "own clock is not set"),
        ({"stratum": 0}, "own clock is not set"),
    ],
)
def test_an_answer_that_tells_no_time_is_none(wrong, said):
    with time_server(lambda question: told(question, 0.0, **wrong)) as server, pytest.raises(OSError, match=said):
        ask(server)


def test_a_short_answer_is_none():
    with time_server(lambda _: b"short") as server, pytest.raises(OSError, match="too short"):
        ask(server)


def test_one_server_that_answers_is_enough():
    with time_server(lambda _: b"short") as bad, time_server(lambda question: told(question, 1.0)) as good:
        assert measure([bad, good]).server == good
        assert measure([bad]) is None


def test_readings_are_kept_a_file_a_day(tmp_path):
    keep(tmp_path, Reading("a", NOON, 0.25, 0.02, 2), NOON)
    keep(tmp_path, None, NOON + timedelta(minutes=10))
    keep(tmp_path, Reading("b", NOON + timedelta(days=1), 0.5, 0.02, 2), NOON + timedelta(days=1))
    days = sorted(path.name for path in (tmp_path / "clock").glob("*.jsonl"))
    assert days == ["2026-11-22.jsonl", "2026-11-23.jsonl"]
    lines = [json.loads(line) for line in (tmp_path / "clock" / days[0]).read_text().splitlines()]
    assert [line["server"] for line in lines] == ["a", None]


@pytest.mark.parametrize(
    ("later", "state"),
    [(timedelta(minutes=5), "measured"), (timedelta(hours=23), "measured"), (timedelta(days=2), "stale")],
)
def test_a_package_tells_offset_uncertainty_and_age(tmp_path, later, state):
    keep(tmp_path, Reading("a", NOON, 0.25, 0.02, 2), NOON)
    said = state_at(tmp_path, NOON + later)
    assert (said["state"], said["offset_s"], said["uncertainty_s"]) == (state, 0.25, 0.01)
    assert said["age_s"] == later.total_seconds()


def test_what_nobody_measured_is_told_as_unknown(tmp_path):
    assert state_at(tmp_path, NOON) == {"state": "unknown"}
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "last.json").write_text("{")
    assert state_at(tmp_path, NOON) == {"state": "unknown"}


def test_the_watch_asks_and_writes_down(tmp_path):
    stop = threading.Event()
    with time_server(lambda question: told(question, 3.0)) as server:
        watch = ClockWatch(tmp_path, (server,), timedelta(milliseconds=1), stop)
        watch.start()
        while state_at(tmp_path, NOON)["state"] == "unknown":
            assert watch.alive
        stop.set()
        watch.join()
    assert state_at(tmp_path, datetime.now(UTC))["offset_s"] == pytest.approx(3.0, abs=0.1)


@given(st.floats(-1e4, 1e4, allow_nan=False), st.floats(0, 10), st.integers(1, 15))
def test_a_reading_is_read_back_as_it_was_kept(offset, delay, stratum):
    one = Reading("ntp.example.kz", NOON, round(offset, 6), round(delay, 6), stratum)
    assert Reading.from_json(json.loads(json.dumps(one.to_json()))) == one
