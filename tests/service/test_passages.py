from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import OFFICERS, PERSON_ROLES, Role
from service import passages, plate_index, query_log
from service.erasure import erase_passage
from service.functions import NotOffered
from service.ingest import ingest
from service.passage_route import route
from service.plate_pattern import pairs_of, plate_pattern
from service.query_log import Reason
from service.store.passage_tables import PlateGram, PlateIndex, QueryLog
from service.store.tables import Passage
from tests.service.passages import REASON, passage, taken, wanted
from tests.service.world import CAMERA, NOON

FEW = "AB12"
"""Few signs, so that patterns and plates meet often."""
PLATES = st.text(FEW, min_size=4, max_size=8)
PATTERNS = st.text(FEW + "?*", min_size=1, max_size=9).filter(lambda text: sum(sign in FEW for sign in text) >= 2)


def found(world, actor, plate=None, **changes):
    page = world.do(actor, passages.search, wanted(plate, **changes), REASON, limit=100)
    assert page.total == len(page.items)
    return {view.id for view in page.items}


def simple(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("*", ".*").replace("?", "."))


@given(PLATES, PATTERNS)
def test_a_plate_that_is_meant_has_every_pair_the_pattern_asks_for(plate, text):
    pattern = plate_pattern(text) if {"?", "*"} & set(text) or len(text) >= 4 else plate_pattern(f"{text}*")
    assert pattern.matches(plate) == bool(simple(pattern.text).fullmatch(plate))
    if pattern.matches(plate):
        assert pattern.pairs <= pairs_of(plate)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plates=st.lists(PLATES, min_size=1, max_size=6), text=PATTERNS, by_index=st.booleans())
def test_a_search_with_wildcards_finds_what_comparing_every_plate_finds(world, monkeypatch, plates, text, by_index):
    text = text if {"?", "*"} & set(text) or len(text) >= 4 else f"{text}*"
    monkeypatch.setattr(passages, "FEW_PLATES", 0 if by_index else 1000)
    with world.store.write() as work:
        known = {row.token for row in work.session.scalars(select(PlateIndex))}
        for plate in plates:
            plate_index.remember(work, plate)
        meant = plate_index.tokens_like(work, plate_pattern(text))
        every = plate_index.plates_of(work, known)
        every |= {world.store.vault.token(plate): plate for plate in plates}
    right = {token for token, plate in every.items() if simple(re.sub(r"\*+", "*", text)).fullmatch(plate)}
    assert set(meant) & set(every) == right


def test_the_index_tells_no_plate_to_who_has_no_key(world):
    taken(world, "777ZZZ02")
    with world.store.read() as work:
        (row,) = work.session.scalars(select(PlateIndex))
        grams = work.session.scalars(select(PlateGram.bucket)).all()
    assert b"777" not in row.sealed
    assert len(grams) <= len(pairs_of("777ZZZ02"))
    assert plate_index.BUCKETS < 36 * 36 / 2  # several pairs to a bucket


@pytest.mark.parametrize("by_index", [False, True])
def test_passages_are_found_by_plate_place_time_class_and_colour(both, monkeypatch, by_index):
    monkeypatch.setattr(passages, "FEW_PLATES", 0 if by_index else 1000)
    both.register(id="satpaev-3", name="Сатпаева 3", stream="rtsp://camera/2")
    officer = both.person(Role.POLICE_OFFICER)
    white = taken(both, "123ABC02")
    black = taken(both, "123ABD02", minutes=10, colour="black", lane="right")
    bus = taken(both, "555KKK01", minutes=20, camera="satpaev-3", **{"class": "bus"}, vehicle_type="bus")
    unread = taken(both, None, minutes=30, direction="backward")
    assert found(both, officer) == {white, black, bus, unread}
    assert found(both, officer, "123*") == {white, black}
    assert found(both, officer, "*AB?02") == {white, black}
    assert found(both, officer, "123 авс-02") == {white}  # as a Russian keyboard types it
    assert found(both, officer, "?55K*") == {bus}
    assert found(both, officer, "999*") == set()
    assert found(both, officer, cameras=("satpaev-3",)) == {bus}
    assert found(both, officer, classes=("bus", "truck")) == {bus}
    assert found(both, officer, colour="black") == {black}
    assert found(both, officer, vehicle_type="bus") == {bus}
    assert found(both, officer, lane="right") == {black}
    assert found(both, officer, direction="backward") == {unread}
    early = passages.PassageFilter(start=NOON, end=NOON + timedelta(minutes=15))
    assert {one.id for one in both.do(officer, passages.search, early, REASON).items} == {white, black}


def test_a_result_says_what_is_known_and_what_is_doubtful(world):
    world.register(
        lines=[{"id": "count", "kind": "control", "points": [[0.1, 0.5], [0.9, 0.5]],
                "name": {"kk": "Абай даңғылы", "ru": "пр. Абая", "en": "Abai avenue"}}],
        latitude=43.24, longitude=76.9,
    )  # fmt: skip
    taken(world, plate_score=0.71, plate_uncertain=(0, 7))
    (view,) = world.do(world.person(Role.POLICE_OFFICER), passages.search, wanted("123*"), REASON).items
    assert (view.plate, view.plate_score, view.plate_uncertain) == ("123ABC02", 0.71, (0, 7))
    assert (view.lane, view.direction, view.class_, view.colour) == ("left", "forward", "car", "white")
    assert (view.speed_kmh, view.speed_uncertainty_kmh) == (51.2, 1.4)
    assert view.line_name["en"] == "Abai avenue"
    assert view.camera_name["ru"] == CAMERA["name"]


def test_pages_of_results_follow_one_another(world):
    ids = [taken(world, minutes=minute) for minute in range(5)]
    officer = world.person(Role.POLICE_OFFICER)
    pages = [world.do(officer, passages.search, wanted(), REASON, limit=2, offset=n) for n in (0, 2, 4)]
    assert [view.id for page in pages for view in page.items] == ids[::-1]
    assert {page.total for page in pages} == {5}


@pytest.mark.parametrize(
    "reason",
    [
        Reason(),
        Reason(code="curiosity", number="1"),
        Reason(code="criminal_case"),
        Reason(code="criminal_case", number="  "),
        Reason(code="other", words="because"),
    ],
)
def test_nobody_searches_without_a_reason(world, reason):
    taken(world)
    officer = world.person(Role.POLICE_OFFICER)
    with pytest.raises(InputError, match=r"reason|number"):
        world.do(officer, passages.search, wanted("123*"), reason)
    with world.store.read() as work:
        assert work.session.scalar(select(func.count()).select_from(QueryLog)) == 0


@pytest.mark.parametrize("plate", ["1", "?*", "12", "ABC", "1%2", "123ABC02123456", "<script>"])
def test_a_plate_that_cannot_be_searched_for_is_refused(world, plate):
    with pytest.raises(InputError):
        world.do(world.person(Role.POLICE_OFFICER), passages.search, wanted(plate), REASON)


def test_a_pattern_that_means_too_many_plates_is_refused(world, monkeypatch):
    monkeypatch.setattr(passages, "FEW_PLATES", 1)
    monkeypatch.setattr(plate_index, "MOST_CANDIDATES", 1)
    taken(world, "123ABC02")
    taken(world, "456ABC02")
    with pytest.raises(InputError, match="cannot be compared"):
        found(world, world.person(Role.POLICE_OFFICER), "*ABC02")


@pytest.mark.parametrize("role", sorted(PERSON_ROLES - OFFICERS))
def test_only_officers_search(world, role):
    with pytest.raises(AccessError):
        world.do(world.person(role), passages.search, wanted(), REASON)


def test_every_search_is_noted_with_who_why_what_and_how_much(both):
    for minute in range(3):
        taken(both, minutes=minute)
    officer, auditor = both.person(Role.POLICE_OFFICER), both.person(Role.AUDITOR)
    found(both, officer, "123*")
    both.do(officer, passages.search, wanted(), Reason(code="other", words="traffic study of the akimat"))
    second, first = both.do(auditor, query_log.listing)
    assert (first.actor, first.kind, first.reason, first.number, first.results) == (
        officer.id, "search", "stolen_vehicle", "ЕРДР 2612345678", 3,
    )  # fmt: skip
    assert first.wanted["plate"] == "123*"
    assert second.words == "traffic study of the akimat"
    with both.store.read() as work:
        row = work.session.get_one(QueryLog, first.id)
        assert row.plate_token == both.store.vault.token("123*")
    with pytest.raises(AccessError):
        both.do(officer, query_log.listing)


def test_pictures_are_opened_by_ones_own_search_only(world):
    one = taken(world, still=True)
    officer, other = world.person(Role.POLICE_OFFICER), world.person(Role.SENIOR_OFFICER)
    (view,) = world.do(officer, passages.search, wanted(), REASON).items
    query, key = re.fullmatch(r"query=(.+)&key=(.+)", view.still_query).groups()
    path = world.do(officer, passages.still_file, one, "vehicle.jpg", query, key)
    assert path.read_bytes().startswith(b"\xff\xd8")
    for actor, name, given_key in ((other, "vehicle.jpg", key), (officer, "vehicle.jpg", "0" * 32)):
        with pytest.raises(AccessError):
            world.do(actor, passages.still_file, one, name, query, given_key)
    with pytest.raises(NotFound):
        world.do(officer, passages.still_file, one, "../../qyran.db", query, key)
    world.clock.forward(hours=13)
    with pytest.raises(AccessError):
        world.do(officer, passages.still_file, one, "vehicle.jpg", query, key)


def test_pictures_that_are_not_what_the_worker_saw_are_thrown_away(world):
    event, folder = passage(world, still=True)
    (folder / "vehicle.jpg").write_bytes(b"another")
    world.spool.put(event, folder)
    assert ingest(world.spool, world.store).stored == 1
    with world.store.read() as work:
        assert work.session.get_one(Passage, str(event.id)).still is None
    assert list(world.settings.passages_folder.rglob("*.jpg")) == []


def test_a_route_lists_every_reading_with_what_lies_between(world):
    for name, place in {"a": (43.20, 76.90), "b": (43.25, 76.90), "c": (43.25, 76.95)}.items():
        world.register(id=name, name=name, stream=f"rtsp://camera/{name}", latitude=place[0], longitude=place[1])
    first = taken(world, camera="a")
    taken(world, camera="b", minutes=10)  # 5.6 km in ten minutes
    taken(world, camera="c", minutes=50)  # nothing known of forty minutes
    taken(world, camera="a", minutes=50.5)  # 6.9 km in half a minute
    taken(world, "999ZZZ02", camera="b", minutes=20)
    officer = world.person(Role.POLICE_OFFICER)
    way = world.do(officer, route, first, NOON - timedelta(hours=1), NOON + timedelta(hours=2), REASON)
    assert [stop.passage.camera_id for stop in way.stops] == ["a", "b", "c", "a"]
    assert [stop.gap for stop in way.stops] == [False, False, True, False]
    assert [stop.impossible for stop in way.stops] == [False, False, False, True]
    assert way.stops[1].distance_m == pytest.approx(5560, abs=5)
    assert way.stops[1].speed_kmh == pytest.approx(33.4, abs=0.1)
    assert way.plate == "123ABC02"
    (note,) = world.do(world.person(Role.AUDITOR), query_log.listing)
    assert (note.kind, note.results, note.wanted["plate"]) == ("route", 4, "123ABC02")


def test_a_vehicle_whose_plate_was_not_read_has_no_route(world):
    one = taken(world, None)
    with pytest.raises(InputError, match="not read"):
        world.do(world.person(Role.POLICE_OFFICER), route, one, NOON, NOON + timedelta(hours=1), REASON)


def test_an_erased_passage_is_found_by_no_plate_and_has_no_picture(both):
    one, other = taken(both, still=True), taken(both, minutes=1)
    officer, protector = both.person(Role.POLICE_OFFICER), both.person(Role.DATA_PROTECTION_OFFICER)
    both.do(protector, erase_passage, one)
    assert found(both, officer, "123*") == {other}
    assert found(both, officer) == {one, other}
    assert list(both.settings.passages_folder.rglob("*.jpg")) == []
    both.do(protector, erase_passage, other)
    with both.store.read() as work:
        assert work.session.scalar(select(func.count()).select_from(PlateIndex)) == 0
        assert work.session.scalar(select(func.count()).select_from(PlateGram)) == 0


def test_a_district_centre_searches_but_has_no_routes(world):
    one, officer = taken(world), world.person(Role.POLICE_OFFICER)
    district = world.settings.model_copy(update={"city_category": "district"})
    object.__setattr__(world.store, "settings", district)
    assert found(world, officer, "123*") == {one}
    with pytest.raises(NotOffered, match=r"row 9\.2 of order 469"):
        world.do(officer, route, one, NOON, NOON + timedelta(hours=1), REASON)
    widened = district.model_copy(update={"extra_functions": frozenset({"routes"})})
    object.__setattr__(world.store, "settings", widened)
    assert len(world.do(officer, route, one, NOON, NOON + timedelta(hours=1), REASON).stops) == 1
