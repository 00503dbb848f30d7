from __future__ import annotations

import gc

import pytest

from service.allocator import settle


@pytest.fixture
def frozen():
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("frozen")
def test_what_is_there_when_a_process_settles_is_not_looked_at_again():
    gc.collect()
    before = len(gc.get_objects())

    settle()

    assert gc.get_freeze_count() >= before * 0.9
    assert len(gc.get_objects()) < before * 0.1
