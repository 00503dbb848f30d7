from __future__ import annotations

import re

import pytest

from qyran.roles import SYSTEM, Role
from service import cases, quarantine
from service.job_register import run_job
from service.notices import Told, tell
from service.store.tables import ViolationCase
from tests.service.web.conftest import Visitor


@pytest.fixture
def officer(world):
    return world.person(Role.POLICE_OFFICER, name="Ержан Сериков")


def decided(world, officer) -> None:
    for number, reject in enumerate((False, True, True)):
        case_id = world.case(plate=f"10{number}ABC02")
        world.do(officer, cases.claim, case_id)
        if reject:
            world.do(officer, cases.reject, case_id, "no_violation")
        else:
            world.do(officer, cases.confirm, case_id, "599-1")


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("senior_officer", 200),
        ("camera_operator", 200),
        ("auditor", 200),
        ("administrator", 200),
        ("police_officer", 403),
        ("evaluator", 403),
        ("situational_operator", 403),
    ],
)
def test_who_supervises_sees_the_page_and_nobody_else(visitors, role, status):
    assert visitors(role).get("/supervision").status_code == status


def test_the_page_shows_rates_with_intervals_officers_and_jobs(world, officer, visitors):
    decided(world, officer)
    run_job(world.store, "lapse_claims", world.clock().date())
    page = visitors("senior_officer").get("/supervision").text
    assert "66.7 % (20.8 to 93.9) of 3" in page
    assert "Ержан Сериков" in page
    assert "lapse_claims" in page
    assert 'href="/supervision"' in page


def test_a_keeper_of_cameras_sees_rates_but_no_officer(world, officer, visitors):
    decided(world, officer)
    page = visitors("camera_operator").get("/supervision").text
    assert "66.7 %" in page
    assert "Ержан Сериков" not in page
    assert "Put under quarantine" not in page


def test_a_senior_officer_begins_and_ends_a_quarantine_with_a_reason(world, officer, visitors):
    decided(world, officer)
    senior = visitors("senior_officer")
    begun = senior.form("/supervision/quarantines", "/supervision", camera="abay-12", kind="red_light",
                        reason="camera_moved")  # fmt: skip
    assert begun.status_code == 303
    waiting = world.case(plate="900ABC02")
    page = senior.get("/supervision").text
    assert "The camera has moved" in page
    assert "1 cases wait for it" in page
    place = re.search(r"/supervision/quarantines/([0-9a-f-]{36})/end", page).group(1)
    refused = senior.form(f"/supervision/quarantines/{place}/end", "/supervision", reason="because", outcome="released")
    assert (refused.status_code, "Choose a reason from the list" in refused.text) == (422, True)
    ended = senior.form(f"/supervision/quarantines/{place}/end", "/supervision", reason="camera_repaired",
                        outcome="released")  # fmt: skip
    assert ended.status_code == 303
    with world.store.read() as work:
        assert work.session.get_one(ViolationCase, waiting).held_by is None
    again = senior.form(f"/supervision/quarantines/{place}/end", "/supervision", reason="camera_repaired",
                        outcome="released")  # fmt: skip
    assert (again.status_code, "ended already" in again.text) == (409, True)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_every_notice_reads_as_a_sentence_in_each_language(world, visitors, lang):
    both = {"camera": "abay-12", "kind": "red_light", "reason": "camera_moved"}
    counted = {"count": 3, "day": "2026-11-22"}
    told = {"quarantine_began": both, "quarantine_ended": both, "queue_late": counted, "limitation_near": counted,
            "sample_disagrees": {"case": "c"}}  # fmt: skip
    with world.store.write(SYSTEM) as work:
        for code, values in told.items():
            tell(work, Told(code, "x", values, (Role.SENIOR_OFFICER,)))
    senior = visitors("senior_officer")
    senior.cookies.set("qyran_language", lang)
    page = senior.get("/supervision").text
    assert page.count("/seen") == len(told)
    assert "{" not in re.sub(r"data-[a-z]+='[^']*'|data-[a-z]+=\"[^\"]*\"", "", page.split("<main")[1])


def test_a_notice_that_was_seen_is_gone(world, visitors):
    world.do(world.person(Role.SENIOR_OFFICER), quarantine.begin, "abay-12", "red_light", "camera_moved")
    keeper: Visitor = visitors("camera_operator")
    place = re.search(r"/supervision/notices/(\d+)/seen", keeper.get("/supervision").text).group(0)
    assert keeper.form(place, "/supervision").status_code == 303
    assert place not in keeper.get("/supervision").text
