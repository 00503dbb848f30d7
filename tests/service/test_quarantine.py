from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import Role
from service import cases, notices, quarantine
from service.case_terms import move_due
from service.quality import rate_views, watch_quality
from service.store.events import check_record
from service.store.officer_tables import Quarantine
from service.store.tables import CaseEvent, ViolationCase
from tests.service.world import World
from violations.case import CaseState

WINDOW = timedelta(days=7)


@pytest.fixture
def city(settings, database_url):
    """Three cameras of one rule; a quick test of rejections, so that a handful of cases is enough."""
    changes = {"database_url": database_url, "quality_least_decided": 5, "quality_alpha": 0.2}
    with World(settings.model_copy(update=changes)) as made:
        made.register(id="abay-13")
        made.officer, made.senior = made.person(Role.POLICE_OFFICER), made.person(Role.SENIOR_OFFICER)
        made.keeper = made.person(Role.CAMERA_OPERATOR)
        made.number = 100
        yield made


def plate(world) -> str:
    world.number += 1
    return f"{world.number}ABC02"


def decide(world, verdicts: str, camera: str = "abay-12") -> None:
    """Cases of a camera, decided in order: `+` confirmed, `-` rejected."""
    for one in verdicts:
        case_id = world.case(plate=plate(world), camera=camera)
        world.do(world.officer, cases.claim, case_id)
        if one == "+":
            world.do(world.officer, cases.confirm, case_id, "599-1")
        else:
            world.do(world.officer, cases.reject, case_id, "signal_misread")


def jumped(world) -> str:
    """A camera that was well for a month and of which everything is rejected now; the quarantine's id."""
    decide(world, "+" * 5)
    world.clock.forward(days=8)
    decide(world, "+" * 5, camera="abay-13")
    decide(world, "-" * 5)
    assert watch_quality(world.store, world.clock())["begun"] == 1
    with world.store.read() as work:
        return work.session.scalars(select(Quarantine.id)).one()


def row(world, case_id: str) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, case_id)


def kinds(world, case_id: str) -> list[str]:
    with world.store.read() as work:
        query = select(CaseEvent.kind).where(CaseEvent.record == case_id).order_by(CaseEvent.seq)
        return list(work.session.scalars(query))


def test_a_camera_whose_rejections_jump_is_held_and_its_keepers_and_seniors_are_told(city):
    held = jumped(city)
    with city.store.read(city.senior) as work:
        (view,) = quarantine.quarantines(work)
        assert (view.id, view.camera_id, view.kind, view.reason) == (held, "abay-12", "red_light", "rejections_jumped")
        assert view.figures["now"] == {"decided": 5, "rejected": 5}
        assert view.figures["past"] == {"decided": 5, "rejected": 0}
        assert view.figures["peers"] == {"decided": 5, "rejected": 0}
        assert view.figures["p"] <= view.figures["terms"]["alpha"] / 24
        anchor = work.session.get_one(Quarantine, held).anchor
    assert "quarantine_began" in kinds(city, anchor)
    for person in (city.senior, city.keeper):
        with city.store.read(person) as work:
            (told,) = notices.notices(work)
            assert (told.code, told.values["camera"]) == ("quarantine_began", "abay-12")
    with city.store.read(city.officer) as work:
        assert notices.notices(work) == ()


def test_looking_again_changes_nothing(city):
    jumped(city)
    assert watch_quality(city.store, city.clock())["begun"] == 0
    with city.store.read(city.senior) as work:
        assert len(quarantine.quarantines(work)) == len(notices.notices(work)) == 1


def test_a_rehearsal_only_counts(city):
    decide(city, "+" * 5)
    city.clock.forward(days=8)
    decide(city, "+" * 5, camera="abay-13")
    decide(city, "-" * 5)
    assert watch_quality(city.store, city.clock(), rehearsal=True) == {"looked_at": 2, "found": 1, "begun": 0}


def test_new_cases_wait_marked_and_other_cameras_go_on(city):
    held = jumped(city)
    waiting, other = city.case(plate=plate(city)), city.case(plate=plate(city), camera="abay-13")
    assert (row(city, waiting).state, row(city, waiting).held_by) == ("screened", held)
    with pytest.raises(TransitionError, match="under quarantine"):
        city.do(city.senior, cases.claim, waiting)
    assert city.do(city.officer, cases.claim_next).id == other
    assert city.do(city.officer, cases.claim_next) is None
    assert city.do(city.officer, cases.open_case, waiting).held_by == held


def test_what_waited_in_the_queue_when_it_began_is_held_too_and_what_is_reviewed_is_not(city):
    decide(city, "+" * 5)
    city.clock.forward(days=8)
    waiting, reviewed = city.case(plate=plate(city)), city.case(plate=plate(city))
    city.do(city.officer, cases.claim, reviewed)
    decide(city, "-" * 5)
    watch_quality(city.store, city.clock())
    assert row(city, waiting).held_by is not None
    assert row(city, reviewed).held_by is None
    city.do(city.officer, cases.release, reviewed)
    assert row(city, reviewed).held_by is not None


@pytest.mark.parametrize(("outcome", "state"), [("released", "screened"), ("returned", "returned")])
def test_a_senior_officer_ends_it_with_a_reason_and_what_waited_goes_on(city, outcome, state):
    held = jumped(city)
    waiting = [city.case(plate=plate(city)) for _ in range(3)]
    count = city.do(city.senior, quarantine.end, held, "camera_repaired", outcome, "линза тазартылды")
    assert count == 3
    for case_id in waiting:
        found = city.do(city.officer, cases.open_case, case_id)
        assert (found.state, found.held_by) == (state, None)
        assert [item.note for item in found.history if item.kind == "hold_lifted"] == ["линза тазартылды"]
        with city.store.read() as work:
            assert check_record(work.session, work.store.vault, row(city, case_id)) is None
    with city.store.read(city.keeper) as work:
        assert [told.code for told in notices.notices(work)] == ["quarantine_ended", "quarantine_began"]
    with pytest.raises(TransitionError, match="ended already"):
        city.do(city.senior, quarantine.end, held, "camera_repaired", outcome)


def test_what_was_rejected_before_its_end_is_not_held_against_the_camera_again(city):
    city.do(city.senior, quarantine.end, jumped(city), "camera_repaired", "released")
    assert watch_quality(city.store, city.clock())["found"] == 0
    decide(city, "-" * 5)
    assert watch_quality(city.store, city.clock())["begun"] == 1


def test_the_limitation_goes_on_while_a_case_waits(city):
    jumped(city)
    waiting = city.case(plate=plate(city))
    city.clock.forward(days=70)
    move_due(city.store, CaseState.EXPIRED, city.clock())
    assert (row(city, waiting).state, row(city, waiting).held_by) == ("expired", None)


REFUSED = {
    "no such reason": ("because", "released", InputError),
    "no such outcome": ("camera_repaired", "burnt", InputError),
}


@pytest.mark.parametrize(("reason", "outcome", "error"), REFUSED.values(), ids=REFUSED)
def test_an_end_without_a_reason_is_refused(city, reason, outcome, error):
    with pytest.raises(error, match="A quarantine ends"):
        city.do(city.senior, quarantine.end, jumped(city), reason, outcome)


def test_only_senior_officers_of_the_territory_begin_and_end_it(city):
    city.register(territory="almaly")
    stranger = city.person(Role.SENIOR_OFFICER, territories=["bostandyk"])
    for person in (city.officer, city.keeper, stranger):
        with pytest.raises(AccessError):
            city.do(person, quarantine.begin, "abay-12", "red_light", "camera_moved")
    made = city.do(city.senior, quarantine.begin, "abay-12", "red_light", "camera_moved")
    with pytest.raises(AccessError, match="territory almaly"):
        city.do(stranger, quarantine.end, made, "false_alarm", "released")
    with pytest.raises(TransitionError, match="already"):
        city.do(city.senior, quarantine.begin, "abay-12", "red_light", "camera_moved")
    with pytest.raises(NotFound):
        city.do(city.senior, quarantine.begin, "nowhere", "red_light", "camera_moved")
    with pytest.raises(InputError, match="one of these reasons"):
        city.do(city.senior, quarantine.begin, "abay-13", "red_light", "because")


def test_a_withdrawn_confirmation_counts_as_what_became_of_it(city):
    case_id = city.case()
    city.do(city.officer, cases.claim, case_id)
    city.do(city.officer, cases.confirm, case_id, "599-1")
    city.do(city.officer, cases.withdraw, case_id, "mistake_noticed")
    city.do(city.officer, cases.claim, case_id)
    city.do(city.officer, cases.reject, case_id, "wrong_vehicle")
    with city.store.read(city.senior) as work:
        (rate,) = rate_views(work)
    assert (rate.now.decided, rate.now.rejected) == (1, 1)


def test_rates_are_shown_of_the_own_territory_and_to_who_supervises(city):
    decide(city, "+-")
    decide(city, "++", camera="abay-13")
    city.register(id="abay-13", territory="almaly")
    stranger = city.person(Role.SENIOR_OFFICER, territories=["bostandyk"])
    with city.store.read(stranger) as work:
        assert [one.camera_id for one in rate_views(work)] == ["abay-12"]
    with city.store.read(city.keeper) as work:
        worst, best = rate_views(work)
    assert (worst.camera_id, worst.now.rejected, best.now.rejected) == ("abay-12", 1, 0)
    assert worst.low < 0.5 < worst.high
    with city.store.read(city.officer) as work, pytest.raises(AccessError):
        rate_views(work)


def test_a_day_that_is_over_is_judged_by_what_was_decided_then(city):
    decide(city, "+" * 5)
    city.clock.forward(days=8)
    decide(city, "+" * 5, camera="abay-13")
    before = city.clock()
    city.clock.forward(hours=1)
    decide(city, "-" * 5)
    assert watch_quality(city.store, before)["found"] == 0
    assert watch_quality(city.store, city.clock())["found"] == 1
