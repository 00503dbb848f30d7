"""`qyran kpi publish`, `publications`, `explain`, `revisions`, `verify` and `recompute`: published periods."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from service.cli.opened import system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

LANGUAGES = ("kk", "ru", "en")


def add(actions: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the commands."""
    publish = _one(actions, "publish", "freeze the figures of a period that has ended", run_publish)
    publish.add_argument("--period", required=True, metavar="PERIOD", help="2026, 2026-Q4, 2026-10, 2026-W43, ...")
    _one(actions, "publications", "published periods, a JSON line each", run_publications)
    explain = _one(actions, "explain", "the whole derivation of one figure", run_explain)
    explain.add_argument("kpi", metavar="KPI", help="9.8")
    explain.add_argument("--period", required=True, metavar="PERIOD")
    when = explain.add_mutually_exclusive_group()
    when.add_argument("--published", action="store_true", help="as it was published, or nothing")
    when.add_argument("--now", action="store_true", help="as it would be now, whatever was published")
    explain.add_argument("--lang", choices=LANGUAGES, default=None, help="language; the installation's by default")
    explain.add_argument("--json", action="store_true")
    revisions = _one(actions, "revisions", "what was found to differ since a period was published", run_revisions)
    revisions.add_argument("--period", required=True, metavar="PERIOD")
    revisions.add_argument("--find", action="store_true", help="look for new differences first")
    revisions.add_argument("--lang", choices=LANGUAGES, default=None)
    revisions.add_argument("--json", action="store_true")
    verify = _one(actions, "verify", "whether published periods are what was published", run_verify)
    verify.add_argument("--period", metavar="PERIOD", help="one period; all by default")
    verify.add_argument("--lang", choices=LANGUAGES, default=None)
    verify.add_argument("--json", action="store_true")
    recompute = _one(actions, "recompute", "compute a published period again by its own versions", run_recompute)
    recompute.add_argument("--period", required=True, metavar="PERIOD")
    recompute.add_argument("--json", action="store_true", help="every cell, not only the summary")


def run_publish(arguments: Namespace) -> int:
    """Publish, or say when that was done."""
    from service.publication import publish, published  # noqa: PLC0415 - keeps `--help` fast

    with system_store() as store:
        before = published(store, arguments.period)
        found = publish(store, arguments.period)
    _print({
        "period": str(found.period), "published_at": found.published_at.isoformat(), "as_of": found.as_of.isoformat(),
        "kpis": len(found.kpis), "sha256": found.sha256, "already": before is not None,
    })  # fmt: skip
    return 0


def run_publications(_: Namespace) -> int:
    """List them."""
    from service.publication.shelf import EVERY, publications  # noqa: PLC0415

    with system_store() as store:
        for one in publications(store, limit=EVERY):
            _print(one.as_dict())
    return 0


def run_explain(arguments: Namespace) -> int:
    """Print the derivation."""
    from service.publication.explain import explain  # noqa: PLC0415
    from service.publication.people import teller  # noqa: PLC0415

    now = True if arguments.now else False if arguments.published else None
    with system_store() as store:
        found = explain(store, arguments.kpi, arguments.period, now=now)
        if arguments.json:
            sys.stdout.write(json.dumps(found.as_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n")
            return 0
        sections = teller(store, arguments.lang or store.settings.language).sections(found)
    for section in sections:
        sys.stdout.write(f"{section.title}\n")
        for label, text in section.lines:
            sys.stdout.write(f"  {label}: {text}\n" if label else f"  {text}\n")
    return 0


def run_revisions(arguments: Namespace) -> int:
    """Print every revision, looking for new ones first where asked."""
    from service.publication.people import teller  # noqa: PLC0415
    from service.publication.revise import revise  # noqa: PLC0415
    from service.publication.shelf import the_published  # noqa: PLC0415

    with system_store() as store:
        if arguments.find:
            revise(store, arguments.period)
        found = the_published(store, arguments.period)
        if arguments.json:
            for one in found.revisions:
                _print(one.as_dict())
            return 0
        told = teller(store, arguments.lang or store.settings.language)
        for one in found.revisions:
            line = told.revised(str(found.kpi(one.kpi_id).content["unit"]), one)
            sys.stdout.write(f"{one.number}. {one.kpi_id}: {line}\n")
        if not found.revisions:
            sys.stdout.write(f"{told.none_yet()}\n")
    return 0


def run_verify(arguments: Namespace) -> int:
    """0 intact; 1 with every change named."""
    from service.publication.people import teller  # noqa: PLC0415
    from service.publication.proof import verify  # noqa: PLC0415
    from service.publication.shelf import the_published  # noqa: PLC0415

    with system_store() as store:
        period = the_published(store, arguments.period).period if arguments.period else None
        found = verify(store, period)
        told = teller(store, arguments.lang or store.settings.language)
    if arguments.json:
        _print(found.as_dict())
    else:
        for flaw in found.flaws:
            sys.stdout.write(told.flaw(flaw) + "\n")
        if found.intact:
            sys.stdout.write(told.intact(found) + "\n")
    return 0 if found.intact else 1


def run_recompute(arguments: Namespace) -> int:
    """0 where every cell comes out as it was published; 1 with the cells that do not."""
    from service.publication.recompute import recompute  # noqa: PLC0415
    from service.publication.shelf import the_published  # noqa: PLC0415

    with system_store() as store:
        found = recompute(store, the_published(store, arguments.period))
    told = found.as_dict()
    _print(told if arguments.json else {key: value for key, value in told.items() if key != "values"})
    return 0 if found.same else 1


def _one(actions: Any, name: str, words: str, run: Any) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=words)
    parser.set_defaults(run=run)
    return parser


def _print(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")
