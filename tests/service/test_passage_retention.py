from __future__ import annotations

import pytest
from sqlalchemy import func, select

from kpi_catalog.period import Period
from qyran.roles import Role
from service import passages, watch_hits
from service.kpi_facts import city_facts
from service.passage_retention import sweep_passages, sweep_stills
from service.store.passage_tables import PassageTombstone, PlateGram, PlateIndex
from service.store.tables import Passage
from tests.service.passages import taken
from tests.service.test_watch_lists import a_list
from tests.service.world import NOON


def left(world) -> set[str]:
    with world.store.read() as work:
        return set(work.session.scalars(select(Passage.id)))


def count(world, table) -> int:
    with world.store.read() as work:
        return work.session.scalar(select(func.count()).select_from(table))


def test_passages_go_after_their_term_with_all_they_had_and_leave_a_tombstone(both):
    old = taken(both, still=True)
    both.clock.forward(days=20)
    young = taken(both, "777KKK01", minutes=20 * 24 * 60)
    both.clock.forward(days=11)
    assert sweep_passages(both.store) == 1
    assert left(both) == {young}
    assert list(both.settings.passages_folder.rglob("*.jpg")) == []
    with both.store.read() as work:
        assert work.session.get(Passage, old) is None
        (stone,) = work.session.scalars(select(PassageTombstone))
        assert (stone.number, stone.removed, stone.held, stone.ground) == (1, 1, 0, "retention_over")
        assert stone.first == stone.last == NOON
        assert {row.token for row in work.session.scalars(select(PlateIndex))} == {both.store.vault.token("777KKK01")}
        assert {row.token for row in work.session.scalars(select(PlateGram))} == {both.store.vault.token("777KKK01")}
    assert sweep_passages(both.store) == 0


@pytest.mark.parametrize("term", [30, 5])
def test_the_term_is_the_citys(world, term):
    object.__setattr__(world.store, "settings", world.settings.model_copy(update={"passage_days": term}))
    taken(world)
    world.clock.forward(days=term)
    assert sweep_passages(world.store) == 0
    world.clock.forward(hours=1)
    assert sweep_passages(world.store) == 1


def test_a_case_holds_its_vehicles_passages(world):
    case = world.case(track=7, plate="555KAZ02")
    own = taken(world, None, track=7, minutes=1)
    by_plate = taken(world, "555KAZ02", track=9, minutes=60)
    elsewhere = taken(world, "111AAA02", track=8)
    much_later = taken(world, "555KAZ02", minutes=26 * 60)
    world.clock.forward(days=40)
    sweep_passages(world.store)
    assert case
    assert left(world) == {own, by_plate}
    assert {elsewhere, much_later}.isdisjoint(left(world))


def test_a_hit_holds_its_passage_while_it_is_investigated(world):
    senior = world.person(Role.SENIOR_OFFICER)
    a_list(world, senior, "123ABC02", "777KKK01")
    held, let_go = taken(world), taken(world, "777KKK01", minutes=1)
    for hit in world.do(senior, watch_hits.listing):
        world.do(senior, watch_hits.step, hit.id, "confirmed" if hit.passage.id == held else "misread")
    world.clock.forward(days=40)
    sweep_passages(world.store)
    assert left(world) == {held}
    (hit,) = [one for one in world.do(senior, watch_hits.listing, open_only=False) if one.passage]
    world.do(senior, watch_hits.step, hit.id, "closed")
    sweep_passages(world.store)
    assert left(world) == set()
    assert let_go not in left(world)


def test_an_officer_holds_a_passage_for_a_case_by_its_number(world):
    one, officer = taken(world), world.person(Role.POLICE_OFFICER)
    world.do(officer, passages.hold, one, "УД 267511")
    world.clock.forward(days=40)
    assert sweep_passages(world.store) == 0
    world.do(officer, passages.hold, one, None)
    assert sweep_passages(world.store) == 1


def test_pictures_that_a_kill_left_behind_go_too(world):
    one = taken(world, still=True)
    stray = world.settings.passages_folder / f"{NOON:%Y-%m-%d}" / "stray"
    stray.mkdir()
    assert sweep_stills(world.store) == 0
    world.clock.forward(days=40)
    assert sweep_stills(world.store) == 1
    assert [path.parent.name for path in world.settings.passages_folder.rglob("*.jpg")] == [one, one]


def test_a_months_vehicles_stay_countable_when_their_passages_have_gone(world):
    for minute, plate in enumerate(["123ABC02", "123ABC02", "777KKK01"]):
        taken(world, plate, minutes=minute)
    month, day = Period.parse("2026-11"), Period.parse("2026-11-22")

    def vehicles(period):
        with world.store.read() as work:
            passed = city_facts(work, period).inputs.passed_vehicles
        return None if passed is None else passed.value

    assert (vehicles(month), vehicles(day)) == (2, 2)
    world.clock.forward(days=32)
    taken(world, "123ABC02", minutes=8 * 24 * 60 - 1)  # seen again on the 30th
    taken(world, "900ZZZ03", minutes=8 * 24 * 60)
    assert sweep_passages(world.store) == 3
    assert (vehicles(month), vehicles(day)) == (3, None)  # a day's vehicles are not known any more
