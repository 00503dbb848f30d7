"""The database: whether it answers, is new enough, durable, of this schema, and ours to change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from qyran.errors import QyranError
from service.doctor.findings import Finding, Patient, note, ok, wrong
from service.metrics.store_figures import migration_scripts

TIMEOUT_S: Final = 5
LEAST_POSTGRES: Final = 130_000
"""Version 13: `server_version_num`."""
LEAST_SQLITE: Final = (3, 35)
LEAST_CONNECTIONS: Final = 40
DURABLE: Final = {
    "fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply", "remote_write", "local"},
}  # fmt: skip
"""What PostgreSQL must have, or a committed decision can be gone after a power cut."""


def database(patient: Patient) -> Iterator[Finding]:
    """Everything about it, as far as it answers."""
    settings = patient.settings
    if settings is None:
        return
    try:
        url = settings.url
    except QyranError as error:
        yield wrong("database_settings", fault=str(error))
        return
    name = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        if not Path(url.database or "").exists():
            yield note("database_new", name=name)
            return
        engine = create_engine(url, connect_args={"timeout": TIMEOUT_S})
    else:
        engine = create_engine(url, connect_args={"connect_timeout": TIMEOUT_S})
    try:
        with engine.connect() as connection:
            yield ok("database", name=name)
            yield from _sqlite(connection) if url.get_backend_name() == "sqlite" else _postgres(connection)
            yield from _schema(connection)
    except DBAPIError as error:
        lines = str(error.orig).strip().splitlines()
        yield wrong("database_away", name=name, reason=(lines[0] if lines else type(error).__name__).rstrip("."))
    except SQLAlchemyError as error:
        yield wrong("database_away", name=name, reason=type(error).__name__)
    finally:
        engine.dispose()


def _sqlite(connection: Connection) -> Iterator[Finding]:
    version = str(connection.scalar(text("SELECT sqlite_version()")))
    new = tuple(int(one) for one in version.split(".")[:2]) >= LEAST_SQLITE
    yield (ok if new else wrong)("database_version", version=version, least=".".join(map(str, LEAST_SQLITE)))
    verdict = str(connection.scalar(text("PRAGMA quick_check(1)")))
    if verdict != "ok":
        yield wrong("database_damaged", verdict=verdict)


def _postgres(connection: Connection) -> Iterator[Finding]:
    number = int(connection.scalar(text("SHOW server_version_num")) or 0)
    version = str(connection.scalar(text("SHOW server_version")))
    yield (ok if number >= LEAST_POSTGRES else wrong)("database_version", version=version, least="13")
    for name, wanted in DURABLE.items():
        value = str(connection.scalar(text(f"SHOW {name}")))
        if value not in wanted:
            yield wrong("database_not_durable", setting=name, value=value)
    encoding = str(connection.scalar(text("SHOW server_encoding")))
    if encoding != "UTF8":
        yield wrong("database_encoding", encoding=encoding)
    connections = int(connection.scalar(text("SHOW max_connections")) or 0)
    if connections < LEAST_CONNECTIONS:
        yield wrong("database_connections", n=connections, least=LEAST_CONNECTIONS)
    privileges = {
        "CREATE": "SELECT has_schema_privilege(current_schema(), 'CREATE')",
        "TEMPORARY": "SELECT has_database_privilege(current_database(), 'TEMPORARY')",
    }
    for privilege, query in privileges.items():
        if not connection.scalar(text(query)):
            yield wrong("database_privilege", privilege=privilege)
    if connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        yield note("database_superuser")


def _schema(connection: Connection) -> Iterator[Finding]:
    scripts = migration_scripts()
    newest = scripts.get_current_head()
    here = MigrationContext.configure(connection).get_current_revision()
    if here == newest:
        yield ok("schema", revision=str(here))
    elif here is None:
        yield note("schema_empty", newest=str(newest))
    elif _knows(scripts, here):
        yield note("schema_old", revision=here, newest=str(newest))
    else:
        yield wrong("schema_newer", revision=here, newest=str(newest))


def _knows(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False
