"""`qyran exemptions`: permits and emergency vehicles, listed, added, ended, imported; controllers' flags."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.cli.moments import utc
from service.cli.opened import system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("exemptions", help="permits, emergency vehicles, traffic controllers")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="permits and flags that hold")
    listed.add_argument("--ended", action="store_true", help="also permits that were ended")
    listed.set_defaults(run=list_all)
    new = actions.add_parser("add", help="enter one permit")
    new.add_argument("ground", choices=("emergency", "permit", "grace"))
    new.add_argument("--plate")
    new.add_argument("--class", dest="vehicle_class", metavar="CLASS")
    new.add_argument("--kinds", default="", metavar="KIND|KIND")
    new.add_argument("--cameras", default="", metavar="ID|ID")
    new.add_argument("--zones", default="", metavar="ID|ID")
    new.add_argument("--from", dest="valid_from", required=True, metavar="TIME", help="with its offset")
    new.add_argument("--until", dest="valid_until", metavar="TIME")
    new.add_argument("--grace-s", metavar="SECONDS")
    new.add_argument("--document", required=True, help="what it rests on, such as the number of an order")
    new.set_defaults(run=add_one)
    ended = actions.add_parser("end", help="end a permit or a controller's flag")
    ended.add_argument("id", metavar="ID")
    ended.set_defaults(run=end_one)
    taken = actions.add_parser("import", help="enter the permits of a file; all of it or nothing")
    taken.add_argument("file", type=Path, metavar="FILE", help="CSV, JSON or JSON Lines")
    taken.set_defaults(run=import_file)
    flag = actions.add_parser("flag", help="a traffic controller stands at a camera's place")
    flag.add_argument("camera", metavar="CAMERA")
    flag.add_argument("--from", dest="start", type=utc, required=True, metavar="TIME", help="with its offset")
    flag.add_argument("--until", dest="end", type=utc, required=True, metavar="TIME")
    flag.add_argument("--kinds", default="", metavar="KIND|KIND")
    flag.set_defaults(run=set_flag)


def list_all(arguments: Namespace) -> int:
    """One line each."""
    from service import exemptions  # noqa: PLC0415 - keeps `--help` fast

    with system_work() as work:
        permits, flags = exemptions.permits(work, ended=arguments.ended), exemptions.flags(work)
    for one in permits:
        who = one.plate or one.vehicle_class or "everybody"
        where = ", ".join((*one.cameras, *one.zones)) or "everywhere"
        until = one.valid_until.isoformat() if one.valid_until else "further notice"
        gone = f", ended {one.ended_at.isoformat()}" if one.ended_at else ""
        sys.stdout.write(
            f"{one.id} {one.ground} {who}: {', '.join(one.kinds) or 'all kinds'}, {where}, "
            f"{one.valid_from.isoformat()} until {until}, {one.document}{gone}\n"
        )
    for flag in flags:
        gone = f", ended {flag.ended_at.isoformat()}" if flag.ended_at else ""
        sys.stdout.write(
            f"{flag.id} controller at {flag.camera}: {flag.start.isoformat()} until {flag.end.isoformat()}{gone}\n"
        )
    return 0


def add_one(arguments: Namespace) -> int:
    """Enter a permit."""
    from service.exemptions import NewPermit, add_permit  # noqa: PLC0415
    from service.record_files import checked  # noqa: PLC0415

    names = ("ground", "plate", "vehicle_class", "kinds", "cameras", "zones", "valid_from", "valid_until", "grace_s")
    given: dict[str, Any] = {name: value for name in names if (value := getattr(arguments, name))}
    new = checked({**given, "document": arguments.document}, NewPermit)
    with system_work() as work:
        made = add_permit(work, new)
    sys.stdout.write(f"{made}\n")
    return 0


def end_one(arguments: Namespace) -> int:
    """End a permit, or else a flag."""
    from qyran.errors import NotFound  # noqa: PLC0415
    from service.exemptions import end_flag, end_permit  # noqa: PLC0415

    with system_work() as work:
        try:
            end_permit(work, arguments.id)
        except NotFound:
            end_flag(work, arguments.id)
    sys.stdout.write(f"ended {arguments.id}\n")
    return 0


def import_file(arguments: Namespace) -> int:
    """Enter every permit of a file."""
    from service.exemptions import NewPermit, add_permits  # noqa: PLC0415
    from service.record_files import read_lines  # noqa: PLC0415

    lines = read_lines(arguments.file, NewPermit)
    with system_work() as work:
        count = add_permits(work, ((f"{arguments.file}, line {line}", one) for line, one in lines))
    sys.stdout.write(f"{count} permits entered\n")
    return 0


def set_flag(arguments: Namespace) -> int:
    """Set a controller's flag."""
    from service import exemptions  # noqa: PLC0415

    start, end = arguments.start, arguments.end
    kinds = [one for one in arguments.kinds.split("|") if one]
    with system_work() as work:
        made = exemptions.set_flag(work, arguments.camera, start, end, kinds)
    sys.stdout.write(f"{made}\n")
    return 0
