from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.errors import ConfigError, MediaError, StreamError
from tests.vision.clips import decoded, digest, make_clip, write_units
from tests.vision.rtsp import RtspServer, need_server
from vision.archive import PacketRing
from vision.camera import Camera
from vision.credentials import read_credentials, scrub, with_credentials
from vision.live_clock import LiveTimeline, WallClock, backoff_s
from vision.stream import Stream, StreamSettings, StreamStatus
from vision.types import Frame

QUICK = StreamSettings(
    open_timeout_s=4.0, read_timeout_s=1.0, stall_s=1.5, backoff_first_s=0.05, backoff_max_s=0.2, first_open="raise"
)
PATIENT = replace(QUICK, first_open="retry")
HASTY = replace(QUICK, open_timeout_s=1.0)
PASSWORD = "gehe:im@+ %41"  # letters that must be escaped in an address


def raw_clip(path: Path, size: tuple[int, int] = (160, 120), count: int = 50, gop: int = 10) -> Path:
    return make_clip(path, count=count, size=size, gop=gop, options={"bf": "0"})


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("units")
    return write_units(folder / "units", raw_clip(folder / "a.h264"))


@pytest.fixture(scope="module")
def server(units: Path) -> Iterator[RtspServer]:
    with RtspServer(units) as server:
        yield server


class Log:
    """Statuses as they come; `wait` for the n-th."""

    def __init__(self) -> None:
        self.statuses: list[StreamStatus] = []
        self._changed = threading.Condition()

    def __call__(self, status: StreamStatus) -> None:
        with self._changed:
            self.statuses.append(status)
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.statuses) >= count, timeout=8), self.kinds

    @property
    def kinds(self) -> list[str]:
        return [status.kind for status in self.statuses]


def camera(url: str, credentials: str | None = None) -> Camera:
    return Camera.model_validate({"id": "a", "name": "a", "stream": url, "credentials": credentials})


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 8
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def take(stream: Stream, count: int) -> list[Frame]:
    return list(itertools.islice(stream.frames(), count))


# -- a real server -------------------------------------------------------------------------------------------------


@pytest.mark.rtsp
def test_pictures_come_as_they_were_encoded_with_rising_seconds_and_utc(server: RtspServer, units: Path) -> None:
    before = datetime.now(UTC)
    with Stream(server.url, QUICK) as stream:
        assert stream.info.live
        assert (stream.info.width, stream.info.height, stream.info.codec) == (160, 120, "h264")
        frames = take(stream, 20)
    known = {picture for _, picture in decoded(units.with_name("a.h264"))}
    assert all(digest(frame.picture) in known for frame in frames)
    assert all(b.video_s > a.video_s and b.index > a.index and b.time > a.time for a, b in itertools.pairwise(frames))
    assert before <= frames[0].time <= frames[-1].time <= datetime.now(UTC) + timedelta(seconds=1)
    gaps = {round((b.video_s - a.video_s) / (b.index - a.index), 3) for a, b in itertools.pairwise(frames)}
    assert gaps == {0.04}


@pytest.mark.rtsp
def test_pictures_come_no_oftener_than_asked(server: RtspServer) -> None:
    with Stream(server.url, QUICK) as stream:
        frames = list(itertools.islice(stream.frames(rate_hz=5.0), 6))
        assert stream.dropped == 0
    assert [b.video_s - a.video_s for a, b in itertools.pairwise(frames)] == pytest.approx([0.2] * 5, abs=0.041)


@pytest.mark.rtsp
def test_a_killed_and_restarted_server_is_found_again(units: Path, tmp_path: Path) -> None:
    log, ring = Log(), PacketRing()
    with RtspServer(units) as server, Stream(server.url, QUICK, ring=ring, on_status=log) as stream:
        frames = take(stream, 15)
        server.kill()
        log.wait(2)
        server.start()
        frames += take(stream, 15)
        assert log.kinds == ["up", "down", "up"]
        assert log.statuses[1].reason in {"ended", "timeout"}
        assert stream.counts.connections >= 2
        first, last = frames[0].video_s, frames[-1].video_s
        clip = ring.cut(first, last, tmp_path / "both.mp4")
    assert log.kinds == ["up", "down", "up", "down"]
    assert log.statuses[-1].reason == "closed"
    assert all(b.video_s > a.video_s and b.index > a.index and b.time > a.time for a, b in itertools.pairwise(frames))
    assert all(a.time <= b.time for a, b in itertools.pairwise(log.statuses))
    # Same configuration: one clip shows what came before and after, with the gap between.
    shown = decoded(clip.path)
    assert clip.start_s <= first
    assert clip.end_s >= last
    assert len(shown) == len(clip.frames)
    by_frame = {entry.frame: picture for entry, (_, picture) in zip(clip.frames, shown, strict=True)}
    assert all(by_frame[frame.index] == digest(frame.picture) for frame in frames)
    assert [second for second, _ in shown] == pytest.approx([f.video_s - clip.start_s for f in clip.frames], abs=1e-3)


@pytest.mark.rtsp
def test_a_frozen_server_is_told_down_and_found_again(units: Path) -> None:
    log = Log()
    with RtspServer(units) as server, Stream(server.url, QUICK, on_status=log) as stream:
        take(stream, 3)
        server.freeze()
        log.wait(2)
        assert log.statuses[1].reason == "timeout"
        server.kill()
        server.start()
        assert take(stream, 3)[0].index >= 3
    assert log.kinds == ["up", "down", "up", "down"]


@pytest.mark.rtsp
def test_a_slow_consumer_misses_the_oldest_pictures_and_they_are_counted(server: RtspServer) -> None:
    with Stream(server.url, QUICK) as stream:
        pictures = stream.frames()
        first = next(pictures)
        until(lambda: stream.counts.decoded > first.index + 20)
        second = next(pictures)
        missed = second.index - first.index - 1
        assert missed >= 10
        assert missed <= stream.dropped < second.index


@pytest.mark.rtsp
def test_damage_is_counted_and_pictures_go_on_at_the_next_key_frame(tmp_path: Path) -> None:
    clip = raw_clip(tmp_path / "a.h264")
    units = write_units(tmp_path / "units", clip, spoil=frozenset({13, 14, 25}))
    known = {picture for _, picture in decoded(clip)}
    log = Log()
    with RtspServer(units) as server, Stream(server.url, QUICK, on_status=log) as stream:
        frames = take(stream, 45)
        assert stream.counts.corrupt >= 10
        assert stream.counts.connections == 1
        assert log.kinds == ["up"]
    assert all(digest(frame.picture) in known for frame in frames)
    assert frames[-1].video_s - frames[0].video_s > 1.8


@pytest.mark.rtsp
def test_a_stream_that_sends_only_damage_is_reconnected(tmp_path: Path) -> None:
    clip = raw_clip(tmp_path / "a.h264", count=250, gop=250)
    units = write_units(tmp_path / "units", clip, spoil=frozenset(range(20, 250)))
    log = Log()
    with RtspServer(units) as server, Stream(server.url, QUICK, on_status=log) as stream:
        frames = take(stream, 5)
        log.wait(3)
        frames += take(stream, 1)
        assert log.kinds[:3] == ["up", "down", "up"]
        assert log.statuses[1].reason == "stalled"
    assert frames[5].index > frames[4].index


@pytest.mark.rtsp
def test_a_change_of_resolution_is_survived_and_splits_the_archive(tmp_path: Path) -> None:
    small, large = raw_clip(tmp_path / "small.h264"), raw_clip(tmp_path / "large.h264", size=(320, 240))
    units = write_units(tmp_path / "units", small, large)
    ring = PacketRing()
    with RtspServer(units) as server, Stream(server.url, QUICK, ring=ring) as stream:
        frames = []
        for frame in stream.frames():
            frames.append(frame)
            if frame.picture.shape == (240, 320, 3) and len(frames) > 60:
                break
        assert (stream.info.width, stream.info.height) == (320, 240)
        change = next(f.video_s for f in frames if f.picture.shape == (240, 320, 3))
        pictures = ring.pictures_at([change - 0.04, change])
        before = ring.cut(change - 1, change + 1, tmp_path / "before.mp4", moment_s=change - 0.1)
        after = ring.cut(change - 1, change + 0.3, tmp_path / "after.mp4", moment_s=change + 0.1)
    assert [picture.picture.shape for picture in pictures if picture] == [(120, 160, 3), (240, 320, 3)]
    assert (before.width, before.height) == (160, 120)
    assert before.end_s == pytest.approx(change - 0.04, abs=0.001)
    assert (after.width, after.height) == (320, 240)
    assert after.start_s == pytest.approx(change)
    for clip, source in ((before, small), (after, large)):
        known = {picture for _, picture in decoded(source)}
        assert {picture for _, picture in decoded(clip.path)} <= known


@pytest.mark.rtsp
def test_hevc_is_read_too(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.hevc", codec="libx265", count=50, gop=10, options={"x265-params": "bframes=0:log-level=none"}
    )
    with RtspServer(write_units(tmp_path / "units", clip, codec="h265")) as server, Stream(server.url, QUICK) as stream:
        frames = take(stream, 10)
        assert stream.info.codec == "hevc"
    known = {picture for _, picture in decoded(clip)}
    assert all(digest(frame.picture) in known for frame in frames)


@pytest.mark.rtsp
def test_a_password_opens_the_stream_and_stays_secret(
    units: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"viewer:{PASSWORD}\n")
    secret.chmod(0o600)
    monkeypatch.setenv("CAM_WRONG", "viewer:wrong-one")
    av.logging.set_level(av.logging.TRACE)
    try:
        with RtspServer(units, user="viewer", password=PASSWORD) as server, caplog.at_level(logging.DEBUG, "libav"):
            with Stream(camera(server.url, f"file:{secret}"), QUICK) as stream:
                assert take(stream, 2)
            for credentials in ("env:CAM_WRONG", None):
                with pytest.raises(MediaError, match="refuses the user or password") as caught:
                    Stream(camera(server.url, credentials), QUICK)
                assert str(caught.value) == (
                    f"The stream {server.url} refuses the user or password; check the camera's credentials."
                )
                assert caught.value.__cause__ is None
            with pytest.raises(MediaError, match="does not exist on that server"):
                Stream(camera(server.url + "era", f"file:{secret}"), QUICK)
    finally:
        av.logging.set_level(None)
    for word in (PASSWORD, "wrong-one", "gehe%3Aim"):
        assert word not in caplog.text


@pytest.mark.rtsp
def test_a_worker_waits_for_a_camera_that_is_not_there_yet(units: Path) -> None:
    with RtspServer(units) as server:
        server.kill()
        log = Log()
        with Stream(server.url, PATIENT, on_status=log) as stream:
            log.wait(1)
            assert (log.statuses[0].kind, log.statuses[0].reason) == ("down", "refused")
            with pytest.raises(StreamError, match="has not answered yet"):
                _ = stream.info
            server.start()
            assert take(stream, 1)[0].index <= stream.dropped  # a slow machine may miss the first ones, and counts them
            assert log.kinds == ["down", "up"]


# -- no server -----------------------------------------------------------------------------------------------------


def test_a_port_where_nothing_listens_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(MediaError, match="nothing listens at that port"):
        Stream(f"rtsp://127.0.0.1:{port}/cam", QUICK)


def test_a_host_that_never_answers_is_told_after_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/cam"
        with pytest.raises(MediaError, match=r"did not answer within 1\.\d s\.$"):
            Stream(url, HASTY)


def test_something_that_speaks_no_rtsp_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with contextlib.suppress(OSError):  # the listening socket is closed at the end
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(MediaError, match="answers, but not with video that can be read"):
            Stream(f"rtsp://127.0.0.1:{server.getsockname()[1]}/cam", HASTY)
        server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_closing_ends_the_thread_and_the_pictures_while_nothing_comes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stream = Stream(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/cam", replace(HASTY, first_open="retry"))
        got: list[list[Frame]] = []
        consumer = threading.Thread(target=lambda: got.append(list(stream.frames())))
        consumer.start()
        stream.close()
        consumer.join(timeout=5)
    assert got == [[]]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("stream rtsp")]


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(MediaError) as caught:
        Stream("rtsp://admin:s3cret@127.0.0.1/cam", QUICK)
    assert "s3cret" not in str(caught.value)
    assert "rtsp://127.0.0.1/cam" in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("env:QYRAN_NOT_SET", "environment variable QYRAN_NOT_SET must hold"),
        ("env:QYRAN_NO_COLON", "environment variable QYRAN_NO_COLON must hold"),
        ("file:/nonexistent/secret", "file /nonexistent/secret cannot be read"),
    ],
)
def test_credentials_that_are_not_there_are_named(spec: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QYRAN_NO_COLON", "onlyapassword")
    with pytest.raises(ConfigError, match=fault) as caught:
        Stream(camera("rtsp://127.0.0.1/cam", spec), PATIENT)
    assert "onlyapassword" not in str(caught.value)


letters = st.characters(min_codepoint=33, max_codepoint=1200, exclude_categories=("Cs", "Z", "C"))
users = st.text(letters.filter(lambda letter: letter != ":"), min_size=1)


@given(users, st.text(letters, min_size=1))
def test_any_password_fits_into_an_address_and_is_scrubbed_from_it(user: str, password: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAM", f"{user}:{password}")
        assert read_credentials("env:CAM") == (user, password)
        url = with_credentials("rtsp://viewer@camera.local:554/live?channel=1", "env:CAM")
    assert scrub(f"error in '{url}' and {url}") == (
        "error in 'rtsp://camera.local:554/live?channel=1' and rtsp://camera.local:554/live?channel=1"
    )


# -- time ----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_delay_doubles_to_its_limit_and_is_drawn_from_its_upper_half(attempt: int, draw: float) -> None:
    settings = StreamSettings(backoff_first_s=0.5, backoff_max_s=30)
    full = min(30, 0.5 * 2 ** min(attempt, 10))
    assert full / 2 <= backoff_s(attempt, settings, draw) <= full


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def clock(self) -> WallClock:
        return WallClock(
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds),
            monotonic=lambda: self.seconds,
            random=lambda: 0.5,
        )


MS = Fraction(1, 1000)


def test_a_reconnect_is_placed_by_the_wall_clock_between_the_pictures() -> None:
    hands = Hands()
    line = LiveTimeline(hands.clock())
    line.begin(5_000, MS)
    first = [line.stamp(line.seconds_of(5_000 + 40 * i)) for i in range(3)]
    assert [(index, second) for index, second, _ in first] == [(0, 0.0), (1, 0.04), (2, 0.08)]
    hands.seconds += 7
    line.begin(90, MS)
    index, second, moment = line.stamp(line.seconds_of(90))
    assert (index, second) == (3, 7.0)
    assert moment - first[0][2] == timedelta(seconds=7)


def test_seconds_rise_even_if_a_reconnect_comes_before_the_pictures_given_already() -> None:
    hands = Hands()
    line = LiveTimeline(hands.clock())
    line.begin(0, MS)
    *_, (_, last, _) = [line.stamp(line.seconds_of(40 * i)) for i in range(25)]
    hands.seconds += 0.1  # the first connection gave a second of pictures at once
    line.begin(0, MS)
    assert line.stamp(line.seconds_of(0))[1] > last


def test_a_jump_of_the_cameras_clock_is_seen() -> None:
    hands = Hands()
    line = LiveTimeline(hands.clock())
    line.begin(0, MS)
    hands.seconds += 1
    assert not line.jumped(1_000, 10.0)
    assert not line.jumped(9_000, 10.0)
    assert line.jumped(3_600_000, 10.0)
    assert line.jumped(-3_600_000, 10.0)


def test_utc_follows_our_clock_when_the_cameras_clock_drifts() -> None:
    hands = Hands()
    line = LiveTimeline(hands.clock())
    start = hands.clock().now()
    line.begin(0, MS)
    worst = 0.0
    for second in range(1, 86_400, 5):  # a day at 100 ppm would be 8.6 s
        hands.seconds = 100.0 + second
        pts = round(second * 1000 * 1.0001)
        assert not line.jumped(pts, 10.0)
        _, _, moment = line.stamp(line.seconds_of(pts))
        worst = max(worst, abs((moment - start).total_seconds() - second))
    assert worst < 0.05


def test_without_the_packages_the_rtsp_tests_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.vision.rtsp.available", lambda: False)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"gir1\.2-gst-rtsp-server"):
        need_server()
    monkeypatch.setenv("CI", "1")
    need_server()
