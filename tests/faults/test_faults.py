"""One cell of each fault: the real programs struck, and everything that was acknowledged accounted for, once.

The whole matrix is `qyran bench faults`.
"""

from __future__ import annotations

import itertools

import pytest

from service.bench_faults.cells import SKIPPED, Ground, result
from service.bench_faults.killing import STEPS
from service.bench_faults.run import chosen, every_cell, grounds
from service.fault_points import POINTS

ELSEWHERE = {"resolution.written", "batch.written", "send.leaving"}
"""Steps of letters and appeals: tests/service/test_resolution_killed.py, test_delivery_killed.py."""
QUICK = chosen(quick=True)


@pytest.fixture(scope="module")
def ground():
    """What all cells stand on, and a number for each."""
    numbers = itertools.count(1)
    with grounds({cell.database for cell in QUICK}) as (folder, models):
        yield lambda: Ground(folder, models, next(numbers))


@pytest.mark.parametrize("cell", QUICK, ids=lambda cell: cell.name)
def test_after_the_fault_nothing_is_lost_and_nothing_doubled(cell, ground):
    told = result(cell, ground())
    if told["word"] == SKIPPED:
        pytest.skip(told["why"])
    assert told["word"] == "ok", told
    assert told["ledger"]["put"] > 0


def test_the_matrix_strikes_the_service_at_every_step_there_is():
    assert set(STEPS) == set(POINTS) - ELSEWHERE


def test_every_fault_has_a_cell_in_ci_and_no_two_cells_share_a_name():
    cells = every_cell()
    assert {cell.fault for cell in cells} == {cell.fault for cell in QUICK}
    assert len({cell.name for cell in cells}) == len(cells)
