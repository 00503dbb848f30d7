"""The page and the API of machines: who watches what, in the reader's words."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from service.cluster.desk import StoreDesk
from service.cluster.fence import count_refusal
from service.cluster.leases import Beat
from service.cluster.overview import Overview
from tests.service.web.conftest import Visitor


def beat(world, machine, *cameras):
    word = Beat(
        session=str(uuid4()), at=world.clock.now, term_s=30, version="0.1.0", wants=dict.fromkeys(cameras)
    )  # fmt: skip
    return StoreDesk(world.store, machine).beat(word)


@pytest.fixture
def watched(world):
    beat(world, "east", "abay-12")
    beat(world, "west", "dostyk-3")
    world.clock.forward(seconds=60)
    with world.store.write() as work:
        count_refusal(work, world.event(epoch=1), "lease_lost")
    return world


def test_the_page_shows_who_watches_what_who_is_silent_and_what_was_refused(watched):
    page = Visitor(watched).log_in("administrator").get("/machines").text
    for word in ("abay-12", "dostyk-3", "east", "west", "silent", "Refused"):
        assert word in page


def test_an_installation_without_leases_is_told_how_to_begin(world):
    assert "docs/cluster.md" in Visitor(world).log_in("auditor").get("/machines").text


def test_machines_are_read_over_the_api(watched):
    answer = Visitor(watched).log_in("administrator").get("/api/v1/machines")
    found = Overview.model_validate(answer.json())
    assert [(one.camera, one.machine, one.refused) for one in found.cameras] == [
        ("abay-12", "east", 1), ("dostyk-3", "west", 0),
    ]  # fmt: skip
    assert all(one.silent for one in found.machines)
    assert found.cameras[0].since < watched.clock.now - timedelta(seconds=30)
