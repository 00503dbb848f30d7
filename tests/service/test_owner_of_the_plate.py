"""A decision must never name the owner of another plate than the one it is about."""

from __future__ import annotations

import pytest

from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service import cases
from service.owners import load_owner
from service.views import OwnerView


class Register:
    """Knows each plate's owner by the plate."""

    name = "of tests"

    def owner_of(self, plate: str, day: object) -> OwnerView:
        return OwnerView(name=f"Owner of {plate}", iin="000000000000", address="A", vehicle="V", demo=True)


@pytest.fixture
def officer(world):
    return world.person(Role.POLICE_OFFICER)


def opened(world, officer, plate: str | None) -> tuple[str, str]:
    case = world.case(plate=plate)
    return case, world.do(officer, cases.claim, case).offences[0]


def test_the_owner_of_the_plate_an_officer_reads_can_be_asked_where_no_machine_read_one(world, officer):
    case, offence = opened(world, officer, None)
    with pytest.raises(TransitionError, match="not known yet"):
        load_owner(world.store, officer, case, Register())
    seen = load_owner(world.store, officer, case, Register(), plate=" 777 ABC 02")
    assert (seen.owner.name, seen.plate, seen.edited) == ("Owner of 777ABC02", "777ABC02", ("plate",))
    assert world.do(officer, cases.confirm, case, offence).state == "officer_confirmed"


def test_a_plate_corrected_after_the_owner_was_asked_needs_its_own_owner(world, officer):
    case, offence = opened(world, officer, "123ABC02")
    load_owner(world.store, officer, case, Register())
    with pytest.raises(InputError, match="ask for the corrected plate"):
        world.do(officer, cases.confirm, case, offence, plate="128ABC02")
    assert load_owner(world.store, officer, case, Register(), plate="128ABC02").owner.name == "Owner of 128ABC02"
    done = world.do(officer, cases.confirm, case, offence, plate="128ABC02")
    assert (done.plate, done.plate_read, done.owner.name) == ("128ABC02", "123ABC02", "Owner of 128ABC02")


@pytest.mark.parametrize("plate", ["", "?", "AB", "1" * 30])
def test_what_can_be_no_plate_is_asked_of_nobody(world, officer, plate):
    case, _ = opened(world, officer, None)
    with pytest.raises((InputError, TransitionError)):
        load_owner(world.store, officer, case, Register(), plate=plate)
