"""An officer's own figures in words."""

from __future__ import annotations

from dataclasses import dataclass

from service.case_stats import DAYS, VERDICTS, OwnWork
from service.web.case_view import ROOM
from service.web.view_models import Tile
from service.web.words import Words


@dataclass(frozen=True, slots=True)
class StatsView:
    """What `cases/mine.html` shows.

    Attributes:
        columns: the verdicts, in words.
        rows: a day and its counts in the order of `columns`.
        speed: how long a case took; None where none was decided.
    """

    span: int
    tiles: tuple[Tile, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    speed: str | None
    edited: str | None
    reasons: tuple[tuple[str, str], ...]


def stats_view(w: Words, found: OwnWork) -> StatsView:
    """The figures for their reader."""
    columns = tuple(w.t(f"{ROOM}.state.{state}") for state in VERDICTS)
    totals = [found.total(state) for state in VERDICTS]
    tiles = [Tile(name, count, "") for name, count in zip(columns, totals, strict=True)]
    tiles.append(Tile(w.t("mine.taken_back"), found.taken_back, ""))
    rows = tuple((w.day(day), tuple(w.num(counts.get(state, 0)) for state in VERDICTS)) for day, counts in found.days)
    speed = None
    if found.median_s is not None and found.p90_s is not None:
        speed = w.t("mine.speed", median=w.num(found.median_s, 0), p90=w.num(found.p90_s, 0))
    edited = w.t("mine.edited", n=w.num(found.edited), of=w.num(found.decided)) if found.decided else None
    reasons = tuple((w.or_code(f"{ROOM}.reason.{code}"), w.num(count)) for code, count in found.reasons)
    return StatsView(DAYS, tuple(tiles), columns, rows, speed, edited, reasons)
