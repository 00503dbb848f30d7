"""A machine and the service it sends to, both killed at every step: each event arrives whole, once, in its order."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from uuid import uuid4

from service.cluster.desk import StoreDesk
from service.forwarding.arrivals import ARRIVING
from service.ingest import ingest
from service.settings import load_settings
from service.spool import Spool
from service.store.database import open_store
from service.store.tables import Evidence, Passage
from tests import killing
from tests.service.forwarding.machines import word
from tests.service.world import World

MOST_STEPS = 300


def test_killed_at_every_step_nothing_is_lost_and_nothing_doubled(tmp_path):
    made = tmp_path / "made"
    with World(load_settings(home=made / "service", second_look_share=0, sample_auto_rejected=0)) as world:
        StoreDesk(world.store, "east").beat(word({"abay-12": None}, at=world.clock.now))
        identity = uuid4()
        passage = world.event(
            "control", id=uuid4(), type="passage", evidence=None, direction="forward", epoch=1, track=None
        )
        violation = world.event(id=identity, evidence=f"evidence/{identity}", epoch=1)
        spool = Spool(made / "machine" / "spool")
        spool.put(violation, world.package(violation))
        spool.put(passage)
    steps = 0
    with killing.helper("tests.service.forwarding.killed_forwarding") as tell:
        for step in range(1, MOST_STEPS):
            place = tmp_path / "run"
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(made, place)
            job = {"service": str(place / "service"), "machine": str(place / "machine")}
            code = tell(step=step, **job)
            if code == killing.KILLED:
                steps += 1
                assert tell(step=0, **job) == 0
            store = open_store(load_settings(home=place / "service"), clock=lambda: datetime.now(UTC))
            taken = ingest(Spool(store.settings.spool_folder), store)
            assert (taken.stored, taken.aside) == (2, 0), step
            with store.read() as work:
                assert work.session.get_one(Evidence, str(identity)).intact, step
                assert work.session.query(Passage).filter(Passage.id == str(passage.id)).count() == 1
            assert len(Spool(place / "machine" / "spool")) == 0
            assert not list((store.settings.spool_folder / ARRIVING).glob("*/*")), step
            store.close()
            if code == 0:
                break
    assert 10 < steps < MOST_STEPS - 1
