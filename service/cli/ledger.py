"""`qyran ledger export FILE`, `check` and `publish`: the hash chains of every case and alert, and their daily heads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError
from service.cli.opened import system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("ledger", help="export or check the hash chains of cases and alerts")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    export = actions.add_parser("export", help="all chains and signed roots, without personal data")
    export.add_argument("file", type=Path, metavar="FILE", help="what `qyran verify` then checks anywhere")
    export.set_defaults(run=run)
    check = actions.add_parser("check", help="check the store against its own chains and roots")
    check.add_argument("--lang", choices=("kk", "ru", "en"), default="en", help="language of the reasons")
    check.add_argument("--head", type=Path, metavar="FILE", help="a published head: are its roots still here?")
    check.set_defaults(run=run)
    publish = actions.add_parser("publish", help="carry the daily heads to where they are published")
    publish.add_argument("--today", action="store_true", help="also the present day, as far as it goes")
    publish.set_defaults(run=publish_now)


def run(arguments: Namespace) -> int:
    """Export or check; 1 where the store differs from its chains."""
    from evidence.words import sentence  # noqa: PLC0415 - keeps `--help` fast
    from service.evidence_heads import roots_gone  # noqa: PLC0415
    from service.store.ledger import check_store, export_ledger  # noqa: PLC0415

    with system_store() as store:
        if arguments.action == "check":
            faults = check_store(store)
            lost = roots_gone(store, arguments.head) if arguments.head else []
            for root in lost:
                sys.stdout.write(f"{arguments.head}: {sentence(arguments.lang, 'head_root_gone', {'root': root})}\n")
            for fault in faults:
                words = sentence(arguments.lang, fault.code, dict(fault.values))
                sys.stdout.write(f"{fault.record}, event {fault.seq}: {words}\n")
            return 1 if faults or lost else 0
        data = export_ledger(store)
    try:
        arguments.file.write_bytes(data)
    except OSError as error:
        raise InputError(f"The ledger cannot be written to {arguments.file}: {error.strerror}.") from None
    return 0


def publish_now(arguments: Namespace) -> int:
    """Publish; 1 where a place could not be reached, which is tried again by itself."""
    from service.evidence_heads import publish_heads  # noqa: PLC0415

    with system_store() as store:
        done = publish_heads(store, today=arguments.today)
    sys.stdout.write(f"{done.published} published, {done.waiting} waiting\n")
    return 1 if done.waiting else 0
