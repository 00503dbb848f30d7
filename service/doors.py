"""The doors of the service in one table: which function a route belongs to, and which roles may pass.

`doors.toml` lists every route of the API and every page. A request is held to it before anything else is looked at, so
that a refusal tells nothing of what lies behind; use cases check roles once more themselves. A test walks every route
as every role, with the doors and without them, and a route without a line fails it. What is denied to a person by
function (`service.denials`) is refused here too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from qyran.errors import AccessError
from qyran.roles import PERSON_ROLES, Actor, Role

FILE: Final = Path(__file__).with_name("doors.toml")
EVERYBODY: Final = "everybody"
MACHINE: Final = "machine"
"""Doors for others' machines, which show a token of their own and are nobody's login."""
OWN: Final = "account"
"""The function of one's own login: nobody can be denied it."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Door:
    """One route.

    Attributes:
        method, path: as the router has them.
        function: what it is part of.
        roles: who may pass.
        reads: it changes nothing but the log, whatever its method.
        searches: it looks through many records or hands many out, and may be passed less often.
    """

    method: str
    path: str
    function: str
    roles: frozenset[Role]
    reads: bool
    searches: bool = False


@cache
def doors() -> Mapping[tuple[str, str], Door]:
    """All doors by method and path."""
    return {(one.method, one.path): one for one in _doors()}


@cache
def machines() -> frozenset[tuple[str, str]]:
    """Doors of others' machines, by method and path."""
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = (line.split()[:2] for one in said.values() for line, who in one["doors"].items() if who == MACHINE)
    return frozenset((method, path) for method, path in found)


@cache
def prefixes() -> tuple[tuple[str, str], ...]:
    """Beginnings of paths and the function behind them, the longest first."""
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = [(prefix, name) for name, one in said.items() for prefix in one["paths"]]
    return tuple(sorted(found, key=lambda pair: -len(pair[0])))


def door_of(method: str, path: str) -> Door | None:
    """The door a request knocks at; None where the table knows none."""
    wanted = "GET" if method == "HEAD" else method
    return next((door for pattern, door in _patterns() if door.method == wanted and pattern.fullmatch(path)), None)


def function_of(path: str) -> str | None:
    """The function a request's path belongs to; None where the table knows none."""
    found = (name for prefix, name in prefixes() if path == prefix or (prefix != "/" and path.startswith(f"{prefix}/")))
    return next(found, None)


def pass_door(actor: Actor, method: str, path: str) -> Door:
    """Go on only where the actor may pass, and the function behind the door is not denied to him: the door.

    A route that wants a login and has no line in the table is shut to everybody.

    Raises:
        AccessError: he may not, or it is.
    """
    door = door_of(method, path)
    function = door.function if door is not None else function_of(path)
    if function in actor.denied.functions and function != OWN:
        raise AccessError(f"The function {function} is denied to you; ask the administrator why.")
    if door is None:
        raise AccessError("This door stands in no table of who may pass; nobody may.")
    if actor.acts_as(door.roles) is None:
        raise AccessError(f"This needs one of these roles: {', '.join(sorted(door.roles))}.")
    return door


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Door], ...]:
    """Doors with what their paths look like; a path without a gap before one with gaps."""
    ordered = sorted(doors().values(), key=lambda door: (door.path.count("{"), -len(door.path)))
    return tuple((re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(door.path))), door) for door in ordered)


def _doors() -> list[Door]:
    said = tomllib.loads(FILE.read_text(encoding="utf-8"))
    short = {role.split("_")[0]: role for role in PERSON_ROLES}
    found = []
    for function, one in said.items():
        for line, who in one["doors"].items():
            method, path, *marks = line.split()
            if who == MACHINE:
                continue  # see `machines`
            roles = PERSON_ROLES if who == EVERYBODY else frozenset(short[word] for word in who.split())
            reads, searches = method in SAFE or "reads" in marks, "searches" in marks
            found.append(Door(method, path, function, roles, reads, searches))
    return found


FUNCTIONS: Final = tuple(name for name in tomllib.loads(FILE.read_text(encoding="utf-8")) if name != OWN)
"""What can be denied."""
