"""Every step of a case asked for over HTTP from every state by every role: what the table forbids is refused."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import select

from qyran.roles import PERSON_ROLES, Role
from service import cases, signing
from service.app import create_app
from service.case_terms import move_due
from service.store.tables import AppUser, ViolationCase
from tests.service.server import browser, serving
from tests.service.test_api import Client
from tests.service.world import NOON, World
from violations.case import TRANSITIONS, CaseState

S = CaseState
OFFENCE = {"offence": "599-1"}
STEPS = {
    "claim": ("claim", {}),
    "confirm": ("confirm", OFFENCE),
    "send-on": ("send_on", {"offence": "596-3"}),
    "reject": ("reject", {"reason": "no_violation"}),
    "remark": ("remark", {"note": "?"}),
    "release": ("release", {}),
    "return": ("return", {"reason": "picture_poor"}),
    "repair": ("repair", {}),
    "reconsider": ("sample", {}),
    "part": ("part", {"reason": "other_act"}),
    "withdraw": ("withdraw", {"reason": "mistake_noticed"}),
    "sign": ("sign", {}),
    "cancel": ("cancel", {"reason": "court_ruling"}),
}
"""Each route with the step of the table it takes, and a body that lacks nothing."""
ACTORS = (Role.CAMERA_OPERATOR, Role.POLICE_OFFICER, Role.SENIOR_OFFICER)


def legal(state: CaseState, name: str, role: Role) -> bool:
    return any(state in row.sources and row.name == name and role in row.roles for row in TRANSITIONS)


@pytest.fixture
def demo(settings):
    with (
        World(settings.model_copy(update={"second_look_mci": 40.0}), demo=True) as made,
        serving(create_app(store=made.store, jobs=False)) as made.address,
    ):
        made.officer, made.other = made.person(Role.POLICE_OFFICER), made.person(Role.POLICE_OFFICER)
        made.senior = made.person(Role.SENIOR_OFFICER)
        yield made


def in_every_state(world: World) -> dict[CaseState, str]:
    """One case in each state a case can rest in, brought there by real steps."""
    number = iter(range(100, 200))

    def new(**changes: object) -> str:
        return world.case(plate=f"{next(number)}ABC02", **changes)

    def claimed(**changes: object) -> str:
        case_id = new(**changes)
        world.do(world.officer, cases.claim, case_id)
        return case_id

    def confirmed() -> str:
        case_id = claimed()
        world.do(world.officer, cases.confirm, case_id, "599-1")
        return case_id

    def signed() -> str:
        case_id = confirmed()
        world.do(world.officer, signing.sign, case_id)
        return case_id

    found = {S.CLOSED: claimed()}
    world.do(world.officer, cases.reject, found[S.CLOSED], "no_violation")
    move_due(world.store, S.CLOSED, world.clock())
    event = world.event(track=None, plate="555ABC02")
    world.take(event, evidence=False)
    found |= {S.AUTO_REJECTED: str(event.id), S.SCREENED: new(), S.IN_REVIEW: claimed(), S.SIGNED: signed()}
    found |= {S.OFFICER_CONFIRMED: confirmed(), S.OFFICER_REJECTED: claimed(), S.NON_PAYABLE: claimed(kind="wrong_way")}
    world.do(world.officer, cases.reject, found[S.OFFICER_REJECTED], "no_violation")
    world.do(world.officer, cases.send_on, found[S.NON_PAYABLE], "596-3")
    found |= {S.RETURNED: new(), S.EXPIRED: new(time=NOON.replace(month=8)), S.CANCELLED: signed()}
    world.do(world.officer, cases.send_back, found[S.RETURNED], "picture_poor")
    world.do(world.senior, cases.cancel, found[S.CANCELLED], "court_ruling")
    found[S.SECOND_LOOK] = claimed()
    world.do(world.officer, cases.confirm, found[S.SECOND_LOOK], "599-2")
    first = world.event(plate="900ABC02", track=None)
    again = world.event(plate="900ABC02", track=None)
    world.take(first, again)
    found[S.MERGED] = str(again.id)
    return found


def states(world: World) -> dict[str, tuple[str, int]]:
    with world.store.read() as work:
        return {row.id: (row.state, row.seq) for row in work.session.scalars(select(ViolationCase))}


def test_every_step_that_the_table_forbids_is_refused_with_its_reason(demo):
    here = in_every_state(demo)
    assert set(here) == set(CaseState) - {S.DETECTED}
    before = states(demo)
    assert {state: before[case_id][0] for state, case_id in here.items()} == {state: state.value for state in here}
    asked = 0
    with ExitStack() as stack:
        for role in sorted(PERSON_ROLES):
            client = Client(stack.enter_context(browser(demo.address)), username(demo, role))
            for state, case_id in here.items() if role in ACTORS else [(S.IN_REVIEW, here[S.IN_REVIEW])]:
                for route, (name, body) in STEPS.items():
                    if legal(state, name, role):
                        continue
                    given = client("POST", f"/cases/{case_id}/{route}", json=body)
                    what = (role, state, route, given.text)
                    assert given.status_code in {403, 409}, what
                    assert given.headers["content-type"] == "application/problem+json", what
                    assert len(given.json()["detail"]) > 20, what
                    if not any(name == row.name and role in row.roles for row in TRANSITIONS):
                        assert given.status_code == 403, what  # who may never take it learns nothing of the state
                    asked += 1
    assert asked > 350
    assert states(demo) == before


def username(world: World, role: Role) -> str:
    service = {"service": "101"} if role is Role.SERVICE_DISPATCHER else {}
    actor = world.person(role, **service)
    with world.store.read() as work:
        return work.session.get_one(AppUser, actor.id).username
