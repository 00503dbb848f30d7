"""Taking a file in: looked at first, whole or not at all, once, and withdrawn with its reason."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import insert, select, update

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service import city_inputs
from service.access import log_access, require
from service.imports.cells import EARLIEST
from service.imports.columns import Refused, Table
from service.imports.effects import touched
from service.imports.judging import Judged, Refusal, Row, header_words, judge, refused_file
from service.imports.kinds import KINDS, Context, Kind
from service.imports.reading import read_table
from service.places import addresses
from service.protected_objects.facts import object_ids
from service.protected_objects.taking import take_objects, undo_objects
from service.store.database import Work
from service.store.import_tables import CityImport, CityImportRow
from service.store.tables import Camera, CityInput, Personal

OBJECTS: Final = "objects"
"""The kind whose files go into the live register too."""
ENTERERS: Final = city_inputs.WRITERS
READERS: Final = ENTERERS | {Role.AUDITOR}
FILE, RESTRICTED = 0, 1
"""Places in `personal` under an import's id: the file's bytes, and what not everybody may see."""
SHOWN_ROWS: Final = 20
"""Of a preview."""
CHUNK: Final = 500
LONGEST_NAME: Final = 255
ONE_DAY: Final = timedelta(days=1)


class ImportRefused(InputError):
    """A file that was not taken, with everything that is wrong in it.

    Attributes:
        preview: what was found.
    """

    def __init__(self, preview: Preview) -> None:
        first = preview.judged.refusals[0]
        where = "The file" if first.row is None else f"Row {first.row}"
        place = f", column {first.column}" if first.column else ""
        more = f" ({preview.judged.count} refusals in all)" if preview.judged.count > 1 else ""
        super().__init__(f"{where}{place}: {first.words('en').rstrip('.')}{more}; nothing was imported.")
        self.preview = preview


@dataclass(frozen=True, slots=True)
class Upload:
    """A file and what the evaluator says of it.

    Attributes:
        source: who gave it, and under which number.
        as_of: day whose state it tells; of a journal the last day it tells of.
        since: of a journal the first day it tells of; None takes the day of its first record.
    """

    kind: Kind
    data: bytes
    source: str
    as_of: date
    name: str | None = None
    since: date | None = None

    @property
    def sha256(self) -> str:
        """Hash of the bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def standing(self) -> str:
        """What makes it the same import when it comes again."""
        return f"{self.kind.name}:{self.sha256}:{self.as_of}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do; nothing is stored.

    Attributes:
        known: id of the import that took this very file for this very day before.
        covers: span that a journal tells of.
        days: local days whose KPIs may change; an absent last day means from the first on.
        touched: published periods in which those days lie.
    """

    upload: Upload
    format: str
    encoding: str | None
    judged: Judged
    known: str | None
    covers: tuple[datetime, datetime] | None
    days: tuple[date, date | None]
    touched: tuple[str, ...]

    @property
    def can_be_taken(self) -> bool:
        """Whether confirming it would import every row."""
        return self.judged.count == 0 and bool(self.judged.rows)

    def as_dict(self) -> dict[str, Any]:
        """For the API."""
        start, end = self.covers or (None, None)
        return {
            "kind": self.upload.kind.name,
            "sha256": self.upload.sha256,
            "format": self.format,
            "encoding": self.encoding,
            "known": self.known,
            "rows": len(self.judged.rows),
            "refused_rows": self.judged.refused_rows,
            "refusals_in_all": self.judged.count,
            "refusals": [one.as_dict() for one in self.judged.refusals],
            "notes": [one.as_dict() for one in self.judged.notes],
            "covers_from": start.isoformat() if start else None,
            "covers_until": end.isoformat() if end else None,
            "first_day": self.days[0].isoformat(),
            "last_day": self.days[1].isoformat() if self.days[1] else None,
            "touches": list(self.touched),
        }


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an import.

    Attributes:
        known: whether this very file had been taken before, so that nothing changed.
    """

    id: str
    rows: int
    refused: int
    known: bool
    touched: tuple[str, ...]
    notes: tuple[Refusal, ...] = ()


def kind_of(name: str) -> Kind:
    """A kind by its name.

    Raises:
        NotFound: there is none.
    """
    if name not in KINDS:
        raise NotFound(f"There is no kind of import {name[:40]}; the kinds are {', '.join(KINDS)}.")
    return KINDS[name]


def preview(work: Work, upload: Upload) -> Preview:
    """Look at a file as an import would.

    Raises:
        AccessError: the actor enters no inputs.
        InputError: the source or the day cannot be.
    """
    require(work.actor, ENTERERS)
    zone = work.store.settings.zone
    today = work.now.astimezone(zone).date()
    if not upload.source.strip() or len(upload.source) > LONGEST_NAME:
        raise InputError("An import needs its source: who gave the file, up to 255 signs.")
    if not EARLIEST <= upload.as_of <= today:
        raise InputError("An import tells of a day that has come, not before 1990; set its date (as of).")
    if upload.since is not None and not EARLIEST <= upload.since <= upload.as_of:
        raise InputError("A journal begins on or before the last day it tells of; set its first day (since).")
    context = _context(work, upload)
    table: Table | None = None
    try:
        kind = upload.kind
        table = read_table(upload.data, header_words(kind), rows=kind.most_rows, mib=kind.most_mib)
        judged = judge(table, upload.kind, context, lambda keys: _stored(work, upload, keys))
    except Refused as error:
        judged = refused_file(error)
    known = work.session.scalar(select(CityImport.id).where(CityImport.standing == upload.standing))
    if known is not None:
        judged = Judged(judged.rows, (), 0, 0, judged.notes)
    covers = _covers(upload, judged.rows, context)
    days = _days(upload.kind, judged.rows, covers, context)
    found = () if known or not judged.rows else touched(work, *days)
    return Preview(
        upload, table.format if table else "", table.encoding if table else None, judged, known, covers, days, found
    )


def take(
    work: Work,
    upload: Upload,
    *,
    leave_out: bool = False,
    import_id: str | None = None,
    seen: Preview | None = None,
) -> Taken:
    """Import a file: all of its rows, or nothing.

    Args:
        work: the unit of work; an exception anywhere in it leaves nothing behind.
        upload: the file.
        leave_out: take the good rows and leave the refused ones out, as somebody decided who saw them.
        import_id: of the draft that it was; None makes a new one.
        seen: what was found in it just before, outside this unit of work, so that nobody waits while a long file is
            judged; what the store holds is asked again.

    Raises:
        AccessError: the actor enters no inputs.
        ImportRefused: a row or the file is refused.
        InputError: the source or the day cannot be.
    """
    require(work.actor, ENTERERS)
    if seen is None or _moved_on(work, upload, seen):
        seen = preview(work, upload)
    if seen.known is not None:
        return Taken(seen.known, 0, 0, known=True, touched=(), notes=seen.judged.notes)
    judged = seen.judged
    if judged.count and (not leave_out or judged.of_file or not judged.rows):
        raise ImportRefused(seen)
    found = CityImport(
        id=import_id or str(uuid4()),
        kind=upload.kind.name,
        source=upload.source.strip(),
        as_of=upload.as_of,
        file_name=upload.name[-LONGEST_NAME:] if upload.name else None,
        sha256=upload.sha256,
        format=seen.format,
        encoding=seen.encoding,
        rows=len(judged.rows),
        refused=judged.refused_rows,
        covers_from=seen.covers[0] if seen.covers else None,
        covers_until=seen.covers[1] if seen.covers else None,
        first_day=seen.days[0],
        last_day=seen.days[1],
        entered_at=work.now,
        entered_by=work.actor.id,
        standing=upload.standing,
        touched=list(seen.touched),
    )
    work.session.add(found)
    work.session.flush()
    if import_id is None:
        keep_file(work, found.id, upload.data)
    _keep_restricted(work, found.id, judged.rows)
    if upload.kind.journal:
        _add_rows(work, found, upload.kind, judged.rows)
    elif upload.kind.compose is not None:
        value = upload.kind.compose([row.record for row in judged.rows])
        city_inputs.enter(work, found.kind, value, source=found.source, as_of=found.as_of, import_id=found.id)
    _keep_register(work, found, judged.rows)
    log_access(work, require(work.actor, ENTERERS), "import_taken", found.id)
    return Taken(found.id, found.rows, found.refused, known=False, touched=seen.touched, notes=judged.notes)


def withdraw(work: Work, import_id: str, reason: str) -> tuple[str, ...]:
    """Take an import back; it stays in the history with the reason. The published periods that it touches.

    Raises:
        AccessError: the actor enters no inputs.
        NotFound: there is no such import.
        TransitionError: it was withdrawn already.
        InputError: no reason was given.
    """
    role = require(work.actor, ENTERERS)
    if not reason.strip():
        raise InputError("Say why the import is withdrawn.")
    found = work.session.get(CityImport, import_id, with_for_update=True)
    if found is None:
        raise NotFound(f"There is no import {import_id[:40]}.")
    if found.withdrawn_at is not None:
        raise TransitionError("The import was withdrawn already.")
    again = touched(work, found.first_day, found.last_day)
    found.withdrawn_at, found.withdrawn_by, found.withdrawn_reason = work.now, work.actor.id, reason.strip()[:1000]
    found.standing = None
    found.touched = sorted({*found.touched, *again})
    work.session.execute(update(CityImportRow).where(CityImportRow.import_id == import_id).values(standing=None))
    work.session.execute(update(CityInput).where(CityInput.import_id == import_id).values(withdrawn_at=work.now))
    if found.kind == OBJECTS:
        work.session.flush()
        undo_objects(work, import_id)
    if found.kind == addresses.KIND:
        addresses.undo_addresses(work, import_id)
    log_access(work, role, "import_withdrawn", found.id)
    return again


def keep_file(work: Work, record: str, data: bytes) -> None:
    """Keep the bytes of a file, sealed."""
    packed = base64.b64encode(zlib.compress(data, 6)).decode()
    wrapped, sealed = work.store.vault.seal(record, FILE, {"zlib": packed})
    work.session.add(Personal(record=record, seq=FILE, wrapped_key=wrapped, sealed=sealed))


def file_of(work: Work, record: str) -> bytes:
    """The bytes of a file that was kept.

    Raises:
        NotFound: there is none.
    """
    return zlib.decompress(base64.b64decode(opened(work, record, FILE)["zlib"]))


def opened(work: Work, record: str, place: int) -> dict[str, Any]:
    """What was sealed for an import.

    Raises:
        NotFound: nothing was.
    """
    row = work.session.get(Personal, (record, place))
    if row is None or row.wrapped_key is None or row.sealed is None:
        raise NotFound("Nothing is kept under this import.")
    return work.store.vault.open(record, place, row.wrapped_key, row.sealed)


def _context(work: Work, upload: Upload) -> Context:
    settings = work.store.settings
    known = object_ids(work, city_inputs.newest(work, [OBJECTS]).get(OBJECTS))
    cameras = frozenset(work.session.scalars(select(Camera.id)))
    return Context(settings.zone, work.now, upload.as_of, upload.since, settings.city_category, cameras, known)


def _stored(work: Work, upload: Upload, keys: Sequence[str]) -> Mapping[str, str]:
    """Keys that stand already; of KPI values only those of this day or a later one: an earlier one is revised."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), CHUNK):
        query = select(CityImportRow.key, CityImport.entered_at, CityImport.as_of).join(
            CityImport, CityImport.id == CityImportRow.import_id
        )
        query = query.where(
            CityImportRow.kind == upload.kind.name,
            CityImportRow.key.in_(keys[start : start + CHUNK]),
            CityImport.withdrawn_at.is_(None),
        )
        for key, entered, as_of in work.session.execute(query):
            if upload.kind.spans or as_of >= upload.as_of or upload.kind.name != "kpi_values":
                found[key] = f"{entered.astimezone(work.store.settings.zone):%Y-%m-%d %H:%M}"
    return found


def _moved_on(work: Work, upload: Upload, seen: Preview) -> bool:
    """Whether the store got something since a file was looked at that says otherwise of it."""
    known = work.session.scalar(select(CityImport.id).where(CityImport.standing == upload.standing))
    return known != seen.known or (
        upload.kind.journal and bool(_stored(work, upload, [r.key for r in seen.judged.rows]))
    )


def _covers(upload: Upload, rows: Sequence[Row], context: Context) -> tuple[datetime, datetime] | None:
    if not upload.kind.spans or not rows:
        return None
    first = upload.since or min(_moment(row, upload.kind, context) for row in rows).astimezone(context.zone).date()
    return context.midnight(first), context.until


def _days(
    kind: Kind, rows: Sequence[Row], covers: tuple[datetime, datetime] | None, context: Context
) -> tuple[date, date | None]:
    """Local days whose KPIs an import may change."""
    if not kind.journal or not rows:
        return context.as_of, None
    if covers is not None:
        return covers[0].astimezone(context.zone).date(), context.as_of
    days = [_moment(row, kind, context).astimezone(context.zone).date() for row in rows]
    return min(days), context.as_of


def _moment(row: Row, kind: Kind, context: Context) -> datetime:
    assert kind.at is not None  # noqa: S101  journals have one
    return kind.at(row.values, context)


def _add_rows(work: Work, found: CityImport, kind: Kind, rows: Sequence[Row]) -> None:
    context = Context(work.store.settings.zone, work.now, found.as_of)
    revised = f"|{found.as_of}" if kind.name == "kpi_values" else ""
    made = [
        {
            "import_id": found.id,
            "number": row.number,
            "kind": kind.name,
            "key": row.key,
            "at": _moment(row, kind, context),
            "value": row.record,
            "standing": f"{kind.name}:{row.key}{revised}",
        }
        for row in rows
    ]
    work.session.execute(insert(CityImportRow), made)


def _keep_restricted(work: Work, import_id: str, rows: Sequence[Row]) -> None:
    secret = {row.key: row.restricted for row in rows if row.restricted}
    if secret:
        wrapped, sealed = work.store.vault.seal(import_id, RESTRICTED, secret)
        work.session.add(Personal(record=import_id, seq=RESTRICTED, wrapped_key=wrapped, sealed=sealed))


def _keep_register(work: Work, found: CityImport, rows: Sequence[Row]) -> None:
    """The live register takes the newest file; one of an earlier day than another that stands tells it nothing."""
    if found.kind == addresses.KIND:
        addresses.take_addresses(work, found.id, (row.record for row in rows))
    if found.kind != OBJECTS:
        return
    newer = select(CityImport.id).where(
        CityImport.kind == OBJECTS, CityImport.withdrawn_at.is_(None), CityImport.as_of > found.as_of
    )
    if work.session.scalar(newer.limit(1)) is None:
        ended = Context(work.store.settings.zone, work.now, found.as_of).midnight(found.as_of)
        take_objects(work, found.id, [{**row.record, **row.restricted} for row in rows], ended)


def may_enter(roles: frozenset[Role]) -> bool:
    """Whether somebody with these roles brings files in."""
    return bool(roles & ENTERERS)
