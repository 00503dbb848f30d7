"""`qyran fines import FILE`, `aside`, `nightly`, `recovery`: what follows a signed decision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.moments import day
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("fines", help="payments of fines, terms, recovery")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    taken = actions.add_parser("import", help="store payments and settle their decisions; all of the file or nothing")
    taken.add_argument("file", type=Path, metavar="FILE", help="CSV, JSON or JSON Lines (docs/payments.md)")
    taken.add_argument("--source", required=True, metavar="TEXT", help="who gave it")
    taken.set_defaults(run=import_file)
    nightly = actions.add_parser("nightly", help="settle open decisions, resolve and send unpaid ones to recovery")
    nightly.add_argument("--on", type=day, metavar="DATE", help="the city's day; today by default")
    nightly.set_defaults(run=run_nightly)
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


def run_nightly(arguments: Namespace) -> int:
    """What a day calls for."""
    from service.enforcement import run  # noqa: PLC0415

    with system_store() as store:
        on = arguments.on or store.clock().astimezone(store.settings.zone).date()
        done = run(store, on)
    sys.stdout.write(f"{on}: {done.settled} settled anew, {done.resolved} resolved, {done.sent} sent to recovery\n")
    return 0


def write_batch(arguments: Namespace) -> int:
    """The next batch."""
    from service.enforcement import export  # noqa: PLC0415

    with system_work() as work:
        batch = export(work, arguments.to)
    sys.stdout.write("nothing to recover\n" if batch is None else f"recovery-{batch:06d}.csv written\n")
    return 0
