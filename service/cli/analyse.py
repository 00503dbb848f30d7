"""`qyran analyse VIDEO --camera CAMERA.toml --out DIR`; VIDEO is a file or an RTSP address."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.moments import utc

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("analyse", help="analyse a video into tracks, events and evidence")
    parser.add_argument("video", metavar="VIDEO", help="a file, or the rtsp:// address of a live stream")
    parser.add_argument("--camera", type=Path, required=True, metavar="CAMERA.toml", help="the camera file")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    parser.add_argument(
        "--start",
        type=utc,
        metavar="TIME",
        help="time of the first frame, ISO 8601 with its offset; default: the file's",
    )
    parser.add_argument(
        "--seconds",
        type=_seconds,
        metavar="N",
        help="seconds of video to analyse; default: a file to its end, 60 of a live stream",
    )
    parser.add_argument(
        "--threads",
        type=_threads,
        metavar="N",
        help="frames looked at together; default: one a core this process may use; the results are the same",
    )
    for place in ("road", "fire"):
        parser.add_argument(
            f"--{place}-model", metavar="CARD.json", help="card or name of another model than the installation's"
        )
    parser.add_argument(
        "--engine", metavar="NAME", help="auto (the default), cpu, cuda, tensorrt, openvino, openvino-bf16"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Analyse; a broken video is written as far as it decodes and then reported."""
    from service.analyse import analyse  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    given = {name: getattr(arguments, name) for name in ("road_model", "fire_model", "engine")}
    settings = load_settings(**{name: value for name, value in given.items() if value})
    analysis = analyse(
        arguments.video,
        arguments.camera,
        arguments.out,
        start=arguments.start,
        seconds=arguments.seconds,
        models=settings.model_choice,
        threads=arguments.threads,
    )
    s = analysis.summary
    sys.stdout.write(
        f"{s['frames']} frames, {s['passages']} passages, {s['violations']} violations, {s['incidents']} incidents, "
        f"{s['fire_alerts']} fire alerts in {analysis.folder}\n"
    )
    if analysis.broken is not None:
        raise analysis.broken
    return 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no span of seconds; write for example 60")
    return seconds


def _threads(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of threads; write for example 2")
    return int(text)
