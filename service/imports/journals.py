"""Rows of journals as the store holds them: those that stand, on a day, as known at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from service.store.database import Work
from service.store.import_tables import CityImport, CityImportRow

Span = tuple[datetime, datetime]
"""A half-open span."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What stands of a journal.

    Attributes:
        rows: its records in order of their moments.
        spans: what its files tell of, joined where they meet.
        source, as_of, entered_at, entered_by: of the newest file.
    """

    rows: tuple[dict[str, Any], ...]
    spans: tuple[Span, ...]
    source: str
    as_of: date
    entered_at: datetime
    entered_by: str


def stood(known: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """Which imports stand: at present, or at a moment."""
    if known is None:
        return (CityImport.withdrawn_at.is_(None),)
    return CityImport.entered_at <= known, or_(CityImport.withdrawn_at.is_(None), CityImport.withdrawn_at > known)


def journal(
    work: Work,
    kind: str,
    *,
    on: date | None = None,
    known: datetime | None = None,
    within: Span | None = None,
) -> Journal | None:
    """What stands of a journal; None where no file of it does.

    Args:
        work: the unit of work.
        kind: of import.
        on: only files that tell of this day or earlier.
        known: as the store knew it at this moment.
        within: only records of this span.
    """
    chosen = [CityImport.kind == kind, *stood(known)]
    if on is not None:
        chosen.append(CityImport.as_of <= on)
    files = work.session.scalars(
        select(CityImport).where(*chosen).order_by(CityImport.as_of, CityImport.entered_at)
    ).all()
    if not files:
        return None
    query = select(CityImportRow.value).join(CityImport, CityImport.id == CityImportRow.import_id).where(*chosen)
    if within is not None:
        query = query.where(CityImportRow.at >= within[0], CityImportRow.at < within[1])
    rows = work.session.scalars(query.order_by(CityImportRow.at, CityImportRow.id)).all()
    spans = [(one.covers_from, one.covers_until) for one in files if one.covers_from and one.covers_until]
    newest = files[-1]
    told = newest.source, newest.as_of, newest.entered_at, newest.entered_by
    return Journal(tuple(rows), joined_spans(spans), *told)


def joined_spans(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans in order; those that meet or overlap are one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def span_for(spans: Sequence[Span], within: Span | None) -> Span | None:
    """The span that says most of another: what it shares with it; without one the last."""
    if not spans:
        return None
    if within is None:
        return spans[-1]
    return max(spans, key=lambda span: (min(span[1], within[1]) - max(span[0], within[0]), span[0]))
