from __future__ import annotations

import pytest
from sqlalchemy import select

from evidence.package import write_package
from qyran.errors import AccessError, TransitionError
from qyran.roles import OFFICERS, PERSON_ROLES, Role
from service import cases
from service.ingest import ingest
from service.store.officer_tables import CaseMerge
from service.store.tables import ViolationCase
from tests.evidence.packages import a_finding, a_subject
from tests.service.records import a_picture, deliver, settled
from tests.service.world import TYPES, ring
from vision.types import Plate

HERE = {"latitude": 43.2389, "longitude": 76.8897}
OPPOSITE = {"id": "abay-13", "latitude": 43.2392, "longitude": 76.8899}
FAR = {"id": "abay-99", "latitude": 43.2500, "longitude": 76.8897}
NOWHERE = (0.0, 0.0, 0.0, 0.0)


@pytest.fixture
def officer(both):
    return both.person(Role.POLICE_OFFICER)


def row(world, case_id: str) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, case_id)


def report(world, plate: str | None, doubtful: tuple[int, ...] = (), **changes: object) -> str:
    """A finding whose signed manifest says how far its plate is to be trusted."""
    event = world.event(plate=plate, **{"track": None, **changes})
    finding = a_finding(type=TYPES[event.type], kind=event.kind, track=event.track)
    read = None if plate is None else Plate(7, plate, 0.9, doubtful, NOWHERE)
    subject = a_subject(event.id, finding=finding, camera=event.camera, plate=read)
    world.spool.put(event, write_package(subject, ring(), world.settings.home / "out", world.signer).folder)
    ingest(world.spool, world.store)
    return str(event.id)


def test_the_older_case_keeps_both_and_shows_what_was_merged(both, officer):
    first = report(both, "123ABC02")
    both.clock.forward(seconds=20)
    again = report(both, "123A8C02", doubtful=(4,))
    assert (row(both, again).state, row(both, again).merged_into) == ("merged", first)
    seen = both.do(officer, cases.open_case, first)
    (merged,) = seen.merged
    assert (merged.id, merged.why, merged.metres, merged.plate) == (again, "doubtful_sign", 0.0, "123A8C02")
    assert merged.seconds == pytest.approx(18.5, abs=0.1)  # the second act began 1.5 s before it was reported
    assert [file.role for file in merged.evidence[0].files]
    assert merged.still.startswith(again)
    assert seen.history[-1].kind == "seen_again"
    assert seen.history[-1].data["why"] == "doubtful_sign"
    path, _ = both.do(officer, cases.evidence_file, again, *merged.still.split("/"))
    assert path.is_file()
    assert both.do(officer, cases.queue).total == 1


@pytest.mark.parametrize(("place", "merged"), [(OPPOSITE, True), (FAR, False), ({"id": "abay-13"}, False)])
def test_two_cameras_are_one_place_only_where_they_stand_together(world, place, merged):
    world.register(**HERE)
    world.register(**place)
    first = world.case()
    again = world.case(camera=place["id"], line="another")
    assert (row(world, again).merged_into == first) is merged


def test_records_of_two_devices_on_one_drive_are_one_act(world):
    world.register(**HERE)
    world.register(**FAR)
    first = deliver(world, "section_speeding", picture=a_picture(80), record_id="1")
    again = deliver(world, "section_speeding", picture=a_picture(90), record_id="2", camera="abay-99")
    other = deliver(world, "section_speeding", picture=a_picture(70), record_id="3", plate="456DEF02")
    settled(world)
    both = {one: row(world, one).merged_into for one in (first, again)}
    assert both in ({first: None, again: first}, {first: again, again: None})
    assert row(world, other).state == "screened"


def test_a_good_report_is_not_lost_in_one_that_was_set_aside(world):
    event = world.event(track=None)
    world.take(event, evidence=False)
    assert row(world, str(event.id)).state == "auto_rejected"
    assert row(world, world.case()).state == "screened"


def test_what_comes_back_to_the_queue_joins_the_case_of_the_same_act(world):
    keeper, officer = world.person(Role.CAMERA_OPERATOR), world.person(Role.POLICE_OFFICER)
    senior = world.person(Role.SENIOR_OFFICER)
    event = world.event(track=None)
    world.take(event, evidence=False)
    junk = world.case()
    world.do(keeper, cases.send_back, junk, "picture_poor")
    good = world.case()
    world.do(keeper, cases.repair, junk)
    world.do(senior, cases.reconsider, str(event.id))
    assert row(world, junk).merged_into == row(world, str(event.id)).merged_into == good
    assert len(world.do(officer, cases.open_case, good).merged) == 2


def test_a_car_that_stands_is_one_case_however_often_it_is_seen(world):
    ids = []
    for _ in range(4):
        ids.append(world.case("no_parking", line=None))
        world.clock.forward(minutes=25)
    assert {row(world, one).merged_into for one in ids} == {None, ids[0]}
    world.clock.forward(hours=1)
    assert row(world, world.case("no_parking", line=None)).state == "screened"


def test_a_case_takes_over_the_plate_it_lacks_and_gives_it_back(both, officer):
    first = report(both, None, track=7)
    again = report(both, "123ABC02", track=7)
    assert both.do(officer, cases.open_case, first).plate == "123ABC02"
    both.do(officer, cases.part, again, "other_vehicle")
    seen = both.do(officer, cases.open_case, first)
    assert (seen.plate, seen.plate_read, row(both, first).plate_token) == (None, None, None)
    assert seen.chain_fault is None


def test_an_officer_parts_what_was_wrongly_merged_and_it_stays_parted(both, officer):
    first, again = report(both, "123ABC02"), report(both, "123ABC02")
    with pytest.raises(TransitionError, match="reason code"):
        both.do(officer, cases.part, again, "because")
    parted = both.do(officer, cases.part, again, "other_act", note="екі бөлек бұрылыс")
    assert (parted.state, parted.merged_into) == ("screened", None)
    assert [item.target for item in parted.history if item.target] == ["detected", "merged", "detected", "screened"]
    assert parted.history[-2].note == "екі бөлек бұрылыс"
    older = both.do(officer, cases.open_case, first)
    assert (older.merged[0].parted_at is not None, older.merged[0].reason) == (True, "other_act")
    assert older.history[-1].kind == "parted"
    assert (older.chain_fault, parted.chain_fault) == (None, None)
    both.do(officer, cases.send_back, again, "picture_poor")
    both.do(officer, cases.repair, again)
    assert row(both, again).state == "screened"  # never merged with the same case again
    assert both.do(officer, cases.queue).total == 2


def test_nobody_takes_a_report_out_of_a_case_that_another_officer_reviews(world):
    officer, other = world.person(Role.POLICE_OFFICER), world.person(Role.POLICE_OFFICER)
    first, again = world.case(), world.case()
    world.do(officer, cases.claim, first)
    with pytest.raises(TransitionError, match="another officer reviews it"):
        world.do(other, cases.part, again, "other_act")
    assert world.do(world.person(Role.SENIOR_OFFICER), cases.part, again, "other_act").state == "screened"


@pytest.mark.parametrize("role", sorted(PERSON_ROLES - OFFICERS))
def test_only_officers_part(world, role):
    world.case()
    again = world.case()
    with pytest.raises(AccessError):
        world.do(world.person(role), cases.part, again, "other_act")


def test_what_was_never_merged_cannot_be_parted(world):
    with pytest.raises(TransitionError, match="cannot become"):
        world.do(world.person(Role.POLICE_OFFICER), cases.part, world.case(), "other_act")


def test_every_merge_is_written_down_once(world):
    world.case()
    for _ in range(3):
        world.case()
    with world.store.read() as work:
        assert len(work.session.scalars(select(CaseMerge)).all()) == 3
