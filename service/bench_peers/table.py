"""What the runs of the peers come to: speeds, ratios, counts; as figures and as a table for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

GOAL_VIDEO: Final = 6.0
"""Video seconds a second of ours over those of `ultralytics track` with the same weights,"""
GOAL_FRAMES: Final = 2.5
"""and analysed frames a second."""
AGAINST: Final = "ultralytics"
OURS: Final = "qyran"


def compared(report: Mapping[str, Any]) -> dict[str, Any]:
    """Speeds, ratios and counts, by peer and clip and over all clips.

    Args:
        report: with ``clips`` (truth) and ``peers`` (runs); each run gets its speeds.
    """
    truth = {clip["name"]: clip["vehicles"] for clip in report["clips"]}
    speeds: dict[str, dict[str, dict[str, Any]]] = {}
    for peer in report["peers"]:
        if "clips" in peer:
            told = {run["clip"]: _speed([run], truth) for run in peer["clips"]}
            speeds[peer["peer"]] = {**told, "all": _speed(peer["clips"], truth)}
    ours = speeds[OURS]
    ratios = {
        name: {clip: _ratio(ours[clip], told) for clip, told in by_clip.items()}
        for name, by_clip in speeds.items()
        if name != OURS
    }
    return {"speeds": speeds, "ratios": ratios, "goals": _goals(ratios, speeds)}


def figures(report: Mapping[str, Any]) -> dict[str, Any]:
    """The few numbers whose course is worth following."""
    ours = report["speeds"][OURS]["all"]
    out = {"video_s_a_second": ours["video_s_a_second"], "analysed_a_second": ours["analysed_a_second"]}
    for name, by_clip in report["ratios"].items():
        out |= {f"times_{name}": by_clip["all"]["video"], f"frames_times_{name}": by_clip["all"]["frames"]}
    return out


def _speed(runs: list[dict[str, Any]], truth: Mapping[str, int | None]) -> dict[str, Any]:
    wall, seconds = sum(run["wall_s"] for run in runs), sum(run["seconds"] for run in runs)
    counted = [run for run in runs if "vehicles" in run and truth[run["clip"]] is not None]
    wrong = sum(abs(run["vehicles"] - (truth[run["clip"]] or 0)) for run in counted)
    return {
        "wall_s": round(wall, 3),
        "cpu_s": round(sum(run["cpu_s"] for run in runs), 3),
        "video_s_a_second": round(seconds / wall, 2),
        "analysed_a_second": round(sum(run["analysed"] for run in runs) / wall, 1),
        "analysed": sum(run["analysed"] for run in runs),
        "vehicles": sum(run["vehicles"] for run in counted) if counted else None,
        "true_vehicles": sum(truth[run["clip"]] or 0 for run in counted) if counted else None,
        "wrong": wrong if counted else None,
    }


def _ratio(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, float]:
    return {
        "video": round(ours["video_s_a_second"] / theirs["video_s_a_second"], 2),
        "frames": round(ours["analysed_a_second"] / theirs["analysed_a_second"], 2),
        "cpu": round(theirs["cpu_s"] / max(1e-9, ours["cpu_s"]), 2),
    }


def _goals(ratios: Mapping[str, Any], speeds: Mapping[str, Any]) -> dict[str, Any]:
    if AGAINST not in ratios:
        return {"against": AGAINST, "met": None}
    reached, ours, theirs = ratios[AGAINST]["all"], speeds[OURS]["all"], speeds[AGAINST]["all"]
    counts = ours["wrong"] <= theirs["wrong"] if ours["wrong"] is not None else None
    return {
        "against": AGAINST,
        "video": {"goal": GOAL_VIDEO, "reached": reached["video"], "met": reached["video"] >= GOAL_VIDEO},
        "frames": {"goal": GOAL_FRAMES, "reached": reached["frames"], "met": reached["frames"] >= GOAL_FRAMES},
        "counts": {"ours_wrong": ours["wrong"], "theirs_wrong": theirs["wrong"], "met": counts},
    }


def table(report: Mapping[str, Any]) -> str:
    """The comparison as a table."""
    head = (
        "clip",
        "peer",
        "wall s",
        "CPU s",
        "video s/s",
        "frames/s",
        "ours: video",
        "ours: frames",
        "counted",
        "true",
    )
    rows = [head]
    for clip in (*(one["name"] for one in report["clips"]), "all"):
        for name, by_clip in report["speeds"].items():
            told, ratio = by_clip[clip], report["ratios"].get(name, {}).get(clip)
            rows.append((
                clip, name, f"{told['wall_s']:.2f}", f"{told['cpu_s']:.2f}", f"{told['video_s_a_second']:.2f}",
                f"{told['analysed_a_second']:.1f}", f"{ratio['video']:.2f}x" if ratio else "",
                f"{ratio['frames']:.2f}x" if ratio else "", _told(told["vehicles"]), _told(told["true_vehicles"]),
            ))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [peer["missing"] for peer in report["peers"] if "missing" in peer]
    return "\n".join(lines)


def _told(count: int | None) -> str:
    return "-" if count is None else str(count)
