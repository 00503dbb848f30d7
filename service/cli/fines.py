"""`qyran fines import FILE`, `recovery`: what follows a signed decision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.opened import system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("fines", help="payments of fines, and recovery of unpaid ones")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    taken = actions.add_parser("import", help="store payments and settle their decisions; all of the file or nothing")
    taken.add_argument("file", type=Path, metavar="FILE", help="CSV, JSON or JSON Lines (docs/payments.md)")
    taken.add_argument("--source", required=True, metavar="TEXT", help="who gave it")
    taken.set_defaults(run=import_file)
    recovery = actions.add_parser("recovery", help="write the next batch for compulsory recovery; personal data")
    recovery.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    recovery.set_defaults(run=write_batch)


def import_file(arguments: Namespace) -> int:
    """Store every line of the file."""
    from service.fine_payments import FinePaymentLine, take  # noqa: PLC0415 - keeps `--help` fast
    from service.record_files import read_lines  # noqa: PLC0415

    lines = [one for _, one in read_lines(arguments.file, FinePaymentLine)]
    with system_work() as work:
        done = take(work, lines, source=arguments.source)
    sys.stdout.write(
        f"{done.matched} payments settled, {done.known} known already, {done.put_aside} wait for a person\n"
    )
    return 0


def write_batch(arguments: Namespace) -> int:
    """The next batch."""
    from service.enforcement import export  # noqa: PLC0415

    with system_work() as work:
        batch = export(work, arguments.to)
    sys.stdout.write("nothing to recover\n" if batch is None else f"recovery-{batch:06d}.csv written\n")
    return 0
