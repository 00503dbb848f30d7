"""The port to the vehicle register of the Ministry of Internal Affairs.

Contract: `owner_of` answers for a plate on a day, or None where the register knows no such plate. It is asked only
after an officer has opened the case, and what it answers is stored sealed.
"""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Protocol

from qyran.errors import ConfigError
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


def demo_register(store: Store) -> InventedRegister:
    """The invented register of a demo store.

    Raises:
        ConfigError: the store is a real one.
    """
    if not store.demo:
        raise ConfigError("Invented owners exist in a demo store only; configure the real vehicle register.")
    return InventedRegister()
