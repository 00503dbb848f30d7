"""An officer's own figures in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from service.case_statistics import OfficerStatistics
from service.web.words import Words

SHOWN: Final = (
    "decided", "confirmed", "rejected", "sent_on", "returned", "proposed", "overruled", "second_looks", "withdrawn",
)  # fmt: skip
SECONDS: Final = "median_s"


@dataclass(frozen=True, slots=True)
class StatsView:
    """What `cases/mine.html` shows: a heading for each span, and for each figure its value in each span."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    empty: bool


def stats_view(w: Words, spans: Sequence[int], found: Sequence[OfficerStatistics]) -> StatsView:
    """The figures of some spans of days for their reader; what cannot be told is said to be missing."""
    rows = [(w.t(f"mine.{name}"), tuple(w.num(getattr(one, name)) for one in found)) for name in SHOWN]
    middle = (None if one.median_s is None else w.t("unit.seconds", n=w.num(one.median_s, 1)) for one in found)
    rows.append((w.t(f"mine.{SECONDS}"), tuple(one or w.t("common.none") for one in middle)))
    columns = tuple(w.t("mine.today") if days == 1 else w.t("mine.days", n=days) for days in spans)
    return StatsView(columns, tuple(rows), empty=not any(one.decided or one.returned for one in found))
