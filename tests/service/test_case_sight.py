"""Every address of a case, as who may not see it: of another territory, with the vehicle denied, the case blocked."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from qyran.roles import Role
from service import appeals, denials, subject_requests
from service.doors import doors
from service.store.tables import Evidence
from service.subject_requests import Person
from tests.service.signed import a_fine
from tests.service.test_appeals import answer, new
from tests.service.test_subject_requests import a_request
from tests.service.web.conftest import Visitor

PLATE = "123ABC02"
HARMLESS = {"/cases/{case_id}/standing"}
"""Says a state and a colleague's id, and nothing of the case."""


@pytest.fixture
def city(world):
    """A signed case of the northern territory, appealed and answered."""
    world.register(territory="north")
    world.fine, senior = a_fine(world), world.person(Role.SENIOR_OFFICER)
    world.appeal = world.do(senior, appeals.file, world.fine.case, new()).id
    world.do(senior, appeals.answer, world.appeal, answer("upheld", "act_proven"))
    with world.store.read() as work:
        world.package = work.session.scalars(select(Evidence).where(Evidence.record == world.fine.case)).one()
    return world


def addresses(world) -> list[str]:
    """Every address under which something of the case is read."""
    still = next(one["name"] for one in world.package.files if one["role"] == "still")
    ids = {"case_id": world.fine.case, "record": world.fine.case, "kind": "cases", "event_id": world.package.event_id,
           "name": still, "appeal_id": world.appeal}  # fmt: skip
    about = ("{case_id}", "{record}")
    found = [path for method, path in doors() if method == "GET" and any(one in path for one in about)]
    return [path.format(**ids) for path in sorted(found) if path not in HARMLESS]


def answers(world, person) -> dict[str, int]:
    return {path: person.get(path, follow=False).status_code for path in addresses(world)}


def senior(world, **changes) -> Visitor:
    made = world.person(Role.SENIOR_OFFICER, **changes)
    person = Visitor(world)
    person.form("/login", username=person.username(made.id), password="orange tulips over Medeu")
    person.id = made.id
    return person


def another_territory(world) -> Visitor:
    return senior(world, territories=("south",))


def denied_vehicle(world) -> Visitor:
    person = senior(world)
    world.do(world.person(Role.ADMINISTRATOR), denials.deny, person.id, "vehicle", PLATE, "his own car")
    return person


def blocked_case(world) -> Visitor:
    keeper = world.person(Role.DATA_PROTECTION_OFFICER)
    whose = Person(name="Үлгіев Ерлан", iin="", contact="Абай 1", plate=PLATE)
    made = world.do(keeper, subject_requests.register, a_request("restriction", person=whose))
    world.do(keeper, subject_requests.decide, made.id, "granted", "lawful", "")
    world.do(keeper, subject_requests.carry_out, made.id)
    return senior(world)


def test_who_may_see_it_reads_it_under_every_address(city):
    assert {path: code for path, code in answers(city, senior(city)).items() if code != 200} == {}


@pytest.mark.parametrize("who", [another_territory, denied_vehicle, blocked_case])
def test_who_may_not_reads_it_under_none(city, who):
    person = who(city)
    assert {path: code for path, code in answers(city, person).items() if code != 403} == {}
    ordered = {"variant": "masked", "purpose": "for a look"}
    path, headers = f"/api/v1/cases/{city.fine.case}/export", {"x-csrf-token": person.token()}
    assert person.send("POST", path, json=ordered, headers=headers).status_code == 403
