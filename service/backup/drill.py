"""The drill: a back-up is only one that was restored. Done beside the running installation, on copies alone.

Restores into a folder and a database of its own, then asks what a court and an operator would ask: do all chains and
roots hold, is every package what was signed, is every document there, do names and plates open, how old is the newest
thing, how long did it take.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from evidence.canonical import file_sha256
from evidence.keys import Trust, trust_store
from evidence.verify import verify
from qyran.errors import IntegrityError
from service.backup import database, sealed_keys
from service.backup.manifest import read_manifest
from service.backup.restore import place, refuse_damaged
from service.backup.trees import KEYS
from service.store.alert_tables import Alert
from service.store.database import Store, open_store
from service.store.ledger import check_store
from service.store.tables import Decision, Evidence, Ingested, Personal, ViolationCase

if TYPE_CHECKING:
    from service.settings import Settings

OWN_FOLDERS: Final = ("spool", "evidence", "documents", "passages", "masked", "models", "video", "live")
"""Settings that name folders outside of the home; in a drill everything lies in one."""
NAMED: Final = 20
"""Faults of a kind that a report names; it counts them all."""
MANY: Final = 1000
"""Rows read at a time."""


@dataclass(frozen=True, slots=True)
class Drill:
    """What a drill found. Without a fault in it the back-up would bring the installation back.

    Attributes:
        made: the moment of the back-up: what came later would be lost.
        newest: when the newest event was taken in.
        cases, alerts, packages, documents, personal: how many were held against their chains, hashes and keys.
        faults: what does not hold, at most `NAMED` of each kind.
        fault_count: how many there are.
        seconds: what checking the files, restoring and asking took.
    """

    made: datetime
    newest: datetime | None
    cases: int
    alerts: int
    packages: int
    documents: int
    personal: int
    faults: tuple[str, ...]
    fault_count: int
    seconds: dict[str, float]

    @property
    def report(self) -> dict[str, Any]:
        """As JSON."""
        moments = {name: None if (at := getattr(self, name)) is None else at.isoformat() for name in ("made", "newest")}
        return {**asdict(self), **moments, "ok": not self.fault_count}


def drill(
    settings: Settings, folder: Path, *, passphrase: str | None, work: Path | None = None, database_url: str = "",
    trust: Trust | None = None,
) -> Drill:  # fmt: skip
    """Restore a back-up beside the installation and ask it everything.

    Args:
        settings: of the installation, which is left alone.
        folder: the back-up.
        passphrase: of its keys; None takes the installation's own.
        work: folder in which the drill makes its own; by default the back-up's, where files need not be copied.
        database_url: an empty database of PostgreSQL, where the back-up is of one.
        trust: keys that may have signed it; by default the installation's.

    Raises:
        InputError: nothing lies at `folder`, or the database holds tables.
        IntegrityError: the back-up is not what was signed.
        ConfigError: the database refuses.
    """
    clock = _Clock()
    manifest = read_manifest(folder, trust or trust_store(settings.home))
    refuse_damaged(folder, manifest)
    clock.took("files")
    with tempfile.TemporaryDirectory(prefix=".qyran-drill-", dir=work or folder.parent) as name:
        home = Path(name) / "home"
        own = settings.model_copy(
            update={"home": home, "database_url": database_url, "city_id": manifest.city_id}
            | dict.fromkeys(OWN_FOLDERS)
        )
        if passphrase is not None and manifest.with_keys:
            sealed_keys.open_keys((folder / sealed_keys.FILE).read_bytes(), passphrase, home / KEYS)
        else:
            shutil.copytree(settings.home / KEYS, home / KEYS)
        database.restore(own.url, folder)
        place(own, folder, manifest, link=True)
        store = open_store(own, demo=manifest.demo)
        clock.took("restore")
        try:
            found = _Questions(store)
            faults = [*found.chains(), *found.packages(), *found.documents(), *found.personal()]
            clock.took("questions")
            with store.read() as read:
                newest = read.session.scalar(select(func.max(Ingested.at)))
                cases = read.session.scalar(select(func.count()).select_from(ViolationCase)) or 0
                alerts = read.session.scalar(select(func.count()).select_from(Alert)) or 0
        finally:
            store.close()
    return Drill(
        manifest.made, newest, cases, alerts, found.counts["package"], found.counts["document"],
        found.counts["personal"], tuple(_shown(faults)), len(faults), clock.seconds,
    )  # fmt: skip


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def took(self, what: str) -> None:
        """So much passed since the last time."""
        now = time.perf_counter()
        self.seconds[what] = round(now - self._since, 2)
        self._since = now


class _Questions:
    """What a restored store is asked; each answer is a list of sentences about what does not hold."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.counts = dict.fromkeys(("package", "document", "personal"), 0)

    def chains(self) -> list[str]:
        """Every chain and root."""
        return [f"chain {fault.record}, event {fault.seq}: {fault.code}" for fault in check_store(self._store)]

    def packages(self) -> Iterator[str]:
        """Every evidence package that was whole when it was taken in."""
        trust = trust_store(self._store.settings.home)
        with self._store.read() as work:
            rows = select(Evidence.event_id, Evidence.folder).where(Evidence.intact, Evidence.erased.is_(False))
            for event, folder in work.session.execute(rows.execution_options(yield_per=MANY)):
                self.counts["package"] += 1
                path = self._store.settings.evidence_folder / folder
                if not path.exists():
                    yield f"package {event}: missing"
                elif not verify(path, trust).ok:
                    yield f"package {event}: altered"

    def documents(self) -> Iterator[str]:
        """Every signed decision that was not erased."""
        with self._store.read() as work:
            rows = select(Decision.document_no, Decision.file, Decision.sha256).where(Decision.file != "")
            for number, file, sha256 in work.session.execute(rows.execution_options(yield_per=MANY)):
                self.counts["document"] += 1
                path = self._store.settings.documents_folder / file
                if not path.exists():
                    yield f"decision {number}: missing"
                elif file_sha256(path) != sha256:
                    yield f"decision {number}: altered"

    def personal(self) -> Iterator[str]:
        """Every sealed payload opens with the keys."""
        with self._store.read() as work:
            rows = select(Personal.record, Personal.seq, Personal.wrapped_key, Personal.sealed)
            kept = rows.where(Personal.sealed.is_not(None)).execution_options(yield_per=MANY)
            for record, seq, wrapped, sealed in work.session.execute(kept):
                if wrapped is None or sealed is None:
                    continue
                self.counts["personal"] += 1
                try:
                    self._store.vault.open(record, seq, wrapped, sealed)
                except IntegrityError:
                    yield f"personal data of {record}, {seq}: cannot be opened"


def _shown(faults: Sequence[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for fault in faults:
        kind = fault.split(" ", 1)[0]
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= NAMED:
            yield fault
