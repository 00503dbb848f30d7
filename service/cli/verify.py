"""`qyran verify PATH [--key KEY]`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("verify", help="check evidence, a decision or a ledger offline")
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="package, folder, results, export, PDF, ledger or its head"
    )
    parser.add_argument(
        "--key", type=Path, metavar="KEY", help="public key or certificate (PEM); default: the trust store"
    )
    parser.add_argument(
        "--authority", type=Path, metavar="CERTIFICATE", help="time stamp authority (PEM); default: the trust store"
    )
    parser.add_argument("--lang", choices=("kk", "ru", "en"), default="en", help="language of the reasons")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Verify; 0 intact, 1 with the reasons, 2 only where PATH does not exist."""
    from evidence.keys import load_trust, trust_store  # noqa: PLC0415 - keeps `--help` fast
    from evidence.verify import verify  # noqa: PLC0415
    from evidence.words import sentence  # noqa: PLC0415
    from service.settings import home  # noqa: PLC0415

    trust = load_trust(arguments.key) if arguments.key else trust_store(home())
    if arguments.authority:
        trust = replace(trust, authorities=load_trust(arguments.authority).certificates)
    verdict = verify(arguments.path, trust)
    for reason in verdict.reasons:
        sys.stdout.write(reason.text(arguments.lang) + "\n")
    if verdict.ok:
        sys.stdout.write(f"{sentence(arguments.lang, 'intact', {'count': verdict.checked})}\n")
    for note in verdict.notes:
        sys.stdout.write(f"{sentence(arguments.lang, 'note', {})}: {note.text(arguments.lang)}\n")
    return 0 if verdict.ok else 1
