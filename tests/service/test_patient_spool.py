from __future__ import annotations

import errno
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from service import patient_spool
from service.event import Event
from service.patient_spool import PatientSpool


class Disk:
    """A spool whose disk may be full."""

    def __init__(self) -> None:
        self.full, self.held = False, []

    def put(self, event, evidence=None) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.held.append(event.video_s)


def event(number: int, type_: str = "incident") -> Event:
    return Event.model_validate(
        {"id": uuid4(), "type": type_, "kind": "up", "camera": "a", "time": datetime(2026, 1, 1, tzinfo=UTC),
         "video_s": number}
    )  # fmt: skip


def test_what_a_full_disk_refuses_is_put_in_order_once_it_takes_it(monkeypatch) -> None:
    monkeypatch.setattr(patient_spool, "RETRY_S", 0.0)
    disk = Disk()
    spool = PatientSpool(disk)
    spool.put(event(1))
    disk.full = True
    for number in (2, 3):
        spool.put(event(number))
    spool.settle()
    assert (disk.held, len(spool)) == ([1], 2)
    disk.full = False
    spool.put(event(4))
    assert (disk.held, len(spool), spool.lost) == ([1, 2, 3, 4], 0, 0)


def test_alarms_are_the_last_to_find_no_room(monkeypatch) -> None:
    monkeypatch.setattr(patient_spool, "MOST", 3)
    monkeypatch.setattr(patient_spool, "RETRY_S", 0.0)
    disk = Disk()
    disk.full = True
    spool = PatientSpool(disk)
    for number, type_ in enumerate(["stream", "incident", "passage", "incident", "incident", "incident"]):
        spool.put(event(number, type_))
    disk.full = False
    spool.settle()
    assert (disk.held, spool.lost) == ([3, 4, 5], 3)


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError])
def test_any_fault_of_the_disk_is_waited_out(error) -> None:
    class Broken:
        def put(self, *_) -> None:
            raise error(errno.EACCES, "no")

    spool = PatientSpool(Broken())
    spool.put(event(1))
    assert len(spool) == 1
