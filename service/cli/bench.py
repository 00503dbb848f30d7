"""`qyran bench [VIDEO --camera CAMERA.toml]`, and its parts: `qyran bench track`, `speed`, `rules`, `kpi` and more."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qyran.errors import InputError
from service.cli.bench_parts import PARTS
from vision.detail import DETAILS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

OF_THE_CLOCK: Final = ("camera", "core", "history")
"""Options of the bench without a part."""


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:  # noqa: PLR0915  a line an option
    """Describe the command."""
    parser = subparsers.add_parser(
        "bench",
        help="where the time goes, or how good a part is, as JSON",
        epilog="A video whose file is called like a part is given as ./NAME.",
    )
    parser.add_argument(
        "video", nargs="?", metavar="VIDEO | PART",
        help=f"default: where the time goes on a rendered scene; parts: {', '.join(PARTS)}",
    )  # fmt: skip
    parser.add_argument("--camera", type=Path, metavar="CAMERA.toml", help="the video's camera file")
    parser.add_argument("--core", type=int, metavar="N", help="the one core to run on; default: all")
    parser.add_argument(
        "--history",
        type=Path,
        metavar="FILE",
        help="where figures are noted, JSON lines; default: at home",
    )
    parts = parser.add_argument_group("parts", "each takes those of the options that it has a use for")
    parts.add_argument("--keep", type=Path, metavar="DIR", help="where clips are kept and found again")
    parts.add_argument("--seed", type=int, metavar="N", help="other scenes than the scored ones")
    parts.add_argument("--clips", type=int, metavar="N", help="how many clips; default: as scored")
    parts.add_argument("--database-url", metavar="URL", help="an empty PostgreSQL database; default: SQLite")
    parts.add_argument("--seconds", type=int, metavar="N", help="of watching a live stream")
    parts.add_argument("--conditions", metavar="A,B", help="of light and weather; default: day,rain,night")
    parts.add_argument("--jobs", type=int, metavar="N", help="processes; default: 1")
    parts.add_argument("--alerts", type=int, metavar="N", help="alerts in the store, or to be told of")
    track = parser.add_argument_group("track", "identities, counts and speeds of the tracker")
    track.add_argument("--detail", choices=DETAILS, help="of the cameras that are followed; default: full")
    rules = parser.add_argument_group("rules", "precision and recall over rendered happenings; also a table on stderr")
    rules.add_argument("--per-rule", type=int, metavar="N", help="happenings of each rule; default: 100")
    rules.add_argument("--rules", metavar="A,B", help="kinds; default: all that pictures can show")
    incidents = parser.add_argument_group(
        "incidents", "recall, precision and delay over rendered incidents; a table too"
    )
    incidents.add_argument("--per-kind", type=int, metavar="N", help="happenings a kind and condition; default: 100")
    incidents.add_argument("--kinds", metavar="A,B", help="kinds; default: all")
    console = parser.add_argument_group("console", "an officer who clears cases by keys in a real browser")
    console.add_argument("--cases", type=int, metavar="N", help="cases in the store; default: 100000")
    console.add_argument("--cleared", type=int, metavar="N", help="cases the officer clears; default: 200")
    console.add_argument("--think", type=float, metavar="S", help="seconds between two cases; default: 1")
    console.add_argument("--demo", type=Path, metavar="DIR", help="the demo whose evidence is shown; default: .demo")
    decisions = parser.add_argument_group("decisions", "decisions issued at once: numbers, speed, every PDF verified")
    decisions.add_argument("--decisions", type=int, metavar="N", help="default: 1000")
    decisions.add_argument("--workers", type=int, metavar="N", help="processes; default: 8")
    decisions.add_argument("--signed", action="store_true", default=None, help="with signatures; default: without")
    passages = parser.add_argument_group(
        "passages", "a city's passages into one PostgreSQL, and the consoles meanwhile"
    )
    passages.add_argument("--rate", type=int, metavar="N", help="passages a second; default: 2500")
    passages.add_argument("--cameras", type=int, metavar="N", help="default: 10000")
    passages.add_argument("--feeders", type=int, metavar="N", help="processes that put; default: 1")
    ordinary = parser.add_argument_group("ordinary", "hours in which nothing happens; at idle priority")
    ordinary.add_argument("--hours", type=float, metavar="H", help="of rendered traffic; default: 2")
    latency = parser.add_argument_group("latency, streams", "cameras over real RTSP, a worker and a service")
    latency.add_argument("--streams", type=int, metavar="N", help="cameras; default: 8")
    latency.add_argument(
        "--until-shed", action="store_true", default=None, help="streams: add two cameras at a time until one is shed"
    )
    faults = parser.add_argument_group("faults", "every part struck at every step, and the ledger after; a table too")
    faults.add_argument("--cells", metavar="A,B", help="fault/step/database, * for any; default: all")
    faults.add_argument("--quick", action="store_true", default=None, help="those that represent their fault in CI")
    storm = parser.add_argument_group("alerts", "a storm of alerts to a failing receiver")
    storm.add_argument("--fails", type=float, metavar="SHARE", help="share of requests that fail; default: 0.5")
    storm.add_argument("--way", type=int, metavar="N", help="events timed from spool to CAP received; default: 200")
    peers = parser.add_argument_group("peers", "the whole of `analyse` beside others on the same clips; a table too")
    peers.add_argument("--peers", metavar="A,B", help="ultralytics,ultralytics-coco,openvino; default: all")
    peers.add_argument("--on", metavar="A,B", help="clips; default: the real ones and a rendered one")
    peers.add_argument("--videos", type=Path, metavar="DIR", help="of the real clips; default: ../shared/data/video")
    peers.add_argument("--peer-python", type=Path, metavar="FILE", help="the Python that has the peers' packages")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Measure and write JSON to stdout.

    Raises:
        InputError: an option that the part does not take.
    """
    part = PARTS.get(arguments.video)
    takes = OF_THE_CLOCK if part is None else part.takes
    for name in dict.fromkeys(OPTIONS):
        if getattr(arguments, name) is not None and name not in takes:
            raise InputError(f"{_option(name)} is not for {_called(arguments.video, part)}: {_told(takes)}.")
        if name in COUNTS and getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            raise InputError(f"{_option(name)} must be 1 or more.")
    if part is None:
        from service.bench import bench, figures  # noqa: PLC0415 - keeps `--help` fast
        from service.bench_history import note  # noqa: PLC0415

        video = None if arguments.video is None else Path(arguments.video)
        report = bench(video, arguments.camera, core=arguments.core)
        _tell(f"noted in {note('clock', figures(report), report, arguments.history)}")
    else:
        given = {name: getattr(arguments, name) for name in takes if getattr(arguments, name) is not None}
        report = part.run(given, _tell)
    sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return 0


COUNTS: Final = frozenset(
    {
        "clips",
        "seconds",
        "jobs",
        "alerts",
        "per_rule",
        "per_kind",
        "cases",
        "cleared",
        "decisions",
        "workers",
        "rate",
        "cameras",
        "feeders",
        "streams",
    }
)
OPTIONS: Final = (*OF_THE_CLOCK, *(name for part in PARTS.values() for name in part.takes))


def _called(video: str | None, part: object) -> str:
    return f"bench {video}" if part is not None else "bench without a part"


def _told(takes: tuple[str, ...]) -> str:
    return f"it takes {', '.join(_option(name) for name in takes)}" if takes else "it takes no options"


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
