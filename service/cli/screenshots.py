"""`qyran screenshots --out DIR`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("screenshots", help="pictures of every console and of a decision, from the demo")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the pictures")
    parser.add_argument(
        "--demo", type=Path, default=Path(".demo"), metavar="DIR", help="the demo's folder; made if need be"
    )
    parser.add_argument("--browser", type=Path, metavar="PATH", help="Chromium; default: the one on the path")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Make the pictures."""
    from service.screenshots import take  # noqa: PLC0415 - keeps `--help` fast

    for path in take(arguments.demo, arguments.out, arguments.browser):
        sys.stdout.write(f"{path}\n")
    return 0
