"""`qyran keys list|rotate|remove`: the master keys that seal personal data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from service.cli.opened import system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("keys", help="the master keys that seal personal data")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="which keys there are, and how many rows wait to be sealed anew")
    listed.set_defaults(run=show)
    rotated = actions.add_parser("rotate", help="let a new key seal; goes on with a rotation that was stopped")
    rotated.add_argument("--background", action="store_true", help="only make the key; the service seals anew")
    rotated.set_defaults(run=rotate)
    removed = actions.add_parser("remove", help="delete a key that seals nothing any more")
    removed.add_argument("key", metavar="ID")
    removed.set_defaults(run=remove)


def show(_: Namespace) -> int:
    """List the keys."""
    from service.key_rotation import BEFORE, waiting  # noqa: PLC0415 - keeps `--help` fast

    with system_store() as store:
        ring, left = store.vault.ring, waiting(store)
    for name in sorted(ring.keys):
        state = "seals" if name == ring.active else f"{left.get(name, 0)} rows"
        sys.stdout.write(f"{name} {state}\n")
    if left.get(BEFORE):
        sys.stdout.write(f"{left[BEFORE]} rows of before keys had names\n")
    return 0


def rotate(arguments: Namespace) -> int:
    """Make a key unless a rotation is unfinished, and seal everything anew under it."""
    from service.key_rotation import begin, reseal, waiting  # noqa: PLC0415

    with system_store() as store:
        unfinished = waiting(store) if store.vault.ring.since is not None else {}
        if unfinished:
            sys.stdout.write(f"an earlier rotation goes on: {sum(unfinished.values())} rows wait\n")
        else:
            sys.stdout.write(f"the key {begin(store)} seals now\n")
        if arguments.background:
            sys.stdout.write(f"{sum(waiting(store).values())} rows wait; the service seals them anew\n")
            return 0
        sys.stdout.write(f"{reseal(store)} rows were sealed anew\n")
    return 0


def remove(arguments: Namespace) -> int:
    """Delete a key."""
    from service.key_rotation import remove as remove_key  # noqa: PLC0415

    with system_store() as store:
        remove_key(store, arguments.key)
    sys.stdout.write(f"removed the key {arguments.key}\n")
    return 0
