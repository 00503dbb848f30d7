"""`qyran registers import REGISTER FILE`: insurance, inspection, payments for parking; and `list`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.moments import utc
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

PAYMENTS = "payments"


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("registers", help="take in registers of insurance and inspection, and payments")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    taken = actions.add_parser("import", help="store a delivery; all of it or nothing")
    taken.add_argument("register", choices=("insurance", "inspection", PAYMENTS))
    taken.add_argument("file", type=Path, metavar="FILE", help="CSV, JSON or JSON Lines")
    taken.add_argument(
        "--as-of", type=utc, required=True, metavar="TIME", help="moment the state is of, with its offset"
    )
    taken.add_argument("--source", required=True, metavar="TEXT", help="who gave it")
    taken.set_defaults(run=import_file)
    listed = actions.add_parser("list", help="of which moment each register is")
    listed.set_defaults(run=list_all)


def import_file(arguments: Namespace) -> int:
    """Store every line of the file."""
    from service import registers  # noqa: PLC0415
    from service.record_files import read_lines  # noqa: PLC0415

    named = {"as_of": arguments.as_of, "source": arguments.source}
    if arguments.register == PAYMENTS:
        payments = [one for _, one in read_lines(arguments.file, registers.PaymentLine)]
    else:
        covers = [one for _, one in read_lines(arguments.file, registers.RegisterLine)]
    with system_work() as work:
        if arguments.register == PAYMENTS:
            done = registers.take_payments(work, payments, **named)
        else:
            done = registers.take_register(work, arguments.register, covers, **named)
    sys.stdout.write(f"{done.fresh} lines stored, {done.known} known already\n")
    return 0


def list_all(_: Namespace) -> int:
    """One line a register."""
    from qyran.roles import SYSTEM  # noqa: PLC0415
    from service.registers import feeds_heard  # noqa: PLC0415

    with system_store() as store, store.read(SYSTEM) as work:
        heard = feeds_heard(work)
    for name in ("insurance", "inspection", PAYMENTS):
        sys.stdout.write(f"{name}: {heard[name].isoformat() if name in heard else 'never delivered'}\n")
    return 0
