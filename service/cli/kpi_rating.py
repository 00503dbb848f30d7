"""`qyran kpi rating`: the whole city of a period; `qyran kpi initiatives`: the register of additional ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qyran.errors import InputError
from service.cli.opened import system_store, system_work

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from kpi_catalog.period import Period
    from service.store.database import Store


def add(actions: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the commands."""
    rating = actions.add_parser("rating", help="all 118 KPIs, the spheres, the city and its grade as JSON")
    rating.add_argument("--period", metavar="PERIOD", help="2026, 2026-Q1, 2026-03, 2026-W12, 2026-03-15")
    rating.add_argument("--category", metavar="CATEGORY", help="republican, regional or district")
    rating.add_argument("--reading", action="append", default=[], metavar="NAME:CHOICE", help="of a contested place")
    rating.add_argument("--effects", action="store_true", help="also what each other choice of a reading would give")
    rating.set_defaults(run=rate)
    parser = actions.add_parser("initiatives", help="additional initiatives beyond the order's sixteen")
    steps = parser.add_subparsers(dest="step", metavar="STEP", required=True)
    listed = steps.add_parser("list", help="every one with its criteria judged, as JSON")
    listed.add_argument("--period", metavar="PERIOD")
    listed.set_defaults(run=list_all)
    entered = steps.add_parser("enter", help="enter one from a JSON file, or describe one otherwise")
    entered.add_argument("file", type=Path, metavar="FILE.json")
    entered.add_argument("--id", metavar="ID", help="of the one to describe otherwise")
    entered.set_defaults(run=enter)
    for name, text in (("refuse", "give it no points"), ("accept", "let its criteria decide again"),
                       ("withdraw", "take it out of the register")):  # fmt: skip
        decided = steps.add_parser(name, help=text)
        decided.add_argument("id", metavar="ID")
        decided.add_argument("--reason", required=True, metavar="TEXT")
        decided.set_defaults(run=decide)


def rate(arguments: Namespace) -> int:
    """Print the city's report."""
    from service.rating import city_report, effects  # noqa: PLC0415 - keeps `--help` fast
    from service.rating.asked import readings_of  # noqa: PLC0415

    with system_store() as store:
        report = city_report(
            store,
            arguments.category,
            _period(store, arguments.period),
            readings=readings_of(arguments.reading),
            variants=arguments.effects,
        )
    told = report.as_dict()
    if arguments.effects:
        told["effects"] = [one.as_dict() for one in effects(report)]
    return _print(told)


def list_all(arguments: Namespace) -> int:
    """Print the register."""
    from qyran.roles import SYSTEM  # noqa: PLC0415
    from service.rating.initiatives import judged  # noqa: PLC0415

    with system_store() as store, store.read(SYSTEM) as work:
        return _print([one.as_dict() for one in judged(work, _period(store, arguments.period))])


def enter(arguments: Namespace) -> int:
    """Enter an initiative, or describe one otherwise."""
    from service.rating import initiatives  # noqa: PLC0415

    path: Path = arguments.file
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InputError(f"The file {path} is no JSON: {error}.") from None
    body = initiatives.checked(raw)
    with system_work() as work:
        if arguments.id is None:
            found = initiatives.enter(work, body)
        else:
            found = arguments.id
            initiatives.change(work, found, body)
    sys.stdout.write(f"{found}\n")
    return 0


def decide(arguments: Namespace) -> int:
    """Refuse, accept again or withdraw an initiative."""
    from service.rating import initiatives  # noqa: PLC0415

    with system_work() as work:
        if arguments.step == "withdraw":
            initiatives.withdraw(work, arguments.id, arguments.reason)
        else:
            initiatives.decide(work, arguments.id, accepted=arguments.step == "accept", reason=arguments.reason)
    return 0


def _period(store: Store, text: str | None) -> Period:
    """The period of an option; the present month without one."""
    from kpi_catalog.period import Period, PeriodKind  # noqa: PLC0415

    zone = store.settings.time_zone
    try:
        return Period.containing(store.clock(), PeriodKind.MONTH, zone) if text is None else Period.parse(text, zone)
    except InputError as error:
        raise InputError(f"The {error}.") from None


def _print(told: Any) -> int:
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return 0
