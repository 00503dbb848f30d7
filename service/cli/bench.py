"""`qyran bench [VIDEO --camera CAMERA.toml]`, and its parts: `qyran bench track`, `speed`, `rules`, `kpi` and more."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qyran.errors import InputError
from vision.detail import DETAILS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction
    from collections.abc import Callable


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "bench",
        help="where the time goes on one core, or how good a part is, as JSON",
        epilog="A video whose file is called like a part is given as ./NAME.",
    )
    parser.add_argument(
        "video", nargs="?", metavar="VIDEO | PART",
        help=f"default: where the time goes on a rendered scene; parts: {', '.join(PARTS)}",
    )  # fmt: skip
    parser.add_argument("--camera", type=Path, metavar="CAMERA.toml", help="the video's camera file")
    parser.add_argument("--core", type=int, metavar="N", help="the core to run on; default: the first")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="of a part: where its clips are kept and found again")
    parser.add_argument("--seed", type=int, metavar="N", help="of a part: other scenes than the scored ones")
    parser.add_argument("--clips", type=int, metavar="N", help="of a part: how many clips; default: as scored")
    track = parser.add_argument_group("track", "identities, counts and speeds of the tracker")
    track.add_argument("--detail", choices=DETAILS, help="of the cameras that are followed; default: full")
    rules = parser.add_argument_group("rules", "precision and recall over rendered happenings; also a table on stderr")
    rules.add_argument("--per-rule", type=int, metavar="N", help="happenings of each rule; default: 100")
    rules.add_argument("--rules", metavar="A,B", help="kinds; default: all that pictures can show")
    rules.add_argument("--conditions", metavar="A,B", help="default: day,rain,night")
    rules.add_argument("--jobs", type=int, metavar="N", help="processes; default: 1")
    console = parser.add_argument_group("console", "an officer who clears cases by keys in a real browser")
    console.add_argument("--cases", type=int, metavar="N", help="cases in the store; default: 100000")
    console.add_argument("--cleared", type=int, metavar="N", help="cases the officer clears; default: 200")
    console.add_argument("--think", type=float, metavar="S", help="seconds between two cases; default: 1")
    console.add_argument("--database-url", metavar="URL", help="an empty PostgreSQL database; default: SQLite")
    console.add_argument("--demo", type=Path, metavar="DIR", help="the demo whose evidence is shown; default: .demo")
    decisions = parser.add_argument_group("decisions", "decisions issued at once: numbers, speed, every PDF verified")
    decisions.add_argument("--decisions", type=int, metavar="N", help="default: 1000")
    decisions.add_argument("--workers", type=int, metavar="N", help="processes; default: 8")
    decisions.add_argument("--signed", action="store_true", default=None, help="with signatures; default: without")
    kpi = parser.add_argument_group("kpi", "the KPIs of a synthetic year; with --cases and --database-url of console")
    kpi.add_argument("--alerts", type=int, metavar="N", help="alerts in the store; default: 300000")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Measure and write JSON to stdout."""
    part = PARTS.get(arguments.video)
    if arguments.video != "track" and arguments.detail is not None:
        raise InputError("--detail belongs to the part track.")
    if arguments.video != "rules" and any(getattr(arguments, name) is not None for name in OF_RULES):
        raise InputError("--per-rule, --rules, --conditions and --jobs belong to the part rules.")
    if arguments.video != "decisions" and any(getattr(arguments, name) is not None for name in OF_DECISIONS):
        raise InputError("--decisions, --workers and --signed belong to the part decisions.")
    if arguments.video != "kpi" and arguments.alerts is not None:
        raise InputError("--alerts belongs to the part kpi.")
    if arguments.video not in {"console", "decisions", "kpi"} and any(
        getattr(arguments, name) is not None for name in OF_CONSOLE
    ):
        raise InputError("--cases, --cleared, --think, --database-url and --demo belong to the part console.")
    if part is None:
        report = _time(arguments)
    else:
        if arguments.camera is not None or arguments.core is not None:
            raise InputError(f"bench {arguments.video} draws its own clips: leave out --camera and --core.")
        if arguments.clips is not None and arguments.clips < 1:
            raise InputError("--clips must be 1 or more.")
        report = part(arguments)
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return 0


def _time(arguments: Namespace) -> dict[str, Any]:
    from service.bench import bench  # noqa: PLC0415 - keeps `--help` fast

    if arguments.keep is not None or arguments.seed is not None or arguments.clips is not None:
        raise InputError(f"--keep, --seed and --clips belong to a part: {', '.join(PARTS)}.")
    video = None if arguments.video is None else Path(arguments.video)
    return bench(video, arguments.camera, core=arguments.core)


def _track(arguments: Namespace) -> dict[str, Any]:
    from service.bench_track import bench_track  # noqa: PLC0415

    return bench_track(keep=arguments.keep, on_clip=_tell, **_given(arguments, "detail"))


def _speed(arguments: Namespace) -> dict[str, Any]:
    from service.bench_speed import bench_speed  # noqa: PLC0415

    return bench_speed(keep=arguments.keep, on_clip=_tell, **_given(arguments))


def _rules(arguments: Namespace) -> dict[str, Any]:
    from service.bench_rules import bench_rules, table  # noqa: PLC0415

    if arguments.clips is not None:
        raise InputError("bench rules draws as many clips as it takes: give --per-rule instead of --clips.")
    report = bench_rules(
        _listed(arguments.rules),
        100 if arguments.per_rule is None else arguments.per_rule,
        _listed(arguments.conditions) or ("day", "rain", "night"),
        1 if arguments.seed is None else arguments.seed,
        jobs=1 if arguments.jobs is None else arguments.jobs,
        keep=arguments.keep,
        on_clip=_tell,
    )
    _tell(table(report))
    return report


def _console(arguments: Namespace) -> dict[str, Any]:
    from service.bench_console import bench_console  # noqa: PLC0415

    if arguments.keep is not None or arguments.clips is not None:
        raise InputError("bench console draws no clips: leave out --keep and --clips.")
    named = {"cases": "cases", "cleared": "cleared", "think": "think_s", "database_url": "database_url",
             "demo": "demo_folder", "seed": "seed"}  # fmt: skip
    given = {name: getattr(arguments, key) for key, name in named.items() if getattr(arguments, key) is not None}
    return bench_console(tell=_tell, **given)


def _listed(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _given(arguments: Namespace, *more: str) -> dict[str, Any]:
    names = ("seed", "clips", *more)
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}


def _tell(clip: str) -> None:
    sys.stderr.write(f"{clip}\n")


def _decisions(arguments: Namespace) -> dict[str, Any]:
    from service.bench_decisions import bench_decisions  # noqa: PLC0415

    count = 1000 if arguments.decisions is None else arguments.decisions
    workers = 8 if arguments.workers is None else arguments.workers
    if count < 1 or workers < 1:
        raise InputError("--decisions and --workers must be 1 or more.")
    return bench_decisions(count, workers, arguments.database_url or "", signed=bool(arguments.signed))


def _kpi(arguments: Namespace) -> dict[str, Any]:
    from service.bench_kpi import bench_kpi  # noqa: PLC0415

    given = {name: getattr(arguments, name) for name in ("cases", "alerts", "database_url", "seed")}
    if any(given[name] is not None and given[name] < 1 for name in ("cases", "alerts")):
        raise InputError("--cases and --alerts must be 1 or more.")
    if any(getattr(arguments, name) is not None for name in ("keep", "clips", "cleared", "think", "demo")):
        raise InputError("bench kpi takes --cases, --alerts, --seed and --database-url alone.")
    return bench_kpi(tell=_tell, **{name: value for name, value in given.items() if value is not None})


PARTS: Final[dict[str, Callable[[Namespace], dict[str, Any]]]] = {
    "track": _track, "speed": _speed, "rules": _rules, "console": _console, "decisions": _decisions,
    "kpi": _kpi,
}  # fmt: skip
"""Parts whose quality is measured on rendered truth."""
OF_CONSOLE: Final = ("cases", "cleared", "think", "database_url", "demo")
"""Options of the part console."""
OF_DECISIONS: Final = ("decisions", "workers", "signed")
"""Options of the part decisions."""
OF_RULES: Final = ("per_rule", "rules", "conditions", "jobs")
"""Options of the part rules."""
