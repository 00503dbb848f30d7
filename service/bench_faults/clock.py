"""A clock that is set back and forth under the running service: libfaketime around the real program."""

from __future__ import annotations

import os
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Final

from service.bench_faults.cells import Cell, Ground, Missing, Outcome
from service.bench_faults.house import house
from service.bench_faults.killing import waiting
from service.bench_faults.ledger import account
from service.bench_faults.programs import qyran

LIBRARIES: Final = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
STEPS: Final[dict[str, tuple[str, ...]]] = {
    "back an hour and right again": ("-1h", "+0"),  # meanwhile no decision may be dated before its act
    "forward an hour": ("+1h",),
    "forward two days": ("+2d",),
    "back and forth": ("-1h", "+0", "+1h", "-10m", "+0"),
    "ahead and right again": ("+1h", "+0"),
    "back over a month's end": ("-30d", "+0"),
}
"""What the clock is set to, one after the other, each as an offset from the true time; load comes with each."""
REST_S: Final = 2.0
"""The library looks once a second what the clock shall show."""


def cells() -> list[Cell]:
    """Each way of setting a clock."""
    return [
        Cell("clock stepped", step, partial(step_clock, step), quick=step == "ahead and right again") for step in STEPS
    ]


def step_clock(step: str, ground: Ground) -> Outcome:
    """Set the clock under load, and have everything go on."""
    if not LIBRARIES or shutil.which("faketime") is None:
        raise Missing("libfaketime is not installed.")
    with house(ground.model("sqlite"), ground.folder, number=ground.number) as home:
        home.answers = False  # the register's clock is right: its answers to decisions of the next hour are impossible
        clock = home.folder / "clock"
        _set(clock, "+0")
        home.environment |= {
            "LD_PRELOAD": str(LIBRARIES[0]), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
        }  # fmt: skip
        home.first_load()
        home.serve = qyran("serve", ["serve", "--port", str(home.port)], home.environment, home.log)
        home.serve.start()
        home.wait_until_healthy()
        settled = True
        for number, offset in enumerate(STEPS[step], start=1):
            home.decisions = number
            with home.officer():
                home.second_load()
                _set(clock, offset)
                home.first_load()
                time.sleep(REST_S)
                last = number == len(STEPS[step])
                settled = home.settle() if last else settled
        left = [] if settled else waiting(home)
        said = home.outages()
        home.serve.end()
        return Outcome(account(home), settled=settled, said=said, notes={"left": left, "officer": dict(home.steps)})


def _set(clock: Path, offset: str) -> None:
    spare = clock.with_name(".clock")
    spare.write_text(f"{offset}\n", encoding="ascii")
    os.replace(spare, clock)  # noqa: PTH105
