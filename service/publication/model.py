"""Published periods as values: what was frozen, the events behind it, and what was found to differ later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from kpi_catalog.period import Period
from qyran.errors import NotFound
from service.rollups.events import Event

CELLS: Final = ("value", "numerator", "denominator", "n", "status", "measured", "score", "uncapped")
"""What two reckonings of a KPI are compared by."""


class State(StrEnum):
    """The life of a period's figures."""

    PROVISIONAL = "provisional"  # not published: computed anew whenever somebody asks
    PUBLISHED = "published"
    REVISED = "revised"  # published, and found to differ later; the published values stay


@dataclass(frozen=True, slots=True)
class Tally:
    """How many events count where.

    Attributes:
        numerator, denominator: events in each, those in both counted in both.
        excluded: events left out, by reason.
    """

    rows: int
    numerator: int
    denominator: int
    excluded: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self) | {"excluded": dict(sorted(self.excluded.items()))}


@dataclass(frozen=True, slots=True)
class FrozenKpi:
    """One KPI as it was published; `content` holds all that is said of it (`service.publication.content`)."""

    kpi_id: str
    content: Mapping[str, Any]
    sha256: str

    @property
    def cells(self) -> dict[str, Any]:
        """What it is compared by."""
        return {name: self.content[name] for name in CELLS}

    @property
    def value(self) -> float | None:
        """The value."""
        found: float | None = self.content["value"]
        return found

    @property
    def status(self) -> str:
        """What was to be shown."""
        return str(self.content["status"])


@dataclass(frozen=True, slots=True)
class Change:
    """One event that is another than it was, and why.

    Attributes:
        before, after: its contribution; None where it was, or is, not among the events.
        cause: a code of `service/publication/rules.toml`.
        at, role: when and in which role it was changed, where the record's chain tells.
    """

    kind: str
    id: str
    day: date
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    cause: str
    at: datetime | None = None
    role: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "kind": self.kind,
            "id": self.id,
            "day": self.day.isoformat(),
            "before": self.before,
            "after": self.after,
            "cause": self.cause,
            "at": self.at and self.at.isoformat(),
            "role": self.role,
        }


@dataclass(frozen=True, slots=True)
class Revision:
    """A later difference from what was published, or from the revision before.

    Attributes:
        content: old and new cells, causes with their counts, the changed events, whether the rules admit it.
    """

    number: int
    kpi_id: str
    found_at: datetime
    found_by: str
    content: Mapping[str, Any]
    sha256: str

    @property
    def old(self) -> Mapping[str, Any]:
        """The cells before."""
        found: Mapping[str, Any] = self.content["old"]
        return found

    @property
    def new(self) -> Mapping[str, Any]:
        """The cells found."""
        found: Mapping[str, Any] = self.content["new"]
        return found

    @property
    def admitted(self) -> bool:
        """Whether the recorded rules let it revise the figure; one that they do not is recorded all the same."""
        return bool(self.content["admitted"])

    @property
    def causes(self) -> Mapping[str, int]:
        """Events changed, by cause."""
        found: Mapping[str, int] = self.content["causes"]
        return found

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "number": self.number,
            "kpi": self.kpi_id,
            "found_at": self.found_at.isoformat(),
            "found_by": self.found_by,
            **self.content,
            "sha256": self.sha256,
        }


@dataclass(frozen=True, slots=True)
class Publication:
    """A published period.

    Attributes:
        as_of: the moment the data were read; what came later is a matter of revisions.
        content: what is said of the period as a whole.
        kpis: by id, in the order's sequence.
        revisions: in the order they were found.
    """

    id: str
    period: Period
    category: str
    state: State
    as_of: datetime
    published_at: datetime
    published_by: str
    content: Mapping[str, Any]
    sha256: str
    head: str
    kpis: Mapping[str, FrozenKpi]
    revisions: tuple[Revision, ...] = field(default=())

    def kpi(self, kpi_id: str) -> FrozenKpi:
        """One KPI.

        Raises:
            NotFound: it is not among those published.
        """
        found = self.kpis.get(kpi_id)
        if found is None:
            raise NotFound(f"The publication of {self.period} holds no KPI {kpi_id}; see `qyran kpi publications`.")
        return found

    def revisions_of(self, kpi_id: str) -> tuple[Revision, ...]:
        """The revisions of one KPI."""
        return tuple(one for one in self.revisions if one.kpi_id == kpi_id)

    def known(self, kpi_id: str) -> Mapping[str, Any]:
        """The cells known last: those of the newest revision, else the frozen ones."""
        revisions = self.revisions_of(kpi_id)
        return revisions[-1].new if revisions else self.kpi(kpi_id).cells

    def revised(self, kpi_id: str) -> Mapping[str, Any]:
        """The cells of the newest revision that the rules admit, else the frozen ones."""
        admitted = [one for one in self.revisions_of(kpi_id) if one.admitted]
        return admitted[-1].new if admitted else self.kpi(kpi_id).cells

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form: every frozen value with the revisions beside it."""
        return {
            "id": self.id,
            "period": str(self.period),
            "category": self.category,
            "state": self.state.value,
            "as_of": self.as_of.isoformat(),
            "published_at": self.published_at.isoformat(),
            "published_by": self.published_by,
            "sha256": self.sha256,
            "head": self.head,
            "content": dict(self.content),
            "kpis": [dict(one.content) | {"sha256": one.sha256} for one in self.kpis.values()],
            "revisions": [one.as_dict() for one in self.revisions],
        }


@dataclass(frozen=True, slots=True)
class Header:
    """A published period without its values, as lists show it.

    Attributes:
        valued: KPIs that have a value.
        revisions: how many were found.
    """

    period: Period
    state: State
    category: str
    as_of: datetime
    published_at: datetime
    published_by: str
    changed_at: datetime
    sha256: str
    content: Mapping[str, Any]
    valued: int
    revisions: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "period": str(self.period),
            "state": self.state.value,
            "category": self.category,
            "as_of": self.as_of.isoformat(),
            "published_at": self.published_at.isoformat(),
            "published_by": self.published_by,
            "changed_at": self.changed_at.isoformat(),
            "sha256": self.sha256,
            "valued": self.valued,
            "revisions": self.revisions,
        }


def as_told(event: Event) -> dict[str, Any]:
    """What an event contributes, JSON-ready."""
    return {"counted": event.counted, "value": event.value, "base": event.base, "reason": event.reason}
