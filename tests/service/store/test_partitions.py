"""Months in PostgreSQL: made ahead, kept through an upgrade and back, asked one at a time, dropped whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, select, text

from qyran.roles import Role
from service import watch_hits
from service.passage_retention import keep_months, sweep_passages
from service.plate_index import plate_of
from service.store.database import MIGRATIONS, WRITES
from service.store.partitions import months_there
from service.store.passage_tables import PassageTombstone, PlateIndex
from service.store.tables import CameraLog, Ingested, Passage
from tests.service.passages import taken
from tests.service.test_watch_lists import a_list


def migrate(engine, direction, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(**{WRITES: True}).begin() as connection:
        config.attributes["connection"] = connection
        direction(config, revision)


def what_is_there(world) -> dict[str, list]:
    with world.store.read() as work:
        return {
            "plates": sorted((row.id, plate_of(work, row) or "") for row in work.session.scalars(select(Passage))),
            "taken": sorted(work.session.execute(select(Ingested.event_id, Ingested.time)).all()),
            "log": sorted(work.session.execute(select(CameraLog.event_id, CameraLog.end)).all()),
        }


def test_an_older_store_loses_nothing_on_the_way_up_and_back(both):
    for minutes in (0, 60 * 24 * 20, 60 * 24 * 80):
        taken(both, minutes=minutes)
    taken(both, None)
    both.case()
    both.take(both.event("up", type="stream", plate=None, track=None, evidence=None, onset_s=None))
    before = what_is_there(both)
    migrate(both.store.engine, command.downgrade, "0025")
    with both.store.engine.connect() as connection:
        sealed = connection.scalar(text("SELECT count(*) FROM personal JOIN passage ON passage.id = personal.record"))
        assert sealed == 3
    migrate(both.store.engine, command.upgrade, "head")
    assert what_is_there(both) == before
    event = both.event("control", type="passage", evidence=None)
    assert both.take(event).stored == 1
    assert both.take(event).repeated == 1


def only(world) -> bool:
    return world.store.engine.dialect.name == "postgresql"


@pytest.fixture
def postgres_world(both):
    if not only(both):
        pytest.skip("SQLite keeps its tables whole")
    return both


def test_months_are_made_ahead_and_take_what_lay_in_the_rest(postgres_world):
    world = postgres_world
    later = taken(world, minutes=60 * 24 * 400)
    with world.store.read() as work:
        assert work.session.scalar(text("SELECT count(*) FROM months.passage_rest")) == 1
    world.clock.forward(days=400)
    assert keep_months(world.store) == 9
    assert keep_months(world.store) == 0
    with world.store.read() as work:
        assert work.session.scalar(text("SELECT count(*) FROM months.passage_rest")) == 0
        assert work.session.get(Passage, later).id == later


def test_a_month_that_is_over_is_dropped_whole_but_for_what_is_held(postgres_world):
    world = postgres_world
    senior = world.person(Role.SENIOR_OFFICER)
    a_list(world, senior, "123ABC02", valid_until=world.clock() + timedelta(days=10))
    held, *_ = taken(world), taken(world, "777KKK01"), taken(world, "888KKK01", minutes=5)
    world.clock.forward(days=70)
    keep_months(world.store)
    with world.store.read() as work:
        assert datetime(2026, 11, 1, tzinfo=UTC) in {one.start for one in months_there(work.session, "passage")}
    assert sweep_passages(world.store) == 2
    with world.store.read() as work:
        assert datetime(2026, 11, 1, tzinfo=UTC) not in {one.start for one in months_there(work.session, "passage")}
        assert work.session.scalars(select(Passage.id)).all() == [held]
        (stone,) = work.session.scalars(select(PassageTombstone))
        assert (stone.removed, stone.held) == (2, 1)
        assert work.session.scalar(select(func.count()).select_from(PlateIndex)) == 1
    assert len(world.do(senior, watch_hits.listing)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM passage WHERE time >= '2026-11-22' AND time < '2026-11-23' ORDER BY time DESC LIMIT 24",
        "SELECT * FROM passage WHERE camera_id = 'a' AND time >= '2026-11-22' AND time < '2026-11-23'",
        "SELECT * FROM passage WHERE plate_token = 'a' AND time >= '2026-11-22' AND time < '2026-11-23'",
        "SELECT * FROM camera_log WHERE camera_id = 'a' AND \"end\" >= '2026-11-22' AND \"end\" < '2026-11-23'",
    ],
)
def test_a_question_about_a_day_looks_into_one_month_by_its_index(postgres_world, query):
    with postgres_world.store.engine.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        plan = "\n".join(connection.scalars(text(f"EXPLAIN {query}")))
    assert "2026_11" in plan
    assert "2026_12" not in plan
    assert "_rest" not in plan
    assert "Index" in plan
