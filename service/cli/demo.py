"""`qyran demo [--once]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("demo", help="the sample city: rendered, analysed, decided, shown")
    parser.add_argument("--once", action="store_true", help="end after the analysis; the summary is the last line")
    parser.add_argument("--folder", type=Path, default=Path(".demo"), metavar="DIR", help="default: .demo")
    parser.add_argument("--port", type=int, default=None, metavar="N", help="of the console; default: 8000")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Make and show the demo."""
    from service.demo.run import demo  # noqa: PLC0415 - keeps `--help` fast

    port = arguments.port if arguments.port is not None else (0 if arguments.once else 8000)
    demo(arguments.folder, once=arguments.once, port=port)
    return 0
