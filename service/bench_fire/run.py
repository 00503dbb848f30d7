"""The parts of `qyran bench fire` put together."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fire_alerts.confirm import RULE
from models.data.places import shared
from qyran import __version__
from qyran.errors import ConfigError, InputError
from service.bench_fire.fit import SEED as FITTED
from service.bench_fire.happenings import Part, bench_happenings
from service.bench_fire.real import bench_films, bench_stills

if TYPE_CHECKING:
    from collections.abc import Callable

SCORED: Final = 2
"""Seed of the clips that figures are told of."""
NEAR_EACH: Final = 2
"""Near misses for each happening."""


def bench_fire(
    per_kind: int = 100, seed: int = SCORED, *, keep: Path | None = None, on_clip: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Rendered happenings and near misses of fire and smoke; where the data lie beside the checkout, real ones too.

    Args:
        per_kind: happenings of fire and of smoke, each with twice as many near misses.
        seed: of the clips; those of the fit's seed would flatter.
        keep: folder for clips and looks, each taken from there while it holds; else all is deleted at the end.
        on_clip: told a line about each clip.

    Raises:
        InputError: nothing wanted, or the seed of the fit.
    """
    if per_kind < 1:
        raise InputError("--per-rule must be 1 or more.")
    if seed == FITTED:
        raise InputError(f"The chance was fitted on clips of the seed {FITTED}: give another --seed.")
    began, used = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="qyran-fire-") as gone:
        folder = keep or Path(gone)
        folder.mkdir(parents=True, exist_ok=True)
        told = bench_happenings(Part(per_kind, NEAR_EACH * per_kind), seed, folder, on_clip)
        real: dict[str, Any] = {"absent": "no data folder beside the checkout"}
        try:
            data = shared() / "data"
        except ConfigError:
            pass
        else:
            real = {"films": bench_films(data, RULE), "brought_to_life": bench_stills(data, folder, RULE, on_clip)}
    return {
        "version": __version__, "seed": seed, "rendered": told, "real": real,
        "wall_s": round(time.perf_counter() - began, 1), "cpu_s": round(time.process_time() - used, 1),
    }  # fmt: skip


def table(report: dict[str, Any]) -> str:
    """The rendered part for people."""
    lines = [f"{'kind':<7}{'light':<8}{'found':>9}{'recall':>9}{'wrong':>7}{'near taken':>12}{'delay s, p95':>16}"]
    for kind, lights in report["rendered"]["kinds"].items():
        for light, one in lights.items():
            late = one["delay_after_2_percent_s"]
            told = f"{late['mean']}, {late['p95']}" if late["n"] else "-"
            lines.append(
                f"{kind:<7}{light:<8}{one['found']:>4}/{one['happenings']:<4}{one['recall']['value'] or 0:>9.3f}"
                f"{one['wrong_alerts']:>7}{one['near_misses_taken']:>6}/{one['near_misses']:<5}{told:>16}"
            )
    return "\n".join(lines)
