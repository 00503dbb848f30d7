"""A cell of the matrix: one fault at one step, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import httpx

from qyran.errors import ConfigError, QyranError
from service.bench_faults.house import Model
from service.bench_faults.ledger import Ledger

Database = Literal["sqlite", "postgresql"]
OK: Final = "ok"
SKIPPED: Final = "skipped"


class Missing(ConfigError):
    """A cell cannot run here: a tool or a right is missing."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What cells stand on.

    Attributes:
        folder: of the run.
        models: by kind of database; PostgreSQL is absent where it is not installed.
        number: of the cell, its own.
    """

    folder: Path
    models: dict[str, Model]
    number: int

    def model(self, database: Database) -> Model:
        """What is copied for a cell.

        Raises:
            Missing: that database is not installed.
        """
        found = self.models.get(database)
        if found is None:
            raise Missing("PostgreSQL is not installed.")
        return found


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault at one step.

    Attributes:
        fault: what is struck: the row of the table.
        step: where: the column.
        run: sets up, strikes, lets recover, and accounts.
        database: what keeps the records.
        quick: represents its fault in CI.
        said: outages that the pages must name, as `component: reason`.
    """

    fault: str
    step: str
    run: Callable[[Ground], Outcome]
    database: Database = "sqlite"
    quick: bool = False

    @property
    def name(self) -> str:
        """How it is asked for."""
        return f"{self.fault}/{self.step}/{self.database}"


@dataclass(slots=True)
class Outcome:
    """What came of a cell.

    Attributes:
        ledger: of everything that was acknowledged.
        struck: whether the fault met its step.
        settled: whether all came to rest in time; what waited where not.
        said: what the page of outages named afterwards.
        notes: what else is to be known.
    """

    ledger: Ledger
    struck: bool = True
    settled: bool = True
    said: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the cell holds."""
        return self.struck and self.settled and self.ledger.clean and not self.unsaid

    @property
    def word(self) -> str:
        """For the table."""
        if self.ok:
            return OK
        parts = [] if self.struck else ["not reached"]
        parts += [] if self.settled else ["not settled"]
        parts += [f"lost {len(self.ledger.lost)}"] if self.ledger.lost else []
        parts += [f"doubled {len(self.ledger.doubled)}"] if self.ledger.doubled else []
        parts += [f"faults {len(self.ledger.faults)}"] if self.ledger.faults else []
        parts += [f"unsaid {', '.join(self.unsaid)}"] if self.unsaid else []
        return ", ".join(parts)


def result(cell: Cell, ground: Ground) -> dict[str, Any]:
    """Run a cell; what it came to, as the report tells it."""
    began = time.monotonic()
    told: dict[str, Any] = {"fault": cell.fault, "step": cell.step, "database": cell.database}
    try:
        done = cell.run(ground)
    except Missing as error:
        return told | {"word": SKIPPED, "why": str(error)}
    except (QyranError, OSError, httpx.HTTPError) as error:
        return told | {"word": "broke off", "why": f"{type(error).__name__}: {error}"}
    return told | {
        "word": done.word, "seconds": round(time.monotonic() - began, 1), "ledger": done.ledger.told(),
        "said": done.said, "notes": done.notes,
    }  # fmt: skip
