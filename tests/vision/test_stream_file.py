from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from qyran.errors import BrokenMedia, InputError, MediaError
from tests.vision.clips import cut_off, decoded, digest, faststart, make_clip, with_flips, with_noise
from vision.archive import PacketRing
from vision.stream import Stream, StreamSettings
from vision.types import Frame

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def read(path: Path, rate_hz: float | None = None) -> tuple[list[Frame], BrokenMedia | None]:
    frames: list[Frame] = []
    with Stream(path, StreamSettings(start_time=START)) as stream:
        try:
            for frame in stream.frames(rate_hz):
                frames.append(frame)  # noqa: PERF402 - what was given before the break counts
        except BrokenMedia as broken:
            return frames, broken
    return frames, None


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.ts", "libx264"), ("a.mp4", "libx265"), ("a.mp4", "mpeg4"),
        ("a.avi", "mjpeg"), ("a.h264", "libx264"), ("a.avi", "libx264"), ("a.flv", "libx264"), ("a.webm", "libvpx"),
    ],
)  # fmt: skip
def test_every_picture_of_a_healthy_file_comes_once_and_in_order(tmp_path: Path, name: str, codec: str) -> None:
    clip = make_clip(tmp_path / name, codec=codec, count=60)
    with Stream(clip, StreamSettings(start_time=START)) as stream:
        assert (stream.info.width, stream.info.height, stream.info.live) == (160, 120, False)
        assert stream.info.fps == 25
        frames = list(stream.frames())
        assert stream.dropped == 0
        assert stream.counts.decoded == stream.counts.given == 60
    assert [frame.index for frame in frames] == list(range(60))
    assert [frame.video_s for frame in frames] == pytest.approx([i / 25 for i in range(60)], abs=1e-6)
    with av.open(str(clip)) as container:
        expected = [digest(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]
    assert [digest(frame.picture) for frame in frames] == expected
    assert frames[30].time == START + timedelta(seconds=frames[30].video_s)


def test_a_picture_is_bgr_and_read_only(tmp_path: Path) -> None:
    frames, _ = read(make_clip(tmp_path / "a.mp4", count=3))
    blue, green, red = frames[0].picture[35, 15].astype(int)
    assert red > 200
    assert max(blue, green) < 60
    with pytest.raises(ValueError, match="read-only"):
        frames[0].picture[0, 0] = 0


@pytest.mark.parametrize("rate_hz", [1.0, 4.0, 8.0, 12.5, 25.0, 100.0, None])
def test_pictures_come_evenly_and_no_oftener_than_asked(tmp_path: Path, rate_hz: float | None) -> None:
    frames, _ = read(make_clip(tmp_path / "a.mp4"), rate_hz)
    seconds = np.array([frame.video_s for frame in frames])
    wanted = min(rate_hz or 25.0, 25.0)
    assert len(frames) == pytest.approx(4 * wanted, abs=1)
    if len(frames) > 2:
        assert np.ptp(np.diff(seconds)) <= 1 / 25 + 1e-9
    assert [frame.index for frame in frames] == [round(25 * s) for s in seconds]


def test_seconds_follow_the_time_stamps_at_a_variable_frame_rate(tmp_path: Path) -> None:
    ticks = list(np.cumsum([0] + [40, 40, 120, 33, 500, 10] * 8).tolist())
    clip = make_clip(tmp_path / "a.mkv", count=len(ticks), ticks=ticks, time_base=Fraction(1, 1000))
    frames, broken = read(clip)
    assert broken is None
    assert [frame.video_s for frame in frames] == pytest.approx([tick / 1000 for tick in ticks], abs=1e-3)
    slow, _ = read(clip, 2.0)
    assert max(sum(int(f.video_s) == second for f in slow) for second in range(6)) <= 2


def test_seconds_count_from_the_first_picture_wherever_its_time_stamp_begins(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.ts", count=30, ticks=[i + 5000 for i in range(30)])
    frames, broken = read(clip)
    assert broken is None
    assert frames[0].pts > 5000
    assert [f.video_s for f in frames] == pytest.approx([i / 25 for i in range(30)], abs=1e-5)


def test_pictures_before_the_first_key_frame_are_passed_over_without_complaint(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.ts", count=75, options={"bf": "0"})
    with av.open(str(whole)) as container:
        middle = [packet for packet in container.demux() if packet.size][10].pos
    late = tmp_path / "late.ts"
    data = whole.read_bytes()
    late.write_bytes(data[: 3 * 188] + data[middle - middle % 188 :])
    frames, broken = read(late)
    assert broken is None
    assert len(frames) == 50
    assert frames[0].video_s == 0
    assert frames[-1].video_s == pytest.approx(49 / 25, abs=1e-5)


def trimmed_by_an_edit_list(source: Path, target: Path, skip: int) -> Path:
    """Remux so that the first `skip` pictures are decoded but not shown (what cutting tools and phones write)."""
    with av.open(str(source)) as src, av.open(str(target), "w") as out:
        track = src.streams.video[0]
        copy = out.add_stream_from_template(track)
        for packet in src.demux(track):
            if packet.size:
                packet.pts -= skip * 512
                packet.dts -= skip * 512
                packet.stream = copy
                out.mux(packet)
    return target


def test_what_an_edit_list_hides_is_not_shown(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", count=60)
    trimmed = trimmed_by_an_edit_list(source, tmp_path / "trimmed.mp4", skip=10)
    expected = decoded(trimmed)
    frames, broken = read(trimmed)
    assert broken is None
    assert len(frames) == len(expected) == 50
    assert [digest(f.picture) for f in frames] == [picture for _, picture in expected]
    assert frames[0].video_s == 0
    assert digest(frames[0].picture) == decoded(source)[10][1]


def test_the_time_comes_from_the_container_when_nobody_gives_one(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    make_clip(clip, count=5)
    with Stream(clip) as stream:
        assert stream.info.time_source == "file_time"
    stamped = tmp_path / "stamped.mp4"
    with av.open(str(clip)) as source, av.open(str(stamped), "w") as out:
        out.metadata["creation_time"] = "2025-05-06T07:08:09Z"
        track = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                out.mux(packet)
    with Stream(stamped) as stream:
        assert stream.info.time_source == "creation_time"
        assert next(iter(stream.frames())).time == datetime(2025, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize("name", ["жол 50% #1?.mp4", "rtsp:camera.mp4", "-a|b.mp4", "қиылыс\n.mp4"])
def test_any_file_name_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    make_clip(tmp_path / "a.mp4", count=3).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(read(Path(name))[0]) == len(read(tmp_path / name)[0]) == 3
    with Stream(name) as stream:
        assert len(list(stream.frames())) == 3


# -- what cannot be read -------------------------------------------------------------------------------------------


def a_song(path: Path) -> None:
    with av.open(str(path), "w") as out:
        track = out.add_stream("aac", rate=16_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        out.mux(track.encode(frame))
        out.mux(track.encode(None))


def only_noise(path: Path) -> None:
    clip = faststart(path.with_name("source.mp4"), count=10)
    start = clip.read_bytes().index(b"mdat") / clip.stat().st_size
    with_noise(clip, path, start + 0.002, 1)


def without_its_index(path: Path) -> None:
    cut_off(make_clip(path.with_name("source.mp4"), count=30), path, 0.7)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(), "is empty"),
        (lambda path: path.write_text("Not a video.\n" * 100), "is not a video"),
        (lambda path: path.write_text("#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n"), "is not a video"),
        (lambda path: path.write_bytes(bytes(10_000)), "is not a video"),
        (a_song, "holds no video track"),
        (only_noise, "holds no picture that can be decoded"),
        (without_its_index, "the index of the MP4 file .* is missing"),
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path: Path, make: object, fault: str) -> None:
    path = tmp_path / "video.mp4"
    make(path)
    with pytest.raises(MediaError, match=fault) as caught:
        Stream(path)
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith(".")
    assert "\n" not in message
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("address", ["http://camera/live", "pipe:0", "concat:a|b", "ftp://user:secret@host/video"])
def test_an_address_that_is_neither_file_nor_rtsp_is_refused(address: str) -> None:
    with pytest.raises(MediaError) as caught:
        Stream(address)
    assert "secret" not in str(caught.value)


# -- what breaks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.97])
def test_a_file_that_breaks_off_is_read_to_the_break(tmp_path: Path, codec: str, share: float) -> None:
    whole = faststart(tmp_path / "whole.mp4", codec=codec)
    truth = decoded(whole)
    with av.open(str(whole)) as container:
        kept = sum(
            packet.pos + packet.size <= share * whole.stat().st_size for packet in container.demux() if packet.size
        )
    cut = cut_off(whole, tmp_path / "cut.mp4", share)
    frames, broken = read(cut)
    assert broken is not None
    assert kept - 6 <= len(frames) <= kept  # pictures that need what is cut off (B-frames) are lost with it
    assert [digest(f.picture) for f in frames] == [picture for _, picture in truth[: len(frames)]]
    assert broken.second == pytest.approx(len(frames) / 25, abs=0.05)
    assert str(broken) == (
        f"The video {cut} breaks off at {broken.second:.1f} s of 4.0 s: nothing after that can be decoded."
    )


@pytest.mark.parametrize("name", ["whole.mkv", "whole.ts"])
def test_other_containers_that_break_off_are_noticed_too(tmp_path: Path, name: str) -> None:
    whole = make_clip(tmp_path / name)
    frames, broken = read(cut_off(whole, tmp_path / f"cut{whole.suffix}", 0.6))
    assert broken is not None
    assert 40 <= len(frames) <= 60
    assert broken.second == pytest.approx(len(frames) / 25, abs=0.05)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_a_file_that_turns_to_noise_is_read_to_the_noise(tmp_path: Path, codec: str) -> None:
    whole = faststart(tmp_path / "whole.mp4", codec=codec)
    frames, broken = read(with_noise(whole, tmp_path / "noise.mp4", 0.5, 1.0))
    assert broken is not None
    assert len(frames) > 25
    assert [digest(f.picture) for f in frames] == [picture for _, picture in decoded(whole)[: len(frames)]]
    assert broken.second == pytest.approx(len(frames) / 25, abs=0.05)
    assert f"breaks off at {broken.second:.1f} s of 4.0 s" in str(broken)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
def test_after_noise_in_the_middle_reading_goes_on_with_the_next_good_key_frame(tmp_path: Path, codec: str) -> None:
    whole = faststart(tmp_path / "whole.mp4", codec=codec)
    truth = {round(second, 3): picture for second, picture in decoded(whole)}
    frames, broken = read(with_noise(whole, tmp_path / "noise.mp4", 0.40, 0.45))
    assert broken is not None
    assert broken.second == pytest.approx(next(i for i, f in enumerate(frames) if f.index / 25 != f.video_s) / 25)
    assert all(digest(f.picture) == truth[round(f.video_s, 3)] for f in frames)
    assert frames[-1].video_s == pytest.approx(3.96)
    assert [f.index for f in frames] == list(range(len(frames)))
    assert f"is damaged at {broken.second:.1f} s of 4.0 s" in str(broken)


def test_a_few_flipped_bits_are_noticed_and_hurt_no_picture_outside_their_group(tmp_path: Path) -> None:
    whole = faststart(tmp_path / "whole.mp4")
    truth = {round(second, 3): picture for second, picture in decoded(whole)}
    frames, broken = read(with_flips(whole, tmp_path / "flips.mp4", 0.45, 5))
    assert broken is not None
    assert 40 < len(frames) < 100
    # A flip in the residual of a picture is valid H.264: no decoder can see it, so its own group may show it.
    wrong = {int(f.video_s) for f in frames if digest(f.picture) != truth[round(f.video_s, 3)]}
    assert len(wrong) <= 1


def test_a_short_picture_track_beside_long_sound_is_no_break(tmp_path: Path) -> None:
    clip = tmp_path / "a.mkv"
    silent = make_clip(tmp_path / "silent.mkv", count=25)
    with av.open(str(silent)) as source, av.open(str(clip), "w") as out:
        video = out.add_stream_from_template(source.streams.video[0])
        audio = out.add_stream("aac", rate=16_000)
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 64_000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16_000
        out.mux(audio.encode(sound))
        out.mux(audio.encode(None))
    frames, broken = read(clip)
    assert broken is None
    assert len(frames) == 25


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("street.mp4", 905), ("car_park.mp4", 377), ("house_fire.mp4", 899), ("junction_cyclist.mp4", 60),
        ("junction_truck.mp4", 60),
    ],
)  # fmt: skip
def test_healthy_real_videos_raise_no_alarm(shared_data: Path, name: str, count: int) -> None:
    ring = PacketRing()
    with Stream(shared_data / "video" / name, ring=ring) as stream:
        seconds = [frame.video_s for frame in stream.frames(2.0)]
        assert stream.counts.decoded == count
        assert stream.counts.corrupt == 0
    assert all(later > sooner for sooner, later in pairwise(seconds))


def test_reading_says_nothing_of_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = faststart(tmp_path / "whole.mp4", count=50)
    with caplog.at_level(logging.DEBUG):
        read(with_flips(whole, tmp_path / "flips.mp4", 0.45, 5))
    assert not caplog.records
