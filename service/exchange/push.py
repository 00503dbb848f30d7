"""Pushing the feed to an address of the centre: in order, in batches, again after a failure, never past a gap.

How far an address has taken the feed moves on only after it answered 2xx. Who dies between that answer and the note of
it sends the same records again: they have the same ids, and the same batch has the same idempotency key. A record that
the address refuses is found by halving its batch and set aside for a person; it holds up no other.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from evidence.canonical import sha256_hex
from service.exchange.cursor import cursor_of
from service.exchange.push_settings import Endpoint, exchange_file
from service.outbox import wait_after
from service.ports.channels import ChannelDown, Refused
from service.ports.http import Peer, told
from service.store.database import Store, Work
from service.store.exchange_tables import ExchangeDeadLetter, ExchangePush, ExchangeRecord

LEASE: Final = timedelta(minutes=5)  # longer than the time limits of a batch that has to be halved
LONGEST_WAIT: Final = timedelta(minutes=15)
"""Half of the strictest target of KPI 1.1: an address that is back is told soon."""
ROUNDS: Final = 20
"""Batches of one call, so that an address far behind keeps others waiting only so long."""
JSON_LINES: Final = "application/x-ndjson"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """A record on its way."""

    seq: int
    id: str
    line: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a call did: records taken, records refused, addresses that wait after a failure."""

    taken: int = 0
    refused: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class _Sent:
    """What came of some records: how many are settled, which were refused, why it stopped."""

    settled: int = 0
    refused: tuple[tuple[int, str], ...] = ()
    error: str | None = None


def push(store: Store) -> Pushed:
    """Hand over what may leave now.

    Raises:
        ConfigError: the exchange file cannot be used.
    """
    done = Pushed()
    for endpoint in exchange_file(store.settings).push:
        one = _push_to(store, endpoint)
        done = Pushed(done.taken + one.taken, done.refused + one.refused, done.waiting + one.waiting)
    return done


def push_again(store: Store) -> Pushed:
    """Send what was refused once more, each record by itself: a person has seen to what was wrong.

    Raises:
        ConfigError: the exchange file cannot be used.
    """
    done = Pushed()
    for endpoint in exchange_file(store.settings).push:
        with store.read() as work:
            rows = work.session.execute(
                select(ExchangeDeadLetter.id, ExchangeRecord.seq, ExchangeRecord.id, ExchangeRecord.line)
                .join(ExchangeRecord, ExchangeRecord.seq == ExchangeDeadLetter.seq)
                .where(ExchangeDeadLetter.endpoint == endpoint.name, ExchangeDeadLetter.settled_at.is_(None))
                .order_by(ExchangeRecord.seq)
            ).all()
        for number, seq, record_id, line in rows:
            sent = _send(endpoint.peer(), (Line(seq, record_id, line),))
            if sent.settled and not sent.refused:
                with store.write() as work:
                    work.session.get_one(ExchangeDeadLetter, number).settled_at = work.now
                done = replace(done, taken=done.taken + 1)
            else:
                done = replace(done, refused=done.refused + 1)
    return done


def _push_to(store: Store, endpoint: Endpoint) -> Pushed:
    done = Pushed()
    for _ in range(ROUNDS):
        with store.write() as work:
            lines = _take(work, endpoint)
        if lines is None:
            return replace(done, waiting=1)
        if not lines:
            return done
        sent = _send(endpoint.peer(), lines)
        with store.write() as work:
            _settle(work, endpoint.name, lines, sent)
        done = Pushed(done.taken + sent.settled - len(sent.refused), done.refused + len(sent.refused))
        if sent.error is not None:
            log.warning("The feed was not taken by %s: %s.", endpoint.name, sent.error)
            return replace(done, waiting=1)
    return done


def _take(work: Work, endpoint: Endpoint) -> tuple[Line, ...] | None:
    """Lease the next batch; None while the address is left alone, or another process has it."""
    row = work.session.get(ExchangePush, endpoint.name, with_for_update=True)
    if row is None:
        row = ExchangePush(endpoint=endpoint.name, seq=0, attempts=0, next_attempt=work.now)
        work.session.add(row)
        work.session.flush()
    if row.next_attempt > work.now:
        return None
    table = ExchangeRecord
    query = select(table.seq, table.id, table.line).where(table.seq > row.seq).order_by(table.seq)
    lines = tuple(Line(*found) for found in work.session.execute(query.limit(endpoint.batch)))
    if lines:
        row.next_attempt = work.now + LEASE
    return lines


def _settle(work: Work, endpoint: str, lines: Sequence[Line], sent: _Sent) -> None:
    row = work.session.get_one(ExchangePush, endpoint, with_for_update=True)
    if sent.settled:
        row.seq, row.pushed_at = lines[sent.settled - 1].seq, work.now
    work.session.add_all(
        ExchangeDeadLetter(endpoint=endpoint, seq=seq, error=error, at=work.now) for seq, error in sent.refused
    )
    row.error = sent.error
    row.attempts = 0 if sent.error is None else row.attempts + 1
    wait = timedelta(0) if sent.error is None else min(LONGEST_WAIT, wait_after(row.attempts))
    row.next_attempt = work.now + wait


def _send(peer: Peer, lines: Sequence[Line]) -> _Sent:
    """Hand records over; where some are refused, halve until each refused one stands alone."""
    body = "".join(f"{one.line}\n" for one in lines).encode()
    headers = {"qyran-cursor": cursor_of(lines[-1].seq, lines[-1].id), "qyran-count": str(len(lines))}
    try:
        told(peer.ask("POST", "", content=body, media=JSON_LINES, headers=headers, key=sha256_hex(body)))
    except ChannelDown as error:
        return _Sent(error=error.code)
    except Refused as error:
        if len(lines) == 1:
            return _Sent(1, ((lines[0].seq, error.code),))
        first = _send(peer, lines[: len(lines) // 2])
        if first.error is not None:
            return first
        rest = _send(peer, lines[len(lines) // 2 :])
        return _Sent(first.settled + rest.settled, first.refused + rest.refused, rest.error)
    return _Sent(len(lines))
