"""What the pages of imports say, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from service.auth import names
from service.imports.columns import Column
from service.imports.intake import SHOWN_ROWS, Preview
from service.imports.journals import Span
from service.imports.judging import Refusal
from service.imports.kinds import KINDS, Kind
from service.imports.registers import Register
from service.imports.shelf import ImportView
from service.imports.templates import column_note
from service.store.database import Work
from service.web.import_map import CityMap, city_map
from service.web.words import Words

DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A line of a table of refusals."""

    row: str
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A file before it is taken."""

    kind: str
    refusals: tuple[RefusalRow, ...]
    notes: tuple[RefusalRow, ...]
    head: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    covers: str
    days: str
    format: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A line of the history."""

    id: str
    kind: str
    view: ImportView
    covers: str
    by: str
    days: str
    withdrawn: str | None


@dataclass(frozen=True, slots=True)
class KindView:
    """A kind with its columns."""

    name: str
    title: str
    about: str
    columns: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RegisterView:
    """A register's page."""

    name: str
    title: str
    about: str
    found: Register
    by: str
    figures: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    spans: tuple[str, ...]
    map: CityMap | None


def preview_view(w: Words, seen: Preview) -> PreviewView:
    """A preview in words."""
    kind = seen.upload.kind
    rows = seen.judged.rows[:SHOWN_ROWS]
    shown = [one for one in kind.columns if any(row.values.get(one.name) is not None for row in rows)]
    encoding = f", {seen.encoding}" if seen.encoding else ""
    return PreviewView(
        kind=w.t(f"imports.kind.{kind.name}"),
        refusals=tuple(_refusal(w, one) for one in seen.judged.refusals),
        notes=tuple(_refusal(w, one) for one in seen.judged.notes),
        head=tuple(w.t(f"imports.column.{one.name}") for one in shown),
        sample=tuple(tuple(_typed(w, one, row.values.get(one.name)) for one in shown) for row in rows),
        covers=_span(w, seen.covers),
        days=_days(w, *seen.days),
        format=f"{seen.format.upper()}{encoding}",
    )


def history_rows(work: Work, w: Words, found: Sequence[ImportView]) -> tuple[ImportRow, ...]:
    """The history in words."""
    people = names(work, {one.entered_by for one in found} | {one.withdrawn_by for one in found if one.withdrawn_by})
    return tuple(_row(w, one, people) for one in found)


def kind_views(w: Words) -> tuple[KindView, ...]:
    """All kinds with what their columns hold."""
    return tuple(_kind(w, one) for one in KINDS.values())


def register_view(work: Work, w: Words, found: Register) -> RegisterView:
    """A register in words."""
    people = names(work, {found.entered_by} if found.entered_by else set())
    figures = tuple(
        (w.t(f"imports.{one.name}"), one.value if isinstance(one.value, str) else w.num(one.value, one.digits))
        for one in found.figures
    )
    return RegisterView(
        name=found.kind,
        title=w.t(f"imports.kind.{found.kind}"),
        about=w.t(f"imports.about.{found.kind}"),
        found=found,
        by=people.get(found.entered_by or "", found.entered_by or ""),
        figures=figures,
        head=tuple(w.or_code(f"imports.column.{name}") for name in found.columns),
        rows=tuple(tuple(_shown(w, name, one.get(name)) for name in found.columns) for one in found.rows),
        spans=tuple(_span(w, one) for one in found.spans),
        map=city_map(found.roads, found.views),
    )


def _row(w: Words, one: ImportView, people: Mapping[str, str]) -> ImportRow:
    covers = (one.covers_from, one.covers_until) if one.covers_from and one.covers_until else None
    gone = None
    if one.withdrawn_at is not None:
        gone = w.t("imports.withdrawn_on", at=w.moment(one.withdrawn_at), reason=one.withdrawn_reason or "")
    return ImportRow(
        id=one.id,
        kind=w.t(f"imports.kind.{one.kind}"),
        view=one,
        covers=_span(w, covers),
        by=people.get(one.entered_by, one.entered_by),
        days=_days(w, one.first_day, one.last_day),
        withdrawn=gone,
    )


def _kind(w: Words, kind: Kind) -> KindView:
    columns = tuple((one.name, w.t(f"imports.column.{one.name}"), column_note(w.lang, one)) for one in kind.columns)
    return KindView(kind.name, w.t(f"imports.kind.{kind.name}"), w.t(f"imports.about.{kind.name}"), columns)


def _refusal(w: Words, one: Refusal) -> RefusalRow:
    column = "" if one.column is None else w.or_code(f"imports.column.{one.column}")
    return RefusalRow(
        row=w.t("imports.row_of_file") if one.row is None else str(one.row),
        column=column,
        value=one.value or "",
        reason=one.words(w.lang),
    )


def _typed(w: Words, column: Column, value: Any) -> str:
    if hasattr(value, "lines"):
        return w.t("imports.records", n=sum(1 for _ in value.points))
    return _shown(w, column.name, value)


def _shown(w: Words, name: str, value: Any) -> str:
    """A stored or read value as a table has it."""
    match value:
        case None | "":
            text = ""
        case bool():
            text = w.t("imports.yes" if value else "imports.no")
        case int() | float():
            text = w.num(value) if name not in {"longitude", "latitude"} else f"{value:g}"
        case datetime():
            text = w.moment(value)
        case date():
            text = w.day(value)
        case Mapping():
            text = "; ".join(
                f"{w.or_code(f'imports.column.{key}')} {_shown(w, key, one)}" for key, one in value.items()
            )
        case str() if _is_moment(value):
            text = w.moment(datetime.fromisoformat(value))
        case str() if name in {"unit", "closing_code", "recipient", "kind", "road_class", "event", "category"}:
            text = w.or_code(f"imports.{'unit' if name == 'unit' else 'choice'}.{value}")
        case _:
            text = str(value)
    return text


def _is_moment(text: str) -> bool:
    try:
        return "T" in text and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _span(w: Words, span: Span | None) -> str:
    """Local days of a half-open span, both included."""
    if span is None:
        return ""
    first, last = span[0].astimezone(w.zone).date(), _last(span[1]).astimezone(w.zone).date()
    return _days(w, first, last)


def _last(moment: datetime) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() - 1, UTC)


def _days(w: Words, first: date, last: date | None) -> str:
    if last is None or first == last:
        return w.day(first)
    return f"{w.day(first)} {DASH} {w.day(last)}"


def kind_names(w: Words) -> tuple[tuple[str, str], ...]:
    """Kinds by their names in the reader's language."""
    return tuple((one, w.t(f"imports.kind.{one}")) for one in KINDS)
