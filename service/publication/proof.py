"""Whether published periods are what was published: every text, column, day of events and link of the chain.

A text is held to its hash, its hash to the publication's, and that to the publication's chain, whose head the hourly
signed root covers; so one changed byte is found wherever it lies, and the marks beside each text name its field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from evidence.canonical import canonical_json, sha256_hex, strict_json
from evidence.chain import root_of
from kpi_catalog.period import Period
from qyran.errors import IntegrityError
from qyran.roles import SYSTEM, Actor
from service.access import require
from service.publication.content import MARK, mark_of
from service.publication.event_sets import opened, root
from service.publication.shelf import READERS
from service.store.database import Store, Work
from service.store.events import check_record
from service.store.ledger import root_with
from service.store.publication_tables import (
    KpiEventSet,
    KpiPublication,
    KpiPublished,
    KpiPublishedDay,
    KpiRevision,
    KpiRevisionDay,
    PublicationEvent,
)

REPEATED: Final = ("value", "numerator", "denominator", "status", "score", "uncapped")
Texts = KpiPublication | KpiPublished | KpiRevision


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is not as it was published.

    Attributes:
        kpi_id: the KPI it concerns; None where it concerns the publication as a whole.
        place: values, events 2026-10-03, revision 2, chain, ...
        fields: names of the changed fields, where they can be told.
        code: altered, unreadable, missing, surplus, column_altered, chain_altered.
    """

    period: str
    kpi_id: str | None
    place: str
    code: str
    fields: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"period": self.period, "kpi": self.kpi_id, "place": self.place, "code": self.code,
                "fields": list(self.fields)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked, and what is wrong.

    Attributes:
        publications, values, events: how many of each were checked.
        unsigned: periods whose chain no signed root covers yet (the next hour's will).
    """

    publications: int
    values: int
    events: int
    flaws: tuple[Flaw, ...]
    unsigned: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether all is as it was published."""
        return not self.flaws

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "intact": self.intact,
            "publications": self.publications,
            "values": self.values,
            "events": self.events,
            "flaws": [one.as_dict() for one in self.flaws],
            "unsigned": list(self.unsigned),
        }


def verify(store: Store, period: Period | str | None = None, *, actor: Actor = SYSTEM) -> Proof:
    """Check one published period, or all.

    Raises:
        AccessError: the actor reads no KPIs.
    """
    require(actor, READERS)
    query = select(KpiPublication).order_by(KpiPublication.first, KpiPublication.period)
    if period is not None:
        query = query.where(KpiPublication.period == str(period))
    flaws: list[Flaw] = []
    unsigned: list[str] = []
    values = events = checked = 0
    seen: dict[str, bool] = {}
    with store.read(actor) as work:
        for row in work.session.scalars(query).all():
            checked += 1
            kept = _Kept(work, row, seen)
            flaws += kept.flaws()
            values, events = values + len(kept.values), events + kept.rows
            if root_with(work, row.id) is None:
                unsigned.append(row.period)
    return Proof(checked, values, events, tuple(flaws), tuple(unsigned))


class _Kept:
    """Everything kept of one publication."""

    def __init__(self, work: Work, row: KpiPublication, seen: dict[str, bool]) -> None:
        self._work, self._row, self._seen = work, row, seen
        session = work.session
        self.values = session.scalars(select(KpiPublished).where(KpiPublished.publication_id == row.id)).all()
        days = select(KpiPublishedDay).where(KpiPublishedDay.publication_id == row.id)
        self._days = session.scalars(days.order_by(KpiPublishedDay.kpi_id, KpiPublishedDay.day)).all()
        found = select(KpiRevision).where(KpiRevision.publication_id == row.id).order_by(KpiRevision.number)
        self._revisions = session.scalars(found).all()
        later = select(KpiRevisionDay).where(KpiRevisionDay.publication_id == row.id)
        self._later = session.scalars(later.order_by(KpiRevisionDay.number, KpiRevisionDay.day)).all()
        self.rows = sum(one.rows for one in self._days)

    def flaws(self) -> Iterator[Flaw]:
        """All that is wrong."""
        yield from self._chain()
        whole, wrong = self._text(self._row, None, "period")
        yield from wrong
        roots: dict[str, Any] = {}
        for one in self.values:
            content, wrong = self._text(one, one.kpi_id, "values")
            yield from wrong
            if content is not None:
                roots[one.kpi_id] = (content.get("events") or {}).get("root")
                yield from self._columns(one, content)
        if whole is not None:
            yield from self._listed(whole)
        yield from self._events(roots)
        yield from self._revised()

    def _chain(self) -> Iterator[Flaw]:
        if check_record(self._work.session, self._work.store.vault, self._row) is not None:
            yield self._flaw(None, "chain", "chain_altered")
        query = select(PublicationEvent.header).where(PublicationEvent.record == self._row.id)
        headers = [
            strict_json(text.encode()) for text in self._work.session.scalars(query.order_by(PublicationEvent.seq))
        ]
        told = [one.get("data", {}) for one in headers]
        at = self._row.published_at.isoformat(timespec="microseconds")
        if headers and (headers[0]["at"], headers[0]["actor"]) != (at, self._row.published_by):
            yield self._flaw(None, "period", "column_altered", ("published_at", "published_by"))
        if not told or told[0].get("sha256") != self._row.sha256:
            yield self._flaw(None, "period", "altered", ("sha256",))
        said = {one["revision"]: one["sha256"] for one in told if "revision" in one}
        for one in self._revisions:
            if said.pop(one.number, None) != one.sha256:
                yield self._flaw(one.kpi_id, f"revision {one.number}", "altered", ("sha256",))
        for number in sorted(said):
            yield self._flaw(None, f"revision {number}", "missing")

    def _listed(self, whole: Mapping[str, Any]) -> Iterator[Flaw]:
        """Whether exactly the KPIs that were published are there, each with its hash."""
        row = self._row
        wrong = [name for name in ("period", "kind", "zone", "category") if getattr(row, name) != whole.get(name)]
        if row.first.isoformat() != whole.get("first"):
            wrong.append("first")
        if wrong:
            yield self._flaw(None, "period", "column_altered", tuple(wrong))
        there = {one.kpi_id: one.sha256 for one in self.values}
        listed: Mapping[str, str] = whole.get("kpis", {})
        for kpi_id in sorted({*there, *listed}):
            if kpi_id not in there:
                yield self._flaw(kpi_id, "values", "missing")
            elif kpi_id not in listed:
                yield self._flaw(kpi_id, "values", "surplus")
            elif there[kpi_id] != listed[kpi_id]:
                yield self._flaw(kpi_id, "values", "altered", ("sha256",))
        if whole.get("root") != root_of({key: (1, sha256) for key, sha256 in listed.items()}):
            yield self._flaw(None, "period", "altered", ("root",))

    def _columns(self, one: KpiPublished, content: Mapping[str, Any]) -> Iterator[Flaw]:
        wrong = tuple(name for name in REPEATED if getattr(one, name) != content.get(name))
        if wrong or one.kpi_id != content.get("id"):
            yield self._flaw(one.kpi_id, "values", "column_altered", wrong)

    def _events(self, roots: Mapping[str, Any]) -> Iterator[Flaw]:
        held: dict[str, dict[Any, tuple[int, str]]] = {}
        for one in self._days:
            held.setdefault(one.kpi_id, {})[one.day] = (one.rows, one.sha256)
            if not self._sound(one.sha256, one.rows):
                yield self._flaw(one.kpi_id, f"events {one.day.isoformat()}", "altered")
        for kpi_id, wanted in roots.items():
            if wanted is not None and wanted != root(held.get(kpi_id, {})):
                yield self._flaw(kpi_id, "events", "altered", ("days",))

    def _revised(self) -> Iterator[Flaw]:
        days: dict[int, dict[str, list[Any]]] = {}
        for one in self._later:
            days.setdefault(one.number, {})[one.day.isoformat()] = [one.rows, one.sha256]
            if not self._sound(one.sha256, one.rows):
                yield self._flaw(None, f"revision {one.number}, events {one.day.isoformat()}", "altered")
        for revision in self._revisions:
            content, wrong = self._text(revision, revision.kpi_id, f"revision {revision.number}")
            yield from wrong
            if content is None:
                continue
            if content.get("kpi") != revision.kpi_id or content.get("days") != days.get(revision.number, {}):
                yield self._flaw(revision.kpi_id, f"revision {revision.number}", "altered", ("days",))

    def _sound(self, sha256: str, rows: int) -> bool:
        if sha256 not in self._seen:
            kept = self._work.session.get(KpiEventSet, sha256)
            try:
                self._seen[sha256] = kept is not None and opened(sha256, rows, kept.packed).rows == kept.rows
            except IntegrityError:
                self._seen[sha256] = False
            if kept is not None:
                self._work.session.expunge(kept)
        return self._seen[sha256]

    def _text(self, one: Texts, kpi_id: str | None, place: str) -> tuple[Mapping[str, Any] | None, list[Flaw]]:
        """A text's content, and what is wrong with it; None where it cannot be read."""
        data = one.content.encode()
        try:
            content = strict_json(data)
        except ValueError:
            return None, [self._flaw(kpi_id, place, "unreadable")]
        if sha256_hex(data) == one.sha256 and canonical_json(content) == data:
            marks_hold = one.marks == "".join(mark_of(content, name) for name in sorted(content))
            return content, [] if marks_hold else [self._flaw(kpi_id, place, "column_altered", ("marks",))]
        return content, [self._flaw(kpi_id, place, "altered", _changed(content, one.marks))]

    def _flaw(self, kpi_id: str | None, place: str, code: str, fields: tuple[str, ...] = ()) -> Flaw:
        return Flaw(self._row.period, kpi_id, place, code, fields)


def _changed(content: Mapping[str, Any], marks: str) -> tuple[str, ...]:
    """Fields whose mark is another; all of them are suspect where a field's name itself was changed."""
    names = sorted(content)
    if len(marks) != MARK * len(names):
        return ()
    return tuple(
        name for place, name in enumerate(names) if marks[place * MARK : (place + 1) * MARK] != mark_of(content, name)
    )
