from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from service.store.alert_tables import Alert, AlertEvent, AlertNotification
from service.store.ledger import check_store
from service.store.response_tables import AlertService
from tests import killing

MOST_STEPS = 200  # far more than a round has


@pytest.fixture(scope="module")
def helper():
    with killing.helper("tests.service.killed") as tell:
        yield tell


def until_it_ends(world, helper, what: str, stride: int = 1) -> int:
    """Process after process, each killed so many steps further on than the last; how many died."""
    where = {"home": str(world.settings.home), "database_url": world.settings.database_url}
    for died, step in enumerate(range(1, MOST_STEPS, stride)):
        if helper(what=what, step=step, **where) != killing.KILLED:
            return died
    return MOST_STEPS


def counted(world, table, *where) -> int:
    with world.store.read() as work:
        return work.session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def test_who_passes_alerts_on_may_be_killed_at_any_step_and_each_is_passed_on_once(world, helper):
    """The helper's clock is the true one, long after every turn: each step of the ladder is due once."""
    ids = [world.alert("fire", "fire_alert"), world.alert("debris")]
    assert until_it_ends(world, helper, "escalate") > 3
    for alert_id, steps, told in zip(ids, (3, 1), (3, 1), strict=True):
        mine = AlertEvent.record == alert_id, AlertEvent.kind == "escalated"
        assert counted(world, AlertEvent, *mine) == steps
        assert counted(world, AlertNotification, AlertNotification.alert_id == alert_id) == told + 1
    assert counted(world, AlertService) == 1
    assert check_store(world.store) == []


def test_the_taker_may_be_killed_while_it_merges_reports_of_one_happening(world, helper):
    first = world.event("fire", type="fire_alert", plate=None)
    again = world.event("fire", type="fire_alert", plate=None, time=first.time + timedelta(seconds=20))
    other = world.event("crash", type="incident", plate=None)
    world.put(first, again, other)
    assert until_it_ends(world, helper, "ingest", stride=4) > 3
    with world.store.read() as work:
        rows = {row.id: row for row in work.session.scalars(select(Alert))}
    assert {row.state for row in rows.values()} == {"notified", "merged"}
    assert (rows[str(first.id)].reports, rows[str(again.id)].merged_into) == (2, str(first.id))
    assert counted(world, AlertNotification) == 2
    assert (len(world.spool), check_store(world.store)) == (0, [])
