"""How long passages are kept: so many days, longer only where a case, a hit or a person holds them.

What goes leaves a tombstone that counts it. How many days is a parameter for the city's lawyer (`passage_days`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, or_, select

from qyran.roles import SYSTEM
from service.evidence_locks import standing
from service.plate_index import forget_unused
from service.store.counter import next_number
from service.store.passage_tables import PassageTombstone, VehicleMonth, WatchHit
from service.store.tables import Passage, Personal, ViolationCase
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
AROUND: Final = timedelta(days=1)
"""A case holds its vehicle's passages, by plate, so long before and after it: where it came from, where it went."""


def sweep_passages(store: Store) -> int:
    """Remove the passages whose term is over and that nothing holds; how many."""
    with store.read() as work:
        over = work.now - timedelta(days=store.settings.passage_days)
    before = over.replace(minute=0, second=0, microsecond=0)  # hour by hour, so that tombstones stay few
    removed, after = 0, ""
    while True:
        with store.write(SYSTEM) as work:
            query = select(Passage).where(Passage.time < before, Passage.id > after).order_by(Passage.id).limit(BATCH)
            rows = work.session.scalars(query.with_for_update()).all()
            if not rows:
                return removed
            after = rows[-1].id
            held = held_ids(work, rows)
            gone = [row for row in rows if row.id not in held]
            folders = [row.still for row in gone if row.still]
            _remove(work, gone, len(held))
        for folder in folders:  # what a kill leaves behind here goes with `sweep_stills`
            shutil.rmtree(store.settings.passages_folder / folder, ignore_errors=True)
        removed += len(gone)


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
                    shutil.rmtree(path, ignore_errors=True)
                    count += 1
            if not any(day.iterdir()):
                day.rmdir()
    return count


def month_token(work: Work, month: str, plate_token: str) -> str:
    """A name for a vehicle within one month: it leads to no plate, no place and no other month."""
    return work.store.vault.token(f"month|{month}|{plate_token}")


def keep_count(work: Work, rows: Sequence[Passage]) -> None:
    """Keep what the count of different vehicles of a month needs (KPI 9.2), when its passages go."""
    zone = work.store.settings.zone
    months = {(f"{row.time.astimezone(zone):%Y-%m}", row.plate_token) for row in rows if row.plate_token is not None}
    wanted = {(month, month_token(work, month, token)) for month, token in months}
    for month in {month for month, _ in wanted}:
        tokens = [token for one, token in wanted if one == month]
        known = select(VehicleMonth.token).where(VehicleMonth.month == month, VehicleMonth.token.in_(tokens))
        fresh = set(tokens) - set(work.session.scalars(known))
        work.session.add_all(VehicleMonth(month=month, token=token) for token in sorted(fresh))


def _remove(work: Work, rows: Sequence[Passage], held: int) -> None:
    if not rows:
        return
    ids, tokens = [row.id for row in rows], [row.plate_token for row in rows if row.plate_token]
    times = [row.time for row in rows]
    work.session.execute(delete(Personal).where(Personal.record.in_(ids), Personal.seq == 0))
    work.session.execute(delete(Passage).where(Passage.id.in_(ids)))
    forget_unused(work, tokens)
    keep_count(work, rows)
    work.session.add(
        PassageTombstone(
            number=next_number(work, "tombstone"),
            at=work.now,
            ground="retention_over",
            removed=len(ids),
            held=held,
            first=min(times),
            last=max(times),
        )
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
