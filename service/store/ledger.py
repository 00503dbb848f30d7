"""The hourly signed Merkle root over the heads of all chains that moved, and the export that verifies offline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain as joined

from sqlalchemy import Select, func, select, text

from evidence.chain import GENESIS, Fault, root_message, root_of
from evidence.keys import Trust, installation_signer, trust_store
from evidence.ledger import RootLine, export, sign_root
from service.fault_points import reach
from service.store.alert_tables import Alert, AlertEvent
from service.store.database import Store, Work
from service.store.events import Chained, chain_of, check_record
from service.store.exchange_tables import ExchangeEvent, ExchangeManifest
from service.store.publication_tables import KpiPublication, PublicationEvent
from service.store.tables import CaseEvent, LedgerHead, LedgerRoot, ViolationCase

HOUR = timedelta(hours=1)


def sign_heads(store: Store) -> RootLine | None:
    """Sign a root over every chain that has moved since the root before; None when none has."""
    signer = installation_signer(store.settings.home)
    with store.write() as work:
        if work.session.get_bind().dialect.name == "postgresql":
            # The service and a job run by hand may sign at once; one root follows the other.
            work.session.execute(text("LOCK TABLE ledger_root IN SHARE ROW EXCLUSIVE MODE"))
        heads = _moved(work)
        if not heads:
            return None
        last = work.session.scalar(select(LedgerRoot).order_by(LedgerRoot.id.desc()).limit(1).with_for_update())
        time = work.now.isoformat(timespec="microseconds")
        line = sign_root(heads, last.root if last else GENESIS, time, signer)
        row = LedgerRoot(id=last.id + 1 if last else 1, time=time, root=line.root, prev=line.prev)
        row.key, row.signature = line.key, line.signature
        work.session.add(row)
        work.session.flush()
        work.session.add_all(
            LedgerHead(root_id=row.id, record=record, seq=seq, hash=digest) for record, (seq, digest) in heads.items()
        )
        reach(store, "ledger.written")
    return line


def due(work: Work) -> bool:
    """Whether an hour has passed since the last root."""
    last = work.session.scalar(select(LedgerRoot.time).order_by(LedgerRoot.id.desc()).limit(1))
    return last is None or work.now - datetime.fromisoformat(last) >= HOUR


def roots(work: Work) -> list[RootLine]:
    """Every root with its heads, in order."""
    heads: dict[int, dict[str, tuple[int, str]]] = {}
    for head in work.session.scalars(select(LedgerHead)):
        heads.setdefault(head.root_id, {})[head.record] = (head.seq, head.hash)
    return [
        RootLine(
            root=row.root, heads=heads.get(row.id, {}), prev=row.prev, time=row.time, key=row.key,
            signature=row.signature,
        )
        for row in work.session.scalars(select(LedgerRoot).order_by(LedgerRoot.id))
    ]  # fmt: skip


def root_with(work: Work, record: str) -> RootLine | None:
    """The last root over a record's chain, with all its heads; None where none holds it yet."""
    last = select(func.max(LedgerHead.root_id)).where(LedgerHead.record == record)
    row = work.session.scalars(select(LedgerRoot).where(LedgerRoot.id == last.scalar_subquery())).first()
    if row is None:
        return None
    held = work.session.scalars(select(LedgerHead).where(LedgerHead.root_id == row.id))
    heads = {head.record: (head.seq, head.hash) for head in held}
    return RootLine(root=row.root, heads=heads, prev=row.prev, time=row.time, key=row.key, signature=row.signature)


def export_ledger(store: Store) -> bytes:
    """All chains, all roots and a last root over exactly these chains (`qyran verify` reads it)."""
    signer = installation_signer(store.settings.home)
    with store.read() as work:
        chains = (chain_of(work.session, store.vault, row) for row in _records(work))
        return export(chains, roots(work), work.now.isoformat(timespec="microseconds"), signer)


def check_store(store: Store) -> list[Fault]:
    """Every fault of every chain and root in the store; empty when all is as it was written."""
    trust = trust_store(store.settings.home)
    with store.read() as work:
        faults = [
            fault for row in _records(work) if (fault := check_record(work.session, store.vault, row)) is not None
        ]
        prev = GENESIS
        for number, line in enumerate(roots(work), start=1):
            if line.prev != prev or not _holds(line, trust) or not _covers(work, line):
                faults.append(Fault("ledger_root", "ledger", number))
            prev = line.root
    return faults


def _moved(work: Work) -> dict[str, tuple[int, str]]:
    signed = select(LedgerHead.record, func.max(LedgerHead.seq).label("seq")).group_by(LedgerHead.record).subquery()
    found: dict[str, tuple[int, str]] = {}
    for table in (ViolationCase, Alert, KpiPublication, ExchangeManifest):
        query: Select[str, int, str] = (
            select(table.id, table.seq, table.head)
            .outerjoin(signed, signed.c.record == table.id)
            .where(table.seq > func.coalesce(signed.c.seq, 0))
        )
        found.update({record: (seq, digest) for record, seq, digest in work.session.execute(query)})
    return found


def _records(work: Work) -> Iterator[Chained]:
    return joined(
        work.session.scalars(select(ViolationCase).order_by(ViolationCase.id)),
        work.session.scalars(select(Alert).order_by(Alert.id)),
        work.session.scalars(select(KpiPublication).order_by(KpiPublication.id)),
        work.session.scalars(select(ExchangeManifest).order_by(ExchangeManifest.id)),
    )


def _holds(line: RootLine, trust: Trust) -> bool:
    message = root_message(line.root, line.heads, line.prev, line.time, line.key)
    return line.root == root_of(line.heads) and trust.accepts(line.key, bytes.fromhex(line.signature), message)


def _covers(work: Work, line: RootLine) -> bool:
    """Whether the chains still hold every head this root signed."""
    return all(_held(work, record, seq) == digest for record, (seq, digest) in line.heads.items())


def _held(work: Work, record: str, seq: int) -> str | None:
    """The hash of a link, whatever kind of record it belongs to."""
    for table in (CaseEvent, AlertEvent, PublicationEvent, ExchangeEvent):
        found = work.session.scalar(select(table.hash).where(table.record == record, table.seq == seq))
        if found is not None:
            return found
    return None
