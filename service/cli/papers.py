"""`qyran papers --out DIR`: the papers a city hands in, from this version and these settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("papers", help="papers for the architecture portal and the security review (PDF)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--lang", choices=("ru", "kk"), help="one language; default: both")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Write them and name them."""
    from datetime import UTC, datetime  # noqa: PLC0415 - keeps `--help` fast

    from service.city_papers.making import write_papers  # noqa: PLC0415
    from service.settings import load_settings  # noqa: PLC0415

    settings, now = load_settings(), datetime.now(UTC)
    for lang in (arguments.lang,) if arguments.lang else ("ru", "kk"):
        try:
            written = write_papers(settings, arguments.out, lang, now)
        except OSError as error:
            raise InputError(f"The papers cannot be written to {arguments.out}: {error.strerror}.") from None
        for path in written:
            sys.stdout.write(f"{path}\n")
    return 0
