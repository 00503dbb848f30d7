from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import SYSTEM, Role
from service import cases, exemptions
from service.exemptions import NewPermit, add_permit, end_flag, end_permit, set_flag
from service.store.tables import Personal, ViolationCase
from tests.service.records import deliver, settled
from tests.service.world import NOON, World

HOUR = timedelta(hours=1)


def permit(**changes: object) -> NewPermit:
    given = {"ground": "emergency", "plate": "123 ABC 02", "valid_from": NOON - HOUR, "document": "order 7"}
    return NewPermit.model_validate({**given, **changes})


def state(world, case_id: str) -> tuple[str, str | None]:
    with world.store.read() as work:
        row = work.session.get_one(ViolationCase, case_id)
        return row.state, row.reason


def test_the_case_of_an_ambulance_is_stored_and_set_aside_with_the_reason(both):
    name = both.do(SYSTEM, add_permit, permit())
    case_id = both.case()
    assert state(both, case_id) == ("auto_rejected", "emergency_vehicle")
    senior = both.person(Role.SENIOR_OFFICER)
    detail = both.do(senior, cases.open_case, case_id)
    assert (detail.history[-1].reason, detail.history[-1].data["exempt_by"]) == ("emergency_vehicle", name)
    assert (detail.plate, len(detail.evidence)) == ("123ABC02", 1)
    both.do(senior, cases.reconsider, case_id)
    assert state(both, case_id)[0] == "screened"


def test_a_sample_of_the_exempt_goes_to_officers_all_the_same(settings):
    with World(settings.model_copy(update={"sample_auto_rejected": 1.0})) as world:
        world.do(SYSTEM, add_permit, permit())
        assert state(world, world.case()) == ("screened", "emergency_vehicle")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ground": "permit", "kinds": ["red_light"]}, "permit"),
        ({"ground": "permit", "kinds": "bus_lane|no_parking"}, None),
        ({"ground": "permit", "cameras": ["abay-12"], "plate": None, "vehicle_class": "car"}, "permit"),
        ({"ground": "permit", "plate": None, "vehicle_class": "bus"}, None),
        ({"ground": "permit", "plate": "777XYZ01"}, None),
        ({"ground": "permit", "zones": ["kerb"]}, None),
        ({"valid_from": NOON + HOUR}, None),
        ({"valid_until": NOON - timedelta(minutes=1)}, None),
        ({"ground": "grace", "plate": None, "grace_s": 2.0}, "grace_time"),
        ({"ground": "grace", "plate": None, "grace_s": 1.0}, None),
    ],
)
def test_a_permit_holds_where_when_and_for_whom_it_says(world, changes, reason):
    world.do(SYSTEM, add_permit, permit(**changes))
    expected = ("screened", None) if reason is None else ("auto_rejected", reason)
    assert state(world, world.case()) == expected


def test_a_device_s_record_of_an_ambulance_is_set_aside_too(world):
    world.do(SYSTEM, add_permit, permit())
    name = deliver(world)
    settled(world)
    assert state(world, name) == ("auto_rejected", "emergency_vehicle")


def test_an_ended_permit_holds_for_what_was_before_and_for_nothing_after(both):
    name = both.do(SYSTEM, add_permit, permit())
    before = both.event(track=None)
    both.clock.forward(minutes=5)
    both.do(SYSTEM, end_permit, name)
    both.take(before)
    assert state(both, str(before.id))[0] == "auto_rejected"
    assert state(both, both.case())[0] == "screened"
    with pytest.raises(NotFound):
        both.do(SYSTEM, end_permit, name)
    assert both.do(SYSTEM, exemptions.permits) == ()
    (ended,) = both.do(SYSTEM, exemptions.permits, ended=True)
    assert (ended.plate, ended.ended_at is not None) == ("123ABC02", True)


def test_a_controllers_flag_is_an_officers_and_holds_for_its_camera_and_time(both):
    officer = both.person(Role.POLICE_OFFICER)
    name = both.do(officer, set_flag, "abay-12", NOON - HOUR, NOON + HOUR)
    assert state(both, both.case()) == ("auto_rejected", "directed_by_officer")
    assert state(both, both.case("railway_crossing", plate="777XYZ01"))[0] == "screened"
    both.clock.forward(minutes=5)
    both.do(officer, end_flag, name)
    assert state(both, both.case(plate="456DEF02"))[0] == "screened"
    assert [one.id for one in both.do(officer, exemptions.flags)] == [name]


@pytest.mark.parametrize(
    ("camera", "start", "end", "kinds", "error"),
    [
        ("abay-13", NOON, NOON + HOUR, (), NotFound),
        ("abay-12", NOON, NOON, (), InputError),
        ("abay-12", NOON, NOON + timedelta(hours=25), (), InputError),
        ("abay-12", NOON, NOON + HOUR, ("flying",), InputError),
    ],
)
def test_a_flag_that_cannot_be_is_refused(world, camera, start, end, kinds, error):
    with pytest.raises(error):
        world.do(SYSTEM, set_flag, camera, start, end, kinds)


def test_an_officer_flags_cameras_of_his_own_territory_only(world):
    world.register(territory="medeu")
    with pytest.raises(AccessError, match="medeu"):
        world.do(
            world.person(Role.POLICE_OFFICER, territories=["alatau"]), set_flag, "abay-12", NOON, NOON + HOUR
        )  # fmt: skip


def test_roadworks_of_the_camera_file_excuse_what_the_camera_sees(world):
    world.register(roadworks=[{"start": NOON - HOUR, "end": NOON + HOUR}])
    assert state(world, world.case("lane_direction")) == ("auto_rejected", "roadworks")
    name = deliver(world)
    settled(world)
    assert state(world, name)[0] == "screened"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"plate": None}, "named by its plate"),
        ({"ground": "permit", "plate": None}, "a plate or a vehicle_class"),
        ({"valid_until": NOON - 2 * HOUR}, "before valid_from"),
        ({"kinds": ["flying"]}, "no kind of violation flying"),
        ({"grace_s": 5.0}, "grace, and nothing else"),
        ({"ground": "grace"}, "grace, and nothing else"),
        ({"valid_from": NOON.replace(tzinfo=None)}, "timezone"),
        ({"document": " "}, "at least 1 character"),
        ({"plates": []}, "Extra inputs"),
    ],
)
def test_a_permit_that_says_too_little_or_too_much_is_refused(changes, why):
    with pytest.raises(ValidationError, match=why):
        permit(**changes)


@pytest.mark.parametrize("role", [Role.CAMERA_OPERATOR, Role.POLICE_OFFICER, Role.EVALUATOR, Role.AUDITOR])
def test_who_keeps_no_permits_enters_none(world, role):
    with pytest.raises(AccessError):
        world.do(world.person(role), add_permit, permit())


def test_the_plate_of_a_permit_lies_sealed(world):
    name = world.do(SYSTEM, add_permit, permit())
    with world.store.read() as work:
        assert b"123ABC02" not in work.session.get_one(Personal, (name, 0)).sealed
    assert world.do(SYSTEM, exemptions.permits)[0].plate == "123ABC02"
