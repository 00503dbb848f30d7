"""Faults between the service and what is beside it: a database of its own, its network, cameras and their worker."""

from __future__ import annotations

import pytest

from service.bench_faults.run import chosen

BETWEEN = {"database killed", "network cut", "machine's line cut", "stream", "worker killed"}
CELLS = [cell for cell in chosen(quick=True) if cell.fault in BETWEEN]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_after_a_fault_beside_the_service_nothing_is_lost_and_nothing_doubled(cell, struck):
    assert struck(cell)["put"] > 0
