"""Killed while an appeal is answered: no answer and no resolution is there, and the next try takes the same number."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qyran.roles import SYSTEM, Role
from service import appeals
from service.outbox import messages_of
from service.store.fine_tables import Appeal, AppealResolution
from tests.service import test_delivery_killed as kills
from tests.service.sent import with_files
from tests.service.signed import a_fine
from tests.service.test_appeals import answer, new
from tests.service.world import World

helper = kills.helper


@pytest.fixture
def house(settings):
    """A demo installation with an appeal that waits for its answer; its decision has an address to go to."""
    with World(settings, demo=True) as made:
        made.clock.now = datetime.now(UTC)  # the killed process has the real clock
        with_files(made, 'notify = ["post"]\n')
        made.senior, made.fine = made.person(Role.SENIOR_OFFICER), a_fine(made)
        today = made.clock().astimezone(settings.zone).date()  # the city's: five hours ahead of UTC
        made.appeal = made.do(made.senior, appeals.file, made.fine.case, new(filed_on=today)).id
        yield made


def test_an_answer_and_its_resolution_are_there_together_or_not_at_all(house, helper):
    given = {"appeal": house.appeal, "senior": house.senior.id}
    assert kills.killed(helper, house, "answer", "resolution.written", **given) == kills.KILLED
    with house.store.read(SYSTEM) as work:
        assert work.session.get_one(Appeal, house.appeal).outcome is None
        assert work.session.query(AppealResolution).count() == 0
        assert [one for one in messages_of(work, house.fine.case) if one.appeal_id] == []
    house.clock.now = datetime.now(UTC)
    house.do(house.senior, appeals.answer, house.appeal, answer("upheld", "act_proven", None))
    with house.store.read(SYSTEM) as work:
        made = work.session.get_one(AppealResolution, house.appeal)
    assert made.document_no.endswith("-R-2026-000001")
    folder = house.store.settings.documents_folder
    assert [path.name for path in folder.rglob("*-R-*")] == [f"{made.document_no}.pdf"]
