from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from service.view_memory import FRESH, ViewMemory
from vision.drift import Look

NOON = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def look(level: float) -> Look:
    return Look(*(np.full(shape, level, np.float32) for shape in ((8, 16), (8, 16), (8, 16), (136, 240))))


def test_a_view_survives_a_restart_for_half_an_hour(tmp_path):
    ViewMemory(tmp_path / "views" / "c.npz").keep(look(7), NOON)
    again = ViewMemory(tmp_path / "views" / "c.npz")
    assert np.array_equal(again.recall(NOON + FRESH).edges, look(7).edges)
    assert again.recall(NOON + FRESH + timedelta(seconds=1)) is None
    assert again.recall(NOON - timedelta(seconds=1)) is None


def test_it_is_written_once_a_minute_and_whole(tmp_path):
    memory = ViewMemory(tmp_path / "c.npz")
    memory.keep(look(1), NOON)
    memory.keep(look(2), NOON + timedelta(seconds=59))
    assert memory.recall(NOON).coarse[0, 0] == 1
    memory.keep(look(3), NOON + timedelta(seconds=60))
    assert memory.recall(NOON + timedelta(seconds=60)).coarse[0, 0] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["c.npz"]


def test_a_scene_drawn_anew_forgets_the_view(tmp_path):
    memory = ViewMemory(tmp_path / "c.npz")
    memory.forget()
    memory.keep(look(1), NOON)
    memory.forget()
    assert memory.recall(NOON) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"no view at all"])
def test_a_file_that_holds_no_view_is_as_good_as_none(tmp_path, content):
    (tmp_path / "c.npz").write_bytes(content)
    assert ViewMemory(tmp_path / "c.npz").recall(NOON) is None
