from __future__ import annotations

import itertools

import pytest

from service.bench_faults.cells import SKIPPED, Ground, result
from service.bench_faults.run import grounds


@pytest.fixture(scope="module")
def struck(request):
    """Runs a cell of the module's `CELLS` on ground that they share, and holds its ledger."""
    numbers = itertools.count(1)
    with grounds({cell.database for cell in request.module.CELLS}) as (folder, models):

        def run(cell):
            told = result(cell, Ground(folder, models, next(numbers)))
            if told["word"] == SKIPPED:
                pytest.skip(told["why"])
            assert told["word"] == "ok", told
            return told["ledger"]

        yield run
