from __future__ import annotations

from datetime import date

import pytest

from qyran.errors import TransitionError
from qyran.roles import Role
from service import cases, signing
from service.ports.offence_history import Prior, SimulatedHistory
from service.samples import disagreements
from service.store.tables import ViolationCase
from tests.service.records import deliver, settled
from tests.service.world import NOON, World

RED_LIGHT = "599-1"
AGAIN = "599-2"
TOLD = Prior("ERAP-1", "599", "1", date(2025, 5, 1))


@pytest.fixture
def demo(settings, database_url):
    with World(settings.model_copy(update={"database_url": database_url}), demo=True) as made:
        made.clock.now = NOON.replace(year=2025)  # the index of the year after is known
        made.officer, made.senior = made.person(Role.POLICE_OFFICER), made.person(Role.SENIOR_OFFICER)
        yield made


def row(world, case_id: str) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, case_id)


def decided(world, case_id: str, offence: str = RED_LIGHT, **named: object):
    world.do(world.officer, cases.claim, case_id)
    return world.do(world.officer, cases.confirm, case_id, offence, **named)


def signed(world, **changes: object) -> str:
    case_id = world.case(**changes)
    decided(world, case_id)
    world.do(world.officer, signing.sign, case_id)
    return case_id


def test_a_repeat_in_our_own_store_gets_a_second_look_and_is_shown(demo):
    first = signed(demo)
    demo.clock.forward(days=100)
    again = demo.case()
    claimed = demo.do(demo.officer, cases.claim, again)
    assert [(one.id, one.offence) for one in claimed.repeats] == [(first, RED_LIGHT)]
    proposed = demo.do(demo.officer, cases.confirm, again, RED_LIGHT)
    assert (proposed.state, proposed.second_look, proposed.repeat_source) == ("second_look", "repeat", "store")
    assert row(demo, again).repeat_of == first
    with pytest.raises(TransitionError, match="another officer's"):
        demo.do(demo.officer, cases.confirm, again, RED_LIGHT)
    assert demo.do(demo.senior, cases.confirm, again, AGAIN).state == "officer_confirmed"


@pytest.mark.parametrize(
    ("days", "changes", "offence"),
    [(366, {}, RED_LIGHT), (100, {"plate": "456DEF02"}, RED_LIGHT), (100, {"kind": "stop_line"}, "601-1")],
    ids=["a year ago", "another plate", "another article"],
)
def test_no_repeat(demo, days, changes, offence):
    signed(demo)
    demo.clock.forward(days=days)
    found = decided(demo, demo.case(**{"kind": "red_light", **changes}), offence)
    assert (found.state, found.repeat_source) == ("officer_confirmed", None)


def test_a_cancelled_decision_makes_no_repeat(demo):
    first = signed(demo)
    demo.do(demo.senior, cases.cancel, first, "plate_forged")
    demo.clock.forward(days=10)
    assert decided(demo, demo.case()).state == "officer_confirmed"


def test_the_registers_answer_makes_a_repeat_and_is_kept_sealed(demo):
    history = SimulatedHistory([("123ABC02", TOLD)], twice=True)
    case_id = demo.case()
    found = decided(demo, case_id, history=history)
    assert (found.state, found.second_look, found.repeat_source) == ("second_look", "repeat", "register")
    told = next(item for item in found.history if item.kind == "history_asked")
    assert told.data == {"register": "simulated", "article": "599", "count": 1}  # one line told twice is one decision
    demo.do(demo.senior, cases.confirm, case_id, RED_LIGHT, history=history)
    assert history.asked == [("123ABC02", "599")]  # the same question is not asked twice


def test_a_register_that_keeps_silent_is_written_down_and_says_neither_yes_nor_no(demo):
    found = decided(demo, demo.case(), history=SimulatedHistory(silent=True))
    assert (found.state, found.repeat_source) == ("officer_confirmed", None)
    assert [item.kind for item in found.history if item.kind == "history_silent"] == ["history_silent"]


def test_a_register_is_asked_by_the_officer_who_holds_the_case_and_by_nobody_else(demo):
    history, case_id = SimulatedHistory(), demo.case()
    demo.do(demo.officer, cases.claim, case_id)
    with pytest.raises(TransitionError, match="another officer reviews it"):
        demo.do(demo.senior, cases.confirm, case_id, RED_LIGHT, history=history)
    assert history.asked == []


def test_a_plate_read_otherwise_is_what_the_register_is_asked_for(demo):
    history = SimulatedHistory([("777AAA02", TOLD)])
    found = decided(demo, demo.case(), plate="777AAA02", history=history)
    assert (found.second_look, history.asked) == ("repeat", [("777AAA02", "599")])


def test_whoever_chooses_the_entry_of_a_repeat_is_looked_at_twice(demo):
    assert decided(demo, demo.case(), AGAIN).second_look == "repeat"


@pytest.mark.parametrize(("over", "state"), [(20, "officer_confirmed"), (41, "second_look"), (61, "second_look")])
def test_from_twenty_mci_on_a_penalty_is_looked_at_twice(demo, over, state):
    case_id = deliver(demo, "speeding", measured_kmh=61.0 + over, permitted_kmh=60.0, margin_kmh=1.0)
    settled(demo)
    offence = demo.do(demo.officer, cases.claim, case_id).offences[0]
    found = demo.do(demo.officer, cases.confirm, case_id, offence)
    assert (found.state, found.second_look) == (state, "penalty_high" if state == "second_look" else None)


def test_after_a_remark_another_article_needs_other_eyes_again(demo):
    case_id = demo.case()
    decided(demo, case_id, AGAIN)
    demo.do(demo.senior, cases.remark, case_id, "бұл қайталау емес")
    assert demo.do(demo.officer, cases.confirm, case_id, RED_LIGHT).state == "officer_confirmed"
    case_id = demo.case(plate="456DEF02")
    decided(demo, case_id, AGAIN)
    demo.do(demo.senior, cases.remark, case_id, "нөмірді тексеріңіз")
    again = demo.do(demo.officer, cases.confirm, case_id, AGAIN, plate="456DEF03")
    assert (again.state, again.second_look) == ("second_look", "repeat")


def test_a_random_sample_is_written_with_its_draw_and_can_be_drawn_again(settings):
    with World(settings.model_copy(update={"second_look_share": 0.5}), demo=True) as world:
        world.officer = world.person(Role.POLICE_OFFICER)
        found = [decided(world, world.case(plate=f"{number:03d}ABC02")) for number in range(100, 124)]
        looked = [one.state == "second_look" for one in found]
        assert set(looked) == {True, False}
        for one in found:
            assert one.history[-1].data["share"] == 0.5
            assert (one.history[-1].data["draw"] < 0.5) is (one.state == "second_look")
        with world.store.read() as work:
            assert disagreements(work, NOON, world.clock()) == ()
