"""The picture that a message may carry."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service.evidence_copies import masked_pictures
from service.records import evidence_file, evidence_of, load, still_of
from service.store.alert_tables import Alert
from service.store.database import Store

LARGEST: Final = 4 << 20
"""Bytes: mail servers refuse more than some megabytes, and the words must not be lost with the picture."""


def picture_of(store: Store, alert_id: str, *, masked: bool) -> bytes | None:
    """The JPEG that the alarm list shows, or its masked copy; None where there is none or it is too large.

    Raises:
        IntegrityError: the evidence is damaged.
        OSError: it cannot be read.
    """
    with store.read() as work:
        row = load(work, Alert, alert_id, lock=False)
        packages = evidence_of(work, [row.id]).get(row.id, [])
        named = still_of(packages)
        if named is None:
            return None
        event_id, _, name = named.partition("/")
        path: Path | None = evidence_file(work, row, event_id, name)[0]
        package = next(one for one in packages if one.event_id == event_id)
    if masked:
        copy = masked_pictures(store, package).get(name)
        path = None if copy is None else copy.path
    data = path.read_bytes() if path is not None else b""
    return data if 0 < len(data) <= LARGEST else None
