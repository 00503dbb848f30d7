"""`qyran user add|list|password|second-factor|disable`: the first users, and the way back in when nobody can log in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qyran.errors import NotFound
from qyran.roles import PERSON_ROLES, Role
from service.cli.opened import asked_password, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from service.store.database import Work


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("user", help="make users; a password is asked for or read from stdin")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = actions.add_parser("add", help="make a user")
    made.add_argument("username", metavar="NAME")
    made.add_argument("--role", action="append", required=True, choices=sorted(PERSON_ROLES), help="may be repeated")
    made.add_argument("--full-name", metavar="TEXT")
    made.add_argument("--service", choices=("101", "102", "103", "112"), help="of a service dispatcher")
    made.add_argument("--territory", action="append", default=[], help="police district; may be repeated")
    made.add_argument("--language", choices=("kk", "ru", "en"), default="kk")
    made.set_defaults(run=run)
    actions.add_parser("list", help="all users").set_defaults(run=show)
    for name, words, step in (
        ("password", "set a password; ends the user's logins", set_password),
        ("second-factor", "remove a lost second factor", remove_factor),
        ("disable", "lock a user out at once", disable),
    ):
        one = actions.add_parser(name, help=words)
        one.add_argument("username", metavar="NAME")
        one.set_defaults(run=step)


def run(arguments: Namespace) -> int:
    """Make the user."""
    from service.users import add_user  # noqa: PLC0415 - keeps `--help` fast

    password = asked_password()
    with system_work() as work:
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


def show(_: Namespace) -> int:
    """List the users."""
    from service.second_factor import factor_of  # noqa: PLC0415
    from service.users import users  # noqa: PLC0415

    with system_work() as work:
        for user in users(work):
            marks = [*sorted(user.roles), *(["second factor"] if factor_of(work, user.id).enrolled else [])]
            sys.stdout.write(f"{user.username}: {', '.join(marks)}{' (disabled)' if user.disabled else ''}\n")
    return 0


def set_password(arguments: Namespace) -> int:
    """Set a password."""
    from service.users import set_password as set_it  # noqa: PLC0415

    password = asked_password()
    with system_work() as work:
        set_it(work, _id_of(work, arguments.username), password)
    sys.stdout.write(f"the password of {arguments.username} was set\n")
    return 0


def remove_factor(arguments: Namespace) -> int:
    """Remove a second factor."""
    from service.second_factor import remove  # noqa: PLC0415

    with system_work() as work:
        remove(work, _id_of(work, arguments.username))
    sys.stdout.write(f"the second factor of {arguments.username} was removed\n")
    return 0


def disable(arguments: Namespace) -> int:
    """Lock a user out."""
    from service.users import disable_user  # noqa: PLC0415

    with system_work() as work:
        disable_user(work, _id_of(work, arguments.username))
    sys.stdout.write(f"{arguments.username} was disabled\n")
    return 0


def _id_of(work: Work, username: str) -> str:
    from service.users import users  # noqa: PLC0415

    for user in users(work):
        if user.username == username:
            return user.id
    raise NotFound(f"There is no user {username}.")
