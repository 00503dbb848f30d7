"""Another master key for personal data: a new one seals from now on, everything sealed before is sealed anew.

Each batch is one transaction, and what is under the new key already is passed over: a rotation that was killed goes on
where it was. A row that was erased meanwhile stays erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select, tuple_

from qyran.errors import TransitionError
from qyran.roles import SYSTEM
from service.store.database import Store, Work
from service.store.keyring import add_key, remove_key
from service.store.passage_tables import PlateIndex
from service.store.people_tables import UserSecurity
from service.store.tables import Passage, Personal
from service.store.vault import BEFORE_BYTES, ID_BYTES, PERSONAL

BATCH: Final = 500
"""Rows in one transaction."""
GRACE: Final = timedelta(hours=1)
"""A process that held the old key when the new one came has sealed its last row with it long before."""
BEFORE: Final = "unnamed"
"""Rows of before keys had names."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A table that holds sealed rows, and what names a row: its record, and its place where it has one.

    Attributes:
        bound_as: the table's name to which its rows are bound, where that is not its own.
    """

    table: type[Any]
    record: str
    seq: str | None = None
    bound_as: str | None = None

    @property
    def name(self) -> str:
        """The table's name to which its rows are bound."""
        return self.bound_as or str(self.table.__tablename__)

    @property
    def keys(self) -> tuple[Any, ...]:
        """The columns of the primary key."""
        names = (self.record,) if self.seq is None else (self.record, self.seq)
        return tuple(getattr(self.table, name) for name in names)

    def place(self, row: Any) -> tuple[str, int]:
        """Record and place of a row, as the vault binds them."""
        return str(getattr(row, self.record)), 0 if self.seq is None else int(getattr(row, self.seq))


TABLES: Final = (
    Sealed(Personal, "record", "seq"),
    Sealed(Passage, "id", bound_as=PERSONAL),
    Sealed(PlateIndex, "token"),
    Sealed(UserSecurity, "user_id"),
)
"""Every table with a `wrapped_key`; a test holds this to the schema."""


def waiting(store: Store) -> dict[str, int]:
    """How many rows each key seals, the active one left out; `BEFORE` counts those that name none."""
    found: dict[str, int] = {}
    with store.read() as work:
        active = store.vault.ring.active
        for one in TABLES:
            column = one.table.wrapped_key
            before = func.length(column) == BEFORE_BYTES
            count = work.session.scalar(select(func.count()).select_from(one.table).where(before)) or 0
            name = func.substr(column, 2, ID_BYTES)
            named = select(name, func.count()).where(column.is_not(None), ~before).group_by(name)
            rows = [(bytes(key).hex(), number) for key, number in work.session.execute(named).all()]
            for key, number in [(BEFORE, count), *rows]:
                if number and key != active:
                    found[key] = found.get(key, 0) + number
    return found


def begin(store: Store) -> str:
    """Let a new key seal from now on; its id.

    Raises:
        TransitionError: an earlier rotation is not finished.
    """
    left = waiting(store)
    if left and store.vault.ring.since is not None:
        raise TransitionError(f"An earlier rotation is not finished: {sum(left.values())} rows wait; go on with it.")
    return add_key(store.vault.folder, store.clock())


def reseal(store: Store, most: int | None = None) -> int:
    """Seal rows anew under the active key, `most` at most; how many were.

    Raises:
        IntegrityError: a row cannot be opened; the rows before it are done.
    """
    if store.vault.ring.since is None:
        return 0  # there has never been another key
    done = 0
    for one in TABLES:
        after: tuple[Any, ...] | None = None
        while most is None or done < most:
            with store.write(SYSTEM) as work:
                rows = _batch(work, one, after, BATCH if most is None else min(BATCH, most - done))
                for row in rows:
                    again = store.vault.resealed(*one.place(row), row.wrapped_key, row.sealed, table=one.name)
                    row.wrapped_key, row.sealed = again
            if not rows:
                break
            done += len(rows)
            after = tuple(getattr(rows[-1], column.key) for column in one.keys)
    return done


def remove(store: Store, name: str) -> None:
    """Delete a key that seals nothing any more.

    Raises:
        TransitionError: it is the one that seals, something is still under it, or its successor is too young.
        ConfigError: there is no such key.
    """
    ring = store.vault.ring
    if name == ring.active:
        raise TransitionError(f"The key {name} seals now; rotate first.")
    left = waiting(store)
    if name in left or BEFORE in left:
        count = left.get(name, 0) + left.get(BEFORE, 0)
        raise TransitionError(f"{count} rows are still under the key {name}; run `qyran keys rotate` to its end.")
    if ring.since is not None and store.clock() - ring.since < GRACE:
        raise TransitionError(f"The key {name} sealed until less than an hour ago; remove it later.")
    remove_key(store.vault.folder, name)


def _batch(work: Work, one: Sealed, after: tuple[Any, ...] | None, most: int) -> list[Any]:
    column = one.table.wrapped_key
    active = bytes.fromhex(work.store.vault.ring.active)
    other: ColumnElement[bool] = or_(func.length(column) == BEFORE_BYTES, func.substr(column, 2, ID_BYTES) != active)
    query = select(one.table).where(column.is_not(None), other).order_by(*one.keys).limit(most)
    if after is not None:
        query = query.where(tuple_(*one.keys) > tuple_(*after))
    return list(work.session.scalars(query.with_for_update()))
