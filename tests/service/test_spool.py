from __future__ import annotations

import json
import threading
from pathlib import Path
from uuid import uuid4

import pytest

from service.spool import Spool


def folder(path: Path, text: str = "clip") -> Path:
    path.mkdir(parents=True)
    (path / "clip.mp4").write_text(text)
    return path


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def test_items_come_back_in_the_order_they_were_put(spool, world):
    events = [world.event(type="passage", kind="control", evidence=None) for _ in range(20)]
    for event in events:
        spool.put(event)
    assert [item.event for item in Spool(spool.folder).pending()] == events


def test_evidence_travels_with_its_event(spool, world, tmp_path):
    event = world.event()
    given = folder(tmp_path / "out" / "package")
    spool.put(event, given)
    (item,) = spool.pending()
    assert (item.evidence / "clip.mp4").read_text() == "clip"
    assert not given.exists()


def test_done_forgets_an_item_and_its_evidence(spool, world, tmp_path):
    spool.put(world.event(), folder(tmp_path / "package"))
    (item,) = spool.pending()
    spool.done(item)
    assert len(spool) == 0
    assert [path for path in spool.folder.rglob("*") if path.is_file()] == []
    spool.done(item)


def test_putting_an_event_again_changes_nothing(spool, world, tmp_path):
    event = world.event()
    spool.put(event, folder(tmp_path / "package"))
    spool.put(event, tmp_path / "package")
    spool.put(event)
    assert len(list(spool.pending())) == 1


def test_evidence_moves_across_file_systems(spool, world, tmp_path, monkeypatch):
    rename = Path.rename

    def refuse(self, target):
        if self.name == "package":
            raise OSError(18, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    spool.put(world.event(), folder(tmp_path / "package"))
    (item,) = spool.pending()
    assert (item.evidence / "clip.mp4").read_text() == "clip"
    assert not (tmp_path / "package").exists()


POISON = {
    "empty": "",
    "not JSON": "{",
    "another shape": json.dumps({"id": str(uuid4())}),
    "an unknown key": "with-surprise",
    "not UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("content", POISON.values(), ids=POISON)
def test_what_cannot_be_read_is_set_aside_and_blocks_nobody(spool, world, content):
    good = world.event(type="passage", kind="control", evidence=None)
    bad = world.event()
    spool.put(bad)
    spool.put(good)
    path = next((spool.folder / "new").glob(f"*-{bad.id}")) / "event.json"
    if content == "with-surprise":
        content = json.dumps({**json.loads(bad.to_line()), "surprise": 1})
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert [item.event for item in spool.pending()] == [good]
    assert spool.aside() == 1
    reason = next((spool.folder / "aside").glob("*/reason.txt")).read_text()
    assert "cannot be read" in reason
    assert len(list(spool.pending())) == 1


def test_a_stray_file_in_the_spool_is_set_aside(spool):
    (spool.folder / "new" / "notes.txt").write_text("hello")
    assert list(spool.pending()) == []
    assert spool.aside() == 1


def test_a_whole_item_whose_worker_was_killed_is_published(spool, world, tmp_path):
    event = world.event()
    making = spool.folder / "making" / f"00000000000000000001-{event.id}"
    folder(making / "evidence")
    (making / "event.json").write_text(event.to_line())
    assert [item.event for item in spool.pending()] == [event]


def test_half_an_item_waits_for_its_worker(spool, world, tmp_path):
    event = world.event()
    making = spool.folder / "making" / f"00000000000000000001-{event.id}"
    making.mkdir()
    (making / "event.json").write_text(event.to_line())
    assert list(spool.pending()) == []
    spool.put(event, folder(tmp_path / "package"))
    assert [item.event for item in spool.pending()] == [event]


def test_putting_and_taking_at_once_lose_nothing_and_disturb_nobody(spool, world):
    events = [world.event(type="passage", kind="control", evidence=None) for _ in range(100)]
    putting = [
        threading.Thread(target=lambda part=part: [Spool(spool.folder).put(event) for event in part])
        for part in (events[:50], events[50:])
    ]
    for thread in putting:
        thread.start()
    taken = []
    while any(thread.is_alive() for thread in putting) or len(spool):
        for item in spool.pending():
            taken.append(item.event.id)
            spool.done(item)
    for thread in putting:
        thread.join()
    assert sorted(taken) == sorted(event.id for event in events)
