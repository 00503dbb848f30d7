"""`qyran kpi catalogue`: the order's KPIs as they hold on a day, and the check of their sums."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from qyran.errors import InputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from kpi_catalog.catalogue import Catalogue


def add(actions: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = actions.add_parser("catalogue", help="the catalogue of KPIs as JSON, or its check against the order")
    parser.add_argument("--check", action="store_true", help="hold points, weights and targets to the order's own sums")
    parser.add_argument("--date", metavar="YYYY-MM-DD", help="the day it shall hold for; without it the newest")
    parser.add_argument("--against", type=Path, metavar="FILE", help="with --check: also compare with a transcript")
    parser.add_argument("--reach", action="store_true", help="which scores each KPI can reach, capped and uncapped")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print the catalogue, or what is wrong with it."""
    from kpi_catalog.catalogue import catalogue, editions  # noqa: PLC0415 - keeps `--help` fast
    from kpi_catalog.catalogue_view import as_dict  # noqa: PLC0415
    from kpi_catalog.check import differences, problems  # noqa: PLC0415

    if arguments.against is not None and not arguments.check:
        raise InputError("--against compares and needs --check.")
    day = _day(arguments.date)
    books = editions() if day is None else (catalogue(day),)
    if arguments.reach:
        return _reach(books[-1])
    if not arguments.check:
        sys.stdout.write(json.dumps(as_dict(books[-1]), ensure_ascii=False, indent=1) + "\n")
        return 0
    transcript = None if arguments.against is None else _transcript(arguments.against)
    failed = False
    for book in books:
        wrong = problems(book) + (() if transcript is None else differences(book, transcript))
        failed = failed or bool(wrong)
        for line in wrong:
            sys.stderr.write(f"edition {book.version} from {book.valid_from}: {line}\n")
        if not wrong:
            points = sum(kpi.points for kpi in book.kpis.values())
            sys.stdout.write(
                f"edition {book.version} from {book.valid_from}: {len(book.kpis)} KPIs of {len(book.initiatives)} "
                f"initiatives, {points} points; counts, points, weights and grades add up to the order's\n"
            )
    return 1 if failed else 0


def _reach(book: Catalogue) -> int:
    """One line a KPI and category: the official score lies within the first two, the uncapped ends at the third."""
    from kpi_catalog.catalogue import Category  # noqa: PLC0415
    from kpi_catalog.reach import reach  # noqa: PLC0415

    for kpi in book.kpis.values():
        for category in Category:
            found = reach(kpi, category)
            said = "no number"
            if found.lowest is not None and found.highest is not None and found.uncapped is not None:
                said = f"{found.lowest:.2f} {found.highest:.2f} {found.uncapped:.2f}"
            sys.stdout.write(f"{kpi.id} {category.value} {said}\n")
    return 0


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InputError(f"The day {text!r} is not of the form 2026-01-01.") from None


def _transcript(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The transcript {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InputError(f"The transcript {path} is no JSON: {error}.") from None
    if not isinstance(found, dict) or "initiatives" not in found:
        raise InputError(f"The transcript {path} has no list of initiatives.")
    return found
