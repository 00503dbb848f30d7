from __future__ import annotations

import json

import av
import pytest

from scenarios.scene import load_scene
from service.analyse import analyse
from service.bench_clips import clip_of


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Three seconds of rendered traffic, drawn as often as the pipeline looks."""
    scene = load_scene("arterial").model_copy(update={"duration_s": 3.0, "fps": 8.0, "planted": []})
    return clip_of(scene, tmp_path_factory.mktemp("clips"))


def results(clip, folder, **how):
    analysis = analyse(clip.video, clip.camera, folder, **how)
    tracks = (folder / "tracks.csv").read_text()
    return analysis, tracks, (folder / "events.jsonl").read_text()


def test_what_is_found_does_not_depend_on_the_number_of_threads(clip, tmp_path, monkeypatch):
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "home"))
    one, tracks, events = results(clip, tmp_path / "one", threads=1)
    assert tracks
    for threads in (2, 3):
        several, *same = results(clip, tmp_path / str(threads), threads=threads)
        assert same == [tracks, events]
        timeless = {name: value for name, value in several.summary.items() if name != "timing"}
        assert timeless == {name: value for name, value in one.summary.items() if name != "timing"}


def test_a_video_that_breaks_off_is_written_up_to_its_break_by_any_number_of_threads(clip, tmp_path, monkeypatch):
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "home"))
    torn = tmp_path / "torn.mkv"
    _torn(clip.video, torn)
    written = []
    for threads in (1, 2):
        analysis, tracks, events = results(
            clip.__class__(torn, clip.camera, clip.truth), tmp_path / str(threads), threads=threads
        )
        assert analysis.broken is not None
        assert json.loads((tmp_path / str(threads) / "summary.json").read_text())["broken_at_s"] is not None
        written.append((tracks, events, analysis.broken.second, analysis.summary["analysed"]))
    assert written[0] == written[1]


def _torn(video, target):
    """The same pictures in a container that can be cut off anywhere, without its last quarter."""
    with av.open(str(video)) as source, av.open(str(target), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    whole = target.read_bytes()
    target.write_bytes(whole[: len(whole) * 3 // 4])
