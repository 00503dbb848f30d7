"""One cell of each fault: the real programs struck, and everything that was acknowledged accounted for, once.

The whole matrix is `qyran bench faults`; here are the faults of an installation on SQLite, in test_faults_between.py
those of a database of its own and of cameras.
"""

from __future__ import annotations

import pytest

from service.bench_faults import killing, machine
from service.bench_faults.run import chosen, every_cell
from service.fault_points import POINTS
from tests.faults.test_faults_between import BETWEEN

ELSEWHERE = {"resolution.written", "batch.written", "send.leaving"}
"""Steps of letters and appeals: tests/service/test_resolution_killed.py, test_delivery_killed.py."""
CELLS = [cell for cell in chosen(quick=True) if cell.fault not in BETWEEN]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_after_the_fault_nothing_is_lost_and_nothing_doubled(cell, struck):
    assert struck(cell)["put"] > 0


def test_the_matrix_strikes_the_service_at_every_step_there_is():
    assert {*killing.STEPS, *machine.STEPS} == set(POINTS) - ELSEWHERE


def test_every_fault_has_a_cell_in_ci_and_no_two_cells_share_a_name():
    cells = every_cell()
    assert {cell.fault for cell in cells} == {cell.fault for cell in chosen(quick=True)}
    assert len({cell.name for cell in cells}) == len(cells)
