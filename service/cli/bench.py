"""`qyran bench [VIDEO --camera CAMERA.toml]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("bench", help="where the time goes on one core, as JSON")
    parser.add_argument("video", type=Path, nargs="?", metavar="VIDEO", help="default: a rendered scene")
    parser.add_argument("--camera", type=Path, metavar="CAMERA.toml", help="the video's camera file")
    parser.add_argument("--core", type=int, metavar="N", help="the core to run on; default: the first")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Measure and write JSON to stdout."""
    from service.bench import bench  # noqa: PLC0415 - keeps `--help` fast

    report = bench(arguments.video, arguments.camera, core=arguments.core)
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return 0
