"""A camera's analysis and the reader of its stream put at the same time: nothing is lost, nothing is put twice."""

from __future__ import annotations

import threading
from collections import Counter
from types import SimpleNamespace

from service.patient_spool import PatientSpool

THREADS, EACH = 4, 300


def test_two_threads_that_put_at_once_lose_and_double_nothing():
    taken: list[str] = []
    meet = threading.Event()

    def put(event, _):
        meet.wait(0.0001)  # lets another thread in between the put and what follows it
        taken.append(event.id)

    spool = PatientSpool(SimpleNamespace(put=put))
    together = threading.Barrier(THREADS)

    def work(name):
        together.wait()
        for n in range(EACH):
            spool.put(SimpleNamespace(id=f"{name}-{n}", type="incident"))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(spool) == 0
    assert Counter(taken) == Counter(f"{name}-{n}" for name in range(THREADS) for n in range(EACH))
