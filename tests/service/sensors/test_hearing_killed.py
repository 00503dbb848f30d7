"""The process that hears sensors is killed again and again: nothing that the broker had is lost, nothing is doubled."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from service.store.sensor_tables import SensorMessage
from service.store.tables import Evidence
from tests.service.sensors.senses import MOSQUITTO, Broker, a_sensor, alerts, said

SCRIPT = Path(__file__).with_name("killed_hearing.py")
ROOT = Path(__file__).resolve().parents[3]


def heard(world) -> int:
    with world.store.read() as work:
        return work.session.scalar(select(func.count()).select_from(SensorMessage)) or 0


@pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed")
def test_killed_in_the_middle_of_a_flood(world, tmp_path):
    broker = Broker(tmp_path)
    broker.start()
    file = tmp_path / "sensors.toml"
    file.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\ntls = false\nclient_id = "c{uuid4().hex[:8]}"\n'
        "least_wait_s = 0.05\nlongest_wait_s = 0.1\n"
    )
    names = [a_sensor(world, f"D-{number}") for number in range(8)]
    at = datetime.now(UTC)
    flood = [
        (f"qyran/sensors/{name}/report", said(at=at + turn * timedelta(milliseconds=10), id=f"{turn}",
                                             alarm=turn >= 20))
        for turn in range(40)
        for name in names
    ]  # fmt: skip
    process = None
    try:
        for part, until in ((0, 1), (1, 100), (2, len(flood))):
            process = subprocess.Popen([sys.executable, str(SCRIPT), str(world.settings.home), str(file)], cwd=ROOT,
                                       stderr=subprocess.DEVNULL)  # fmt: skip
            if part == 0:
                _wait_until_heard(world, broker, process)
                broker.publish(*flood)
            while heard(world) < until + 1:
                assert process.poll() is None
            process.kill()
            process.wait()
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
        broker.stop()
    assert heard(world) == len(flood) + 1
    found = alerts(world)
    assert sorted(one.sensor_id for one in found) == names
    with world.store.read() as work:
        kept = work.session.scalars(select(Evidence)).all()
    assert sorted(one.record for one in kept) == sorted(one.id for one in found)
    assert all(one.intact for one in kept)


def _wait_until_heard(world, broker: Broker, process) -> None:
    """Until the session stands and one message came through."""
    while heard(world) == 0:
        assert process.poll() is None
        broker.publish(("qyran/sensors/D-0/report", said(id="first", at=datetime.now(UTC))))
