from __future__ import annotations

import threading
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.errors import NotFound
from tests.vision.clips import decoded, digest, make_clip
from tests.vision.test_stream_file import trimmed_by_an_edit_list
from vision.archive import PacketRing, choose_packets
from vision.clip import browser_plays, decode_stamps, view_copy
from vision.packets import StoredPacket, StreamHeader
from vision.stream import Stream, StreamSettings
from vision.types import Frame

CODECS = [
    pytest.param("a.mp4", "libx264", {"bf": "3", "b-pyramid": "normal"}, id="h264 with B-frames"),
    pytest.param("a.mp4", "libx264", {"bf": "3", "x264-params": "open-gop=1"}, id="h264 with open groups"),
    pytest.param("a.mp4", "libx265", {"x265-params": "open-gop=1:bframes=4:log-level=none"}, id="hevc, open groups"),
    pytest.param("a.ts", "libx264", {"bf": "2"}, id="h264 in a transport stream"),
    pytest.param("a.mkv", "libx264", {"bf": "2"}, id="h264 in Matroska"),
    pytest.param("a.h264", "libx264", {"bf": "2"}, id="raw h264 without time stamps"),
    pytest.param("a.mp4", "mpeg4", {}, id="mpeg4"),
    pytest.param("a.avi", "libx264", {"bf": "2"}, id="h264 in AVI, stamped in decode order"),
    pytest.param("a.avi", "mjpeg", {}, id="mjpeg"),
]


def filled(path: Path, **ring: float) -> tuple[PacketRing, list[Frame]]:
    """A ring after a whole file went through, and all its pictures."""
    archive = PacketRing(**ring)
    with Stream(path, ring=archive) as stream:
        return archive, list(stream.frames())


# -- clips ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "codec", "options"), CODECS)
@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 4.0), (1.3, 2.5), (1.0, 1.0), (2.97, 3.5)])
def test_a_clip_shows_the_very_pictures_of_the_source(
    tmp_path: Path, name: str, codec: str, options: dict[str, str], start_s: float, end_s: float
) -> None:
    ring, frames = filled(make_clip(tmp_path / name, codec=codec, options=options))
    clip = ring.cut(start_s, end_s, tmp_path / "clip.mp4")
    shown = decoded(clip.path)
    known = {frame.index: frame for frame in frames}

    assert clip.start_s <= start_s + 1e-6
    assert clip.end_s > min(end_s, frames[-1].video_s) - 1 / 25  # the picture that is on show at the end
    assert [entry.frame for entry in clip.frames] == list(range(clip.frames[0].frame, clip.frames[-1].frame + 1))
    assert [picture for _, picture in shown] == [digest(known[entry.frame].picture) for entry in clip.frames]
    for entry in clip.frames:
        source = known[entry.frame]
        assert (entry.pts, entry.video_s, entry.time) == (source.pts, source.video_s, source.time)
    assert (clip.first_pts, clip.last_pts) == (clip.frames[0].pts, clip.frames[-1].pts)
    # The presentation begins at 0 and keeps the distances of the source.
    assert [second for second, _ in shown] == pytest.approx([f.video_s - clip.start_s for f in clip.frames], abs=1e-4)


def test_a_clip_holds_no_more_than_it_must(tmp_path: Path) -> None:
    ring, _ = filled(make_clip(tmp_path / "a.mp4", gop=25, options={"bf": "2"}))
    clip = ring.cut(1.3, 2.5, tmp_path / "clip.mp4")
    assert clip.start_s == pytest.approx(1.0)
    assert 2.5 <= clip.end_s <= 2.5 + 4 / 25


def test_a_clip_carries_the_packets_unchanged(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4")
    ring, _ = filled(source)
    clip = ring.cut(1.0, 2.0, tmp_path / "clip.mp4")
    with av.open(str(source)) as whole, av.open(str(clip.path)) as part:
        originals = [bytes(packet) for packet in whole.demux() if packet.size]
        copies = [bytes(packet) for packet in part.demux() if packet.size]
        assert part.streams.video[0].codec_context.extradata == whole.streams.video[0].codec_context.extradata
    first = originals.index(copies[0])
    assert copies == originals[first : first + len(copies)]


def test_a_clip_can_be_played_while_it_loads(tmp_path: Path) -> None:
    ring, _ = filled(make_clip(tmp_path / "a.mp4"))
    data = ring.cut(0.5, 1.5, tmp_path / "clip.mp4").path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_clip_of_a_trimmed_file_hides_what_the_file_hides(tmp_path: Path) -> None:
    trimmed = trimmed_by_an_edit_list(make_clip(tmp_path / "a.mp4", count=60), tmp_path / "trimmed.mp4", skip=10)
    ring, frames = filled(trimmed)
    clip = ring.cut(0.0, 1.0, tmp_path / "clip.mp4")
    assert [entry.frame for entry in clip.frames] == list(range(len(clip.frames)))
    assert decoded(clip.path)[0] == (0.0, digest(frames[0].picture))
    assert [picture for _, picture in decoded(clip.path)] == [digest(f.picture) for f in frames[: len(clip.frames)]]


def test_variable_frame_rate_is_kept(tmp_path: Path) -> None:
    ticks = [0, 40, 90, 400, 410, 900, 1000, 1500, 1540, 1580]
    source = make_clip(tmp_path / "a.mkv", count=10, gop=5, ticks=ticks, time_base=Fraction(1, 1000))
    ring, _ = filled(source)
    clip = ring.cut(0.9, 1.6, tmp_path / "clip.mp4")
    assert [round(1000 * second) for second, _ in decoded(clip.path)] == [t - 900 for t in ticks[5:]]


def test_what_was_never_held_or_is_gone_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"holds no video between 0\.0 s and 1\.0 s"):
        PacketRing().cut(0, 1, tmp_path / "clip.mp4")
    ring, _ = filled(make_clip(tmp_path / "a.mp4"), span_s=1.0)
    assert ring.oldest_s == pytest.approx(2.0)
    with pytest.raises(NotFound, match="any more"):
        ring.cut(0.0, 1.5, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()
    assert ring.cut(0.0, 2.5, tmp_path / "clip.mp4").start_s == pytest.approx(2.0)


@given(st.permutations(range(12)), st.integers(1, 5))
def test_decode_stamps_rise_and_never_come_after_presentation(order: list[int], step: int) -> None:
    ticks = [step * i for i in order]
    stamps = decode_stamps(ticks)
    assert all(later > sooner for sooner, later in pairwise(stamps))
    assert all(dts <= pts for dts, pts in zip(stamps, ticks, strict=True))
    assert any(dts == pts for dts, pts in zip(stamps, ticks, strict=True))


@given(st.lists(st.permutations(range(5)), min_size=1, max_size=4), st.floats(0, 20), st.floats(0, 20))
def test_the_chosen_packets_show_a_stretch_without_a_gap(groups: list[list[int]], one: float, other: float) -> None:
    packets = [
        StoredPacket(b"x", 5 * g + i, 5 * g + i, n == 0, 0, float(5 * g + i))
        for g, group in enumerate(groups)
        for n, i in enumerate(group)
    ]
    start_s, end_s = sorted((one, other))
    chosen = choose_packets(packets, start_s, end_s)
    if not chosen:
        assert all(packet.video_s > end_s for packet in packets if packet.key)
        return
    head = chosen[0]
    assert head.key
    assert head.video_s <= start_s or head is packets[0]
    shown = {packet.video_s for packet in chosen}
    assert min(shown) == head.video_s
    decodable = {packet.video_s for packet in packets[packets.index(head) :] if packet.video_s >= head.video_s}
    assert shown == {second for second in decodable if second <= max(shown)}
    assert {second for second in decodable if second <= end_s} <= shown


# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "codec", "options"), CODECS)
def test_a_picture_decoded_again_is_the_same_picture(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    ring, frames = filled(make_clip(tmp_path / name, codec=codec, options=options))
    moments = [0.0, 0.96, 1.0, 1.01, 2.5, 3.96, 0.4, 0.4]
    pictures = ring.pictures_at(moments)
    for moment, picture in zip(moments, pictures, strict=True):
        assert picture is not None
        source = frames[picture.index]
        assert abs(picture.video_s - moment) <= 0.02 + 1e-6
        assert (picture.pts, picture.video_s, picture.time) == (source.pts, source.video_s, source.time)
        assert digest(picture.picture) == digest(source.picture)


def test_a_moment_that_is_not_held_has_no_picture(tmp_path: Path) -> None:
    assert PacketRing().picture_at(0.0) is None
    ring, _ = filled(make_clip(tmp_path / "a.mp4"), span_s=1.0)
    assert ring.picture_at(0.5) is None
    assert ring.picture_at(60.0) is None
    assert ring.picture_at(4.5).index == 99


def test_clips_and_pictures_can_be_had_while_the_stream_goes_on(tmp_path: Path) -> None:
    ring = PacketRing(span_s=2.0)
    seen: list[Frame] = []
    with Stream(make_clip(tmp_path / "a.mp4", gop=10), ring=ring) as stream:
        for frame in stream.frames():
            seen.append(frame)
            assert ring.newest_s == pytest.approx(frame.video_s, abs=0.05)
            if frame.index in {30, 60, 90}:
                clip = ring.cut(frame.video_s - 0.5, frame.video_s, tmp_path / f"{frame.index}.mp4")
                assert clip.end_s >= frame.video_s
                assert digest(ring.picture_at(frame.video_s).picture) == digest(frame.picture)
    assert len(seen) == 100


def test_many_threads_may_use_a_ring_at_once(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", gop=10)
    truth = [picture for _, picture in decoded(source)]
    ring = PacketRing(span_s=1.0)
    done = threading.Event()
    faults: list[str] = []

    def look() -> None:
        while not done.is_set():
            pictures = [picture for picture in ring.pictures_at([ring.newest_s - 0.5, ring.newest_s]) if picture]
            faults.extend(f"picture {p.index}" for p in pictures if digest(p.picture) != truth[p.index])

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    with Stream(source, ring=ring) as stream:
        count = sum(1 for _ in stream.frames())
    done.set()
    for thread in threads:
        thread.join()
    assert count == 100
    assert faults == []


# -- bounds --------------------------------------------------------------------------------------------------------

HEADER = StreamHeader("h264", 16, 16, "yuv420p", Fraction(1, 25), b"", "nut", b"")


def pushed(ring: PacketRing, sizes: list[tuple[bool, int]], first: int = 0) -> None:
    for i, (key, size) in enumerate(sizes, start=first):
        ring.push(StoredPacket(bytes(size), i, i, key, 0, i / 25))
        ring.decoded(i, index=i, pts=i, video_s=i / 25, time=datetime(2026, 1, 1, tzinfo=UTC))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50)), max_size=80), st.floats(0.04, 2), st.integers(50, 1000))
def test_the_ring_keeps_its_span_within_its_bytes(sizes: list[tuple[bool, int]], span_s: float, max_bytes: int) -> None:
    ring = PacketRing(span_s=span_s, max_bytes=max_bytes)
    ring.begin(HEADER)
    for i, packet in enumerate(sizes):
        pushed(ring, [packet], first=i)
        assert ring.size <= max_bytes
    first_key = next((i for i, (key, _) in enumerate(sizes) if key), None)
    if first_key is not None and sum(size for _, size in sizes) <= max_bytes:
        assert ring.oldest_s <= max(first_key / 25, ring.newest_s - span_s) + 1e-9
        assert sizes[round(ring.oldest_s * 25)][0]


def test_a_group_larger_than_the_ring_is_let_go_and_counted() -> None:
    ring = PacketRing(span_s=60, max_bytes=100)
    ring.begin(HEADER)
    pushed(ring, [(True, 60), (False, 60), (False, 60)])
    assert (ring.size, ring.overflows) == (0, 1)
    assert ring.oldest_s == float("inf")
    pushed(ring, [(True, 60)], first=3)
    assert ring.size == 60


def test_a_new_configuration_begins_a_segment_and_a_clip_stays_in_one(tmp_path: Path) -> None:
    ring = PacketRing()
    small, large = make_clip(tmp_path / "s.mp4", count=50), make_clip(tmp_path / "l.mp4", count=50, size=(320, 240))
    for path in (small, large):
        with Stream(path, ring=ring) as stream:
            assert len(list(stream.frames())) == 50
    clip = ring.cut(0.5, 1.5, tmp_path / "clip.mp4")  # both files hold these seconds: the newer one counts
    assert (clip.width, clip.height) == (320, 240)


# -- viewing copies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "plays"),
    [
        ("h264", "yuv420p", True), ("h264", "yuvj420p", True), ("h264", "yuv422p", False),
        ("h264", "yuv420p10le", False), ("hevc", "yuv420p", False), ("mpeg4", "yuv420p", False),
        ("mjpeg", "yuvj420p", False), ("av1", "yuv420p", True),
    ],
)  # fmt: skip
def test_which_codecs_browsers_play(codec: str, pix_fmt: str, plays: bool) -> None:
    assert browser_plays(codec, pix_fmt) is plays


@pytest.mark.parametrize("codec", ["libx265", "mpeg4", "mjpeg"])
def test_a_viewing_copy_shows_the_same_moments_in_h264(tmp_path: Path, codec: str) -> None:
    name = "a.avi" if codec == "mjpeg" else "a.mp4"
    ring, _ = filled(make_clip(tmp_path / name, codec=codec, size=(162, 122)))
    clip = ring.cut(1.0, 2.0, tmp_path / "clip.mp4")
    assert not browser_plays(clip.codec, clip.pix_fmt)
    copy = view_copy(clip.path, tmp_path / "view.mp4")
    with av.open(str(clip.path)) as original, av.open(str(copy)) as view:
        context = view.streams.video[0].codec_context
        assert browser_plays(context.name, context.pix_fmt)
        assert (context.width, context.height) == (162, 122)
        pairs = zip(original.decode(video=0), view.decode(video=0), strict=True)
        for before, after in pairs:
            assert after.time == pytest.approx(before.time, abs=1e-3)
            difference = before.to_ndarray(format="gray").astype(int) - after.to_ndarray(format="gray")
            assert abs(difference).mean() < 4
    data = copy.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.data
def test_a_clip_of_real_video_shows_the_very_pictures(shared_data: Path, tmp_path: Path) -> None:
    ring = PacketRing()
    truth: dict[int, str] = {}
    with Stream(shared_data / "video" / "street.mp4", StreamSettings(), ring=ring) as stream:
        for frame in stream.frames():
            truth[frame.index] = digest(frame.picture)
            if frame.video_s > 9:
                break
    clip = ring.cut(3.0, 8.0, tmp_path / "clip.mp4")
    assert [picture for _, picture in decoded(clip.path)] == [truth[entry.frame] for entry in clip.frames]
