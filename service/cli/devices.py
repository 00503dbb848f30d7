"""`qyran devices import FILE`, `list`, and the tokens of machines that deliver records over HTTP."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from service.devices import Delivery
    from violations.devices import DeviceRecord


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("devices", help="take in records of certified devices; tokens of their feeds")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    taken = actions.add_parser("import", help="store the records of a file and judge them; all of it or nothing")
    taken.add_argument("file", type=Path, metavar="FILE", help="CSV, JSON or JSON Lines, pictures beside it")
    taken.set_defaults(run=import_file)
    listed = actions.add_parser("list", help="records without plates, the newest first")
    listed.add_argument("--outcome", metavar="CODE", help="case, waiting, or why there is no case")
    listed.add_argument("--limit", type=int, default=50, metavar="N")
    listed.set_defaults(run=list_records)
    made = actions.add_parser("token", help="make the token of a machine that delivers; it is told once")
    made.add_argument("name", metavar="NAME")
    feeds = (
        "devices", "dispatch_101", "dispatch_102", "dispatch_103", "dispatch_112", "fine_payments", "payments",
        "registers", "sensors",
    )  # fmt: skip
    made.add_argument("--feed", action="append", choices=feeds, help="may be repeated")
    made.set_defaults(run=make_token)
    revoked = actions.add_parser("revoke", help="take nothing more from a machine")
    revoked.add_argument("name", metavar="NAME")
    revoked.set_defaults(run=revoke_token)


def import_file(arguments: Namespace) -> int:
    """Store every record of the file, then judge what waits."""
    from qyran.roles import SYSTEM  # noqa: PLC0415 - keeps `--help` fast
    from service.device_cases import AT_ONCE, settle  # noqa: PLC0415
    from service.devices import take_records  # noqa: PLC0415
    from service.record_files import read_lines, record_texts  # noqa: PLC0415
    from violations.devices import DeviceRecord  # noqa: PLC0415

    lines = read_lines(arguments.file, DeviceRecord)
    texts = record_texts(arguments.file, [line for line, _ in lines])
    deliveries = (
        (f"{arguments.file}, line {line}", _delivery(arguments.file, line, one, text))
        for (line, one), text in zip(lines, texts, strict=True)
    )
    with system_store() as store:
        with store.write(SYSTEM) as work:
            stored = take_records(work, deliveries)
        done = settle(store, AT_ONCE)
    sys.stdout.write(
        f"{stored.fresh} records stored, {stored.known} known already; "
        f"{done.cases} became cases, {done.none} ground none\n"
    )
    return 0


def list_records(arguments: Namespace) -> int:
    """One line a record."""
    from qyran.roles import Actor, Role  # noqa: PLC0415
    from service.devices import listing  # noqa: PLC0415

    with system_store() as store, store.write(Actor("command-line", frozenset({Role.ADMINISTRATOR}))) as work:
        rows = listing(work, outcome=arguments.outcome, limit=max(1, arguments.limit))
    for row in rows:
        over = "" if row.over_kmh is None else f", {row.over_kmh:g} km/h over"
        sys.stdout.write(
            f"{row.time.isoformat()} {row.serial} {row.record} {row.kind} at {row.camera_id}: "
            f"{row.outcome or 'waiting'}{over}, passage {row.match or 'not looked for'}\n"
        )
    return 0


def make_token(arguments: Namespace) -> int:
    """Print the token; only its hash is kept."""
    from service.feeds import make_feed  # noqa: PLC0415

    with system_work() as work:
        token = make_feed(work, arguments.name, arguments.feed or ["devices"])
    sys.stdout.write(f"{token}\n")
    return 0


def revoke_token(arguments: Namespace) -> int:
    """Revoke it."""
    from service.feeds import revoke_feed  # noqa: PLC0415

    with system_work() as work:
        revoke_feed(work, arguments.name)
    sys.stdout.write(f"revoked {arguments.name}\n")
    return 0


def _delivery(file: Path, line: int, record: DeviceRecord, text: str) -> Delivery:
    """A record with the picture that lies beside the file."""
    from service.devices import Delivery  # noqa: PLC0415

    if record.picture is None:
        return Delivery(record, received=text)
    path = file.parent / record.picture
    try:
        return Delivery(record, path.read_bytes(), text)
    except OSError:
        raise InputError(f"{file}, line {line}: the picture {record.picture} does not lie beside the file.") from None
