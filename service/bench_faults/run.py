"""`qyran bench faults`: runs the cells and prints the matrix."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from operator import itemgetter
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from qyran.errors import ConfigError, InputError
from service.bench_faults import (
    broker,
    clock,
    disk,
    killing,
    machine,
    network,
    object_store,
    poison,
    receivers,
    streams,
)
from service.bench_faults.cells import OK, SKIPPED, Cell, Ground, result
from service.bench_faults.forking import helping
from service.bench_faults.house import Model, model
from service.bench_faults.postgres import Postgres


def every_cell() -> list[Cell]:
    """All cells, fault by fault."""
    parts = (killing, disk, broker, object_store, network, machine, clock, streams, receivers, poison)
    return [cell for part in parts for cell in part.cells()]


def bench_faults(
    cells: str | None = None, *, quick: bool = False, jobs: int = 1, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Run the matrix.

    Args:
        cells: patterns of `fault/step/database` by commas, such as ``server*/sign*``; all where not given.
        quick: only those that represent their fault in CI.
        jobs: cells at once, each with databases of its own.
        tell: hears of the progress.

    Raises:
        InputError: no cell is called so.
    """
    wanted = chosen(cells, quick=quick)
    if not wanted:
        raise InputError(
            f"No cell is called {cells!r}; write fault/step/database with * for any, such as server*/sign*."
        )
    queue: SimpleQueue[tuple[int, Cell]] = SimpleQueue()
    for numbered in enumerate(wanted, start=1):
        queue.put(numbered)
    with ThreadPoolExecutor(jobs) as pool:
        parts = [pool.submit(_work, queue, {cell.database for cell in wanted}, tell, len(wanted)) for _ in range(jobs)]
        results = [one for _, one in sorted((pair for part in parts for pair in part.result()), key=itemgetter(0))]
    return {
        "cells": len(results), "ok": sum(one["word"] == OK for one in results),
        "skipped": sum(one["word"] == SKIPPED for one in results),
        "lost": sum(len(one["ledger"]["lost"]) for one in results if "ledger" in one),
        "doubled": sum(len(one["ledger"]["doubled"]) for one in results if "ledger" in one),
        "acknowledged": sum(one["ledger"]["put"] for one in results if "ledger" in one),
        "matrix": results,
    }  # fmt: skip


def _work(
    queue: SimpleQueue[tuple[int, Cell]], databases: set[str], tell: Callable[[str], None], count: int
) -> list[tuple[int, dict[str, Any]]]:
    """Take cells until there are none."""
    done: list[tuple[int, dict[str, Any]]] = []
    with grounds(databases) as (folder, models):
        while True:
            try:
                number, cell = queue.get_nowait()
            except Empty:
                return done
            told = result(cell, Ground(folder, models, number))
            done.append((number, told))
            tell(f"{number}/{count} {cell.name}: {told['word']} {told.get('why', '')}".rstrip())


def chosen(patterns: str | None = None, *, quick: bool = False) -> list[Cell]:
    """The cells of these names."""
    asked = [one.strip() for one in (patterns or "*").split(",") if one.strip()]
    return [
        cell
        for cell in every_cell()
        if (cell.quick or not quick) and any(fnmatch(cell.name, one) or fnmatch(cell.name, f"{one}*") for one in asked)
    ]


@contextmanager
def grounds(databases: set[str]) -> Iterator[tuple[Path, dict[str, Model]]]:
    """A folder, and a model of a home for each database that is installed."""
    with tempfile.TemporaryDirectory(prefix="qyran-faults-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        helper = stack.enter_context(helping())
        models = {}
        if "sqlite" in databases:
            models["sqlite"] = model(folder, helper, None)
        if "postgresql" in databases:
            try:
                place = folder / "pg"
                place.mkdir()
                postgres = Postgres(place)
            except ConfigError:
                pass
            else:
                postgres.start()
                stack.callback(postgres.program.kill)
                models["postgresql"] = model(folder, helper, postgres)
        yield folder, models


def table(report: dict[str, Any]) -> str:
    """The matrix: a block a fault, a line a step, a column a database."""
    rows: dict[str, dict[str, dict[str, str]]] = {}
    databases: dict[str, None] = {}
    for one in report["matrix"]:
        rows.setdefault(one["fault"], {}).setdefault(one["step"], {})[one["database"]] = one["word"]
        databases[one["database"]] = None
    wide = max((len(name) for fault, steps in rows.items() for name in (fault, *steps)), default=4) + 4
    lines = []
    for fault, steps in rows.items():
        lines.append(f"{fault:<{wide}}" + "".join(f"{name:<14}" for name in databases))
        lines += [
            f"  {step:<{wide - 2}}" + "".join(f"{words.get(name, '-'):<14}" for name in databases)
            for step, words in steps.items()
        ]
    lines.append(
        f"{report['ok']} of {report['cells']} ok, {report['skipped']} skipped; {report['acknowledged']} events "
        f"acknowledged, {report['lost']} lost, {report['doubled']} doubled"
    )
    return "\n".join(line.rstrip() for line in lines)
