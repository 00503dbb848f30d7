"""Files of objects that are imported, written into the live register; a withdrawn file is taken out of it again.

A file tells the whole register of its day: an object that an earlier file had brought and this one lacks left the
register with it. What somebody entered by hand stays, whatever a file lacks; what a file says of it is taken over, and
what a file does not say (hazards, contacts) stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select

from service.i18n import LANGUAGES, Language
from service.protected_objects import sealed
from service.protected_objects.model import Details, ObjectBody
from service.protected_objects.register import BY_HAND, COLUMNS, standing, write
from service.store.database import Work
from service.store.import_tables import CityImport
from service.store.sensor_tables import ObjectVersion, ProtectedObject

WORDS: Final = {"hazards": "hazards", "water_sources": "water", "access_notes": "access_notes"}
"""Columns of a file, and what they are in the register."""
CONTACTS: Final = ("contact", "contact2")
"""Beginnings of the columns that name somebody."""


def take_objects(work: Work, import_id: str, rows: Sequence[Mapping[str, Any]], ended: datetime) -> None:
    """Write the rows of a file into the register.

    Args:
        work: the unit of work.
        import_id: of the file.
        rows: columns with their values, restricted ones too; what is empty is absent.
        ended: when an object that the file lacks left the register.
    """
    named = {str(one["id"]): one for one in rows}
    there = {one.id: one for one in work.session.scalars(select(ProtectedObject))}
    for object_id, row in named.items():
        old = standing(work, object_id).body if object_id in there else ObjectBody()
        write(work, object_id, _over(old, row, work.store.settings.language), import_id, None)
    first = select(ObjectVersion.object_id).where(ObjectVersion.number == 1, ObjectVersion.origin == BY_HAND)
    ours = set(work.session.scalars(first))
    for object_id, standing_row in there.items():
        left = object_id not in named and object_id not in ours
        if left and (standing_row.until is None or standing_row.until > ended):
            body = standing(work, object_id).body
            since = min(body.since, ended) if body.since is not None else None
            write(work, object_id, body.model_copy(update={"until": ended, "since": since}), import_id, "not_in_file")


def undo_objects(work: Work, import_id: str) -> None:
    """Give every object that stands as a withdrawn file left it the state it had before."""
    query = select(ProtectedObject).where(ProtectedObject.origin == import_id)
    standing_files = select(CityImport.id).where(CityImport.withdrawn_at.is_(None), CityImport.id != import_id)
    counts = or_(ObjectVersion.origin == BY_HAND, ObjectVersion.origin.in_(standing_files))
    for row in work.session.scalars(query).all():
        before = work.session.scalar(
            select(ObjectVersion)
            .where(ObjectVersion.object_id == row.id, counts, ObjectVersion.gone.is_(False))
            .order_by(ObjectVersion.number.desc())
            .limit(1)
        )
        if before is None:
            _take_out(work, row, import_id)
            continue
        details = sealed.details_of(work, [before.id]).get(before.id, Details())
        columns = {name: getattr(before, name) for name in COLUMNS}
        body = ObjectBody.model_validate(
            {**columns, "cameras": tuple(before.cameras), "details": details,
             "contacts": sealed.contacts_of(work, before.id)}
        )  # fmt: skip
        write(work, row.id, body, before.origin, "import_withdrawn")


def _take_out(work: Work, row: ProtectedObject, import_id: str) -> None:
    """The file alone had brought it: nothing of it stands, and its history says so."""
    made = write(work, row.id, standing(work, row.id).body, import_id, "import_withdrawn")
    work.session.get_one(ObjectVersion, made.version_id).gone = True
    work.session.delete(row)
    work.session.flush()


def _over(old: ObjectBody, row: Mapping[str, Any], language: Language) -> ObjectBody:
    """What a row says over what was known."""
    told = {name: row[name] for name in ("kind", "station") if name in row}
    for name in ("since", "until"):
        told[name] = datetime.fromisoformat(row[name]) if row.get(name) else None
    if row.get("cameras"):
        told["cameras"] = tuple(one.strip() for one in str(row["cameras"]).split("|") if one.strip())
    details = old.details.model_dump()
    for name in ("name", "address"):
        given = {lang: row[f"{name}_{lang}"] for lang in LANGUAGES if row.get(f"{name}_{lang}")}
        if row.get(name) and language not in given:
            given[language] = row[name]
        details[name] = {**details[name], **given}
    for column, field in WORDS.items():
        details[field] = row.get(column) or details[field]
    for name in ("latitude", "longitude", "floors"):
        details[name] = row[name] if row.get(name) is not None else details[name]
    people = _contacts(row)
    changed = {**old.model_dump(), **told, "details": details}
    if people:
        changed["contacts"] = people
    return ObjectBody.model_validate(changed)


def _contacts(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for begins in CONTACTS:
        said = {name: row[f"{begins}_{name}"] for name in ("name", "position", "phone", "email")
                if row.get(f"{begins}_{name}")}  # fmt: skip
        if said:
            found.append(said)
    return found
