"""The port to the register of administrative offences: what a vehicle's owner was found guilty of before.

Contract: `prior` answers for a plate, an article and a span of days with every decision in force, an empty tuple where
there is none; the same question may be asked again and gets the same or a fuller answer. It is asked by an officer who
has the case under review, and told nothing but plate, article and days. A register that does not answer raises
`OSError`: a repeat is then unknown, which is written down and is not "no".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol

from service.store.database import Store


@dataclass(frozen=True, slots=True)
class Prior:
    """A decision the register holds.

    Attributes:
        number: its number in the register.
        article, part: what it was for.
        day: on which it came into force.
    """

    number: str
    article: str
    part: str | None
    day: date


class OffenceHistory(Protocol):
    """The register."""

    name: str

    def prior(self, plate: str, article: str, since: date, until: date) -> tuple[Prior, ...]:
        """Decisions in force for a plate and article, from `since` until before `until`.

        Raises:
            OSError: the register did not answer.
        """


class SimulatedHistory:
    """A register that a test or a demo fills; it can be silent, and answer the same line twice as real ones do."""

    name: str = "simulated"

    def __init__(self, lines: Iterable[tuple[str, Prior]] = (), *, silent: bool = False, twice: bool = False) -> None:
        self.lines = list(lines)
        self.silent, self.twice = silent, twice
        self.asked: list[tuple[str, str]] = []

    def prior(self, plate: str, article: str, since: date, until: date) -> tuple[Prior, ...]:
        """What it was filled with."""
        self.asked.append((plate, article))
        if self.silent:
            raise TimeoutError("the simulated register keeps silent")
        found = tuple(
            one for of, one in self.lines if of == plate and one.article == article and since <= one.day < until
        )
        return found * 2 if self.twice else found


REPEATER: Final = "777"
"""In a demo, whose plate begins so has a decision of a hundred days ago."""


class InventedHistory:
    """A DEVELOPMENT adapter that knows nobody: it invents one decision for plates with the number 777."""

    name = "invented"

    def prior(self, plate: str, article: str, since: date, until: date) -> tuple[Prior, ...]:
        """The same answer for the same plate."""
        day = until - timedelta(days=100)
        if not plate.startswith(REPEATER) or day < since:
            return ()
        return (Prior(f"DEMO-{plate}", article, None, day),)


def offence_history(store: Store) -> OffenceHistory | None:
    """The register of this installation: the invented one in a demo store, else none so far."""
    return InventedHistory() if store.demo else None
