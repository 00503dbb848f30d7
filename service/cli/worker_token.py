"""`qyran worker-token`: which machines may send what they saw, and by which key their evidence is signed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("worker-token", help="tokens of machines that watch cameras and have no database")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = actions.add_parser("add", help="let a machine send what it sees; its token is told once")
    made.add_argument("name", metavar="NAME", help="the machine's name, as QYRAN_MACHINE there says")
    made.add_argument("--controller", action="store_true", help="it may also say who watches which camera")
    made.set_defaults(run=make)
    shown = actions.add_parser("list", help="machines that have or had a token, a JSON object a line")
    shown.set_defaults(run=show)
    revoked = actions.add_parser("revoke", help="take nothing more from a machine")
    revoked.add_argument("name", metavar="NAME")
    revoked.set_defaults(run=revoke)
    trusted = actions.add_parser("trust", help="accept the other key by which a machine signs its evidence now")
    trusted.add_argument("name", metavar="NAME")
    trusted.set_defaults(run=trust)


def make(arguments: Namespace) -> int:
    """Print the token; only its hash is kept."""
    from service.cluster.leases import check_machine  # noqa: PLC0415 - keeps `--help` fast
    from service.feeds import make_feed  # noqa: PLC0415

    with system_work() as work:
        feeds = ["controller", "worker"] if arguments.controller else ["worker"]
        token = make_feed(work, check_machine(arguments.name), feeds)
    sys.stdout.write(f"{token}\n")
    return 0


def show(arguments: Namespace) -> int:  # noqa: ARG001
    """One line a machine."""
    from service.feeds import feeds  # noqa: PLC0415

    with system_work() as work:
        rows = [one for one in feeds(work) if "worker" in one.feeds]
    for one in rows:
        said = {
            "machine": one.name,
            "controller": "controller" in one.feeds,
            "made_at": one.made_at.isoformat(),
            "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
        }
        sys.stdout.write(json.dumps(said) + "\n")
    return 0


def revoke(arguments: Namespace) -> int:
    """Revoke it."""
    from service.feeds import revoke_feed  # noqa: PLC0415

    with system_work() as work:
        revoke_feed(work, arguments.name)
    sys.stdout.write(f"revoked {arguments.name}\n")
    return 0


def trust(arguments: Namespace) -> int:
    """Trust it."""
    from service.cluster.leases import check_machine  # noqa: PLC0415
    from service.forwarding.machine_files import trust_asked  # noqa: PLC0415

    with system_store() as store:
        count = trust_asked(store.settings.home, check_machine(arguments.name))
    sys.stdout.write(f"{count} key{'s' if count != 1 else ''} of {arguments.name} trusted\n")
    return 0
