"""Where restricted words about an object lie: sealed under the id of its version, contacts apart from the place."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select

from qyran.errors import NotFound
from service.protected_objects.model import Contact, Details, plain
from service.store.database import Work
from service.store.tables import Personal

DETAILS: Final = 0
CONTACTS: Final = 1
"""Places in `personal` under a version's id."""
CHUNK: Final = 500
"""Ids a question names at once."""


def seal(work: Work, version_id: str, details: Details, contacts: Iterable[Contact]) -> None:
    """Keep what is restricted about a version."""
    _put(work, version_id, DETAILS, plain(details))
    people = [one.model_dump(mode="json", exclude_none=True) for one in contacts]
    if people:
        _put(work, version_id, CONTACTS, {"contacts": people})


def details_of(work: Work, versions: Iterable[str]) -> dict[str, Details]:
    """Details by version."""
    found = _opened(work, versions, DETAILS)
    return {version: Details.model_validate(said) for version, said in found.items()}


def contacts_of(work: Work, version_id: str) -> tuple[Contact, ...]:
    """Contacts of a version; none where they were destroyed."""
    said = _opened(work, [version_id], CONTACTS).get(version_id, {})
    return tuple(Contact.model_validate(one) for one in said.get("contacts", ()))


def destroy_contacts(work: Work, version_id: str) -> None:
    """Destroy the key of a version's contacts."""
    row = work.session.get(Personal, (version_id, CONTACTS))
    if row is not None:
        row.wrapped_key, row.sealed, row.erased_at = None, None, work.now


def keep_file(work: Work, record: str, data: bytes) -> None:
    """Keep the bytes of a plan, sealed."""
    _put(work, record, DETAILS, {"zlib": base64.b64encode(zlib.compress(data)).decode()})


def file_of(work: Work, record: str) -> bytes:
    """The bytes of a plan.

    Raises:
        NotFound: there is none.
    """
    said = _opened(work, [record], DETAILS).get(record)
    if said is None:
        raise NotFound("There is no such plan.")
    return zlib.decompress(base64.b64decode(said["zlib"]))


def _put(work: Work, record: str, place: int, payload: dict[str, Any]) -> None:
    wrapped, sealed = work.store.vault.seal(record, place, payload)
    work.session.add(Personal(record=record, seq=place, wrapped_key=wrapped, sealed=sealed))


def _opened(work: Work, records: Iterable[str], place: int) -> dict[str, dict[str, Any]]:
    wanted = list(records)
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(Personal).where(Personal.record.in_(wanted[start : start + CHUNK]), Personal.seq == place)
        for row in work.session.scalars(query):
            if row.wrapped_key is not None and row.sealed is not None:
                found[row.record] = work.store.vault.open(row.record, row.seq, row.wrapped_key, row.sealed)
    return found
