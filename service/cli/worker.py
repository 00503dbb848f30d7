"""`qyran worker --cameras DIR`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("worker", help="watch the cameras of a folder and report into the spool")
    parser.add_argument("--cameras", type=Path, required=True, metavar="DIR", help="folder of camera files")
    parser.set_defaults(run=run, serves=True)


def run(arguments: Namespace) -> int:
    """Watch until stopped."""
    from service.settings import load_settings  # noqa: PLC0415 - keeps `--help` fast
    from service.worker import Worker, camera_files  # noqa: PLC0415

    worker = Worker(load_settings(), camera_files(arguments.cameras))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop.set())
    worker.run()
    return 0
