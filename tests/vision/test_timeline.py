from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.timeline import FileTimeline

START = datetime(2026, 1, 1, tzinfo=UTC)


def timeline() -> FileTimeline:
    return FileTimeline(Fraction(1, 1000), 40, START)


def packet(pts: int | None, dts: int | None = None) -> av.Packet:
    packet = av.Packet(1)
    packet.pts, packet.dts = pts, dts
    return packet


@pytest.mark.parametrize(
    ("stamps", "tags"),
    [
        ([(0, 0), (40, 40), (80, 80)], [0, 40, 80]),
        ([(0, -40), (None, 40), (80, 80)], [0, 40, 80]),
        ([(0, None), (None, None), (80, None)], [0, 40, 80]),
        ([(None, None), (None, None), (None, None)], [0, 1, 2]),
        ([(None, 0), (None, 1), (None, 2)], [0, 1, 2]),
    ],
)
def test_a_packet_without_a_time_stamp_gets_one(stamps: list[tuple[int | None, int | None]], tags: list[int]) -> None:
    line = timeline()
    assert [line.tag(packet(pts, dts)) for pts, dts in stamps] == tags


def test_a_stream_without_time_stamps_is_counted_at_its_nominal_rate() -> None:
    line = timeline()
    tags = [line.tag(packet(None)) for _ in range(3)]
    out_of_the_decoder = [tags[0], tags[2], tags[1]]
    assert [line.stamp(tag).video_s for tag in out_of_the_decoder] == pytest.approx([0, 0.04, 0.08])
    line.lose(3)
    line.lose(4)
    assert line.stamp(5).video_s == pytest.approx(0.2)


def test_seconds_go_on_where_a_spliced_recording_begins_anew() -> None:
    line = timeline()
    seconds = []
    for pts in [5000, 5040, 5080, 0, 40, 90, 5000]:
        line.tag(packet(pts))
        seconds.append(line.stamp(pts).video_s)
    assert seconds == pytest.approx([0, 0.04, 0.08, 0.12, 0.16, 0.21, 5.12])


@given(st.lists(st.integers(-10_000, 10_000), min_size=1))
def test_seconds_and_utc_always_rise(stamps: list[int]) -> None:
    line = timeline()
    given_out = []
    for pts in stamps:
        line.tag(packet(pts))
        given_out.append(line.stamp(pts))
    assert given_out[0].video_s == 0
    assert [stamp.index for stamp in given_out] == list(range(len(stamps)))
    assert all(later.video_s > sooner.video_s for sooner, later in pairwise(given_out))
    assert all(stamp.time == START + timedelta(seconds=stamp.video_s) for stamp in given_out)
