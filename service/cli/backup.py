"""`qyran backup make | verify | restore | drill | prune`: an installation saved whole, and proven to come back."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from evidence.keys import Trust

SECRET = "env:NAME or file:PATH with the passphrase that seals the installation's keys"  # noqa: S105 - a help text


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("backup", help="save the whole installation while it runs, restore it, prove it")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    make = actions.add_parser("make", help="make a back-up in a folder of its own under DIR")
    make.add_argument("target", type=Path, metavar="DIR")
    make.add_argument("--passphrase", metavar="SECRET", help=f"{SECRET}; without it the keys are left out")
    make.add_argument("--previous", type=Path, metavar="BACKUP", help="link what is unchanged in it; default: newest")
    make.add_argument("--video", action="store_true", help="recorded video too")
    make.set_defaults(run=run_make)
    check = actions.add_parser("verify", help="every file against the signed manifest")
    check.add_argument("folder", type=Path, metavar="BACKUP")
    check.add_argument("--key", type=Path, metavar="KEY", help="public key (PEM); default: the trust store")
    check.set_defaults(run=run_verify)
    back = actions.add_parser("restore", help="into the empty home and database that the settings name")
    back.add_argument("folder", type=Path, metavar="BACKUP")
    back.add_argument("--passphrase", metavar="SECRET", help=SECRET)
    back.add_argument("--key", type=Path, metavar="KEY", help="public key (PEM) of the installation that made it")
    back.add_argument("--ledger", type=Path, metavar="FILE", help="newest `qyran ledger export`: what it erased goes")
    back.set_defaults(run=run_restore)
    trial = actions.add_parser("drill", help="restore beside the installation and ask it everything")
    trial.add_argument("folder", type=Path, metavar="BACKUP")
    trial.add_argument("--passphrase", metavar="SECRET", help=SECRET)
    trial.add_argument("--work", type=Path, metavar="DIR", help="folder for the copy; default: beside the back-up")
    trial.add_argument("--database-url", default="", metavar="URL", help="an empty PostgreSQL database for the drill")
    trial.set_defaults(run=run_drill)
    old = actions.add_parser("prune", help="remove back-ups older than a term; the newest stays")
    old.add_argument("target", type=Path, metavar="DIR")
    old.add_argument("--keep-days", type=int, required=True, metavar="N")
    old.set_defaults(run=run_prune)


def run_make(arguments: Namespace) -> int:
    """Make it and say where it lies."""
    from service.backup.make import make  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    made = make(
        load_settings(), arguments.target, passphrase=_secret(arguments.passphrase), previous=arguments.previous,
        video=arguments.video,
    )  # fmt: skip
    manifest = made.manifest
    _say({"folder": str(made.folder), "made": manifest.made.isoformat(), "files": len(manifest.files),
          "bytes": manifest.size, "linked_bytes": made.linked, "with_keys": manifest.with_keys})  # fmt: skip
    return 0


def run_verify(arguments: Namespace) -> int:
    """Check it; 1 with the names of what differs."""
    from service.backup.manifest import faults_of, read_manifest  # noqa: PLC0415 - keeps `--help` fast

    manifest = read_manifest(arguments.folder, _trust(arguments.key))
    faults = faults_of(arguments.folder, manifest)
    for name in faults:
        sys.stdout.write(f"{name}: missing, altered or not named\n")
    if not faults:
        sys.stdout.write(f"{len(manifest.files)} files are as they were signed at {manifest.made.isoformat()}\n")
    return 1 if faults else 0


def run_restore(arguments: Namespace) -> int:
    """Restore and say what was erased again and what is lost; 1 where something is."""
    from service.backup.restore import restore  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    trust = _trust(arguments.key) if arguments.key else None
    done = restore(
        load_settings(), arguments.folder, passphrase=_secret(arguments.passphrase), trust=trust,
        ledger=arguments.ledger,
    )  # fmt: skip
    _say({"made": done.manifest.made.isoformat(), "files": len(done.manifest.files), "erased_again": list(done.erased),
          "behind_the_ledger": list(done.lost)})  # fmt: skip
    return 1 if done.lost else 0


def run_drill(arguments: Namespace) -> int:
    """Rehearse; 1 where something would not come back."""
    from service.backup.drill import drill  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415

    found = drill(
        load_settings(), arguments.folder, passphrase=_secret(arguments.passphrase), work=arguments.work,
        database_url=arguments.database_url,
    )  # fmt: skip
    _say(found.report)
    return 1 if found.fault_count else 0


def run_prune(arguments: Namespace) -> int:
    """Remove and name them."""
    from service.backup.pruning import prune  # noqa: PLC0415 - keeps `--help` fast

    for path in prune(arguments.target, timedelta(days=arguments.keep_days)):
        sys.stdout.write(f"{path} removed\n")
    return 0


def _secret(where: str | None) -> str | None:
    from service.settings import read_secret  # noqa: PLC0415 - keeps `--help` fast

    return None if where is None else read_secret(where)


def _trust(key: Path | None) -> Trust:
    from evidence.keys import load_trust, trust_store  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import home  # noqa: PLC0415

    return load_trust(key) if key else trust_store(home())


def _say(report: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
