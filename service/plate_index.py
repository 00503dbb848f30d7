"""The keyed index of the plates of passages and cases, searched by pattern.

A plate is put in at ingest and taken out with the last passage or case of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import delete, func, select, update

from qyran.errors import InputError
from service.plate_pattern import PlatePattern, pairs_of
from service.store.bulk import among, hold_alone, hold_shared, put_new, put_rows
from service.store.database import Work
from service.store.passage_tables import PlateGram, PlateIndex
from service.store.tables import Passage, ViolationCase

TABLE: Final = PlateIndex.__tablename__
BUCKETS: Final = 512
"""Some 1,370 pairs of signs share so many buckets, so that a bucket tells no pair."""
MOST_CANDIDATES: Final = 20_000
"""Plates that are unsealed for one search at most, some twenty microseconds each."""
CHUNK: Final = 500
"""Values in one statement; SQLite and PostgreSQL take more."""
INDEXING: Final = 470
"""The lock of PostgreSQL that whoever indexes plates shares, and whoever takes unused ones out holds alone."""


def remember(work: Work, plate: str) -> str:
    """Put a plate into the index if it is not there; its token."""
    token = work.store.vault.token(plate)
    remember_many(work, {token: plate})
    return token


def remember_many(work: Work, plates: Mapping[str, str], months: Mapping[str, str] | None = None) -> None:
    """Put those plates, by their tokens, into the index that are not there; several processes may at once.

    Args:
        work: the unit of work.
        plates: by token.
        months: by token, the newest month of the city's time zone in which it passed, where it did.
    """
    if not plates:
        return
    session, vault = work.session, work.store.vault
    session.flush()
    hold_shared(session, INDEXING)
    known = _known(work, plates)
    passed = months or {}
    for month in sorted(set(passed.values())):
        late = sorted(token for token, seen in known.items() if passed.get(token) == month and (seen or "") < month)
        for chunk in chunks(late):
            session.execute(update(PlateIndex).where(PlateIndex.token.in_(chunk)).values(month=month))
    fresh = sorted(plates.keys() - known.keys())
    if not fresh:
        return
    sealed = vault.seal_many(((token, 0, {"plate": plates[token]}) for token in fresh), table=TABLE)
    rows = [
        {"token": token, "wrapped_key": key, "sealed": box, "month": passed.get(token)}
        for token, (key, box) in zip(fresh, sealed, strict=True)
    ]
    made = put_new(session, PlateIndex, "token", rows)
    buckets = dict[str, int]()
    grams = list[tuple[int, str]]()
    for token in sorted(made):
        pairs = pairs_of(plates[token])
        for pair in pairs:
            if pair not in buckets:
                buckets[pair] = vault.bucket(pair, BUCKETS)
        grams += [(bucket, token) for bucket in sorted({buckets[pair] for pair in pairs})]
    put_rows(session, PlateGram, ("bucket", "token"), grams)


def _known(work: Work, tokens: Iterable[str]) -> dict[str, str | None]:
    """Which of these plates are in the index, and the newest month of each."""
    found: dict[str, str | None] = {}
    for chunk in chunks(sorted(tokens)):
        query = select(PlateIndex.token, PlateIndex.month).where(among(work.session, PlateIndex.token, chunk))
        found |= dict(work.session.execute(query).all())
    return found


def vehicles_of(work: Work, month: str) -> int:
    """How many different plates passed in the running month, 2026-11."""
    query = select(func.count()).select_from(PlateIndex).where(PlateIndex.month == month)
    return work.session.scalar(query) or 0


def forget_unused(work: Work, tokens: Iterable[str]) -> None:
    """Take those plates out of the index that no passage and no case has any more."""
    hold_alone(work.session, INDEXING)
    for chunk in chunks(sorted(set(tokens))):
        used = set[str | None]()
        for column in (Passage.plate_token, ViolationCase.plate_token):
            used |= set(work.session.scalars(select(column).where(column.in_(chunk)).distinct()))
        gone = [token for token in chunk if token not in used]
        work.session.execute(delete(PlateGram).where(PlateGram.token.in_(gone)))
        work.session.execute(delete(PlateIndex).where(PlateIndex.token.in_(gone)))


def tokens_like(work: Work, pattern: PlatePattern, *, most: int | None = None) -> list[str]:
    """Tokens of the indexed plates that a pattern means.

    Args:
        work: the unit of work.
        pattern: the plate or pattern.
        most: so many candidates are unsealed and compared at most; `MOST_CANDIDATES` where not given.

    Raises:
        InputError: so many plates could be meant that they are not compared.
    """
    if pattern.exact:
        return [work.store.vault.token(pattern.text)]
    buckets = {work.store.vault.bucket(pair, BUCKETS) for pair in pattern.pairs}
    query = select(PlateIndex)
    if buckets:
        having = (
            select(PlateGram.token)
            .where(PlateGram.bucket.in_(buckets))
            .group_by(PlateGram.token)
            .having(func.count() == len(buckets))
        )
        query = query.where(PlateIndex.token.in_(having))
    limit = MOST_CANDIDATES if most is None else most
    rows = work.session.scalars(query.limit(limit + 1)).all()  # counting first would go through the grams twice
    if len(rows) > limit:
        raise InputError("So many plates are like this that they cannot be compared; write more signs or less time.")
    return sorted(row.token for row in rows if pattern.matches(_open(work, row)))


def plates_of(work: Work, tokens: Iterable[str]) -> dict[str, str]:
    """Indexed plates by token."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(set(tokens))):
        for row in work.session.scalars(select(PlateIndex).where(PlateIndex.token.in_(chunk))):
            found[row.token] = _open(work, row)
    return found


def plate_of(work: Work, row: Passage) -> str | None:
    """The plate of a passage; None where none was read, or it was erased."""
    if row.wrapped_key is None or row.sealed is None:
        return None
    plate = work.store.vault.open(row.id, 0, row.wrapped_key, row.sealed)["payload"].get("plate")
    return None if plate is None else str(plate)


def chunks(values: list[str]) -> Iterable[list[str]]:
    """Values in lists short enough for one statement."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _open(work: Work, row: PlateIndex) -> str:
    return str(work.store.vault.open(row.token, 0, row.wrapped_key, row.sealed, table=TABLE)["plate"])
