from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from qyran.errors import ConfigError
from qyran.roles import SYSTEM
from service.settings import load_settings
from service.store.alert_tables import AlertEvent
from service.store.base import Base
from service.store.counter import next_number
from service.store.database import open_store
from service.store.passage_tables import QueryLog
from service.store.tables import AccessLog, CaseEvent, Counter


def note(work, at: datetime) -> None:
    work.session.add(AccessLog(at=at, actor="a", role="auditor", action="look", record="r"))


def test_a_time_without_a_zone_is_refused(both):
    with pytest.raises(StatementError, match="without a zone"), both.store.write() as work:
        note(work, datetime(2026, 11, 22, 12, 0))  # noqa: DTZ001


def test_a_time_comes_back_aware_and_in_utc(both):
    there = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=5)))
    with both.store.write() as work:
        note(work, there)
    with both.store.read() as work:
        back = work.session.scalar(select(AccessLog.at).where(AccessLog.record == "r"))
    assert back == there
    assert back.tzinfo is UTC


def test_the_migrations_make_exactly_the_tables_of_the_code(both):
    with both.store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


APPEND_ONLY = ["case_event", "alert_event", "access_log", "ledger_root", "ledger_head", "camera_file"]


@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_database_itself_refuses_to_change_what_was_appended(both, table, statement):
    _one_row(both)
    column = {"camera_file": "version"}.get(table, "seq" if table.endswith(("event", "head")) else "id")
    counted = select(func.count()).select_from(Base.metadata.tables[table])
    with both.store.engine.connect() as connection:
        before = connection.execute(counted).scalar()
        assert before
        with pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(statement.format(table, column, column)))
        connection.rollback()
        assert connection.execute(counted).scalar() == before


def _one_row(world) -> None:
    link = {"record": "r", "seq": 1, "prev": "0", "header": "{}", "commitment": "0", "hash": "0", "actor": "a",
            "role": "system", "kind": "state"}  # fmt: skip
    with world.store.write() as work:
        note(work, work.now)
        work.session.add_all(table(**link, at=work.now) for table in (CaseEvent, AlertEvent))
        work.session.flush()
        work.session.add(QueryLog(id="q", at=work.now, actor="a", role="r", kind="search", reason="r", results=0))
        work.session.execute(text("INSERT INTO ledger_root VALUES (1, 't', '0', '0', 'k', 's')"))
        work.session.execute(text("INSERT INTO ledger_head VALUES (1, 'r', 1, '0')"))


def test_numbers_have_no_gap_though_a_transaction_is_undone(both):
    def take() -> int:
        with both.store.write() as work:
            return next_number(work, "2026")

    assert [take(), take()] == [1, 2]

    def take_and_fail(work) -> None:
        next_number(work, "2026")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        both.do(SYSTEM, take_and_fail)
    assert take() == 3


def test_numbers_taken_at_once_are_all_different(both):
    taken: list[int] = []

    def take() -> None:
        for _ in range(5):
            with both.store.write() as work:
                number = next_number(work, "2026")
            taken.append(number)

    with both.store.write() as work:
        work.session.add(Counter(series="2026", last=0))
    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 21))


def test_what_fails_leaves_nothing_behind(both):
    def note_and_fail(work) -> None:
        note(work, work.now)
        work.session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        both.do(SYSTEM, note_and_fail)
    with both.store.read() as work:
        assert work.session.scalar(select(func.count()).select_from(AccessLog)) == len(["the camera's registration"])


def test_sqlite_is_durable_and_keeps_foreign_keys(world):
    with world.store.engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_a_store_stays_what_it_was_made_as(settings):
    open_store(settings, demo=False).close()
    with pytest.raises(ConfigError, match="a real store, not a demo one"):
        open_store(settings, demo=True)
    with pytest.raises(ConfigError, match="belongs to the city"):
        open_store(settings.model_copy(update={"city_id": "elsewhere"}))


def test_a_database_that_is_not_there_is_one_sentence(tmp_path):
    settings = load_settings(
        home=tmp_path, database_url=f"postgresql://qyran@/nothing?host={tmp_path}&connect_timeout=2"
    )
    with pytest.raises(ConfigError, match="cannot be opened") as error:
        open_store(settings)
    assert "\n" not in str(error.value)


def test_a_store_of_a_newer_program_is_refused(both):
    with both.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer version"):
        open_store(both.store.settings)


def test_opening_twice_upgrades_once(both):
    again = open_store(both.store.settings)
    with again.read(SYSTEM) as work:
        assert work.session.scalar(text("SELECT count(*) FROM alembic_version")) == 1
    again.close()
