"""The ledger of a cell: everything that was acknowledged is accounted for, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from evidence.keys import trust_store
from evidence.verify import verify
from service.beat_taking import ANALYSED, TOGETHER, stretch
from service.bench_faults.house import House
from service.event import Event
from service.notifying.messages import State as MessageState
from service.ports.erap import development_erap
from service.spool import Spool
from service.spool_segments import lines_in
from service.store.alert_tables import Alert
from service.store.database import Store
from service.store.ledger import check_store
from service.store.notice_tables import AlertMessage
from service.store.tables import CameraLog, Decision, Evidence, Ingested, Passage, ViolationCase

TABLES: Final[dict[str, type[Passage | ViolationCase | Alert]]] = {
    "passage": Passage,
    "violation": ViolationCase,
    "incident": Alert,
    "fire_alert": Alert,
}


@dataclass(slots=True)
class Ledger:
    """What a cell came to.

    Attributes:
        put: events that were acknowledged to the cameras.
        lost: acknowledged things that are nowhere, each with what it is.
        doubled: things that count twice.
        faults: chains that do not verify, evidence that is not intact, files that nobody knows.
        repeats: messages that came to a receiver again under their key, which counts once.
        handed: by receiver: the keys of messages that count as handed over.
    """

    put: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    repeats: int = 0
    handed: dict[str, list[str]] = field(default_factory=dict, repr=False)

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled, everything verifies."""
        return not (self.lost or self.doubled or self.faults)

    def told(self) -> dict[str, Any]:
        """For the report."""
        return {name: value for name, value in asdict(self).items() if name != "handed"}


def account(house: House, *, aside: int = 0, strangers: int = 0) -> Ledger:
    """Account for everything of a house.

    Args:
        house: whose programs have ended or are at rest.
        aside: items that were rightly put aside.
        strangers: events that were stored besides those of the cells.
    """
    found = Ledger(put=len(house.happenings.put))
    with closing(house.store()) as store:
        _events(house, store, found, strangers)
        _evidence(house, store, found)
        _messages(house, store, found)
        _decisions(store, found)
        found.faults += [f"chain: {one}" for one in check_store(store)]
    for folder in sorted({house.settings.spool_folder, house.happenings.spool.folder}):
        _waiting(Spool(folder), found, aside)
    return found


def _waiting(spool: Spool, found: Ledger, aside: int) -> None:
    """Nothing waits in a spool, and only what may was put aside."""
    for name in ("new", "making"):
        found.lost += [f"waits in spool/{name}: {one.name}" for one in (spool.folder / name).iterdir()]
    if lines := lines_in(spool.folder / "segments"):
        found.lost.append(f"{lines} events wait in spool/segments")
    if spool.aside() != aside:
        reasons = sorted(
            one.read_text(encoding="utf-8").strip() for one in (spool.folder / "aside").glob("*/reason.txt")
        )
        found.lost.append(f"{spool.aside()} items were put aside instead of {aside}: {reasons}")


def _events(house: House, store: Store, found: Ledger, strangers: int) -> None:
    """Each event put is stored once: one account, one row of its kind, one line of the camera's log."""
    with store.read() as work:
        known = Counter(work.session.scalars(select(Ingested.event_id)))
        rows = {table: Counter(work.session.scalars(select(table.id))) for table in set(TABLES.values())}
        packages = Counter(work.session.scalars(select(Evidence.event_id)))
        logged = list(work.session.scalars(select(CameraLog)))
    log = Counter(row.event_id for row in logged)
    for event in house.happenings.put:
        key = str(event.id)
        of_kind = log if event.type == "stream" else packages if event.type == "evidence" else rows[TABLES[event.type]]
        if not known[key] or not (of_kind[key] or _analysed(event, logged)):
            found.lost.append(f"{event.type} {key}")
        if of_kind[key] > 1:
            found.doubled.append(f"{event.type} {key}")
    stored = sum(len(every) for every in rows.values())
    expected = sum(event.type in TABLES for event in house.happenings.put)
    if stored > expected + strangers:
        found.doubled.append(f"{stored} records of {expected} events")


def _analysed(event: Event, logged: Sequence[CameraLog]) -> bool:
    """Whether a row of the camera's log covers a report of analysis: those that follow each other share a row."""
    if (event.type, event.kind) != ("stream", ANALYSED):
        return False
    start, end = stretch(event)
    return any(
        row.camera_id == event.camera
        and row.kind == ANALYSED
        and row.end is not None
        and row.start <= start + TOGETHER
        and row.end >= end - TOGETHER
        for row in logged
    )


def _evidence(house: House, store: Store, found: Ledger) -> None:
    """Every package is known, lies in its place, and verifies; nothing lies there that nobody knows."""
    folder = store.settings.evidence_folder
    with store.read() as work:
        packages = {row.folder: row for row in work.session.scalars(select(Evidence)) if row.folder}
    lying = {str(one.parent.relative_to(folder)) for one in folder.rglob("manifest.json")}
    told = {str(event.id) for event in house.happenings.put if event.evidence is not None}
    trust = trust_store(store.settings.home)
    for name, row in packages.items():
        if not row.intact:
            found.faults.append(f"evidence {name} is not intact: {row.faults}")
        if name not in lying:
            found.lost.append(f"evidence {name}")
        elif not verify(folder / name, trust).ok:
            found.faults.append(f"evidence {name} does not verify")
    for key in told - {row.event_id for row in packages.values()}:
        found.lost.append(f"evidence of {key}")
    found.faults += [f"an orphan lies in evidence: {name}" for name in sorted(lying - set(packages))]
    found.faults += [f"left over: {one}" for one in _left_over(folder)]


def _left_over(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*.partial"))


def _messages(house: House, store: Store, found: Ledger) -> None:
    """Each message about an alert reached the receiver once by its key."""
    with store.read() as work:
        every = list(work.session.scalars(select(AlertMessage)))
    for row in every:
        if row.state == MessageState.HANDED:
            found.handed.setdefault(row.receiver, []).append(row.key)
    rows = [row for row in every if row.receiver == "city"]
    taken = house.receiver.taken
    for row in rows:
        if row.state == MessageState.HANDED and row.key not in taken:
            found.lost.append(f"message {row.key} counts as handed over and never came")
        elif row.state == MessageState.QUEUED:
            found.lost.append(f"message {row.key} still waits")
    unknown = [key for key in set(taken) - {row.key for row in rows} if key]  # without a key somebody else had the port
    found.doubled += [f"message {key} that nobody knows" for key in unknown]
    found.repeats = sum(times - 1 for key, times in taken.items() if key)
    if house.receiver.overtakings:
        found.faults.append(f"{house.receiver.overtakings} alerts were told out of order")


def _decisions(store: Store, found: Ledger) -> None:
    """Each signed case has one decision with a number of its own, one file that verifies, and one parcel."""
    with store.read() as work:
        signed = {row.id: row.document_no for row in work.session.scalars(select(ViolationCase)) if row.document_no}
        files = [(row.case_id, row.file) for row in work.session.scalars(select(Decision))]
    numbers = Counter(signed.values())
    found.doubled += [f"number {number}" for number, times in numbers.items() if times > 1]
    found.doubled += [f"decision of {case}" for case, times in Counter(case for case, _ in files).items() if times > 1]
    folder, trust = store.settings.documents_folder, trust_store(store.settings.home)
    lying = {str(one.relative_to(folder)) for one in folder.rglob("*.pdf")}
    for case, path in files:
        if path not in lying:
            found.lost.append(f"document of {case}")
        elif not verify(folder / path, trust).ok:
            found.faults.append(f"the document of {case} does not verify")
    found.faults += [f"a document that nobody knows: {one}" for one in sorted(lying - {path for _, path in files})]
    outbox = development_erap(store).outbox
    parcels = Counter(one.name.split(".")[0] for one in outbox.iterdir())
    found.lost += [f"parcel of {case}" for case in signed if not parcels[case]]
    found.doubled += [f"parcel of {case}" for case, times in parcels.items() if times > 1]
