from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import SYSTEM, Role
from service import cases, job_register, notices
from service.cli.main import main
from service.job_register import JOBS, Job, nightly, run_job, runs
from service.store.tables import ViolationCase
from tests.service.world import NOON

DAY = date(2026, 11, 22)


def row(world, case_id: str) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, case_id)


def accounts(world, name: str | None = None) -> list[tuple[str, date, str]]:
    with world.store.read(SYSTEM) as work:
        return [(one.name, one.day, one.outcome) for one in reversed(runs(work, name=name))]


def test_a_job_moves_what_its_day_calls_for_and_only_once(both):
    case_id = both.case()
    ends = row(both, case_id).limitation_ends.astimezone(both.settings.zone).date()
    both.clock.forward(days=80)
    assert run_job(both.store, "expire_cases", ends - timedelta(days=1)).account == {"expired": 0}
    assert run_job(both.store, "expire_cases", ends).account == {"expired": 1}
    assert run_job(both.store, "expire_cases", ends).account == {"expired": 0}
    assert row(both, case_id).state == "expired"
    assert run_job(both.store, "close_cases", ends).account == {"closed": 1}
    assert [outcome for _, _, outcome in accounts(both)] == ["done"] * 4


def test_the_steps_of_a_job_for_a_past_day_are_dated_by_the_day_they_were_taken(world):
    case_id = world.case()
    world.clock.forward(days=80)
    run_job(world.store, "expire_cases", world.clock().date() - timedelta(days=2))
    assert row(world, case_id).changed_at > NOON + timedelta(days=79)


def test_a_day_to_come_is_rehearsed_and_nothing_moves(world):
    case_id = world.case()
    with pytest.raises(InputError, match="has not come yet"):
        run_job(world.store, "expire_cases", DAY + timedelta(days=90))
    seen = run_job(world.store, "expire_cases", DAY + timedelta(days=90), rehearsal=True)
    assert (seen.outcome, seen.account) == ("rehearsal", {"expired": 1})
    assert row(world, case_id).state == "screened"
    assert accounts(world) == []


def test_what_cannot_be_rehearsed_says_what_can(world):
    with pytest.raises(InputError, match="expire_cases, close_cases, watch_quality, publish_period can"):
        run_job(world.store, "lapse_claims", DAY, rehearsal=True)
    with pytest.raises(NotFound, match="There is no job sweep_the_streets"):
        run_job(world.store, "sweep_the_streets", DAY)


@pytest.mark.parametrize("name", JOBS)
def test_every_job_runs_for_today_and_yesterday_twice(world, name):
    world.case()
    for day in (DAY, DAY - timedelta(days=1)):
        for _ in range(2):
            assert run_job(world.store, name, day).outcome == "done"


def test_a_job_that_fails_says_so_in_its_account(world, monkeypatch):
    def broken(_):
        raise InputError("The register of fines is empty.")

    monkeypatch.setitem(JOBS, "expire_cases", Job(broken))
    with pytest.raises(InputError):
        run_job(world.store, "expire_cases", DAY)
    with world.store.read(SYSTEM) as work:
        (one,) = runs(work)
    assert (one.outcome, one.error, one.account) == ("failed", "The register of fines is empty.", {})


def test_each_night_is_run_once_and_missed_ones_are_caught_up(world):
    world.clock.forward(hours=-10)  # two in the morning of the city is 21:00 UTC of the day before
    nightly(world.store)
    assert {day for _, day, _ in accounts(world)} == {DAY - timedelta(days=1)}
    first = len(accounts(world))
    nightly(world.store)
    assert len(accounts(world)) == first == len(JOBS)
    world.clock.forward(days=3)
    nightly(world.store)
    assert [day for name, day, _ in accounts(world, "expire_cases")] == [DAY + timedelta(days=n) for n in (-1, 0, 1, 2)]


def test_a_night_that_was_killed_is_run_again_and_one_that_failed_waits(world, monkeypatch):
    calls = []

    def once(call):
        calls.append(call.day)
        if len(calls) == 1:
            raise KeyboardInterrupt  # as a kill leaves it: the account says running, and the job did half
        if len(calls) == 2:
            raise InputError("The disk is full.")
        return {}

    for name in list(JOBS):
        monkeypatch.delitem(JOBS, name)
    monkeypatch.setitem(JOBS, "expire_cases", Job(once))
    with pytest.raises(KeyboardInterrupt):
        nightly(world.store)
    assert [outcome for *_, outcome in accounts(world)] == ["running"]
    nightly(world.store)
    nightly(world.store)
    assert [outcome for *_, outcome in accounts(world)] == ["running", "failed"]
    world.clock.forward(hours=1)
    nightly(world.store)
    nightly(world.store)
    assert [outcome for *_, outcome in accounts(world)] == ["running", "failed", "done"]
    assert len(set(calls)) == 1


def test_a_queue_that_waits_too_long_is_told_to_the_senior_officers_of_the_territory_once_a_day(world):
    world.register(territory="almaly")
    world.case()
    senior = world.person(Role.SENIOR_OFFICER, territories=["almaly"])
    stranger = world.person(Role.SENIOR_OFFICER, territories=["bostandyk"])
    today = world.clock().date()
    assert run_job(world.store, "warn_of_queue", today).account == {"late": 0, "pressing": 0, "told": 0}
    world.clock.forward(hours=24)
    today += timedelta(days=1)
    assert run_job(world.store, "warn_of_queue", today).account == {"late": 1, "pressing": 0, "told": 1}
    assert run_job(world.store, "warn_of_queue", today).account["told"] == 0
    assert world.do(senior, cases.queue).items[0].late
    with world.store.read(senior) as work:
        (told,) = notices.notices(work)
    assert (told.code, told.values["count"]) == ("queue_late", 1)
    world.do(senior, notices.mark_seen, told.id)
    for person in (senior, stranger):
        with world.store.read(person) as work:
            assert notices.notices(work) == ()
    with pytest.raises(NotFound):
        world.do(stranger, notices.mark_seen, told.id)
    world.clock.forward(days=56)
    assert run_job(world.store, "warn_of_queue", world.clock().date()).account["pressing"] == 1


def test_who_keeps_the_house_sees_the_accounts_and_others_do_not(world):
    run_job(world.store, "lapse_claims", DAY)
    with world.store.read(world.person(Role.AUDITOR)) as work:
        assert len(runs(work)) == 1
    with world.store.read(world.person(Role.POLICE_OFFICER)) as work, pytest.raises(AccessError):
        runs(work)


def test_a_job_is_run_from_the_command_line_for_any_day(world, capsys, monkeypatch):
    monkeypatch.setenv("QYRAN_HOME", str(world.settings.home))
    assert main(["jobs", "run", "lapse_claims", "--date", "2026-03-01"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["name"], said["day"], said["outcome"], said["account"]) == (
        "lapse_claims", "2026-03-01", "done", {"lapsed": 0},
    )  # fmt: skip
    assert main(["jobs", "list"]) == 0
    assert json.loads(capsys.readouterr().out)["as_of"] == "2026-03-01T19:00:00+00:00"
    assert main(["jobs", "run", "lapse_claims", "--date", "2999-01-01"]) == 2
    assert "has not come yet" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["jobs", "run", "lapse_claims", "--date", "tomorrow"])


def test_the_names_of_the_jobs_are_documented():
    text = (Path(job_register.__file__).resolve().parent.parent / "docs" / "cases.md").read_text(encoding="utf-8")
    assert [name for name in JOBS if f"`{name}`" not in text] == []
