from __future__ import annotations

import errno
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vision.clips import decoded, make_clip
from vision import recording, segments
from vision.archive import PacketRing
from vision.fragments import TIMESCALE, Fragmenter, Init, boxes, init_of, moof_spans, read_prft
from vision.nal_units import codec_string, nal_units, parameter_sets, with_lengths
from vision.packets import StoredPacket, StreamHeader
from vision.recording import Recorder, RecordingTerms
from vision.stream import Stream, StreamSettings
from vision.tap_queue import TapQueue

NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
CODECS = [
    pytest.param("a.h264", "libx264", {"bf": "0"}, "avc1.", id="h264 with start codes"),
    pytest.param("a.mp4", "libx264", {"bf": "3", "b-pyramid": "normal"}, "avc1.", id="h264 with B-frames"),
    pytest.param("a.ts", "libx264", {"bf": "2"}, "avc1.", id="h264 with B-frames and start codes"),
    pytest.param("a.mp4", "libx265", {"x265-params": "log-level=none"}, "hvc1.1.", id="hevc"),
    pytest.param("a.mp4", "mpeg4", {}, "", id="mpeg4, which browsers do not name"),
]
TERMS = RecordingTerms(segment_s=2.0, reserve=0.0, live=False)


class Kept:
    """A tap that remembers."""

    def __init__(self) -> None:
        self.headers: list[StreamHeader] = []
        self.packets: list[StoredPacket] = []

    def begin(self, header: StreamHeader) -> None:
        self.headers.append(header)

    def push(self, packet: StoredPacket) -> None:
        self.packets.append(packet)


def read(path: Path, *taps: object, start: datetime = NOON) -> None:
    with Stream(path, StreamSettings(start_time=start), ring=PacketRing(taps=taps)) as stream:
        for _ in stream.frames():
            pass


def record(archive: Path, *paths: Path, start: datetime = NOON, step_s: float = 4.0, terms: RecordingTerms = TERMS):
    """Record files one after the other as if one camera had sent them."""
    told: list[recording.Recording] = []
    recorder = Recorder(archive, "abay-12", terms, told.append, now=lambda: NOON)
    for number, path in enumerate(paths):
        read(path, recorder.queue, start=start + number * timedelta(seconds=step_s))
    recorder.close()
    return told


def found(archive: Path) -> list[segments.Segment]:
    return segments.segments(archive, "abay-12", NOON - timedelta(hours=1), NOON + timedelta(hours=2))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of H.264, a key frame each second."""
    return make_clip(tmp_path_factory.mktemp("clip") / "a.h264", options={"bf": "0"})


# -- fragments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "codec", "options", "named"), CODECS)
@pytest.mark.parametrize(("least_s", "most_s"), [(1.0, 2.0), (0.0, 0.2)], ids=["archive", "live"])
def test_fragments_show_the_very_pictures_of_the_source(
    tmp_path: Path, name: str, codec: str, options: dict[str, str], named: str, least_s: float, most_s: float
) -> None:
    source, kept = make_clip(tmp_path / name, codec=codec, options=options, count=60), Kept()
    read(source, kept)
    init = init_of(kept.headers[0])
    assert init.codecs.startswith(named)
    fragmenter = Fragmenter(init, least_s=least_s, most_s=most_s)
    parts = [fragmenter.feed(packet, packet.due) for packet in kept.packets]
    made = [part for part in (*parts, fragmenter.flush()) if part is not None]
    (tmp_path / "out.mp4").write_bytes(init.data + b"".join(part.data for part in made))

    shown = decoded(tmp_path / "out.mp4")
    truth = decoded(source)
    if not name.endswith(".ts"):  # whose last packets ffmpeg's own reader may show in another number
        assert [picture for _, picture in shown] == [picture for _, picture in truth]
    assert [round(25 * (second - shown[0][0])) for second, _ in shown] == list(range(len(shown)))
    assert sum(part.pictures for part in made) == len(kept.packets)
    assert all(part.length_s <= max(most_s, 1.0) + 0.05 for part in made)
    assert made[0].key
    for part in made:
        inside = dict(boxes(part.data))
        assert list(inside) == [b"prft", b"moof", b"mdat"]
        clock, (_, length, key) = read_prft(inside[b"prft"]), moof_spans(inside[b"moof"])
        assert abs(clock.utc - part.utc) < timedelta(microseconds=2)
        assert clock.media_ticks / TIMESCALE == pytest.approx(part.start_s)
        assert length / TIMESCALE == pytest.approx(part.length_s)
        assert key is part.key


def test_units_stay_as_they_came(clip: Path) -> None:
    kept = Kept()
    read(clip, kept)
    data = kept.packets[0].data
    assert b"".join(b"\x00\x00\x00\x01" + unit for unit in nal_units(data))[-1000:] == data[-1000:]
    assert [unit[0] & 31 for unit in parameter_sets("h264", data)] == [7, 8]
    assert len(with_lengths(data)) == sum(4 + len(unit) for unit in nal_units(data))


@pytest.mark.parametrize(
    ("record_", "name"),
    [
        (b"avcC\x01\x4d\x40\x1f", "avc1.4d401f"),
        (b"hvcC\x01\x01\x60\x00\x00\x00\x90\x00\x00\x00\x00\x00\x5d", "hvc1.1.6.L93.90"),
        (b"hvcC\x01\x02\x20\x00\x00\x00\xb0\x00\x00\x00\x00\x00\x99", "hvc1.2.4.L153.B0"),
        (b"esds", ""),
    ],
)
def test_codecs_are_named_as_browsers_ask_for_them(record_: bytes, name: str) -> None:
    assert codec_string(record_) == name


@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda b: b"\x00" not in b), min_size=1, max_size=6))
def test_start_codes_of_either_length_part_units(units: list[bytes]) -> None:
    mixed = b"".join((b"\x00\x00\x00\x01" if i % 2 else b"\x00\x00\x01") + unit for i, unit in enumerate(units))
    assert nal_units(mixed) == units


@given(st.permutations(range(8)), st.integers(0, 3))
def test_decode_times_rise_whatever_the_order(order: list[int], reorder: int) -> None:
    init = init_like(reorder)
    fragmenter = Fragmenter(init, least_s=0, most_s=100)
    for place, i in enumerate(order):
        packet = StoredPacket(b"x", i, i, place == 0, 0, 1 + i / 25)
        assert fragmenter.feed(packet, NOON) is None
    data = fragmenter.flush().data
    moof = dict(boxes(data))[b"moof"]
    first, length, _ = moof_spans(moof)
    assert first >= 0
    assert length >= len(order)


def init_like(reorder: int) -> Init:

    return Init(b"", "", annex_b=False, reorder=reorder)


# -- the archive ---------------------------------------------------------------------------------------------------


def test_segments_begin_with_key_frames_and_are_named_by_their_times(tmp_path: Path, clip: Path) -> None:
    told = record(tmp_path, clip, clip)
    names = [one.name for one in found(tmp_path)]
    assert names == [
        "20261122T070000000Z-2000.mp4", "20261122T070002000Z-2000.mp4", "20261122T070004000Z-2000.mp4",
        "20261122T070006000Z-2000.mp4",
    ]  # fmt: skip
    truth = [picture for _, picture in decoded(clip)]
    assert [picture for one in found(tmp_path) for _, picture in decoded(one.path)] == truth * 2
    assert next(one.path.parent.relative_to(tmp_path).as_posix() for one in found(tmp_path)) == "abay-12/2026-11-22/07"
    assert told[-1].segments == 4
    assert told[-1].bytes == sum(one.path.stat().st_size for one in found(tmp_path))
    for one in found(tmp_path):
        places = list(segments.places(one.path))
        assert places[0].utc == one.start
        assert places[-1].end == one.path.stat().st_size
        assert segments.read_init(one.path)[4:8] == b"ftyp"


@pytest.mark.parametrize(("start_s", "end_s", "count"), [(0, 8, 4), (1.9, 2.1, 2), (2.0, 2.1, 1), (8, 9, 0)])
def test_what_shows_a_span_is_found(tmp_path: Path, clip: Path, start_s: float, end_s: float, count: int) -> None:
    record(tmp_path, clip, clip)
    start, end = NOON + timedelta(seconds=start_s), NOON + timedelta(seconds=end_s)
    assert len(segments.segments(tmp_path, "abay-12", start, end)) == count


@pytest.mark.parametrize(
    ("step_s", "kind", "seconds"), [(10.0, "gap", 6.04), (-20.0, "clock_step", -24.0), (3600, "gap", 3596.04)]
)
def test_gaps_and_steps_of_the_clock_are_written_down(
    tmp_path: Path, clip: Path, step_s: float, kind: str, seconds: float
) -> None:
    recorder = Recorder(tmp_path, "abay-12", TERMS)
    read(clip, recorder.queue)
    kept = Kept()
    read(clip, kept, start=NOON + timedelta(seconds=step_s))
    recorder.queue.begin(kept.headers[0])
    since_s = 4.0 if kind == "clock_step" else step_s
    for packet in kept.packets:
        packet.video_s += since_s
        recorder.queue.push(packet)
    recorder.close()
    day = f"{NOON + timedelta(seconds=step_s):%Y-%m-%d}"
    said = [one for one in segments.notes(tmp_path, "abay-12", day) if one["kind"] == kind]
    assert [one["seconds"] for one in said] == [pytest.approx(seconds, abs=0.01)]
    assert len(found(tmp_path)) == 4


def test_another_configuration_begins_another_segment(tmp_path: Path, clip: Path) -> None:
    large = make_clip(tmp_path / "l.h264", size=(320, 240), options={"bf": "0"}, count=50)
    record(tmp_path, clip, large, terms=RecordingTerms(segment_s=600, reserve=0, live=False))
    sizes = []
    for one in found(tmp_path):
        with av.open(str(one.path)) as container:
            context = container.streams.video[0].codec_context
            sizes.append((context.width, context.height))
    assert sizes == [(160, 120), (320, 240)]


def test_a_change_of_size_inside_the_packets_begins_another_segment(tmp_path: Path, clip: Path) -> None:
    large = make_clip(tmp_path / "l.h264", size=(320, 240), options={"bf": "0"}, count=50)
    small, big = Kept(), Kept()
    read(clip, small)
    read(large, big, start=NOON + timedelta(seconds=4))
    recorder = Recorder(tmp_path, "abay-12", RecordingTerms(segment_s=600, reserve=0, live=False))
    recorder.queue.begin(small.headers[0])
    for packet in small.packets:
        recorder.queue.push(packet)
    for packet in big.packets:
        packet.video_s += 4
        recorder.queue.push(packet)
    recorder.close()
    assert [len(decoded(one.path)) for one in found(tmp_path)] == [100, 50]


@pytest.mark.parametrize("cut", [0, 1, 200, 5000])
def test_what_a_kill_leaves_is_repaired_up_to_the_last_whole_fragment(tmp_path: Path, clip: Path, cut: int) -> None:
    record(tmp_path, clip, terms=RecordingTerms(segment_s=600, reserve=0, live=False))
    (one,) = found(tmp_path)
    whole = list(segments.places(one.path))
    making = tmp_path / "abay-12" / "making"
    making.mkdir(exist_ok=True)
    left = making / "20261122T070000000Z.mp4"
    one.path.rename(left)
    os.truncate(left, left.stat().st_size - cut)
    (mended,) = segments.repair(tmp_path, "abay-12")
    kept = [place for place in whole if place.end <= whole[-1].end - cut]
    assert len(kept) == (4 if not cut else 3)
    assert mended.end - mended.start == timedelta(seconds=round(sum(place.length_s for place in kept), 3))
    assert len(decoded(mended.path)) == 25 * len(kept)
    assert list(making.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"\x00" * 4096, b"noise" * 100])
def test_what_holds_no_picture_is_not_kept(tmp_path: Path, data: bytes) -> None:
    making = tmp_path / "abay-12" / "making"
    making.mkdir(parents=True)
    (making / "20261122T070000000Z.mp4").write_bytes(data)
    assert segments.repair(tmp_path, "abay-12") == []
    assert list(making.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "reason"), [(errno.ENOSPC, "disk_full"), (errno.EROFS, "disk_read_only"), (errno.EIO, "disk_error")]
)
def test_a_disk_that_refuses_pauses_the_recording_and_loses_nothing_that_was_there(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    real, count = os.write, 0

    def refuse(handle: int, data: bytes) -> int:
        nonlocal count
        count += 1
        if count == 4:  # the init segment and two fragments went well
            real(handle, bytes(data[:100]))
            raise OSError(number, os.strerror(number))
        return real(handle, data)

    monkeypatch.setattr(recording.os, "write", refuse)
    monkeypatch.setattr(recording, "RETRY_S", 0.0)
    told = record(tmp_path, clip, clip, terms=RecordingTerms(segment_s=600, reserve=0, live=False))
    assert next((one.state, one.reason) for one in told if one.state == "paused") == ("paused", reason)
    assert told[-1].state == "recording"
    assert all(decoded(one.path) for one in found(tmp_path))
    notes = [one["kind"] for one in segments.notes(tmp_path, "abay-12", f"{NOON:%Y-%m-%d}")]
    assert "paused" in notes


def test_the_reserve_is_left_to_events_and_the_recording_goes_on_by_itself(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = iter([0.5] * 3 + [0.04] * 4 + [0.055] * 2 + [0.5] * 1000)
    monkeypatch.setattr(recording, "free_share", lambda _: next(shares))
    monkeypatch.setattr(recording, "RETRY_S", 0.0)
    told = record(tmp_path, clip, clip, clip, terms=RecordingTerms(segment_s=600, reserve=0.05, live=False), step_s=4)
    assert ("paused", "reserve") in {(one.state, one.reason) for one in told}
    assert told[-1].state == "recording"
    assert told[-1].lost > 0


def test_a_reader_never_waits_for_the_disk(clip: Path) -> None:
    kept = Kept()
    read(clip, kept)
    queue = TapQueue(most_bytes=sum(len(packet.data) for packet in kept.packets[:30]))
    queue.begin(kept.headers[0])
    for packet in kept.packets:
        queue.push(packet)
    taken = []
    while (arrival := queue.take(0)) is not None:
        taken.append(arrival)
    assert [arrival.packet for arrival in taken] == kept.packets[:30]
    assert queue.lost == 70
    queue.push(kept.packets[25])
    arrival = queue.take(0)
    assert arrival.packet.key
    assert arrival.lost == 70
