"""`qyran sizing --cameras N`: machines, disks, network and cost for a city, from measured figures."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("sizing", help="what so many cameras need: machines, disks, network, cost; as JSON")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--cameras", type=int, metavar="N", help="default: 100, 1,000 and 10,000")
    what.add_argument("--document", action="store_true", help="write docs/sizing.md to stdout")
    parser.add_argument("--figures", type=Path, metavar="FILE", help="TOML of figures; default: the measured ones")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Compute and write.

    Raises:
        InputError: no camera, or figures that cannot be read.
    """
    from service.sizing import SIZES, document, figures, sizing  # noqa: PLC0415 - keeps `--help` fast

    if arguments.document:
        sys.stdout.write(document(arguments.figures))
        return 0
    given = figures(arguments.figures)
    sizes = SIZES if arguments.cameras is None else (arguments.cameras,)
    found = [asdict(sizing(count, given)) for count in sizes]
    sys.stdout.write(json.dumps(found if len(found) > 1 else found[0], indent=1) + "\n")
    return 0
