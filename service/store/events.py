"""Appending to the chain of a case, an alert or a publication, reading it back, and checking it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.canonical import canonical_json, strict_json
from evidence.chain import Fault, Link, append, check
from qyran.errors import IntegrityError
from qyran.roles import Role
from service.announcing import state_stored
from service.store.alert_tables import Alert, AlertEvent
from service.store.database import Work
from service.store.exchange_tables import ExchangeEvent, ExchangeManifest
from service.store.publication_tables import KpiPublication, PublicationEvent
from service.store.tables import CaseEvent, ChainEvent, Personal, ViolationCase
from service.store.vault import Vault

Row = ViolationCase | Alert
Chained = Row | KpiPublication | ExchangeManifest
"""Whatever has a chain of its own."""
STATE = "state"
TOMBSTONE = "tombstone"
REPEATED = ("actor", "role", "kind", "source", "target", "reason")


def events_of(row: Chained) -> type[CaseEvent | AlertEvent | PublicationEvent | ExchangeEvent]:
    """The table of a record's events."""
    match row:
        case ViolationCase():
            return CaseEvent
        case Alert():
            return AlertEvent
        case KpiPublication():
            return PublicationEvent
        case ExchangeManifest():
            return ExchangeEvent


def _events(session: Session, row: Chained) -> list[ChainEvent]:
    table: type[CaseEvent | AlertEvent | PublicationEvent | ExchangeEvent] = events_of(row)
    return list(session.scalars(select(table).where(table.record == row.id).order_by(table.seq)))


def append_event(
    work: Work,
    row: Chained,
    kind: str,
    role: Role,
    *,
    target: str | None = None,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
    payload: Mapping[str, Any] | None = None,
) -> Link:
    """Append an event to a record's chain and move the record's view of its head.

    Args:
        work: the unit of work.
        row: the record; its `state` becomes `target` where the event is a change of state.
        kind: "state", an attribute's name, or what else happened.
        role: the role the actor acts in.
        target: the new state or value.
        reason: a reason code.
        data: public facts of the event; nothing about a person.
        payload: what may be personal; only its salted commitment enters the chain.
    """
    source = (row.state or None) if kind == STATE else getattr(row, kind, None) if target is not None else None
    header = {
        "at": work.now.isoformat(timespec="microseconds"),
        "actor": work.actor.id,
        "role": role.value,
        "kind": kind,
        "source": source,
        "target": target,
        "reason": reason,
        **({"data": dict(data)} if data else {}),
    }
    link = _store(work, row, header, payload or {})
    if kind == STATE and target is not None and isinstance(row, ViolationCase | Alert):
        state_stored(work, row, str(target))
    return link


def append_tombstone(work: Work, row: Row, role: Role, number: int, erased: Sequence[int], ground: str) -> Link:
    """Append the event that says which payloads of the chain went under a tombstone."""
    header = {
        "at": work.now.isoformat(timespec="microseconds"),
        "actor": work.actor.id,
        "role": role.value,
        "kind": TOMBSTONE,
        "source": None,
        "target": None,
        "reason": ground,
        "number": number,
        "erases": [[row.id, seq] for seq in erased],
    }
    return _store(work, row, header, {})


def _store(work: Work, row: Chained, header: dict[str, Any], payload: Mapping[str, Any]) -> Link:
    link = append(row.id, (row.seq, row.head) if row.seq else None, header, payload)
    wrapped, sealed = work.store.vault.seal(row.id, link.seq, {"salt": link.salt, "payload": dict(payload)})
    work.session.add(
        events_of(row)(
            record=row.id,
            seq=link.seq,
            prev=link.prev,
            header=canonical_json(header).decode(),
            commitment=link.commitment,
            hash=link.hash,
            at=work.now,
            **{name: header[name] for name in REPEATED},
        )
    )
    work.session.add(Personal(record=row.id, seq=link.seq, wrapped_key=wrapped, sealed=sealed))
    row.seq, row.head, row.changed_at = link.seq, link.hash, work.now
    if header["kind"] == STATE:
        row.state = header["target"]
    return link


def chain_of(session: Session, vault: Vault, row: Chained) -> list[Link]:
    """A record's chain in order, payloads opened where they were not erased."""
    events = _events(session, row)
    personal = {item.seq: item for item in session.scalars(select(Personal).where(Personal.record == row.id))}
    return [_link(one, personal.get(one.seq), vault) for one in events]


def facts_of(session: Session, vault: Vault, records: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What the payloads of each record say together, later events over earlier; erased ones say nothing."""
    wanted = list(records)
    found: dict[str, dict[str, Any]] = {record: {} for record in wanted}
    rows = select(Personal).where(Personal.record.in_(wanted)).order_by(Personal.record, Personal.seq)
    for item in session.scalars(rows):
        if item.wrapped_key is not None and item.sealed is not None:
            opened = vault.open(item.record, item.seq, item.wrapped_key, item.sealed)
            found[item.record].update(opened["payload"])
    return found


def check_record(session: Session, vault: Vault, row: Chained) -> Fault | None:
    """The first fault of a record: its chain, the columns that repeat it, or the view of its last event."""
    events = _events(session, row)
    try:
        links = chain_of(session, vault, row)
    except (IntegrityError, ValueError):
        return Fault("chain_payload_altered", row.id, 0)
    fault = check(links, erasures(links))
    if fault is not None:
        return fault
    for one, link in zip(events, links, strict=True):
        at = one.at.isoformat(timespec="microseconds")
        if link.header["at"] != at or any(link.header[name] != getattr(one, name) for name in REPEATED):
            return Fault("chain_altered", row.id, one.seq)
    last = next((link for link in reversed(links) if link.header["kind"] == STATE), None)
    if not links or last is None or (row.seq, row.head, row.state) != (
        links[-1].seq, links[-1].hash, last.header["target"],
    ):  # fmt: skip
        return Fault("chain_altered", row.id, row.seq)
    return None


def erasures(links: Iterable[Link]) -> dict[int, set[tuple[str, int]]]:
    """What each tombstone among the links erases."""
    return {
        int(link.header["number"]): {(str(record), int(seq)) for record, seq in link.header["erases"]}
        for link in links
        if link.header["kind"] == TOMBSTONE
    }


def _link(event: ChainEvent, personal: Personal | None, vault: Vault) -> Link:
    salt, payload, erased = None, None, None
    if personal is not None and personal.wrapped_key is not None and personal.sealed is not None:
        opened = vault.open(event.record, event.seq, personal.wrapped_key, personal.sealed)
        salt, payload = opened["salt"], opened["payload"]
    elif personal is not None:
        erased = personal.tombstone
    header = strict_json(event.header.encode())
    return Link(event.record, event.seq, event.prev, header, event.commitment, event.hash, salt, payload, erased)
