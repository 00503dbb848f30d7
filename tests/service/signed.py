"""Signed decisions for tests of what follows them."""

from __future__ import annotations

from dataclasses import dataclass

from qyran.roles import SYSTEM, Actor, Role
from service import attributes, cases, fines, signing
from service.records import load
from service.store.database import Work
from service.store.tables import ViolationCase
from tests.service.world import World
from violations.case import Attribute

CITY = """
[body.name]
kk = "Полиция"
ru = "Полиция"
[appeal_body.name]
kk = "Департамент"
ru = "Департамент"
"""


@dataclass(frozen=True, slots=True)
class SignedFine:
    """A decision as a payer knows it, and who made it."""

    case: str
    number: str
    kzt: int
    officer: Actor


def a_fine(world: World, kind: str = "red_light", *, officer: Actor | None = None) -> SignedFine:
    """A case that an officer confirmed and signed."""
    if world.settings.city_file is None and not world.store.demo:
        path = world.settings.home / "city.toml"
        path.write_text(CITY, encoding="utf-8")
        object.__setattr__(world.store, "settings", world.settings.model_copy(update={"city_file": path}))
    officer = officer or world.person(Role.POLICE_OFFICER)
    with world.store.read() as work:
        known = work.session.query(ViolationCase).count()
    case_id = world.case(kind, plate=f"{123 + known}ABC02")  # the same plate twice would be one case
    offence = world.do(officer, cases.claim, case_id).offences[0]
    world.do(officer, cases.confirm, case_id, offence)
    world.do(officer, signing.sign, case_id)
    with world.store.read() as work:
        row = work.session.get_one(ViolationCase, case_id)
        return SignedFine(case_id, row.document_no or "", row.fine_kzt or 0, officer)


def delivered(world: World, fine: SignedFine) -> None:
    """It was delivered now."""

    def step(work: Work) -> None:
        row = load(work, ViolationCase, fine.case)
        attributes.change(work, row, Attribute.DELIVERY, "notified", data={"channel": "sms"})
        attributes.change(work, row, Attribute.DELIVERY, "delivered")
        fines.settle(work, row)

    world.do(SYSTEM, step)
