"""A machine without the service's disk, on the far end of a cable: the line cut, the service and the machine killed.

The real worker watches there under leases and sends what lies in its spool over https; the cell's happenings are put
into that spool under the leases that the worker keeps, as its cameras' processes would.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from qyran.roles import SYSTEM
from service.bench_faults import happenings
from service.bench_faults.cells import Cell, Database, Ground, Outcome
from service.bench_faults.certificate import self_signed
from service.bench_faults.happenings import Happenings
from service.bench_faults.house import House, house
from service.bench_faults.killing import GATE, died, held, waiting
from service.bench_faults.ledger import account
from service.bench_faults.network import Cable, cable
from service.bench_faults.programs import Program, qyran, until
from service.cluster.tenure import TenureFile
from service.event import Event
from service.feeds import make_feed
from service.forwarding.arrivals import ARRIVING
from service.spool import Spool
from vision.camera_toml import to_toml

STEPS: Final = ("door.part", "door.whole", "door.put")
NAME: Final = "far"
CAMERAS: Final = 2
CUT_S: Final = 8.0
LONG_CUT_S: Final = 50.0
"""Longer than the machine's leases, which are lost meanwhile, and than any of its requests."""
TIMES: Final = 5
WAIT_S: Final = 3.0


def cells() -> list[Cell]:
    """The line and the service at each step of an event's way, both and the machine at random."""
    found = [
        Cell("machine's line cut", step, partial(cut_at, step, CUT_S), quick=step == "door.part") for step in STEPS
    ]
    found += [Cell("server killed", step, partial(kill_service, step)) for step in STEPS]
    return [
        *found,
        Cell("machine's line cut", "long", partial(cut_at, "door.part", LONG_CUT_S)),
        Cell("machine's line cut", "at random", partial(cut_at_random, "postgresql"), "postgresql"),
        Cell("worker killed", "while it sends", kill_machine_at_random),
    ]


class Leased(Spool):
    """The machine's spool: takes an event while its camera's lease is held, under the lease's epoch."""

    def __init__(self, home: Path) -> None:
        super().__init__(home / "spool")
        self.home = home

    def put(self, event: Event, evidence: Path | None = None) -> None:
        """Put it.

        Raises:
            OSError: the lease is not held now.
        """
        tenure = TenureFile.of(self.home, event.camera).read()
        if tenure is None or not tenure.holds():
            raise OSError(f"{event.camera} is under no lease")
        super().put(event.model_copy(update={"epoch": tenure.epoch}), evidence)


@dataclass(slots=True)
class Far:
    """The machine: its worker, its cable and its spool."""

    program: Program
    line: Cable
    home: Path
    spool: Leased

    def watches(self) -> bool:
        """Whether it holds all its cameras."""
        found = [TenureFile.of(self.home, happenings.camera_id(number)).read() for number in range(CAMERAS)]
        return all(tenure is not None and tenure.holds() for tenure in found)


@contextmanager
def machine(ground: Ground, database: Database) -> Iterator[tuple[House, Far]]:
    """An installation and a machine that tells it what it sees; nothing of them runs yet."""
    with cable(ground.number) as line, house(ground.model(database), ground.folder, number=ground.number) as home:
        home.tls = self_signed(home.folder, "service", line.here)
        own = home.folder / NAME
        own.mkdir()
        with closing(home.store()) as store, store.write(SYSTEM) as work:
            token = make_feed(work, NAME, ["worker"])
        cameras = own / "cameras"
        cameras.mkdir()
        for camera in happenings.cameras(CAMERAS):
            (cameras / f"{camera.id}.toml").write_text(to_toml(camera), encoding="utf-8")
        environment = {
            "QYRAN_HOME": str(own), "QYRAN_MACHINE": NAME, "QYRAN_SERVICE_URL": f"https://{line.here}:{home.port}",
            "QYRAN_SERVICE_TOKEN": "env:FAULTS_TOKEN", "QYRAN_SERVICE_CA": str(home.tls[0]), "FAULTS_TOKEN": token,
            "QYRAN_DATABASE_URL": "",
        }  # fmt: skip
        program = qyran(
            "machine", ["worker", "--cameras", str(cameras)], environment, home.folder / "machine.log",
            prefix=line.prefix,
        )  # fmt: skip
        far = Far(program, line, own, Leased(own))
        home.happenings = Happenings(own, far.spool, cameras=CAMERAS, noisy=True)
        try:
            yield home, far
        finally:
            program.kill()


def cut_at(step: str, seconds: float, ground: Ground) -> Outcome:
    """Pull the cable while the service stands at a step of an event's way in, and put it back."""
    with machine(ground, "sqlite") as (home, far):
        gate = home.folder / GATE
        begin(home, far, f"{step}@{gate}")
        home.first_load()
        with home.officer():
            struck = held(home)
            far.line.pull()
            gate.with_name(f"{GATE}.go").touch()
            home.second_load()
            time.sleep(seconds)
            far.line.plug()
            until(far.watches, "The machine does not get its cameras again.")
            home.second_load()
            return ended(home, far, struck=struck)


def kill_service(step: str, ground: Ground) -> Outcome:
    """SIGKILL to the service at a step of an event's way in; it is started again."""
    with machine(ground, "sqlite") as (home, far):
        begin(home, far, step)
        home.first_load()
        with home.officer():
            struck = died(home)
            home.second_load()
            home.start()
            home.wait_until_healthy()
            return ended(home, far, struck=struck)


def cut_at_random(database: Database, ground: Ground) -> Outcome:
    """The cable pulled again and again under load."""
    chance = random.Random(ground.number)  # noqa: S311  draws moments, guards nothing
    with machine(ground, database) as (home, far):
        begin(home, far)
        with home.officer():
            for _ in range(TIMES):
                home.first_load()
                time.sleep(chance.uniform(0.0, WAIT_S))
                far.line.pull()
                home.second_load()
                time.sleep(chance.uniform(0.5, WAIT_S))
                far.line.plug()
            return ended(home, far)


def kill_machine_at_random(ground: Ground) -> Outcome:
    """The worker with all its processes killed again and again while it sends."""
    chance = random.Random(ground.number)  # noqa: S311  draws moments, guards nothing
    with machine(ground, "sqlite") as (home, far):
        begin(home, far)
        with home.officer():
            for _ in range(TIMES):
                home.first_load()
                time.sleep(chance.uniform(0.0, WAIT_S))
                far.program.kill()
                home.second_load()
                far.program.start()
                until(far.watches, "The machine does not get its cameras again.")
            return ended(home, far)


def begin(home: House, far: Far, fault: str | None = None) -> None:
    """Start both, and wait until the machine watches."""
    home.start(fault)
    home.wait_until_healthy()
    far.program.start()
    until(far.watches, "The machine does not get its cameras.")


def ended(home: House, far: Far, *, struck: bool = True) -> Outcome:
    """Wait until everything has arrived, end both, and account."""
    settled = home.settle(lambda: not len(far.spool))
    alive = home.serve is not None and home.serve.alive
    said = home.outages() if alive else []
    left = [] if settled else [*waiting(home), f"{len(far.spool)} on the machine", *reasons(far)]
    far.program.end()
    if home.serve is not None:
        home.serve.end()
    done = Outcome(account(home), struck, settled and alive, said, notes={"left": left, "service went on": alive})
    done.ledger.faults += [f"{event.type} found no lease" for event, _ in home.happenings.refused]
    arriving = home.settings.spool_folder / ARRIVING
    done.ledger.faults += [f"left over: {path.name}" for path in arriving.rglob("*") if path.is_file()]
    return done


def reasons(far: Far) -> list[str]:
    """The last that the machine said."""
    return far.program.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
