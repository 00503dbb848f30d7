"""All checks in the order they are told, and how they are run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qyran.errors import QyranError
from service.doctor import databases, disks, machine, outside, parts
from service.doctor.findings import Finding, Grade, Patient, wrong
from service.settings import load_settings

Check = Callable[[Patient], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the table.

    Attributes:
        run: gives the findings.
        needs_settings: it has nothing to look at without them.
        network: it asks somebody outside.
    """

    run: Check
    needs_settings: bool = False
    network: bool = False


CHECKS: Final[dict[str, Asked]] = {
    "python": Asked(machine.python),
    "libraries": Asked(machine.libraries),
    "settings": Asked(parts.settings),
    "processor": Asked(machine.processor),
    "memory": Asked(machine.memory),
    "disk_room": Asked(disks.room, needs_settings=True),
    "disk_speed": Asked(disks.speed, needs_settings=True),
    "folders": Asked(disks.writable, needs_settings=True),
    "secrets": Asked(disks.secrets, needs_settings=True),
    "time_zones": Asked(machine.time_zones),
    "clock": Asked(machine.clock),
    "database": Asked(databases.database, needs_settings=True),
    "keys": Asked(parts.keys, needs_settings=True),
    "models": Asked(parts.models, needs_settings=True),
    "decoders": Asked(parts.decoders),
    "papers": Asked(parts.papers),
    "browser_files": Asked(parts.browser_files),
    "objects": Asked(outside.objects, needs_settings=True, network=True),
    "mail": Asked(outside.mail, needs_settings=True, network=True),
    "broker": Asked(outside.broker, needs_settings=True, network=True),
    "receivers": Asked(outside.receivers, needs_settings=True, network=True),
    "registers": Asked(outside.registers, needs_settings=True, network=True),
    "certificate": Asked(outside.certificate, needs_settings=True, network=True),
    "port": Asked(outside.port),
    "cameras": Asked(parts.cameras),
    "watchers": Asked(parts.watchers, needs_settings=True),
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """A check and what it found."""

    name: str
    findings: tuple[Finding, ...] = field(default=())


def patient_of(
    cameras: Sequence[Path] = (), *, streams: bool = False, port: int | None = None, network: bool = True
) -> Patient:
    """This machine with the settings of this environment."""
    files = tuple(file for one in cameras for file in (sorted(one.glob("*.toml")) if one.is_dir() else [one]))
    try:
        return Patient(load_settings(), None, files, streams, port, network)
    except QyranError as error:
        return Patient(None, str(error), files, streams, port, network)


def examine(patient: Patient, only: Sequence[str] = ()) -> Iterator[Checked]:
    """Run the checks one after another; one that fails itself is wrong, and the others go on."""
    for name, asked in CHECKS.items():
        if only and name not in only:
            continue
        if (asked.needs_settings and patient.settings is None) or (asked.network and not patient.network):
            continue
        yield Checked(name, tuple(_found(name, asked, patient)))


def is_sound(checked: Sequence[Checked]) -> bool:
    """Whether nothing is wrong."""
    return all(one.grade is not Grade.WRONG for each in checked for one in each.findings)


def _found(name: str, asked: Asked, patient: Patient) -> Iterator[Finding]:
    try:
        yield from asked.run(patient)
    except QyranError as error:
        yield wrong("failed", check=name, fault=str(error))
    except Exception as error:
        log.debug("The check %s failed.", name, exc_info=True)
        yield wrong("failed", check=name, fault=f"{type(error).__name__}: {error}")
