"""`qyran user add NAME --role ROLE...`: the first users of an installation."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from qyran.roles import PERSON_ROLES, Role
from service.cli.opened import system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("user", help="make users; the password is asked for or read from stdin")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = actions.add_parser("add", help="make a user")
    made.add_argument("username", metavar="NAME")
    made.add_argument("--role", action="append", required=True, choices=sorted(PERSON_ROLES), help="may be repeated")
    made.add_argument("--full-name", metavar="TEXT")
    made.add_argument("--service", choices=("101", "102", "103", "112"), help="of a service dispatcher")
    made.add_argument("--territory", action="append", default=[], help="police district; may be repeated")
    made.add_argument("--language", choices=("kk", "ru", "en"), default="kk")
    made.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Make the user."""
    from service.auth import add_user  # noqa: PLC0415 - keeps `--help` fast

    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    with system_store() as store, store.write() as work:
        user = add_user(
            work,
            arguments.username,
            password,
            [Role(role) for role in arguments.role],
            name=arguments.full_name,
            territories=arguments.territory,
            service=arguments.service,
            language=arguments.language,
        )
    sys.stdout.write(f"made user {user.username}\n")
    return 0
