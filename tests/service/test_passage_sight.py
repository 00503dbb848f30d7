from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from qyran.errors import AccessError
from qyran.roles import Role
from service import denials, passages, subject_requests, watch_hits, watch_lists
from service.passage_route import route
from service.passages import search
from service.subject_requests import Person
from tests.service.passages import REASON, taken, wanted
from tests.service.test_subject_requests import a_request
from tests.service.world import NOON

PLATE, OTHER = "123ABC02", "456BCD02"


@pytest.fixture
def street(both):
    """Two vehicles passed; an officer searches, a data-protection officer keeps the requests."""
    both.officer, both.keeper = both.person(Role.POLICE_OFFICER), both.person(Role.DATA_PROTECTION_OFFICER)
    both.mine, both.others = taken(both, PLATE, still=True), taken(both, OTHER, minutes=1)
    return both


def found(world, plate: str | None = None, actor=None) -> list[str]:
    hits = world.do(actor or world.officer, search, wanted(plate), REASON)
    assert hits.total == len(hits.items)
    return [one.id for one in hits.items]


def restricted(world, plate: str = PLATE) -> str:
    """A request to block the data of a vehicle's owner, granted and carried out."""
    person = Person(name="Үлгіев Ерлан", iin="", contact="Абай 1", plate=plate)
    made = world.do(world.keeper, subject_requests.register, a_request("restriction", person=person))
    world.do(world.keeper, subject_requests.decide, made.id, "granted", "lawful", "")
    world.do(world.keeper, subject_requests.carry_out, made.id)
    return made.id


def denied(world, plate: str = PLATE):
    administrator = world.person(Role.ADMINISTRATOR)
    world.do(administrator, denials.deny, world.officer.id, "vehicle", plate, "his own car")
    with world.store.read() as work:
        return replace(world.officer, denied=denials.denied_to(work.session, world.officer.id))


def everything_about(world, actor, passage: str, hits) -> None:
    """Each use case that opens a passage refuses."""
    shown = next(one for one in hits if one.id == passage)
    query, key = (pair.partition("=")[2] for pair in shown.still_query.split("&"))
    with pytest.raises(AccessError):
        world.do(actor, passages.still_file, passage, "vehicle.jpg", query, key)
    with pytest.raises(AccessError):
        world.do(actor, passages.hold, passage, "case 7")
    with pytest.raises(AccessError):
        world.do(actor, route, passage, NOON, NOON + timedelta(hours=1), REASON)


@pytest.mark.parametrize("pattern", [None, PLATE, "123???02", "*ABC02"])
def test_a_blocked_vehicles_passages_are_found_by_no_pattern_also_those_to_come(street, pattern):
    assert street.mine in found(street, pattern)
    restricted(street)
    later = taken(street, PLATE, minutes=5)
    assert {street.mine, later} & set(found(street, pattern)) == set()
    assert street.others in found(street)


def test_what_was_found_before_the_block_opens_no_more(street):
    shown = street.do(street.officer, search, wanted(), REASON).items
    restricted(street)
    everything_about(street, street.officer, street.mine, shown)


def test_a_denied_vehicle_is_found_by_nobody_it_is_denied_to(street):
    shown = street.do(street.officer, search, wanted(), REASON).items
    actor = denied(street)
    assert found(street, PLATE, actor) == []
    assert found(street, None, actor) == [street.others]
    everything_about(street, actor, street.mine, shown)
    assert street.mine in found(street, PLATE, street.person(Role.POLICE_OFFICER))


def test_a_passage_held_for_a_case_stays_in_use_but_not_for_who_is_denied_it(street):
    street.do(street.officer, passages.hold, street.mine, "case 7")
    restricted(street)
    assert found(street, PLATE) == [street.mine]
    assert found(street, PLATE, denied(street)) == []


def test_a_lifted_block_shows_the_passages_again_and_says_how_many(street):
    request = restricted(street)
    assert found(street, PLATE) == []
    with street.store.read() as work:
        done = work.session.get_one(subject_requests.SubjectRequest, request).done
    assert done[-1] == {"record": "passages", "result": "restricted", "number": 1, "why": None}
    street.do(street.keeper, subject_requests.lift_restriction, request)
    assert found(street, PLATE) == [street.mine]


def test_a_hit_on_a_denied_vehicle_is_kept_from_who_is_denied_it(street):
    senior = street.person(Role.SENIOR_OFFICER)
    new = watch_lists.NewList(
        name="Угон", purpose="stolen_vehicle", legal_ground="ст. 200 УК", owner=Role.POLICE_OFFICER,
        valid_until=NOON + timedelta(days=5),
    )  # fmt: skip
    made = street.do(senior, watch_lists.make, new)
    street.do(senior, watch_lists.add_entry, made.id, watch_lists.NewEntry(plate=PLATE))
    taken(street, PLATE, minutes=6)
    assert len(street.do(street.officer, watch_hits.listing)) == 1
    assert street.do(denied(street), watch_hits.listing) == ()
