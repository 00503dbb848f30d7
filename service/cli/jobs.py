"""`qyran jobs`: every job by its name, run for any day, and what the runs did."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING

from service.cli.opened import system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("jobs", help="run a job for a day, the missed nights, or list what runs did")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="the newest runs")
    listed.add_argument("--name", metavar="NAME")
    listed.set_defaults(run=list_runs)
    one = actions.add_parser("run", help="run a job; again for the same day changes nothing more")
    one.add_argument("name", metavar="NAME")
    one.add_argument("--date", type=_day, metavar="YYYY-MM-DD", help="a day of the city; today where not given")
    one.add_argument("--rehearse", action="store_true", help="only count; the one way to ask for a day to come")
    one.set_defaults(run=run_one)
    actions.add_parser("nightly", help="every nightly job for each day that is over").set_defaults(run=run_nightly)


def list_runs(arguments: Namespace) -> int:
    """A JSON line each."""
    from service.cli.opened import system_work  # noqa: PLC0415 - keeps `--help` fast
    from service.job_register import runs  # noqa: PLC0415

    with system_work() as work:
        for one in runs(work, name=arguments.name):
            sys.stdout.write(_line(one))
    return 0


def run_one(arguments: Namespace) -> int:
    """Run it and print its account."""
    from service.job_register import run_job  # noqa: PLC0415 - keeps `--help` fast

    with system_store() as store:
        day = arguments.date or store.clock().astimezone(store.settings.zone).date()
        sys.stdout.write(_line(run_job(store, arguments.name, day, rehearsal=arguments.rehearse)))
    return 0


def run_nightly(_: Namespace) -> int:
    """Catch up every night that was missed; 1 where a job failed."""
    from service.job_register import DONE, nightly, runs  # noqa: PLC0415 - keeps `--help` fast

    with system_store() as store:
        began = store.clock()
        nightly(store, timedelta(0))
        with store.read() as work:
            done = [one for one in runs(work) if one.started_at >= began]
    sys.stdout.writelines(_line(one) for one in reversed(done))
    return 0 if all(one.outcome == DONE for one in done) else 1


def _line(one: object) -> str:
    from service.job_register import RunView  # noqa: PLC0415

    if not isinstance(one, RunView):
        raise TypeError(f"{type(one).__name__} is no run of a job")
    shown = {"name": one.name, "day": one.day.isoformat(), "as_of": one.as_of.isoformat(), "outcome": one.outcome,
             "account": one.account, **({"error": one.error} if one.error else {})}  # fmt: skip
    return json.dumps(shown, ensure_ascii=False) + "\n"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; write for example 2026-03-01") from None
