"""What the consoles ask meanwhile, one after another with a pause, each timed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from service import cameras, cases, kpi, passages
from service.bench_passages.city import CASE, People, camera_id, plate
from service.operators.board import Choice, board
from service.passages import PassageFilter
from service.query_log import Reason
from service.settings import load_settings
from service.store.database import open_store
from violations.case import CaseState

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event as Flag

PAUSE_S: Final = 0.25
"""Between two questions: four a second, those of some fifty people who look at lists."""
REASON: Final = Reason(code="stolen_vehicle", number=CASE)


def ask(home: str, database_url: str, people: People, count: int, vehicles: int, stop: Flag, told: Any) -> None:
    """Ask until told to stop.

    Args:
        home: of the installation.
        database_url: of its store.
        people: who asks.
        count: cameras.
        vehicles: of the city.
        stop: set when it is enough.
        told: a queue that gets (question, seconds, rows).
    """
    settings = load_settings(home=home, database_url=database_url)
    store = open_store(settings)
    dice = random.Random(2)  # noqa: S311  draws a benchmark's questions

    def searched(hours: float, **given: Any) -> int:
        with store.write(people.officer) as work:
            wanted = PassageFilter(start=work.now - timedelta(hours=hours), end=work.now, **given)
            return len(passages.search(work, wanted, REASON).items)

    def seen_camera() -> int:
        with store.read(people.operator) as work:
            name = camera_id(dice.randrange(count))
            return len(cameras.log_of(work, name)) + len(
                cases.queue(work_for(work, people), camera=name, limit=20).items
            )

    def work_for(work: Any, who: People) -> Any:
        from dataclasses import replace  # noqa: PLC0415

        return replace(work, actor=who.officer)

    def queue() -> int:
        with store.read(people.officer) as work:
            return len(cases.queue(work, state=CaseState.SCREENED).items)

    def alarms() -> int:
        with store.read(people.operator) as work:
            return len(board(work, Choice()).items)

    def figures() -> int:
        return len(kpi.security_report(store, actor=people.evaluator).kpis)

    questions: dict[str, Callable[[], int]] = {
        "passages_by_plate": lambda: searched(24, plate=plate(dice.randrange(vehicles // 10))),
        "passages_by_pattern": lambda: searched(24, plate=f"{plate(dice.randrange(vehicles))[:6]}??"),
        "passages_of_a_camera": lambda: searched(1, cameras=(camera_id(dice.randrange(count)),)),
        "passages_newest": lambda: searched(24),
        "passages_by_look": lambda: searched(2, colour="red", vehicle_type="truck"),
        "case_queue": queue,
        "alarm_list": alarms,
        "camera_page": seen_camera,
        "kpi": figures,
    }
    while not stop.is_set():
        for name, question in questions.items():
            began = time.perf_counter()
            rows = question()
            told.put((name, time.perf_counter() - began, rows))
            if stop.wait(PAUSE_S):
                break
    store.close()
