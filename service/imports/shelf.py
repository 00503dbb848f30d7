"""Imports read back: the history, one import, its rows, its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from qyran.errors import NotFound
from service.access import log_access, require
from service.imports.intake import READERS, file_of
from service.store.database import Work
from service.store.import_tables import CityImport, CityImportRow
from service.store.tables import CityInput

LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class ImportView:
    """One import as lists and the API show it; see `CityImport`."""

    id: str
    kind: str
    source: str
    as_of: date
    file_name: str | None
    sha256: str
    format: str
    encoding: str | None
    rows: int
    refused: int
    covers_from: datetime | None
    covers_until: datetime | None
    first_day: date
    last_day: date | None
    entered_at: datetime
    entered_by: str
    touched: tuple[str, ...]
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


def history(work: Work, kind: str | None = None, *, limit: int = LISTED) -> tuple[ImportView, ...]:
    """Imports, the newest first, the withdrawn ones too.

    Raises:
        AccessError: the actor reads no imports.
    """
    require(work.actor, READERS)
    query = select(CityImport).order_by(CityImport.entered_at.desc(), CityImport.id).limit(limit)
    if kind is not None:
        query = query.where(CityImport.kind == kind)
    return tuple(_view(row) for row in work.session.scalars(query))


def one(work: Work, import_id: str) -> ImportView:
    """One import.

    Raises:
        AccessError: the actor reads no imports.
        NotFound: there is none.
    """
    require(work.actor, READERS)
    row = work.session.get(CityImport, import_id)
    if row is None:
        raise NotFound(f"There is no import {import_id[:40]}.")
    return _view(row)


def records(work: Work, found: ImportView, *, limit: int = LISTED) -> Sequence[dict[str, Any]]:
    """What was taken: the first rows of a journal, or a register's value.

    Raises:
        AccessError: the actor reads no imports.
    """
    require(work.actor, READERS)
    query = select(CityImportRow.value).where(CityImportRow.import_id == found.id)
    rows = work.session.scalars(query.order_by(CityImportRow.number).limit(limit)).all()
    return rows or work.session.scalars(select(CityInput.value).where(CityInput.import_id == found.id)).all()


def original(work: Work, import_id: str) -> tuple[ImportView, bytes]:
    """The file as it came; the look is logged, for it may name protected objects.

    Raises:
        AccessError: the actor reads no imports.
        NotFound: there is no such import.
    """
    role = require(work.actor, READERS)
    found = one(work, import_id)
    log_access(work, role, "import_file_read", import_id)
    return found, file_of(work, import_id)


def _view(row: CityImport) -> ImportView:
    names = ImportView.__slots__
    told = {name: getattr(row, name) for name in names}
    return ImportView(**{**told, "touched": tuple(row.touched)})
