from __future__ import annotations

from datetime import timedelta

import pytest

from qyran.errors import AccessError, InputError, TransitionError
from qyran.roles import SYSTEM, Role
from service import breaches, cases
from service.access import log_access
from service.access_hints import LEAST, hints
from service.access_register import Wanted
from service.breaches import NewBreach
from service.evidence_locks import lock
from service.jobs import keep_house
from service.privacy_terms import last_day, set_term, shipped, terms
from service.retention import KINDS, last_runs, retire, retire_daily
from service.store.events import facts_of
from service.store.tables import ViolationCase


@pytest.fixture
def auditor(world):
    return world.person(Role.AUDITOR)


def looked(world, actor, count: int, *, reason: str = "own_case", territory: str | None = None) -> None:
    def step(work) -> None:
        for number in range(count):
            record = f"{actor.id[:8]}-{number}"
            log_access(work, Role.POLICE_OFFICER, "case_opened", record, reason=reason, territory=territory)

    world.do(actor, step)


def told(world, auditor) -> dict[str, tuple[str, ...]]:
    span = world.clock() - timedelta(days=1), world.clock() + timedelta(minutes=1)
    return {one.actor: one.hints for one in world.do(auditor, hints, *span)}


@pytest.mark.parametrize(
    ("others", "mine", "hint"),
    [
        ((20, 22, 24), 60, ("many",)),
        ((20, 22, 24), 30, ()),
        ((1, 1, 1), 1 + LEAST, ()),
        ((20, 22), 500, ()),  # two people make no statistic
    ],
)
def test_who_opens_many_more_than_the_others_stands_out(world, auditor, others, mine, hint):
    for count in others:
        looked(world, world.person(Role.POLICE_OFFICER), count)
    busy = world.person(Role.POLICE_OFFICER)
    looked(world, busy, mine)
    found = told(world, auditor)
    assert found.pop(busy.id) == hint
    assert set(found.values()) == {()}


def test_who_opens_others_cases_or_looks_outside_his_territory_stands_out(world, auditor):
    curious = world.person(Role.POLICE_OFFICER)
    looked(world, curious, 12, reason="look_up")
    abroad = world.person(Role.POLICE_OFFICER, territories=["medeu"])
    looked(world, abroad, 2, territory="alatau")
    at_home = world.person(Role.POLICE_OFFICER, territories=["medeu"])
    looked(world, at_home, 2, territory="medeu")
    assert told(world, auditor) == {curious.id: ("foreign",), abroad.id: ("outside",), at_home.id: ()}


def test_hints_are_for_who_watches_over_data(world):
    with pytest.raises(AccessError):
        world.do(world.person(Role.SENIOR_OFFICER), hints, world.clock(), world.clock())


def closed_case(world, **changes) -> str:
    officer = world.person(Role.POLICE_OFFICER)
    case = world.case(**changes)
    world.do(officer, cases.claim, case)
    world.do(officer, cases.reject, case, "no_violation")
    keep_house(world.store)
    return case


def said_of(world, case: str) -> dict:
    with world.store.read() as work:
        return facts_of(work.session, world.store.vault, [case])[case]


def test_what_is_over_goes_and_what_is_locked_stays_and_is_counted(both):
    gone, kept, running = closed_case(both), closed_case(both, kind="wrong_way"), both.case(kind="bus_lane")
    both.do(both.person(Role.DATA_PROTECTION_OFFICER), lock, ViolationCase, kept, "court", "№ 3")
    both.clock.forward(days=31)
    runs = {run.kind: (run.removed, run.held) for run in retire(both.store)}
    assert runs["keep_case_ended"] == (1, 1)
    assert said_of(both, gone) == {}
    assert "plate" in said_of(both, kept)
    assert "plate" in said_of(both, running)
    assert {run.kind: run.removed for run in retire(both.store)}["keep_case_ended"] == 0


def test_retention_follows_the_term_the_lawyer_set(world):
    case, keeper = closed_case(world), world.person(Role.DATA_PROTECTION_OFFICER)
    today = world.clock().date()
    world.do(keeper, set_term, "keep_case_ended", 90, today, "Order No. 9 of the department", verified=True)
    world.clock.forward(days=60)
    retire(world.store)
    assert "plate" in said_of(world, case)
    world.clock.forward(days=31)
    retire(world.store)
    assert said_of(world, case) == {}
    assert world.do(keeper, last_runs)["keep_case_ended"].term_days == 90


def test_a_round_runs_once_a_day(world):
    assert retire_daily(world.store)
    assert not retire_daily(world.store)
    world.clock.forward(days=1)
    assert retire_daily(world.store)


def test_every_kind_that_is_kept_has_its_term_and_every_term_its_source():
    keeping = {name for name, term in shipped().items() if term.unit == "days"}
    assert {kind.name for kind in KINDS} == keeping
    assert all(len(term.source) > 10 for term in shipped().values())


def test_an_earlier_term_stands_until_the_day_of_the_next(world):
    keeper, today = world.person(Role.DATA_PROTECTION_OFFICER), world.clock().date()
    world.do(keeper, set_term, "breach_notice", 2, today + timedelta(days=10), "Law No. 1 of tomorrow", verified=True)
    assert world.do(keeper, terms)["breach_notice"].value == 1
    assert world.do(keeper, terms, today + timedelta(days=10))["breach_notice"].value == 2
    with pytest.raises(AccessError):
        world.do(world.person(Role.AUDITOR), set_term, "breach_notice", 2, today, "Law No. 1", verified=True)
    with pytest.raises(InputError, match="A term is one of"):
        world.do(keeper, set_term, "coffee", 2, today, "Law No. 1", verified=True)


def a_breach(world, **changes) -> NewBreach:
    now = world.clock()
    given = {
        "kind": "unlawful_access", "noticed_at": now, "began": now - timedelta(days=2),
        "ended": now + timedelta(hours=1),
        "description": "Somebody opened what was not his.", "measures": "", "data_kinds": ("owners",),
        "wanted": Wanted(), **changes,
    }  # fmt: skip
    return NewBreach(**given)


def test_a_breach_is_due_at_the_end_of_its_working_day_and_counts_each_record_once(both):
    keeper, officer = both.person(Role.DATA_PROTECTION_OFFICER), both.person(Role.POLICE_OFFICER)
    for _ in range(2):
        looked(both, officer, 3)
    row = both.do(keeper, breaches.register, a_breach(both, wanted=Wanted(actor=officer.id)))
    assert row.affected == 3
    assert [times for _, times in both.do(keeper, breaches.affected, row.id)] == [2, 2, 2]
    zone = both.settings.zone
    day = last_day(row.noticed_at.astimezone(zone).date(), shipped()["breach_notice"])
    assert row.due_at.astimezone(zone).date() == day + timedelta(days=1)
    assert both.do(SYSTEM, breaches.late) == 0
    both.clock.forward(days=3)
    assert both.do(SYSTEM, breaches.late) == 1
    again = both.do(keeper, breaches.find_again, row.id, Wanted(actor="nobody"))
    assert again.affected == 0


def test_a_notice_is_sent_once_and_confirmed_once_after_it(world):
    keeper = world.person(Role.DATA_PROTECTION_OFFICER)
    row = world.do(keeper, breaches.register, a_breach(world))
    with pytest.raises(TransitionError):
        world.do(keeper, breaches.acknowledged, row.id, "7", world.clock())
    at = world.clock()
    world.do(keeper, breaches.sent, row.id, at)
    with pytest.raises(TransitionError):
        world.do(keeper, breaches.sent, row.id, at)
    with pytest.raises(InputError):
        world.do(keeper, breaches.acknowledged, row.id, "", world.clock())
    with pytest.raises(InputError):
        world.do(keeper, breaches.acknowledged, row.id, "7", at - timedelta(minutes=1))
    world.do(keeper, breaches.acknowledged, row.id, "7", world.clock())
    with pytest.raises(AccessError):
        world.do(world.person(Role.AUDITOR), breaches.register, a_breach(world))
