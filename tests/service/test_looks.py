from __future__ import annotations

import pytest

from qyran.roles import Role
from service import cases
from service.owners import load_owner
from service.views import LookView, OwnerView

SEEN = {"vehicle_type": "car", "colour": "red"}


class Register:
    """A register that says of every vehicle the same."""

    name = "test"

    def __init__(self, **says: str) -> None:
        self.says = says

    def owner_of(self, plate: str, day: object) -> OwnerView:
        return OwnerView(name="A", iin="000000000000", address="B", vehicle="C", demo=True, **self.says)


def looks(world, says: dict[str, str] | None, **seen: str) -> list[LookView]:
    officer = world.person(Role.POLICE_OFFICER)
    case_id = world.case(**seen)
    world.do(officer, cases.claim, case_id)
    if says is not None:
        return list(load_owner(world.store, officer, case_id, Register(**says)).looks)
    return list(world.do(officer, cases.open_case, case_id).looks)


@pytest.mark.parametrize(
    ("seen", "says", "expected"),
    [
        ({}, None, []),
        ({}, {}, []),
        (SEEN, None, [("vehicle_type", "car", None, False), ("colour", "red", None, False)]),
        (SEEN, {}, [("vehicle_type", "car", None, False), ("colour", "red", None, False)]),
        (SEEN, {"vehicle_type": "car", "colour": "white"},
         [("vehicle_type", "car", "car", False), ("colour", "red", "white", True)]),
        (SEEN, {"vehicle_type": "truck", "colour": "red"},
         [("vehicle_type", "car", "truck", True), ("colour", "red", "red", False)]),
        ({"vehicle_type": "bus"}, {"colour": "blue"},
         [("vehicle_type", "bus", None, False), ("colour", None, "blue", False)]),
    ],
    ids=["nothing", "register silent on an unseen vehicle", "register not asked", "register silent", "other colour",
         "other type", "one speaks of each"],
)  # fmt: skip
def test_what_the_camera_saw_stands_beside_the_register(world, seen, says, expected):
    assert [(one.name, one.seen, one.registered, one.differs) for one in looks(world, says, **seen)] == expected
