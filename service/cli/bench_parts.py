"""The parts of `qyran bench`: which options each takes, and what it calls. A new part is one function and one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

Given = dict[str, Any]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    Attributes:
        run: gets the options that were given and somebody to tell of progress, and gives the report. What it needs is
            imported in it, so that `--help` stays fast.
        takes: the options it has a use for.
    """

    run: Callable[[Given, Tell], dict[str, Any]]
    takes: tuple[str, ...]


def _track(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_track import bench_track  # noqa: PLC0415

    return bench_track(on_clip=tell, **given)


def _speed(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_speed import bench_speed  # noqa: PLC0415

    return bench_speed(on_clip=tell, **given)


def _rules(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_rules import bench_rules, table  # noqa: PLC0415

    report = bench_rules(
        _listed(given.get("rules")),
        given.get("per_rule", 100),
        _listed(given.get("conditions")) or ("day", "rain", "night"),
        given.get("seed", 1),
        jobs=given.get("jobs", 1),
        keep=given.get("keep"),
        on_clip=tell,
    )
    tell(table(report))
    return report


def _incidents(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_incidents import bench_incidents, table  # noqa: PLC0415

    report = bench_incidents(
        _listed(given.get("kinds")),
        given.get("per_kind", 100),
        _listed(given.get("conditions")) or ("day", "rain", "night"),
        given.get("seed", 1),
        jobs=given.get("jobs", 1),
        keep=given.get("keep"),
        on_clip=tell,
    )
    tell(table(report))
    return report


def _fire(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_fire.run import bench_fire, table  # noqa: PLC0415

    report = bench_fire(on_clip=tell, **_renamed(given, per_rule="per_kind"))
    tell(table(report))
    return report


def _ordinary(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_ordinary import bench_ordinary  # noqa: PLC0415

    return bench_ordinary(on_clip=tell, **given)


def _console(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_console import bench_console  # noqa: PLC0415

    return bench_console(tell=tell, **_renamed(given, think="think_s", demo="demo_folder"))


def _decisions(given: Given, _: Tell) -> dict[str, Any]:
    from service.bench_decisions import bench_decisions  # noqa: PLC0415

    count, workers = given.get("decisions", 1000), given.get("workers", 8)
    return bench_decisions(count, workers, given.get("database_url", ""), signed=given.get("signed", False))


def _kpi(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_kpi import bench_kpi  # noqa: PLC0415

    return bench_kpi(tell=tell, **given)


def _alerts(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_alerts import bench_alerts  # noqa: PLC0415

    count = {"count": given["alerts"]} if "alerts" in given else {}
    return bench_alerts(tell=tell, **count, **{name: value for name, value in given.items() if name != "alerts"})


def _latency(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_latency import bench_latency  # noqa: PLC0415

    return bench_latency(tell=tell, **given)


def _streams(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_streams import bench_streams  # noqa: PLC0415

    return bench_streams(tell=tell, **given)


def _listed(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _renamed(given: Given, **names: str) -> Given:
    return {names.get(name, name): value for name, value in given.items()}


def _video(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_video import bench_video  # noqa: PLC0415

    return bench_video(tell=tell, **given)


def _peers(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_history import note  # noqa: PLC0415
    from service.bench_peers.run import bench_peers  # noqa: PLC0415
    from service.bench_peers.table import figures  # noqa: PLC0415

    chosen: Given = {name: _listed(given[name]) for name in ("peers", "on") if name in given}
    rest = {name: value for name, value in given.items() if name not in {"peers", "on", "history"}}
    report = bench_peers(tell=tell, **chosen, **rest)
    tell(f"noted in {note('peers', figures(report), report, given.get('history'))}")
    return report


def _history(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_history import course, table  # noqa: PLC0415

    report = course(given.get("history"))
    tell(table(report))
    return report


def _passages(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_passages.run import bench_passages  # noqa: PLC0415

    return bench_passages(tell=tell, **given)


def _cluster(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_cluster import bench_cluster  # noqa: PLC0415

    return bench_cluster(tell=tell, **given)


def _faults(given: Given, tell: Tell) -> dict[str, Any]:
    from service.bench_faults.run import bench_faults, table  # noqa: PLC0415

    report = bench_faults(tell=tell, **given)
    tell(table(report))
    return report


PARTS: Final[dict[str, Part]] = {
    "passages": Part(_passages, ("rate", "seconds", "cameras", "workers", "feeders", "database_url")),
    "track": Part(_track, ("keep", "seed", "clips", "detail")),
    "speed": Part(_speed, ("keep", "seed", "clips")),
    "rules": Part(_rules, ("keep", "seed", "per_rule", "rules", "conditions", "jobs")),
    "fire": Part(_fire, ("keep", "seed", "per_rule")),
    "ordinary": Part(_ordinary, ("keep", "seed", "hours")),
    "incidents": Part(_incidents, ("keep", "seed", "per_kind", "kinds", "conditions", "jobs")),
    "console": Part(_console, ("seed", "cases", "cleared", "think", "database_url", "demo")),
    "decisions": Part(_decisions, ("decisions", "workers", "signed", "database_url")),
    "kpi": Part(_kpi, ("seed", "cases", "alerts", "database_url")),
    "alerts": Part(_alerts, ("alerts", "fails", "way", "database_url")),
    "latency": Part(_latency, ("streams", "seconds", "keep")),
    "streams": Part(_streams, ("streams", "seconds", "keep", "until_shed")),
    "video": Part(_video, ("seconds", "keep")),
    "peers": Part(_peers, ("peers", "on", "videos", "peer_python", "keep", "history")),
    "history": Part(_history, ("history",)),
    "cluster": Part(_cluster, ("streams", "seconds", "keep")),
    "faults": Part(_faults, ("cells", "quick", "jobs")),
}
"""By name."""
