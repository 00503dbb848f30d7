"""`qyran worker --cameras DIR`."""

from __future__ import annotations

import signal
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from service.settings import Settings


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("worker", help="watch the cameras of a folder and report into the spool")
    parser.add_argument("--cameras", type=Path, required=True, metavar="DIR", help="folder of camera files")
    parser.add_argument("--metrics", metavar="[HOST:]PORT", help="serve figures for Prometheus; 0 takes a free port")
    parser.set_defaults(run=run, serves=True)


def run(arguments: Namespace) -> int:
    """Watch until stopped.

    Raises:
        InputError: the cameras or the address of the figures cannot be used.
    """
    from service.metrics import camera_figures, place_figures  # noqa: PLC0415 - keeps `--help` fast
    from service.metrics.collected import Looking  # noqa: PLC0415
    from service.metrics.exposition import served  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415
    from service.settings_view import say_mistakes  # noqa: PLC0415
    from service.supervised import notify  # noqa: PLC0415
    from service.worker import Worker, camera_files  # noqa: PLC0415

    say_mistakes()
    settings = load_settings()
    files = camera_files(arguments.cameras)
    figures = Looking(camera_figures.each_of(settings.home) | place_figures.looks_of(settings))
    with served(arguments.metrics, settings, figures) if arguments.metrics else nullcontext():
        if settings.leased:
            _under_leases(settings, files)
        else:
            worker = Worker(settings, files)
            signal.signal(signal.SIGTERM, lambda *_: worker.stop.set())
            notify("READY=1")
            worker.run()
    notify("STOPPING=1")
    return 0


def _under_leases(settings: Settings, files: list[Path]) -> None:
    """Watch what no other machine watches; go on with the rest as soon as it may."""
    from service.cluster.machine import Machine  # noqa: PLC0415
    from service.supervised import notify  # noqa: PLC0415

    machine = Machine(settings)
    machine.start()
    signal.signal(signal.SIGTERM, lambda *_: machine.ask_to_end())
    signal.signal(signal.SIGINT, lambda *_: machine.ask_to_end())
    try:
        for file in files:
            machine.want(file)
        notify("READY=1")
        machine.wait()
    finally:
        machine.end()
