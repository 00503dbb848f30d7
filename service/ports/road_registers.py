"""The port to the registers of compulsory insurance and of technical inspection.

Contract: `state` says of which moment the register's state is, None where there is none; `covers_of` answers for plates
each on a day: covered, or not and since when, or None where the register does not know the plate. It is asked for
plates read beyond doubt only, and told nothing of who asks or where the vehicle was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol

from sqlalchemy import select

from qyran.errors import ConfigError
from service.store.bulk import CHUNK, among
from service.store.database import Work
from service.store.record_tables import RegisterEntry, RegisterFeed
from violations.registers import Cover

Register = Literal["insurance", "inspection"]
Asked = tuple[str, date]
"""A plate and a day."""
REGISTERS: Final[tuple[Register, ...]] = ("insurance", "inspection")
KIND_OF: Final[dict[Register, str]] = {"insurance": "no_insurance", "inspection": "no_inspection"}
NEVER_ISSUED: Final = "000"
"""No plate of Kazakhstan begins so: a demo that wants a car without cover draws one."""


class RoadRegister(Protocol):
    """A register."""

    name: str

    def state(self, work: Work) -> datetime | None:
        """Of which moment its state is."""

    def covers_of(self, work: Work, asked: Collection[Asked]) -> dict[Asked, Cover | None]:
        """What it says of plates, each on a day."""


class StoredRegister:
    """A register as it was delivered to us: days covered by keyed token of the plate, never the plate itself."""

    def __init__(self, register: Register) -> None:
        self.name: str = register

    def state(self, work: Work) -> datetime | None:
        """Of the newest delivery."""
        query = select(RegisterFeed.as_of).where(RegisterFeed.register == self.name)
        return work.session.scalar(query.order_by(RegisterFeed.as_of.desc()).limit(1))

    def covers_of(self, work: Work, asked: Collection[Asked]) -> dict[Asked, Cover | None]:
        """Covered where one of the plate's spans holds the day."""
        tokens = {plate: work.store.vault.token(plate) for plate, _ in asked}
        spans: dict[str, list[RegisterEntry]] = {}
        wanted = sorted(set(tokens.values()))
        for start in range(0, len(wanted), CHUNK):
            query = select(RegisterEntry).where(
                RegisterEntry.register == self.name,
                among(work.session, RegisterEntry.plate_token, wanted[start : start + CHUNK]),
            )
            for one in work.session.scalars(query):
                spans.setdefault(one.plate_token, []).append(one)
        return {(plate, day): _cover(spans.get(tokens[plate], []), day) for plate, day in asked}


class InventedRoadRegister:
    """A DEVELOPMENT adapter that knows every plate: only those with the number 000 lack their cover."""

    def __init__(self, register: Register) -> None:
        self.name = f"invented {register}"

    def state(self, work: Work) -> datetime | None:
        """Always of now."""
        return work.now

    def covers_of(self, work: Work, asked: Collection[Asked]) -> dict[Asked, Cover | None]:  # noqa: ARG002
        """The same answer for the same plate."""
        return {
            (plate, day): Cover(covered=False, last_day=day - timedelta(days=1))
            if plate.startswith(NEVER_ISSUED)
            else Cover(covered=True)
            for plate, day in asked
        }


def _cover(spans: Sequence[RegisterEntry], day: date) -> Cover | None:
    if not spans:
        return None
    if any(one.valid_from <= day <= one.valid_until for one in spans):
        return Cover(covered=True)
    return Cover(covered=False, last_day=max((s.valid_until for s in spans if s.valid_until < day), default=None))


def demo_road_register(work: Work, register: Register) -> InventedRoadRegister:
    """The invented register of a demo store.

    Raises:
        ConfigError: the store is a real one.
    """
    if not work.store.demo:
        raise ConfigError("An invented register exists in a demo store only; import the real one's deliveries.")
    return InventedRoadRegister(register)


def road_register(work: Work, register: Register) -> RoadRegister:
    """The register to ask: what was delivered; in a demo store to which nothing was, the invented one."""
    stored = StoredRegister(register)
    if work.store.demo and stored.state(work) is None:
        return demo_road_register(work, register)
    return stored
