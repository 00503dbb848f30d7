"""A machine and the service it sends to, both killed at every step: each event arrives whole, once, in its order."""

from __future__ import annotations

import shutil
from uuid import uuid4

from service.cluster.desk import StoreDesk
from service.forwarding.arrivals import ARRIVING
from service.settings import load_settings
from service.spool import Spool
from tests import killing
from tests.service.forwarding.machines import word
from tests.service.world import World

MOST_STEPS = 300


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_killed_at_every_step_nothing_is_lost_and_nothing_doubled(tmp_path):
    home, made = tmp_path / "home", tmp_path / "made"
    with World(load_settings(home=home)) as world:
        StoreDesk(world.store, "east").beat(word({"abay-12": None}, at=world.clock.now))
        identity = uuid4()
        passage = world.event("control", id=uuid4(), type="passage", evidence=None, direction="forward", epoch=1)
        violation = world.event(id=identity, evidence=f"evidence/{identity}", epoch=1)
        package = world.package(violation)
        files = content(package)
        spool = Spool(made)
        spool.put(violation, package)
        spool.put(passage)
    steps = 0
    with killing.helper("tests.service.forwarding.killed_forwarding", str(home)) as tell:
        for step in range(1, MOST_STEPS):
            machine, service = tmp_path / "machine", tmp_path / "service"
            for place in (machine, service):
                shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(made, machine)
            job = {"machine": str(machine), "service": str(service)}
            code = tell(step=step, **job)
            if code == killing.KILLED:
                steps += 1
                assert tell(step=0, **job) == 0
            # A line may stand twice in the spool: the store takes each id once (test_ingest).
            waiting = {item.event.id: item for item in Spool(service).pending()}
            assert set(waiting) == {violation.id, passage.id}, step
            assert waiting[violation.id].event == violation
            assert content(waiting[violation.id].evidence) == files, step
            assert len(Spool(machine)) == 0
            assert not [path for path in (service / ARRIVING).rglob("*") if path.is_file()], step
            if code == 0:
                break
    assert 10 < steps < MOST_STEPS - 1
