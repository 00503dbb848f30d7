"""The port to the vehicle register of the Ministry of Internal Affairs.

Contract: `owner_of` answers for a plate on a day, or None where the register knows no such plate. It is asked only
after an officer has opened the case, and what it answers is stored sealed.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Protocol

from pydantic import ValidationError

from qyran.errors import ConfigError
from service.ports.channels import ChannelDown, Refused
from service.ports.http import Peer, told
from service.store.database import Store
from service.views import OwnerView

FIRST_NAMES = ("Айгүл", "Бекзат", "Гүлнұр", "Дәурен", "Жанар", "Ерлан")
LAST_NAMES = ("Үлгіев", "Мысалов", "Сынақов", "Тәжірибин")  # "of the sample", "of the example", "of the test"


class VehicleRegister(Protocol):
    """The register."""

    name: str

    def owner_of(self, plate: str, day: date) -> OwnerView | None:
        """Who owned the vehicle of a plate on a day.

        Raises:
            OSError: the register did not answer.
        """


class InventedRegister:
    """A DEVELOPMENT adapter that knows nobody: it invents one person a plate, marked as a demo, no ИИН of anybody's."""

    name = "invented"

    def owner_of(self, plate: str, day: date) -> OwnerView | None:  # noqa: ARG002
        """The same invented person for the same plate."""
        pick = hashlib.sha256(plate.encode()).digest()
        name = f"{LAST_NAMES[pick[0] % len(LAST_NAMES)]} {FIRST_NAMES[pick[1] % len(FIRST_NAMES)]} (DEMO)"
        # Month 00 exists in no real ИИН.
        return OwnerView(
            name=name, iin=f"0000{pick[2]:03d}00000"[:12], address="DEMO", vehicle=f"DEMO {plate}", demo=True
        )


class HttpVehicleRegister:
    """The register over HTTP, as its contract in docs/delivery.md says.

    ``POST /owner`` is asked with plate and day in its body, never in its address, and answers ``{"owner": ...}``, null
    where it knows no such plate.
    """

    name = "vehicle register"

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def owner_of(self, plate: str, day: date) -> OwnerView | None:
        """Ask it."""
        try:
            given = told(self._peer.ask("POST", "/owner", {"plate": plate, "day": day.isoformat()}))
            owner = given["owner"]
            return None if owner is None else OwnerView.model_validate({"demo": False, **owner})
        except (Refused, KeyError, TypeError, ValidationError):
            raise ChannelDown("not_understood") from None


def demo_register(store: Store) -> InventedRegister:
    """The invented register of a demo store.

    Raises:
        ConfigError: the store is a real one.
    """
    if not store.demo:
        raise ConfigError("Invented owners exist in a demo store only; configure the real vehicle register.")
    return InventedRegister()
