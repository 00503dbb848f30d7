"""What waits in a machine's spool: sent in order, again until it is taken, one camera never held up by another."""

from __future__ import annotations

from uuid import uuid4

import pytest

from qyran.errors import InputError
from service.cluster.desk import DeskAway
from service.event import Event
from service.forwarding.client import NotYet
from service.forwarding.forwarder import Sent, forward
from service.spool import Spool
from tests.service.world import NOON


class Service:
    """Takes events, unless something is said of them."""

    def __init__(self, **answers):
        self.taken, self.answers = [], answers

    def deliver(self, event, _):
        error = self.answers.get(event.kind)
        if error is not None:
            raise error
        self.taken.append((event.camera, event.kind))


def events(*named):
    return [
        Event(id=uuid4(), type="stream", kind=kind, camera=camera, time=NOON, video_s=0, epoch=1)
        for camera, kind in named
    ]


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "spool")
    for event in events(("a", "up"), ("b", "up"), ("a", "down"), ("b", "down"), ("a", "view_ok")):
        made.put(event)
    return made


def test_everything_goes_in_order(spool):
    service = Service()
    assert forward(spool, service) == Sent(delivered=5)
    assert [camera + kind for camera, kind in service.taken] == ["aup", "bup", "adown", "bdown", "aview_ok"]
    assert len(spool) == 0


def test_while_nobody_answers_everything_waits(spool):
    assert forward(spool, Service(up=DeskAway("away"))) == Sent(away="away")
    assert len(spool) == 5


def test_what_can_never_be_taken_is_set_aside_with_the_reason_and_blocks_nobody(spool):
    service = Service(down=InputError("it is wrong"))
    assert forward(spool, service) == Sent(delivered=3, aside=2)
    assert len(spool) == 0
    reasons = [path.read_text() for path in spool.folder.glob("aside/*/reason.txt")]
    assert len(reasons) == 2
    assert all("it is wrong" in reason for reason in reasons)


@pytest.mark.parametrize("fault", [NotYet("upgrade the service"), PermissionError(13, "Permission denied")])
def test_what_cannot_be_taken_or_read_yet_holds_up_its_own_camera_alone(tmp_path, fault):
    spool = Spool(tmp_path / "spool")
    for event in events(("a", "view_moved"), ("a", "up"), ("b", "up")):
        spool.put(event)
    service = Service(view_moved=fault)
    assert forward(spool, service) == Sent(delivered=1, held_up=2)
    assert service.taken == [("b", "up")]
    service.answers.clear()
    assert forward(spool, service) == Sent(delivered=2)
    assert service.taken[1:] == [("a", "view_moved"), ("a", "up")]
