"""The night's jobs and a rotation of keys, killed with SIGKILL before one durable step after another.

A night that is killed again and again comes to the same store as one that was left alone: nothing lost, nothing double.
"""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from qyran.roles import SYSTEM, Role
from service import appeals, fine_payments
from service.key_rotation import waiting
from service.settings import load_settings
from service.store.database import open_store
from service.store.events import facts_of
from service.store.ledger import check_store
from service.store.officer_tables import JobRun, StaffNotice
from service.store.tables import CaseEvent, Passage, Personal, ViolationCase
from tests import killing
from tests.killing import KILLED
from tests.service.passages import taken
from tests.service.signed import a_fine, delivered
from tests.service.test_appeals import answer, new
from tests.service.test_fine_payments import line
from tests.service.world import World

MOST_STEPS = 400
DAYS = 70


@pytest.fixture(scope="module")
def helper():
    with killing.helper("tests.service.killed_nights") as tell:
        yield tell


@pytest.fixture
def town(tmp_path):
    """What a night has to move: unpaid, paid and cancelled fines, a case whose limitation ends, old passages."""
    home = tmp_path / "home"
    with World(load_settings(home=home, second_look_share=0, sample_auto_rejected=0)) as made:
        senior = made.person(Role.SENIOR_OFFICER)
        unpaid, paid, cancelled = (a_fine(made) for _ in range(3))
        for fine in (unpaid, paid, cancelled):
            delivered(made, fine)
        made.do(SYSTEM, fine_payments.take, [line(paid.number, paid.kzt, "T-1")], source="treasury")
        appeal = made.do(senior, appeals.file, cancelled.case, new()).id
        made.do(senior, appeals.answer, appeal, answer("cancelled", "wrong_vehicle"))
        made.case("wrong_way", plate="999XYZ02")
        for minutes in range(3):
            taken(made, f"11{minutes}ABC02", minutes=minutes)
        made.later = made.clock() + timedelta(days=DAYS)
        yield made


def tell(helper, home: Path, what: str, step: int, now) -> int:
    settings = load_settings(home=home)
    return helper(home=str(home), database_url=settings.database_url, what=what, step=step, now=now.isoformat())


def seen(home: Path, now) -> dict[str, object]:
    """What the night was to change, and that every chain holds."""
    store = open_store(load_settings(home=home, second_look_share=0), clock=lambda: now)
    try:
        with store.read(SYSTEM) as work:
            rows = work.session.scalars(select(ViolationCase).order_by(ViolationCase.id))
            events = work.session.scalars(select(CaseEvent).order_by(CaseEvent.record, CaseEvent.seq))
            done = select(JobRun.name, JobRun.day).where(JobRun.outcome == "done")
            return {
                "cases": [(one.id, one.state, one.payment, one.enforcement, one.appeal) for one in rows],
                "events": [(one.record, one.seq, one.kind) for one in events],
                "passages": work.session.query(Passage).count(),
                "sealed": work.session.query(Personal).filter(Personal.sealed.is_not(None)).count(),
                "notices": Counter(work.session.scalars(select(StaffNotice.code))),
                "done": sorted(work.session.execute(done).all()) == sorted(set(work.session.execute(done).all())),
                "chains": check_store(store),
            }
    finally:
        store.close()


def test_a_night_killed_at_every_step_comes_to_the_same_store(town, helper, tmp_path):
    home, calm, now = town.settings.home, tmp_path / "calm", town.later
    town.store.close()
    shutil.copytree(home, calm)
    assert tell(helper, calm, "night", MOST_STEPS * 100, now) == 0
    step, kills = 1, 0
    while tell(helper, home, "night", step, now) == KILLED:
        kills, step = kills + 1, step + 3  # each try gets a little farther, and does what was done over again
        assert kills < MOST_STEPS
    assert kills > 5, kills
    assert seen(home, now) == seen(calm, now)


def test_a_rotation_killed_at_every_step_loses_no_row(town, helper, tmp_path):
    home, now = town.settings.home, town.later
    with town.store.read() as work:
        ids = sorted(set(work.session.scalars(select(Personal.record))))
        before = facts_of(work.session, town.store.vault, ids)
    town.store.close()
    assert tell(helper, home, "begin", 1, now) == KILLED
    step = 2
    while tell(helper, home, "begin" if _old(home, now) else "go_on", step, now) == KILLED:
        step += 1
        assert step < MOST_STEPS
    store = open_store(load_settings(home=home, second_look_share=0), clock=lambda: now)
    try:
        assert waiting(store) == {}
        with store.read() as work:
            assert facts_of(work.session, store.vault, ids) == before
    finally:
        store.close()


def _old(home: Path, now) -> bool:
    """Whether no new key seals yet."""
    store = open_store(load_settings(home=home, second_look_share=0), clock=lambda: now)
    try:
        return store.vault.ring.since is None
    finally:
        store.close()
