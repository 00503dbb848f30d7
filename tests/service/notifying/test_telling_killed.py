"""Real processes that die while they tell: after a restart all has arrived, counts once, and nothing overtook."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incidents.alert import Verdict
from qyran.roles import Role
from service import alerts
from service.bench_alerts_receiver import StandIn, receiving
from service.notifying import deliver
from service.notifying.messages import LEASE, State
from tests.service.notifying.told import notifications, states, webhook, with_receivers
from tests.service.world import World


@pytest.fixture
def house(settings, database_url, monkeypatch):
    """A demo installation: only there a fault point kills."""
    monkeypatch.setenv("QYRAN_TEST_SECRET", "of-the-tests")
    with World(settings.model_copy(update={"database_url": database_url}), demo=True) as made:
        made.clock.now = datetime.now(UTC)  # the killed process has the real clock
        made.operator = made.person(Role.SITUATIONAL_OPERATOR)
        yield made


def killed(house, point: str) -> int:
    command = [sys.executable, str(Path(__file__).parent / "killed_telling.py"), str(house.settings.home)]
    arguments = [*command, house.settings.database_url, point]
    root = str(Path(__file__).parents[3])
    return subprocess.run(arguments, check=False, env={**os.environ, "PYTHONPATH": root}).returncode


@pytest.mark.parametrize(
    ("point", "database_url", "repeats"),
    [
        ("alert.leased", "sqlite", 0),
        ("alert.handed", "sqlite", 1),
        ("alert.settled", "sqlite", 0),
        pytest.param("alert.handed", "postgresql", 1, marks=pytest.mark.postgres),
    ],
    indirect=["database_url"],
)
def test_who_delivers_is_killed_at_each_step(house, point, repeats):
    stand_in = StandIn()
    with receiving(stand_in) as url:
        with_receivers(house, webhook(url, more="parallel = 1"))
        alert = house.alert("fire", "fire_alert")
        house.do(house.operator, alerts.acknowledge, alert)
        house.do(house.operator, alerts.verdict, alert, Verdict.TRUE)
        assert killed(house, point) == -signal.SIGKILL
        house.clock.now = datetime.now(UTC) + LEASE
        deliver(house.store)
    assert states(house, alert) == [("city", State.HANDED)] * 3
    assert (len(stand_in.taken), stand_in.repeats, stand_in.overtakings) == (3, repeats, 0)
    assert [one for one in notifications(house, alert) if one[0] == "webhook"] == [("webhook", "city", "system", True)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_receiver_that_is_down_and_comes_back_gets_everything_once_in_order(house):
    stand_in = StandIn()
    with receiving(stand_in) as url:
        port = int(url.rpartition(":")[2])
    with_receivers(house, webhook(url))
    ids = [house.alert(kind) for kind in ("crash", "animal")]
    deliver(house.store)
    for alert in ids:
        house.do(house.operator, alerts.acknowledge, alert)
    stand_in.ended.clear()
    with receiving(stand_in, port):
        house.clock.forward(seconds=60)
        deliver(house.store)
    assert {one for alert in ids for one in states(house, alert)} == {("city", State.HANDED)}
    assert (len(stand_in.taken), stand_in.repeats, stand_in.overtakings) == (4, 0, 0)
