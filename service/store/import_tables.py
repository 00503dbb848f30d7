"""Tables of what evaluators bring from outside: imports, their rows, and uploads that wait for a person's yes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Hash, Id


class CityImport(Base):
    """One file that was taken in whole; its bytes lie sealed in `personal` under its id.

    Attributes:
        format: csv, xlsx, json or geojson.
        as_of: day whose state the file tells, as the evaluator said.
        rows, refused: rows that were taken; those that were left out because the evaluator said so.
        covers_from, covers_until: the span that a journal speaks of.
        first_day, last_day: local days whose KPIs it may change; the last is None where it holds from a day on.
        standing: kind, hash and day, so that the same file stands once; None once it was withdrawn.
        touched: published periods in which those days lay, as of the import and of its withdrawal.
    """

    __tablename__ = "city_import"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code, index=True)
    source: Mapped[str] = mapped_column(String(255))
    as_of: Mapped[date]
    file_name: Mapped[str | None] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(Hash)
    format: Mapped[str] = mapped_column(String(16))
    encoding: Mapped[str | None] = mapped_column(String(16))
    rows: Mapped[int]
    refused: Mapped[int]
    covers_from: Mapped[datetime | None]
    covers_until: Mapped[datetime | None]
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    entered_at: Mapped[datetime] = mapped_column(index=True)
    entered_by: Mapped[str] = mapped_column(Id)
    standing: Mapped[str | None] = mapped_column(String(160), unique=True)
    touched: Mapped[list[Any]]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(Id)
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)


class CityImportRow(Base):
    """One row of an imported journal, or one imported KPI value.

    Attributes:
        number: of the row in its file.
        key: what makes it the same record when it comes again (a call's number).
        at: moment it counts at.
        standing: kind and key, so that a record stands once; None once its import was withdrawn.
    """

    __tablename__ = "city_import_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[str] = mapped_column(ForeignKey("city_import.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(Code)
    key: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime | None]
    value: Mapped[dict[str, Any]]
    standing: Mapped[str | None] = mapped_column(String(200), unique=True)

    __table_args__ = (Index(None, "kind", "at"), Index(None, "kind", "key"))


class CityImportDraft(Base):
    """An upload that was looked at and not taken yet; its bytes lie sealed in `personal` under its id."""

    __tablename__ = "city_import_draft"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Code)
    source: Mapped[str] = mapped_column(String(255))
    as_of: Mapped[date]
    since: Mapped[date | None]
    file_name: Mapped[str | None] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(Hash)
    uploaded_at: Mapped[datetime] = mapped_column(index=True)
    uploaded_by: Mapped[str] = mapped_column(Id)
