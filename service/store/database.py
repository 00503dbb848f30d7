"""Opening the store: SQLite or PostgreSQL, migrated to the newest schema, and units of work on it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.exc import IntegrityError as ConstraintError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from qyran.errors import ConfigError, TransitionError
from qyran.roles import SYSTEM, Actor
from service.settings import Settings
from service.store.alert_stream import watch_alerts
from service.store.marks import watch
from service.store.tables import StoreMeta
from service.store.vault import Vault, installation_vault

MIGRATIONS = Path(__file__).parent / "migrations"
CACHE_KIB = 64 * 1024
"""Pages of SQLite that a process may keep, all its connections together; SQLite's own 2 MiB for each hold no index of a
hundred thousand cases. With a limit for each alone a process grew for days, until every one had filled its own."""
BUSY_TIMEOUT_MS = 60_000  # a writer waits this long for others before it gives up; SQLite serves them in no order
PATIENCE = {
    "connect_timeout": 10, "tcp_user_timeout": 30_000, "keepalives_idle": 15, "keepalives_interval": 5,
    "keepalives_count": 3,
}  # fmt: skip
"""How long a PostgreSQL on another host may be silent (seconds; the user's time-out in milliseconds): without these a
cable that is pulled holds every thread for a quarter of an hour, and one that waits for an answer for two hours."""
HEARING = {
    "tcp_keepalives_idle": "15s", "tcp_keepalives_interval": "5s", "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s", "idle_in_transaction_session_timeout": "5min",
}  # fmt: skip
"""The same from the other end: a client that was cut off in a transaction leaves its locks with the server, and who
comes back waits for them, for two hours where nothing is said. A frozen one may hold them for five minutes."""
WRITES = "qyran_writes"
CHANGED_MEANWHILE = "Somebody else changed this record meanwhile; load it again."


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of work: everything done through it is stored together or not at all.

    Attributes:
        store: where it is done.
        session: SQLAlchemy's session, inside a transaction.
        actor: who does it.
        now: the moment it is done, one for the whole unit.
    """

    store: Store
    session: Session
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class Store:
    """An open store.

    Attributes:
        engine: SQLAlchemy's engine.
        settings: of the installation.
        vault: seals personal data.
        demo: a store of rendered scenes and invented people.
        clock: gives the present moment, aware.
    """

    engine: Engine
    settings: Settings
    vault: Vault
    demo: bool
    clock: Callable[[], datetime] = utc_now

    @contextmanager
    def write(self, actor: Actor = SYSTEM) -> Iterator[Work]:
        """A unit of work that may change things; committed at the end, undone by any exception.

        Raises:
            TransitionError: somebody else changed the same record meanwhile.
        """
        options = {WRITES: True}
        with (
            _turn(self.engine, self.settings.home),
            Session(self.engine.execution_options(**options), expire_on_commit=False) as session,
        ):
            now = self.clock()
            watch(session, now, self.settings.zone)
            watch_alerts(session)
            try:
                with session.begin():
                    yield Work(self, session, actor, now)
            except StaleDataError:
                raise TransitionError(CHANGED_MEANWHILE) from None
            except ConstraintError as error:
                if _same_place(error):
                    raise TransitionError(CHANGED_MEANWHILE) from None
                raise

    @contextmanager
    def read(self, actor: Actor = SYSTEM) -> Iterator[Work]:
        """A unit of work that sees one state of the store and changes nothing."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield Work(self, session, actor, self.clock())

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_store(settings: Settings, *, demo: bool | None = None, clock: Callable[[], datetime] = utc_now) -> Store:
    """Open the installation's store, making or upgrading it first.

    Args:
        settings: of the installation.
        demo: what a new store shall be; for one that exists, what it must be (None accepts either).
        clock: gives the present moment.

    Raises:
        ConfigError: the database cannot be reached, or the store is of the other kind or of another city.
    """
    for folder in (settings.home, settings.spool_folder, settings.evidence_folder, settings.documents_folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings)
    try:
        with _one_at_a_time(settings.home / ".upgrade.lock"):
            upgrade(engine)
            is_demo = _identity(engine, settings, demo=demo, now=clock())
    except OperationalError as error:
        engine.dispose()
        name = settings.url.render_as_string(hide_password=True)
        raise ConfigError(f"The database {name} cannot be opened: {_first_line(error)}.") from None
    except CommandError:
        engine.dispose()
        raise ConfigError("The store was made by a newer version of Qyran; run that version.") from None
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, settings, installation_vault(settings.home), is_demo, clock)


def make_engine(settings: Settings) -> Engine:
    """An engine for the configured database; SQLite durable (WAL, full synchronisation) with foreign keys on."""
    if settings.url.get_backend_name() != "sqlite":
        engine = create_engine(settings.url, pool_pre_ping=True, connect_args=PATIENCE)
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    # Whoever asks gets the connection that was used last: its cache knows the store, and the others' stay small.
    engine = create_engine(settings.url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, pool_use_lifo=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(469)")  # one start-up at a time
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _identity(engine: Engine, settings: Settings, *, demo: bool | None, now: datetime) -> bool:
    with Session(engine.execution_options(**{WRITES: True})) as session, session.begin():
        meta = session.scalar(select(StoreMeta))
        if meta is None:
            meta = StoreMeta(id=1, city_id=settings.city_id, demo=bool(demo), created_at=now)
            session.add(meta)
        if demo is not None and meta.demo is not demo:
            kind, wanted = ("a demo store", "a real one") if meta.demo else ("a real store", "a demo one")
            raise ConfigError(f"{settings.home} holds {kind}, not {wanted}; set QYRAN_HOME to another folder.")
        if meta.city_id != settings.city_id:
            raise ConfigError(f"The store belongs to the city {meta.city_id}; set QYRAN_CITY_ID to it.")
        return meta.demo


def _prepare_postgresql(connection: Any, _: object) -> None:
    """Said once a connection, outside of any transaction: a start-up option would shut out connection poolers."""
    connection.autocommit = True
    try:
        connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in HEARING.items()))
    finally:
        connection.autocommit = False


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions itself, see `_begin_sqlite`
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA soft_heap_limit={CACHE_KIB * 1024}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once, so that what it read cannot change before it writes."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _turn(engine: Engine, home: Path) -> Iterator[None]:
    """SQLite serves waiting writers in no order, and one of many can wait for ever: they queue up before it."""
    if engine.dialect.name != "sqlite":
        yield
        return
    with _one_at_a_time(home / ".write.lock"):
        yield


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _same_place(error: ConstraintError) -> bool:
    """Whether two writers wanted the same place of one chain."""
    message = str(error.orig).lower()
    return "_event" in message and "unique" in message


def _first_line(error: OperationalError) -> str:
    return str(error.orig).strip().splitlines()[0].rstrip(".")
