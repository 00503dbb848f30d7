"""What benches of rendered happenings share: counts of a kind, shares with their intervals, clips done side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from qyran.errors import InputError
from qyran.wilson import wilson
from scenarios.happenings.clip import PlanError

Scored = TypeVar("Scored", bound="Counts")
Clip = TypeVar("Clip")


@dataclass(slots=True)
class Counts:
    """Numbers and lists that add up over clips."""

    def add(self, other: Self) -> None:
        """Add another clip's."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, mine + theirs)


@dataclass(slots=True)
class Score(Counts):
    """Counts of one rule in one condition.

    Attributes:
        happenings, found: happenings in its own clips and how many of them were found.
        right, wrong: findings in any clip that tell a happening, and that tell none.
        near, near_wrong: near misses in its own clips, and how many of them were taken for a happening.
        missed, false: which ones, for whoever mends the rule.
    """

    happenings: int = 0
    found: int = 0
    right: int = 0
    wrong: int = 0
    near: int = 0
    near_wrong: int = 0
    missed: list[dict[str, Any]] = field(default_factory=list)
    false: list[dict[str, Any]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As JSON: shares with their Wilson intervals."""
        return {
            "happenings": self.happenings,
            "found": self.found,
            "recall": share(self.found, self.happenings),
            "findings_right": self.right,
            "findings_wrong": self.wrong,
            "precision": share(self.right, self.right + self.wrong),
            "near_misses": self.near,
            "near_misses_taken": self.near_wrong,
            "missed": self.missed,
            "false": self.false,
        }


@dataclass(frozen=True, slots=True)
class DoneClip(Generic[Scored]):
    """One clip's scores by kind and condition, its length and what it cost, seconds.

    `aside` says why a clip counts for nothing: as it was drawn it does not show what it was planned for.
    """

    name: str
    scores: dict[tuple[str, str], Scored]
    seconds: float
    cpu_s: float
    aside: str = ""

    def line(self) -> str:
        """For people who wait."""
        if self.aside:
            return f"Set aside: {self.aside}."
        own = list(self.scores.values())
        found, acts, wrong = (sum(getattr(one, name) for one in own) for name in ("found", "happenings", "wrong"))
        return f"{self.name}: {found} of {acts} found, {wrong} wrong, {self.cpu_s:.0f} s"


def share(hits: int, of: int) -> dict[str, Any]:
    """A share with its 95 % interval, as JSON."""
    low, high = wilson(hits, of)
    return {"value": round(hits / of, 4) if of else None, "low": round(low, 4), "high": round(high, 4)}


def words(told: dict[str, Any]) -> str:
    """A share for people."""
    return "-" if told["value"] is None else f"{told['value']:.3f} ({told['low']:.2f}-{told['high']:.2f})"


def refuse_unknown(names: Sequence[str], known: Sequence[str], what: str) -> None:
    """Refuse a name that nobody knows.

    Raises:
        InputError: with the names that there are.
    """
    for name in names:
        if name not in known:
            raise InputError(f"There is no {what} {name}; there are {', '.join(known)}.")


def each_done(
    clips: Iterable[Clip], do: Callable[[Clip, Path | None], DoneClip[Scored]], jobs: int, keep: Path | None
) -> Iterator[DoneClip[Scored]]:
    """Every clip done, in order; by several processes where asked.

    A clip that was planned well by cuboids, and is not by what is drawn (others hide it), is set aside.
    """
    one = partial(_one, do)
    if jobs == 1:
        for clip in clips:
            yield one(clip, keep)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(one, list(clips), repeat(keep))


def _one(do: Callable[[Clip, Path | None], DoneClip[Scored]], clip: Clip, keep: Path | None) -> DoneClip[Scored]:
    try:
        return do(clip, keep)
    except PlanError as error:
        return DoneClip("", {}, 0.0, 0.0, aside=str(error))
