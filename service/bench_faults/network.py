"""The network cut between the hosts: the database in a network namespace of its own, on the far end of a cable."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from qyran.errors import ConfigError
from service.bench_faults.cells import Cell, Ground, Missing, Outcome
from service.bench_faults.house import Model, model
from service.bench_faults.killing import held_at
from service.bench_faults.postgres import Postgres
from service.bench_faults.programs import tool

STEPS: Final = ("ingest.adopted", "ingest.written", "alert.handed", "sign.rendered", "sign.written", "send.handed")
CUT_S: Final = 8.0
BRIEF_CUT_S: Final = 3.0
LONG_CUT_S: Final = 45.0
"""Longer than the connections' own time limits: they are given up, and made anew."""


def cells() -> list[Cell]:
    """The cut at each step, a brief and a long one."""
    found = [Cell("network cut", step, partial(cut_at, step, CUT_S), "postgresql") for step in STEPS]
    return [
        *found,
        Cell("network cut", "brief", partial(cut_at, "ingest.written", BRIEF_CUT_S), "postgresql", quick=True),
        Cell("network cut", "long", partial(cut_at, "ingest.written", LONG_CUT_S), "postgresql"),
    ]


def cut_at(step: str, seconds: float, ground: Ground) -> Outcome:
    """Pull the cable while the service stands at a step; nothing answers, not even with a refusal."""
    with cable(ground.number) as line:
        place = ground.folder / f"far-{ground.number}"
        place.mkdir()
        try:
            postgres = Postgres(place, prefix=line.prefix, host=line.there)
        except ConfigError as error:
            raise Missing(str(error)) from None
        postgres.start()
        try:
            helper = next(iter(ground.models.values())).helper
            far: Model = model(place, helper, postgres)
            own = Ground(ground.folder, {"postgresql": far}, ground.number)
            return held_at(step, own, "postgresql", line.pull, line.plug, away_s=seconds)
        finally:
            line.plug()
            postgres.program.kill()


@dataclass(frozen=True, slots=True)
class Cable:
    """A namespace on the far end of a cable.

    Attributes:
        namespace: of the far host.
        here: address of this host on it.
        there: address of the far host.
        end: the far end, where it is pulled: with its near end the way to the far host would be gone too, and another
            one's owner might answer.
    """

    namespace: str
    here: str
    there: str
    end: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """What runs a command on the far host."""
        return ("ip", "netns", "exec", self.namespace)

    def pull(self) -> None:
        """From now on nothing answers, not even with a refusal."""
        _ip("-n", self.namespace, "link", "set", self.end, "down")

    def plug(self) -> None:
        """Put it back."""
        _ip("-n", self.namespace, "link", "set", self.end, "up")


@contextmanager
def cable(number: int) -> Iterator[Cable]:
    """A host on the far end of a cable.

    Raises:
        Missing: only root may make one.
    """
    if os.geteuid() != 0:
        raise Missing("Only root may make network namespaces.")
    name = f"qf{os.getpid() % 10_000}n{number}"[:12]
    near, far = f"{name}a"[:15], f"{name}b"[:15]
    octet = os.getpid() * 7 % 200 + 10
    here, there = f"10.{octet}.{number % 250}.1", f"10.{octet}.{number % 250}.2"
    try:
        _ip("netns", "add", name)
    except (ConfigError, subprocess.CalledProcessError) as error:
        raise Missing(f"No network namespace can be made here: {error}.") from None
    try:
        _ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        _ip("addr", "add", f"{here}/24", "dev", near)
        _ip("link", "set", near, "up")
        _ip("-n", name, "addr", "add", f"{there}/24", "dev", far)
        _ip("-n", name, "link", "set", far, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield Cable(name, here, there, far)
    finally:
        subprocess.run([tool("ip"), "link", "del", near], check=False, capture_output=True)  # noqa: S603
        subprocess.run([tool("ip"), "netns", "del", name], check=False, capture_output=True)  # noqa: S603


def _ip(*words: str) -> None:
    subprocess.run([tool("ip"), *words], check=True, capture_output=True)  # noqa: S603 - the system's own program
