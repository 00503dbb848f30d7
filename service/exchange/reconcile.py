"""Reconciliation: what a reader holds of a day against what was told, record by record, with what to read again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import select

from evidence.canonical import sha256_hex
from qyran.errors import InputError
from qyran.roles import Role
from service.access import require
from service.exchange import feed
from service.exchange.cursor import START, cursor_of
from service.exchange.manifest import digest_of
from service.store.database import Work
from service.store.exchange_tables import ExchangeReconciliation, ExchangeRecord

Outcome = Literal["equal", "different", "unnamed"]
COMPARERS: Final = frozenset({Role.CENTRE, Role.EVALUATOR, Role.ADMINISTRATOR, Role.SYSTEM})
MOST_NAMED: Final = 1000
"""Differences that a report names."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record a reader holds: its id and the SHA-256 of the line as it came, without its newline."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that differs.

    Attributes:
        what: missing (he lacks it), doubled, altered, unknown (never told that day).
        replay: the cursor to read from, so that the record is the first of the answer; None where he has to drop one.
    """

    what: Literal["missing", "doubled", "altered", "unknown"]
    id: str
    seq: int | None
    subject: str | None
    replay: str | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a reconciliation found.

    Attributes:
        outcome: equal; different, record by record; unnamed where count or hash differ and he listed no records.
        replay: the cursor before the first difference that reading again mends.
        named: how many differences there are; `differences` holds the first of them.
    """

    day: date
    outcome: Outcome
    records: int
    sha256: str
    theirs: int
    their_sha256: str | None
    named: int
    differences: tuple[Difference, ...]
    replay: str | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self) | {
            "day": self.day.isoformat(),
            "differences": [asdict(one) for one in self.differences],
        }


def reconcile(
    work: Work,
    day: date,
    *,
    count: int | None = None,
    sha256: str | None = None,
    held: Sequence[Held] | None = None,
) -> Report:
    """Compare a day, and keep the report.

    Args:
        work: the unit of work, in the reader's name.
        day: local day of publication.
        count: of his records, as a manifest has it.
        sha256: of them, as a manifest has it.
        held: his records one by one, in his order; without them a difference cannot be named.

    Raises:
        AccessError: the actor reads no exchange.
        InputError: nothing to compare with was given.
    """
    require(work.actor, COMPARERS)
    if count is None and held is None:
        raise InputError("Give the number and the hash of the day's records, or the records' ids and hashes.")
    rows = list(feed.of_day(work, day))
    records, digest = digest_of(row.line for row in rows)
    theirs = len(held) if held is not None else int(count or 0)
    if held is None:
        outcome: Outcome = "equal" if (theirs, sha256) == (records, digest) else "unnamed"
        differences: tuple[Difference, ...] = ()
    else:
        differences = _differences(work, rows, held)
        outcome = "different" if differences else "equal"
    first = min((one.seq for one in differences if one.replay is not None and one.seq is not None), default=None)
    if outcome == "unnamed" and rows:
        first = rows[0].seq
    report = Report(
        day=day,
        outcome=outcome,
        records=records,
        sha256=digest,
        theirs=theirs,
        their_sha256=sha256,
        named=len(differences),
        differences=differences[:MOST_NAMED],
        replay=None if first is None else _before(work, first),
    )
    kept = ExchangeReconciliation(day=day, reader=work.actor.id, at=work.now, outcome=outcome, count=records)
    kept.theirs, kept.report = theirs, report.as_dict()
    work.session.add(kept)
    return report


def held_of_file(data: bytes) -> list[Held]:
    """The records of a file as it was read from the feed (JSON Lines).

    Raises:
        InputError: a line is no record.
    """
    found = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            found.append(Held(str(record["id"]), sha256_hex(line)))
        except (ValueError, KeyError, TypeError):
            raise InputError(f"Line {number} is no record of the feed.") from None
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    """A reconciliation as lists show it."""

    day: date
    reader: str
    at: datetime
    outcome: str
    count: int
    theirs: int
    report: dict[str, Any]


def reconciliations(work: Work, limit: int = 31) -> tuple[Kept, ...]:
    """The newest first."""
    query = select(ExchangeReconciliation).order_by(ExchangeReconciliation.id.desc()).limit(limit)
    return tuple(
        Kept(row.day, row.reader, row.at, row.outcome, row.count, row.theirs, dict(row.report))
        for row in work.session.scalars(query)
    )


def _differences(work: Work, rows: Sequence[ExchangeRecord], held: Sequence[Held]) -> tuple[Difference, ...]:
    ours = {row.id: row for row in rows}
    times = Counter(one.id for one in held)
    theirs = {one.id: one.sha256 for one in held}
    found = []
    before: str | None = None
    for row in rows:
        at = before or _before(work, row.seq)
        before = cursor_of(row.seq, row.id)
        if row.id not in theirs:
            found.append(Difference("missing", row.id, row.seq, row.subject, at))
        elif theirs[row.id] != row.sha256:
            found.append(Difference("altered", row.id, row.seq, row.subject, at))
        if times[row.id] > 1:
            found.append(Difference("doubled", row.id, row.seq, row.subject, None))
    found += [Difference("unknown", one, None, None, None) for one in theirs if one not in ours]
    return tuple(found)


def _before(work: Work, seq: int) -> str:
    """The cursor after which a record comes next."""
    earlier = select(ExchangeRecord.seq, ExchangeRecord.id).where(ExchangeRecord.seq < seq)
    row = work.session.execute(earlier.order_by(ExchangeRecord.seq.desc()).limit(1)).one_or_none()
    return START if row is None else cursor_of(row.seq, row.id)
