"""`qyran offences check [FILE...]`: whether offence files can be used, and what they leave open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("offences", help="check files of the offence catalogue")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    checked = actions.add_parser("check", help="read offence files as one catalogue; the shipped one without FILE")
    checked.add_argument("files", type=Path, nargs="*", metavar="FILE.toml")
    checked.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Say what there is and how much of it is not confirmed."""
    from violations.offence_file import load_catalogue  # noqa: PLC0415 - keeps `--help` fast
    from violations.offences import shipped_files  # noqa: PLC0415

    book = load_catalogue(*(arguments.files or shipped_files()))
    open_ones = sorted({entry.id for entry in book.offence if entry.undetermined})
    unconfirmed = sum(entry.certainty != "V" for entry in book.offence)
    sys.stdout.write(
        f"{book.version}: {len(book.kinds)} kinds, {len(book.offence)} entries, {unconfirmed} of them not confirmed "
        f"by an official text; no figure for {', '.join(open_ones) or 'none'}\n"
    )
    return 0
