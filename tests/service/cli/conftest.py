from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from av.bitstream import BitStreamFilterContext

from scenarios.render import render
from service.cli.main import main
from tests.vision.clips import make_clip, write_units

FPS = 10
LIVE_FPS = 4
"""The live camera shows the same pictures in slow motion, so that a busy machine looks at most of them."""
CAMERA = """
id = "abay-12"
name = "Абай 12"
stream = "{stream}"
{more}
[[lines]]
id = "count"
kind = "control"
points = [[0.1, 0.6], [0.9, 0.6]]
"""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    def refused(self, *words: str) -> None:
        """One sentence on stderr that holds the words, nothing on stdout, exit status 2."""
        assert (self.code, self.out) == (2, "")
        self.one_sentence(*words)

    def one_sentence(self, *words: str) -> None:
        assert re.fullmatch(r"qyran[a-z ]*: [^\n]+\.\n", self.err), self.err
        assert not re.search(r"\. [A-Z]", self.err)
        assert "Traceback" not in self.err
        assert "Error" not in self.err
        for word in words:
            assert word in self.err


def run(capsys: pytest.CaptureFixture[str], *words: object) -> Answer:
    capsys.readouterr()
    try:
        code = main([str(word) for word in words])
    except SystemExit as end:  # argparse
        code = end.code
    return Answer(code, *capsys.readouterr())


@pytest.fixture
def qyran(capsys):
    """Run the command in this process."""
    return lambda *words: run(capsys, *words)


def camera_file(path: Path, *, stream: str = "never-opened.mp4", more: str = "") -> Path:
    path.write_text(CAMERA.format(stream=stream, more=more), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """A second of drawn shapes: nothing that any model knows."""
    return make_clip(tmp_path_factory.mktemp("clip") / "shapes.mp4", count=25, size=(320, 180))


@pytest.fixture
def camera(tmp_path) -> Path:
    return camera_file(tmp_path / "abay-12.toml")


@dataclass(frozen=True)
class Traffic:
    """Six seconds of rendered cars that all drive against the arrows of their camera file."""

    video: Path
    camera: Path
    units: Path


@pytest.fixture(scope="session")
def traffic(tmp_path_factory) -> Traffic:
    folder = tmp_path_factory.mktemp("traffic")
    made = render("quiet", folder, seed=4, weather="clear", size=(640, 360), fps=float(FPS), duration_s=6.0)
    words = made.camera.read_text(encoding="utf-8")
    turned, arrows = re.subn(r"direction = \[(\[.*?\]), (\[.*?\])\]", r"direction = [\2, \1]", words)
    assert arrows
    made.camera.write_text(turned, encoding="utf-8")
    return Traffic(made.video, made.camera, write_units(folder / "units", _raw(made.video), fps=LIVE_FPS))


def _raw(video: Path) -> Path:
    """The same packets as bare H.264."""
    target = video.with_suffix(".h264")
    with av.open(str(video)) as source:
        start_codes = BitStreamFilterContext("h264_mp4toannexb", source.streams.video[0])
        packets = [out for packet in source.demux(video=0) if packet.size for out in start_codes.filter(packet)]
        target.write_bytes(b"".join(bytes(packet) for packet in packets))
    return target


@dataclass(frozen=True)
class Analysed:
    folder: Path
    home: Path


@pytest.fixture(scope="session")
def analysed(traffic, tmp_path_factory) -> Iterator[Analysed]:
    """Results of the rendered cars, for reading only."""
    folder = tmp_path_factory.mktemp("analysed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QYRAN_HOME", str(folder / "home"))
        assert main(["analyse", str(traffic.video), "--camera", str(traffic.camera), "--out", str(folder / "out")]) == 0
    return Analysed(folder / "out", folder / "home")


@pytest.fixture
def at_home(analysed, monkeypatch) -> Path:
    """The installation that made `analysed`."""
    monkeypatch.setenv("QYRAN_HOME", str(analysed.home))
    return analysed.home
