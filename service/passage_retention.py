"""How long passages are kept: so many days, longer only where a case, a hit or a person holds them.

What goes leaves a tombstone that counts it. How many days is a parameter for the city's lawyer (`passage_days`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, text

from qyran.roles import SYSTEM
from service.evidence_locks import standing
from service.objects_store import drop_later
from service.plate_index import chunks, forget_unused
from service.store.bulk import put_rows
from service.store.counter import next_number
from service.store.partitions import Month, alone, detach, drop, make, missing, months_there
from service.store.passage_tables import PassageTombstone, VehicleMonth, WatchHit
from service.store.tables import Ingested, Passage, ViolationCase
from service.watch_hits import OPEN as OPEN_HITS
from violations.case import CaseState

if TYPE_CHECKING:
    from service.store.database import Store, Work

BATCH: Final = 2000
"""Passages in one transaction."""
ENDED: Final = frozenset(
    {CaseState.CLOSED, CaseState.MERGED, CaseState.EXPIRED, CaseState.OFFICER_REJECTED, CaseState.AUTO_REJECTED}
)
"""States in which a case needs its vehicle's passages no more."""
SAME_TRACK: Final = timedelta(minutes=10)
"""A case and a passage of one camera and track belong together within so long: track numbers begin anew."""
REPEATED_AT_MOST: Final = timedelta(days=400)
"""Ids of events are known so long after the event: no spool holds one back for longer."""
AROUND: Final = timedelta(days=1)
"""A case holds its vehicle's passages, by plate, so long before and after it: where it came from, where it went."""


def sweep_passages(store: Store) -> int:
    """Remove the passages whose term is over and that nothing holds; how many."""
    with store.read() as work:
        over = work.now - timedelta(days=store.settings.passage_days)
    before = over.replace(minute=0, second=0, microsecond=0)  # hour by hour, so that tombstones stay few
    removed = drop_months(store, before)
    after: tuple[datetime, str] | None = None
    while True:
        with store.write(SYSTEM) as work:
            rows = work.session.scalars(_next(after, Passage.time < before).with_for_update()).all()
            if not rows:
                return removed
            after = rows[-1].time, rows[-1].id
            held = held_ids(work, rows)
            gone = [row for row in rows if row.id not in held]
            folders = [row.still for row in gone if row.still]
            _remove(work, gone, len(held))
        for folder in folders:  # what a kill leaves behind here goes with `sweep_stills`
            drop_later(store.settings, "passages", folder)
        removed += len(gone)


def drop_months(store: Store, before: datetime) -> int:
    """Drop the months all of whose passages are older than a moment (PostgreSQL); how many passages went.

    What something holds is moved out first, into the rest. Of the others the month's vehicles stay countable, the
    tombstone counts them, and plates that nobody has any more leave the index, as when they go one by one.
    """
    with store.read() as work:
        over = [one for one in months_there(work.session, Passage.__tablename__) if one.end <= before]
    removed = 0
    for month in over:
        folders: list[str] = []
        with store.write(SYSTEM) as work:
            removed += _drop_month(work, month, folders)
        for folder in folders:
            drop_later(store.settings, "passages", folder)
    return removed


def _drop_month(work: Work, month: Month, folders: list[str]) -> int:
    session = work.session
    if not alone(session, month):
        return 0
    inside = Passage.time >= month.start, Passage.time < month.end
    held, tokens = set[str](), set[str]()
    after: tuple[datetime, str] | None = None
    while rows := session.scalars(_next(after, *inside)).all():
        kept = held_ids(work, rows)
        gone = [row for row in rows if row.id not in kept]
        keep_count(work, [(row.time, row.plate_token) for row in gone])
        folders += [row.still for row in gone if row.still]
        tokens.update(row.plate_token for row in gone if row.plate_token)
        held |= kept
        after = rows[-1].time, rows[-1].id
        session.expunge_all()
    span = select(func.count(), func.min(Passage.time), func.max(Passage.time)).where(*inside)
    count, first, last = session.execute(span).one()
    connection = session.connection()
    detach(connection, month)
    for chunk in chunks(sorted(held)):
        move = text(f"INSERT INTO passage SELECT * FROM {month.name} WHERE id = ANY(:ids)")  # noqa: S608  our own name
        connection.execute(move, {"ids": list(chunk)})
    drop(connection, month)
    forget_unused(work, tokens)
    removed = int(count) - len(held)
    if removed:
        _leave_stone(work, removed, len(held), first, last)
    return removed


def keep_months(store: Store) -> int:
    """Make the months that are about to begin, drop ids of events that nobody repeats any more; how many were made."""
    made = 0
    with store.read() as work:
        wanted, before = missing(work.session, work.now), work.now - REPEATED_AT_MOST
        old = [one for one in months_there(work.session, Ingested.__tablename__) if one.end < before]
    for month in wanted:
        with store.write(SYSTEM) as work:
            if not alone(work.session, month):
                make(work.session.connection(), month)
                made += 1
    for month in old:
        with store.write(SYSTEM) as work:
            if alone(work.session, month):
                detach(work.session.connection(), month)
                drop(work.session.connection(), month)
    return made


def sweep_stills(store: Store) -> int:
    """Remove folders of pictures, older than the term, that no passage names: a kill left them; how many."""
    with store.read() as work:
        before = work.now - timedelta(days=store.settings.passage_days)
        days = [
            day for day in sorted(store.settings.passages_folder.glob("????-??-??")) if day.name < f"{before:%Y-%m-%d}"
        ]
        count = 0
        for day in days:
            found = {path.name: path for path in day.iterdir()}
            known = set(work.session.scalars(select(Passage.id).where(Passage.id.in_(list(found)))))
            for name, path in found.items():
                if name not in known:
                    drop_later(store.settings, "passages", path.relative_to(store.settings.passages_folder))
                    count += 1
            if not any(day.iterdir()):
                day.rmdir()
    return count


def month_token(work: Work, month: str, plate_token: str) -> str:
    """A name for a vehicle within one month: it leads to no plate, no place and no other month."""
    return work.store.vault.token(f"month|{month}|{plate_token}")


def keep_count(work: Work, seen: Iterable[tuple[datetime, str | None]]) -> None:
    """Keep what the count of different vehicles of a month needs (KPI 9.2), when passages of these times go."""
    zone = work.store.settings.zone
    months = {(f"{moment.astimezone(zone):%Y-%m}", token) for moment, token in seen if token is not None}
    wanted = {(month, month_token(work, month, token)) for month, token in months}
    for month in sorted({month for month, _ in wanted}):
        for chunk in chunks(sorted(token for one, token in wanted if one == month)):
            known = select(VehicleMonth.token).where(VehicleMonth.month == month, VehicleMonth.token.in_(chunk))
            fresh = set(chunk) - set(work.session.scalars(known))
            put_rows(work.session, VehicleMonth, ("month", "token"), [(month, token) for token in sorted(fresh)])


def _remove(work: Work, rows: Sequence[Passage], held: int) -> None:
    if not rows:
        return
    ids, tokens = [row.id for row in rows], [row.plate_token for row in rows if row.plate_token]
    times = [row.time for row in rows]
    work.session.execute(
        delete(Passage).where(Passage.id.in_(ids), Passage.time >= min(times), Passage.time <= max(times))
    )
    forget_unused(work, tokens)
    keep_count(work, [(row.time, row.plate_token) for row in rows])
    _leave_stone(work, len(ids), held, min(times), max(times))


def _leave_stone(work: Work, removed: int, held: int, first: datetime, last: datetime) -> None:
    stone = PassageTombstone(number=next_number(work, "tombstone"), at=work.now, ground="retention_over")
    stone.removed, stone.held, stone.first, stone.last = removed, held, first, last
    work.session.add(stone)


def _next(after: tuple[datetime, str] | None, *where: ColumnElement[bool]) -> Select[Passage]:
    """The next passages of a condition in the order of their time, along its index."""
    query = select(Passage).where(*where).order_by(Passage.time, Passage.id).limit(BATCH)
    if after is None:
        return query
    moment, identity = after
    return query.where(
        Passage.time >= moment, or_(Passage.time > moment, and_(Passage.time == moment, Passage.id > identity))
    )


def held_ids(work: Work, rows: Sequence[Passage]) -> set[str]:
    """Ids of the passages that somebody or something holds."""
    by_person = {row.id for row in rows if row.held_for is not None}
    hits = select(WatchHit.passage_id).where(
        WatchHit.passage_id.in_([row.id for row in rows]), WatchHit.state.in_(OPEN_HITS)
    )
    by_hit = set(work.session.scalars(hits))
    return by_person | by_hit | _held_by_cases(work, rows)


def _held_by_cases(work: Work, rows: Sequence[Passage]) -> set[str]:
    times = [row.time for row in rows]
    cases = work.session.scalars(
        select(ViolationCase).where(
            or_(ViolationCase.state.not_in(ENDED), ViolationCase.id.in_(standing(work))),
            ViolationCase.t_detect.between(min(times) - AROUND, max(times) + AROUND),
            or_(
                ViolationCase.plate_token.in_({row.plate_token for row in rows if row.plate_token}),
                ViolationCase.camera_id.in_({row.camera_id for row in rows}),
            ),
        )
    ).all()
    return {row.id for row in rows if any(_belongs(row, case) for case in cases)}


def _belongs(row: Passage, case: ViolationCase) -> bool:
    apart = abs(row.time - case.t_detect)
    by_plate = row.plate_token is not None and row.plate_token == case.plate_token and apart <= AROUND
    same_track = row.track is not None and (row.camera_id, row.track) == (case.camera_id, case.track)
    return by_plate or (same_track and apart <= SAME_TRACK)
