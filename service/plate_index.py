"""The keyed index of the plates of passages and cases, searched by pattern.

A plate is put in at ingest and taken out with the last passage or case of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import delete, func, select

from qyran.errors import InputError
from service.plate_pattern import PlatePattern, pairs_of
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


def remember(work: Work, plate: str) -> str:
    """Put a plate into the index if it is not there; its token."""
    vault = work.store.vault
    token = vault.token(plate)
    if work.session.get(PlateIndex, token) is None:
        wrapped, sealed = vault.seal(token, 0, {"plate": plate}, table=TABLE)
        work.session.add(PlateIndex(token=token, wrapped_key=wrapped, sealed=sealed))
        work.session.flush()
        buckets = {vault.bucket(pair, BUCKETS) for pair in pairs_of(plate)}
        work.session.add_all(PlateGram(bucket=bucket, token=token) for bucket in sorted(buckets))
    return token


def forget_unused(work: Work, tokens: Iterable[str]) -> None:
    """Take those plates out of the index that no passage and no case has any more."""
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
    few = query.with_only_columns(PlateIndex.token).limit(limit + 1).subquery()
    if (work.session.scalar(select(func.count()).select_from(few)) or 0) > limit:
        raise InputError("So many plates are like this that they cannot be compared; write more signs or less time.")
    rows = work.session.scalars(query).all()
    return sorted(row.token for row in rows if pattern.matches(_open(work, row)))


def plates_of(work: Work, tokens: Iterable[str]) -> dict[str, str]:
    """Indexed plates by token."""
    found: dict[str, str] = {}
    for chunk in chunks(sorted(set(tokens))):
        for row in work.session.scalars(select(PlateIndex).where(PlateIndex.token.in_(chunk))):
            found[row.token] = _open(work, row)
    return found


def chunks(values: list[str]) -> Iterable[list[str]]:
    """Values in lists short enough for one statement."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _open(work: Work, row: PlateIndex) -> str:
    return str(work.store.vault.open(row.token, 0, row.wrapped_key, row.sealed, table=TABLE)["plate"])
