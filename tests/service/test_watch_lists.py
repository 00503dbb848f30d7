from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import PERSON_ROLES, Role
from service import watch_hits, watch_lists
from service.functions import NotOffered
from service.plate_pattern import plate_pattern
from service.store.passage_tables import WatchHit
from service.store.tables import AccessLog, Personal
from service.watch_lists import LIST_READERS, NewEntry, NewList
from tests.service.passages import taken
from tests.service.world import NOON


def a_list(world, senior, *plates: str, **changes):
    given_ = {
        "name": "Угнанные", "purpose": "stolen_vehicle", "legal_ground": "ЕРДР 2675 от 20.11.2026",
        "valid_until": NOON + timedelta(days=10), **changes,
    }  # fmt: skip
    made = world.do(senior, watch_lists.make, NewList.model_validate(given_))
    for plate in plates:
        world.do(senior, watch_lists.add_entry, made.id, NewEntry(plate=plate, note="white Camry"))
    return made


@pytest.fixture
def senior(world):
    return world.person(Role.SENIOR_OFFICER)


@pytest.mark.parametrize(
    ("entry", "plate", "hit"),
    [
        ("123ABC02", "123ABC02", True),
        ("123 авс 02", "123ABC02", True),
        ("123ABC02", "123ABC01", False),
        ("?23ABC*", "923ABC02", True),
        ("*BC02", "123ABC02", True),
        ("123*", "124ABC02", False),
    ],
)
def test_a_passage_that_an_entry_means_is_a_hit_as_it_is_stored(both, entry, plate, hit):
    senior = both.person(Role.SENIOR_OFFICER)
    made = a_list(both, senior, entry)
    passage = taken(both, plate)
    taken(both, None, minutes=1)
    hits = both.do(both.person(Role.POLICE_OFFICER), watch_hits.listing)
    assert [(one.passage.id, one.list_id, one.state) for one in hits] == ([(passage, made.id, "new")] if hit else [])
    if hit:
        (one,) = hits
        assert (one.pattern, one.note, one.passage.plate) == (plate_pattern(entry).text, "white Camry", plate)


def test_two_entries_of_one_list_are_one_hit_and_two_lists_are_two(world, senior):
    a_list(world, senior, "123ABC02", "123*")
    a_list(world, senior, "*ABC02", name="Second")
    taken(world)
    hits = world.do(senior, watch_hits.listing)
    assert sorted(one.list_name for one in hits) == ["Second", "Угнанные"]


def test_what_is_over_matches_nothing(world, senior):
    made = a_list(world, senior, "123ABC02")
    (entry,) = world.do(senior, watch_lists.open_list, made.id).plates
    world.do(senior, watch_lists.remove_entry, made.id, entry.id)
    ended = a_list(world, senior, "123ABC02")
    world.do(senior, watch_lists.end, ended.id)
    a_list(world, senior, "123ABC02", valid_until=NOON + timedelta(hours=1))
    world.clock.forward(hours=2)
    taken(world)
    assert world.do(senior, watch_hits.listing, open_only=False) == ()
    with pytest.raises(TransitionError):
        world.do(senior, watch_lists.add_entry, ended.id, NewEntry(plate="777KKK01"))
    with pytest.raises(TransitionError):
        world.do(senior, watch_lists.renew, ended.id, NOON + timedelta(days=3))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.text("AB1?*", min_size=4, max_size=7), min_size=1, max_size=4), st.text("AB1", min_size=4, max_size=6)
)
def test_hits_are_what_comparing_every_entry_finds(world, texts, plate):
    patterns = {plate_pattern(text).text for text in texts if sum(sign in "AB1" for sign in text) >= 2}
    senior = world.person(Role.SENIOR_OFFICER)
    made = a_list(world, senior, *sorted(patterns))
    passage = taken(world, plate)
    with world.store.write() as work:
        hits = work.session.scalars(select(WatchHit).where(WatchHit.passage_id == passage, WatchHit.list_id == made.id))
        assert bool(hits.all()) == any(plate_pattern(text).matches(plate) for text in patterns)
    world.do(senior, watch_lists.end, made.id)


def test_a_hit_is_taken_on_judged_and_closed_and_all_is_in_the_journal(world, senior):
    made = a_list(world, senior, "123ABC02")
    taken(world)
    officer = world.person(Role.POLICE_OFFICER)
    (hit,) = world.do(officer, watch_hits.listing)
    assert hit.steps == ("acknowledged", "confirmed", "misread")
    taken_on = world.do(officer, watch_hits.step, hit.id, "acknowledged", version=hit.version)
    with pytest.raises(TransitionError, match="changed this record meanwhile"):
        world.do(senior, watch_hits.step, hit.id, "confirmed", version=hit.version)
    judged = world.do(senior, watch_hits.step, hit.id, "confirmed", version=taken_on.version)
    assert (judged.state, judged.outcome, judged.steps) == ("confirmed", "confirmed", ("misread", "closed"))
    closed = world.do(senior, watch_hits.step, hit.id, "closed")
    assert closed.steps == ()
    with pytest.raises(TransitionError):
        world.do(senior, watch_hits.step, hit.id, "acknowledged")
    with pytest.raises(InputError):
        world.do(senior, watch_hits.step, hit.id, "deleted")
    with world.store.read() as work:
        actions = work.session.scalars(select(AccessLog.action).order_by(AccessLog.id)).all()
    assert [one for one in actions if one.startswith("watch_")] == [
        "watch_list_made", "watch_entry_added", "watch_hit_acknowledged", "watch_hit_confirmed", "watch_hit_closed",
    ]  # fmt: skip
    assert world.do(senior, watch_lists.open_list, made.id).hits == 1


def test_the_share_of_misreadings_stands_beside_the_list(world, senior):
    made = a_list(world, senior, "123ABC02")
    for minute, outcome in enumerate(["confirmed", "misread", "misread", None]):
        taken(world, minutes=minute)
        (hit,) = world.do(senior, watch_hits.listing, open_only=True)[:1]
        if outcome:
            world.do(senior, watch_hits.step, hit.id, outcome)
    (view,) = world.do(senior, watch_lists.listing)
    assert (view.id, view.hits, view.waiting, view.judged, view.misread) == (made.id, 4, 1, 3, 2)


def test_a_list_of_the_senior_officers_alerts_them_alone(world, senior):
    a_list(world, senior, "123ABC02", owner="senior_officer")
    taken(world)
    (hit,) = world.do(senior, watch_hits.listing)
    officer = world.person(Role.POLICE_OFFICER)
    assert world.do(officer, watch_hits.listing) == ()
    with pytest.raises(NotFound):
        world.do(officer, watch_hits.open_hit, hit.id)


@pytest.mark.parametrize("role", sorted(PERSON_ROLES - {Role.SENIOR_OFFICER}))
def test_only_senior_officers_make_lists_and_few_see_them(world, senior, role):
    made, actor = a_list(world, senior, "123ABC02"), world.person(role)
    with pytest.raises(AccessError):
        a_list(world, actor)
    with pytest.raises(AccessError):
        world.do(actor, watch_lists.end, made.id)
    if role not in LIST_READERS:
        with pytest.raises(AccessError):
            world.do(actor, watch_lists.listing)
        return
    (entry,) = world.do(actor, watch_lists.open_list, made.id).plates
    assert entry.pattern == ("123ABC02" if role is Role.POLICE_OFFICER else None)


def test_plates_of_a_list_lie_sealed(world, senior):
    a_list(world, senior, "777ZZZ02")
    with world.store.read() as work:
        held = b"".join(one.sealed or b"" for one in work.session.scalars(select(Personal)))
    assert b"777ZZZ02" not in held


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_a_list_is_valid_for_a_while_and_not_for_ever(world, senior, days):
    with pytest.raises(InputError, match="days from now at most"):
        a_list(world, senior, valid_until=NOON + timedelta(days=days))


def test_there_is_an_end_to_patterns(world, senior, monkeypatch):
    monkeypatch.setattr(watch_lists, "MOST_PATTERNS", 2)
    made = a_list(world, senior, "12*", "13*", "123ABC02")
    with pytest.raises(InputError, match="patterns"):
        world.do(senior, watch_lists.add_entry, made.id, NewEntry(plate="14*"))
    with pytest.raises(TransitionError, match="already"):
        world.do(senior, watch_lists.add_entry, made.id, NewEntry(plate="123abc02"))


def test_a_district_centre_has_no_watch_lists_and_raises_no_hit(world, senior):
    a_list(world, senior, "123ABC02")
    district = world.settings.model_copy(update={"city_category": "district"})
    object.__setattr__(world.store, "settings", district)
    taken(world)
    for use in (watch_lists.listing, watch_hits.listing):
        with pytest.raises(NotOffered):
            world.do(senior, use)
    object.__setattr__(world.store, "settings", world.settings)
    assert world.do(senior, watch_hits.listing) == ()
