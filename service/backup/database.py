"""The database's part of a back-up: one consistent state of it, read while others write."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL

from qyran.errors import ConfigError, InputError, IntegrityError

SQLITE: Final = "database/store.sqlite"
POSTGRESQL: Final = "database/store.dump"
DEBIAN: Final = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version of PostgreSQL."""


def dump(url: URL, folder: Path) -> str:
    """Write the database into a back-up's folder; the name of the file.

    Raises:
        ConfigError: PostgreSQL's `pg_dump` is not installed here, or it refuses.
    """
    if url.get_backend_name() == "sqlite":
        target = folder / SQLITE
        target.parent.mkdir(mode=0o700, exist_ok=True)
        with (
            closing(sqlite3.connect(f"file:{url.database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)  # in one step: beside a log of writes nobody waits, and no write begins it anew
        _sync(target)
        return SQLITE
    target = folder / POSTGRESQL
    target.parent.mkdir(mode=0o700, exist_ok=True)
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    _sync(target)
    return POSTGRESQL


def restore(url: URL, folder: Path) -> None:
    """Put the database of a back-up into an empty one.

    Raises:
        InputError: the database holds tables, or the back-up is of the other kind of database.
        ConfigError: PostgreSQL's `pg_restore` is not installed here, or it refuses.
        IntegrityError: the file is no database.
    """
    sqlite = url.get_backend_name() == "sqlite"
    source = folder / (SQLITE if sqlite else POSTGRESQL)
    if not source.exists():
        kind = "SQLite" if sqlite else "PostgreSQL"
        raise InputError(f"The back-up {folder} holds no database of {kind}; set QYRAN_DATABASE_URL to its kind.")
    if sqlite:
        target = Path(str(url.database))
        if target.exists():
            raise InputError(f"There is a database at {target} already; restore into an empty place.")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(source, target)
        with closing(sqlite3.connect(target)) as copy:
            if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise IntegrityError(f"The database of the back-up {folder} is damaged.")
        _sync(target)
        return
    engine = create_engine(url)
    try:
        if inspect(engine).get_table_names():
            raise InputError("The database to restore into holds tables; make an empty one.")
    finally:
        engine.dispose()
    _run("pg_restore", url, "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
         f"--dbname={_address(url)}", str(source), address=False)  # fmt: skip


def revision_of(url: URL) -> str:
    """The schema's revision.

    Raises:
        InputError: there is no store.
    """
    engine = create_engine(url)
    try:
        if "alembic_version" not in inspect(engine).get_table_names():
            raise InputError("There is no store to back up; set QYRAN_HOME or QYRAN_DATABASE_URL to one.")
        with engine.connect() as connection:
            return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    finally:
        engine.dispose()


def _run(program: str, url: URL, *arguments: str, address: bool = True) -> None:
    found = _program(program)
    environment = {**os.environ, **({"PGPASSWORD": url.password} if url.password else {})}
    command = [found, *arguments, *([_address(url)] if address else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line.lower()), done.stderr.strip())
        raise ConfigError(f"{program} failed: {said.strip().rstrip('.')}.")


def _address(url: URL) -> str:
    """Libpq's words for a database, without its password: other users see a program's arguments."""
    named = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    query = {name: value for name, value in url.query.items() if isinstance(value, str)}
    return make_conninfo("", **{name: value for name, value in named.items() if value is not None}, **query)


def _program(name: str) -> str:
    newest = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]), reverse=True)
    found = next((str(path) for path in newest), None) or shutil.which(name)
    if found is None:
        raise ConfigError(f"{name} is not installed; install PostgreSQL's client programs (postgresql-client).")
    return found


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
