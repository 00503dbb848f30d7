"""`qyran evidence`: what a case's evidence holds, taking it out in one file, locks, masked copies, time stamps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.moments import utc
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from evidence.export import Variant
    from service.store.events import Row


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("evidence", help="what evidence holds; export, locks, time stamps, masked copies")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    shown = actions.add_parser("show", help="what the evidence of a case holds and lacks")
    _record(shown)
    shown.add_argument("--lang", choices=("kk", "ru", "en"), default="en")
    shown.set_defaults(run=show)
    taken = actions.add_parser("export", help="one signed file with the program that checks it")
    _record(taken)
    taken.add_argument("file", type=Path, metavar="FILE", help="the zip to write")
    taken.add_argument("--full", action="store_true", help="with the sealed originals and the decision")
    taken.add_argument("--purpose", required=True, metavar="TEXT", help="what for; it is logged")
    taken.set_defaults(run=export)
    held = actions.add_parser("lock", help="hold the evidence against every retention")
    _record(held)
    held.add_argument("--reason", required=True, metavar="CODE", help="legal_hold, court, prosecutor, appeal, ...")
    held.add_argument("--note", required=True, metavar="TEXT", help="what the lock rests on")
    held.add_argument("--until", type=utc, metavar="TIME", help="it ends by itself then")
    held.set_defaults(run=lock)
    freed = actions.add_parser("release", help="end a lock")
    freed.add_argument("lock", metavar="LOCK")
    freed.add_argument("--note", required=True, metavar="TEXT", help="why")
    freed.set_defaults(run=release)
    tended = actions.add_parser("tend", help="one round of time stamps, masked copies and published heads")
    tended.set_defaults(run=tend)


def _record(parser: ArgumentParser) -> None:
    parser.add_argument("record", metavar="ID", help="of the case, or of the alert with --alert")
    parser.add_argument("--alert", action="store_true")


def show(arguments: Namespace) -> int:
    """A line a thing; 1 where something is missing."""
    from qyran.roles import SYSTEM  # noqa: PLC0415
    from service.evidence_contents import ROOM, contents  # noqa: PLC0415 - keeps `--help` fast
    from service.i18n import translate  # noqa: PLC0415
    from service.records import load  # noqa: PLC0415

    lang = arguments.lang
    with system_store() as store, store.read(SYSTEM) as work:
        found = contents(work, load(work, _table(arguments), arguments.record, lock=False))
    for item in found.items:
        said = f" ({item.detail[lang]})" if item.detail else ""
        state = translate(lang, f"{ROOM}.state_{item.state}")
        sys.stdout.write(f"{item.words[lang]}: {state}{said}\n")
    return 0 if found.complete else 1


def export(arguments: Namespace) -> int:
    """Write the file; its hash and size."""
    from qyran.roles import SYSTEM  # noqa: PLC0415
    from service.evidence_export import export_evidence  # noqa: PLC0415

    variant: Variant = "full" if arguments.full else "masked"
    with system_store() as store:
        left = export_evidence(
            store, SYSTEM, _table(arguments), arguments.record, variant, arguments.purpose, arguments.file
        )
    sys.stdout.write(f"{left.path}: {left.bytes} bytes, SHA-256 {left.sha256}\n")
    return 0


def lock(arguments: Namespace) -> int:
    """Set a lock; its id."""
    from service import evidence_locks  # noqa: PLC0415

    with system_work() as work:
        made = evidence_locks.lock(
            work, _table(arguments), arguments.record, arguments.reason, arguments.note, until=arguments.until
        )
    sys.stdout.write(f"{made.id}\n")
    return 0


def release(arguments: Namespace) -> int:
    """End a lock."""
    from service import evidence_locks  # noqa: PLC0415

    with system_work() as work:
        evidence_locks.release(work, arguments.lock, arguments.note)
    return 0


def tend(_: Namespace) -> int:
    """One round by hand."""
    from service.evidence_jobs import tend_evidence  # noqa: PLC0415

    with system_store() as store:
        done = tend_evidence(store)
    sys.stdout.write(f"{done.stamped} stamped, {done.masked} masked, {done.published} published\n")
    return 0


def _table(arguments: Namespace) -> type[Row]:
    from service.evidence_locks import table_of  # noqa: PLC0415

    return table_of("alerts" if arguments.alert else "cases")
