"""`qyran outbox show | retry | send | print | receipts`: what waits to be sent, and sending it again."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from qyran.errors import InputError
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

SHARES: Final = ("refuse", "fail", "lose", "duplicate", "undeliverable")
ANSWERS_EVERY_S: Final = 2.0


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("outbox", help="what waits to be sent, what failed, and sending it again")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="each channel's health and what waits for a person, as JSON")
    show.set_defaults(run=run_show)
    retry = actions.add_parser("retry", help="send again what was given up or refused")
    retry.add_argument("message", nargs="?", metavar="ID", help="one message, as `outbox show` names it")
    retry.add_argument("--all", action="store_true", help="everything given up or refused; not what perhaps left")
    retry.set_defaults(run=run_retry)
    send = actions.add_parser("send", help="one round of the courier now")
    send.set_defaults(run=run_send)
    printed = actions.add_parser("print", help="print the waiting letters as a batch for the post")
    printed.set_defaults(run=run_print)
    receipts = actions.add_parser("receipts", help="take in what the post answered; all of it or nothing")
    receipts.add_argument("file", type=Path, metavar="FILE", help="CSV: batch, position, status, date, reason")
    receipts.set_defaults(run=run_receipts)
    simulate = actions.add_parser(
        "simulate", help="stand-ins of register, SMS gateway and vehicle register, to exercise"
    )
    simulate.add_argument("--port", type=int, default=8090, metavar="N")
    for name in SHARES:
        simulate.add_argument(f"--{name}", type=float, default=0.0, metavar="SHARE", help="share of requests, 0 to 1")
    simulate.add_argument("--delay", type=float, default=0.0, metavar="S", help="before every answer, seconds")
    simulate.set_defaults(run=run_simulate)


def run_show(_: Namespace) -> int:
    """Write the health as JSON."""
    from service.delivery_view import health  # noqa: PLC0415 - keeps `--help` fast

    with system_work() as work:
        found = health(work)
    sys.stdout.write(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=1) + "\n")
    return 0


def run_retry(arguments: Namespace) -> int:
    """Queue one message, or all that wait for a person."""
    from service.delivery import send_again  # noqa: PLC0415
    from service.delivery_view import health  # noqa: PLC0415
    from service.outbox import State  # noqa: PLC0415

    if arguments.all == (arguments.message is not None):
        raise InputError("Give the id of a message, or --all.")
    with system_work() as work:
        waiting = [one.id for one in health(work).stuck if one.state != State.PERHAPS]  # those need a look of their own
        wanted = waiting if arguments.all else [arguments.message]
        for one in wanted:
            send_again(work, one)
    sys.stdout.write(f"{len(wanted)} queued\n")
    return 0


def run_send(_: Namespace) -> int:
    """Hand over what may leave, and collect receipts."""
    from service.jobs import carry  # noqa: PLC0415

    with system_store() as store:
        sent, heard = carry(store)
    sys.stdout.write(f"{sent} handed over, {heard} receipts and answers\n")
    return 0


def run_print(_: Namespace) -> int:
    """Print a batch."""
    from service.delivery_post import print_batch  # noqa: PLC0415

    with system_work() as work:
        batch = print_batch(work)
    told = "no letter waits" if batch is None else f"batch {batch.number}: {batch.letters} letters in {batch.folder}"
    sys.stdout.write(f"{told}\n")
    return 0


def run_receipts(arguments: Namespace) -> int:
    """Store every line of the post's file."""
    from service.delivery_post import PostReceipt, take_receipts  # noqa: PLC0415
    from service.record_files import read_lines  # noqa: PLC0415

    lines = read_lines(arguments.file, PostReceipt)
    with system_work() as work:
        new = take_receipts(work, lines, arguments.file)
    sys.stdout.write(f"{new} receipts stored, {len(lines) - new} known already\n")
    return 0


def run_simulate(arguments: Namespace) -> int:
    """Serve the simulator until stopped; it registers and delivers what it took every two seconds."""
    from service.ports.simulator import Faults, Simulator, serving  # noqa: PLC0415

    faults = Faults(**{name: getattr(arguments, name) for name in SHARES}, delay_s=arguments.delay)
    simulator = Simulator(faults)
    try:
        with serving(simulator, arguments.port) as address:
            sys.stderr.write(f"simulating register, SMS gateway and vehicle register at {address}; Ctrl+C ends\n")
            while not Event().wait(ANSWERS_EVERY_S):
                simulator.register()
                simulator.deliver()
    except OSError as error:
        raise InputError(f"Port {arguments.port} cannot be used: {error.strerror}.") from None
    return 0
