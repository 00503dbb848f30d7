"""`qyran receivers check | show | test | again`: who is told of alerts outside, and trying it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import ConfigError, InputError
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("receivers", help="who is told of alerts outside: check, show, test, send again")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="whether the alerts file, its secrets and certificates can be used")
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: QYRAN_ALERTS_FILE")
    check.set_defaults(run=run_check)
    show = actions.add_parser("show", help="each receiver's state and what waits for a person, as JSON")
    show.set_defaults(run=run_show)
    test = actions.add_parser("test", help="send a receiver a message that says that nothing has happened")
    test.add_argument("receiver", metavar="ID")
    test.set_defaults(run=run_test)
    again = actions.add_parser("again", help="send again what was given up or refused")
    again.add_argument("message", nargs="?", type=int, metavar="NUMBER", help="as `receivers show` names it")
    again.add_argument("--all", action="store_true", help="everything, but what something newer has overtaken")
    again.set_defaults(run=run_again)


def run_check(arguments: Namespace) -> int:
    """Read the file, and every secret and certificate it names; nothing is sent."""
    from service.notifying.checking import check_file  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    path = arguments.file or settings.alerts_file
    if path is None:
        raise ConfigError("No alerts file is named: give FILE, or set QYRAN_ALERTS_FILE.")
    for line in check_file(path):
        sys.stdout.write(f"{line}\n")
    return 0


def run_show(_: Namespace) -> int:
    """Write the health as JSON."""
    from service.notifying.health import health  # noqa: PLC0415 - keeps `--help` fast

    with system_work() as work:
        found = health(work)
    sys.stdout.write(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=1) + "\n")
    return 0


def run_test(arguments: Namespace) -> int:
    """Send one message at once; exit 1 where it was not taken."""
    from service.notifying.trying import send_test  # noqa: PLC0415 - keeps `--help` fast

    with system_store() as store:
        outcome = send_test(store, arguments.receiver)
    if outcome.error is None:
        sys.stdout.write(f"{arguments.receiver} took the test message {outcome.note.key}.\n")
        return 0
    sys.stderr.write(f"qyran: {arguments.receiver} did not take the test message: {outcome.error}.\n")
    return 1


def run_again(arguments: Namespace) -> int:
    """Queue one message, or all that wait for a person."""
    from qyran.errors import TransitionError  # noqa: PLC0415 - keeps `--help` fast
    from service.notifying import messages  # noqa: PLC0415
    from service.notifying.health import health  # noqa: PLC0415

    if (arguments.message is None) is not arguments.all:
        raise InputError("Name one message, or give --all.")
    with system_store() as store:
        with store.read() as work:
            numbers = [one.id for one in health(work).stuck] if arguments.all else [arguments.message]
        queued = 0
        for number in numbers:
            try:
                with store.write() as work:
                    messages.again(work, number)
                queued += 1
            except TransitionError:
                if not arguments.all:
                    raise
    sys.stdout.write(f"{queued} of {len(numbers)} are sent again\n")
    return 0
