from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from kpi_catalog.period import Period
from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import Role
from service import city_inputs
from service.imports import drafts, intake, kpi_values, registers, shelf
from service.imports.intake import ImportRefused, Upload, preview, take, withdraw
from service.imports.kinds import KINDS
from service.imports.values import kpi_values_of
from service.kpi_facts import city_facts
from service.store.import_tables import CityImport, CityImportDraft, CityImportRow
from service.store.tables import AccessLog, CityInput, Personal
from service.web.vendor import ROOT
from tests.service.imports.bring import GOOD, as_file

DAY = date(2026, 11, 20)
OCTOBER = Period.parse("2026-10")


def upload(kind: str, *rows: dict, as_of: date = DAY, since: date | None = None, **named: str) -> Upload:
    data = as_file(kind, [GOOD[kind] | row for row in rows or ({},)], named.get("form", "csv"))
    return Upload(KINDS[kind], data, named.get("source", "Письмо № 7"), as_of, "file.csv", since)


def stored(world) -> dict[str, int]:
    """How many rows each table of imports has."""
    tables = (CityImport, CityImportRow, CityImportDraft, CityInput, Personal)
    with world.store.read() as work:
        return {one.__tablename__: work.session.scalar(select(func.count()).select_from(one)) for one in tables}


@pytest.fixture
def evaluator(both):
    return both.person(Role.EVALUATOR)


def test_each_kind_is_stored_and_read_back(both, evaluator):
    with both.store.write(evaluator) as work:
        for kind in sorted(KINDS, key=lambda name: name != "objects"):  # the register before what names its objects
            taken = take(work, upload(kind))
            assert (taken.rows, taken.known) == (1, False), kind
    with both.store.read(evaluator) as work:
        for kind in KINDS:
            found = registers.register(work, kind)
            assert (found.source, found.as_of, found.entered_by) == ("Письмо № 7", DAY, evaluator.id), kind
        entries = city_inputs.newest(work)
        assert set(entries) == set(city_inputs.SHAPES)
        for name, entry in entries.items():
            entry.shaped(city_inputs.SHAPES[name])
        facts = city_facts(work, OCTOBER)
        assert facts.inputs.registered_vehicles.value == 612_345
        assert facts.fire_calls.calls[0].t_call_received == datetime(2026, 11, 2, 9, 5, 10, tzinfo=UTC)
        assert facts.surveys[0].scores == {9: 10}
        assert facts.inputs.payments.covers_until == datetime(2026, 10, 31, 19, tzinfo=UTC)


def test_imported_coverage_stands_before_what_a_camera_says_of_itself(world):
    evaluator = world.person(Role.EVALUATOR)
    world.do(evaluator, take, upload("roads", {"geometry": "LINESTRING (76.90 43.24, 77.00 43.24)", "length_km": None}))
    world.do(evaluator, take, upload("camera_coverage"))
    with world.store.read(evaluator) as work:
        (camera,) = city_facts(work, OCTOBER).cameras
    (((x1, _), (x2, _)),) = camera.covered_road
    assert x2 - x1 == pytest.approx(812, abs=3)  # a hundredth of a degree on the parallel of 43.24


def test_a_refused_row_leaves_nothing_behind(both, evaluator):
    before = stored(both)
    with pytest.raises(ImportRefused, match=r"Row \d+, column value: The share is over 100") as refused:
        both.do(
            evaluator, take, upload("kpi_values", {}, {"kpi_id": "2.3", "unit": "балл", "value": "9"}, {"value": "120"})
        )
    assert len(refused.value.preview.judged.rows) == 2
    assert stored(both) == before


class Killed(BaseException):
    """What a process that dies in the middle leaves of a transaction."""


@pytest.mark.parametrize("fault", [RuntimeError, Killed])
def test_a_failure_in_the_middle_imports_nothing(both, evaluator, monkeypatch, fault):
    before = stored(both)
    for step in ("keep_file", "_keep_restricted", "_add_rows", "log_access"):
        right = getattr(intake, step)

        def fails(*given, right=right):
            right(*given)
            raise fault

        with monkeypatch.context() as broken:
            broken.setattr(intake, step, fails)
            with pytest.raises(fault):
                both.do(evaluator, take, upload("fire_calls", {"object_id": None}))
        assert stored(both) == before, step


def test_an_import_that_is_killed_anywhere_leaves_nothing_and_goes_through_the_next_time(tmp_path):
    """A real process, killed before its first word to the database, its second, and so on."""
    command = [sys.executable, "-m", "tests.service.imports.killed_import", str(tmp_path / "killed")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    *killed, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(killed) > 5
    assert all(one == [True, [0, 0, 0]] for one in killed), killed
    assert last == [False, [1, 2, 1]]


def test_good_rows_alone_are_taken_only_when_somebody_says_so(both, evaluator):
    file = upload("roads", {}, {"id": "R-2", "length_km": "x"})
    taken = both.do(evaluator, take, file, leave_out=True)
    assert (taken.rows, taken.refused) == (1, 1)
    with both.store.read(evaluator) as work:
        assert city_inputs.newest(work)["roads"].value["length_km"] == 8.4
        assert shelf.one(work, taken.id).refused == 1
    with pytest.raises(ImportRefused):
        both.do(evaluator, take, upload("roads", {"length_km": "x"}), leave_out=True)


def test_the_same_file_changes_nothing_and_says_so(both, evaluator):
    first = both.do(evaluator, take, upload("registered_vehicles"))
    before = stored(both)
    again = both.do(evaluator, take, upload("registered_vehicles"))
    assert (again.id, again.known) == (first.id, True)
    assert stored(both) == before
    another_day = both.do(evaluator, take, upload("registered_vehicles", as_of=DAY + timedelta(days=1)))
    assert not another_day.known


def test_a_dry_run_stores_nothing(both, evaluator):
    before = stored(both)
    with both.store.write(evaluator) as work:
        seen = preview(work, upload("fire_calls", {"object_id": None}))
        told = seen.as_dict()
    assert stored(both) == before
    assert (told["rows"], told["refusals_in_all"], told["covers_from"]) == (1, 0, "2026-11-01T19:00:00+00:00")


def test_what_came_between_a_look_and_the_import_is_seen(both, evaluator):
    file = upload("fire_calls", {"object_id": None})
    with both.store.read(evaluator) as work:
        seen = preview(work, file)
    other = upload("fire_calls", {"object_id": None}, {"call_id": "2", "object_id": None})
    both.do(evaluator, take, other)
    with pytest.raises(ImportRefused, match="stored since"):
        both.do(evaluator, take, file, seen=seen)
    same = both.do(evaluator, take, other, seen=seen)
    assert same.known


def test_a_withdrawn_import_counts_no_more_and_stays_in_the_history(both, evaluator):
    register = both.do(evaluator, take, upload("registered_vehicles"))
    journal = both.do(evaluator, take, upload("fire_calls", {"object_id": None}))
    moment = both.clock()
    for one in (register, journal):
        with pytest.raises(InputError, match="Say why"):
            both.do(evaluator, withdraw, one.id, " ")
        both.do(evaluator, withdraw, one.id, "Не тот файл")
        with pytest.raises(TransitionError, match="withdrawn already"):
            both.do(evaluator, withdraw, one.id, "ещё раз")
    with both.store.read(evaluator) as work:
        assert city_inputs.newest(work) == {}
        assert set(city_inputs.newest(work, known=moment)) == {"registered_vehicles", "fire_calls"}
        assert {one.withdrawn_reason for one in shelf.history(work)} == {"Не тот файл"}
    again = both.do(evaluator, take, upload("fire_calls", {"object_id": None}))
    assert again.rows == 1
    with pytest.raises(NotFound):
        both.do(evaluator, withdraw, "nothing", "why")


def test_the_figure_that_stood_on_a_day_stays_retrievable(both, evaluator):
    for day, number in ((date(2026, 7, 1), "600 000"), (date(2026, 10, 1), "612 000"), (date(2026, 4, 1), "590 000")):
        both.do(evaluator, take, upload("registered_vehicles", {"vehicles": number}, as_of=day))
    with both.store.read(evaluator) as work:

        def value(on: date | None) -> float | None:
            found = city_inputs.newest(work, ["registered_vehicles"], on=on).get("registered_vehicles")
            return found and found.value["value"]

        days = (None, date(2026, 9, 30), date(2026, 4, 1), date(2026, 3, 31))
        assert [value(day) for day in days] == [612_000, 600_000, 590_000, None]
        assert [one.as_of.month for one in city_inputs.history(work, "registered_vehicles")] == [10, 7, 4]


def test_journals_grow_by_their_files_and_know_which_days_they_tell_of(both, evaluator):
    def call(number: str, day: str) -> dict:
        return {"call_id": number, "received": f"{day} 10:00", "departed": None, "object_id": None}

    for number, day, as_of, since in (
        ("1", "2026-09-10", date(2026, 9, 30), date(2026, 9, 1)),
        ("2", "2026-10-03", date(2026, 10, 31), date(2026, 10, 1)),
        ("3", "2026-08-05", date(2026, 8, 20), date(2026, 8, 1)),
    ):
        both.do(evaluator, take, upload("fire_calls", call(number, day), as_of=as_of, since=since))
    with both.store.read(evaluator) as work:
        october = city_inputs.newest(work, within=(OCTOBER.start, OCTOBER.end))["fire_calls"].value
        whole = city_inputs.newest(work)["fire_calls"].value
    assert [one["id"] for one in october["calls"]] == ["2"]
    assert [one["id"] for one in whole["calls"]] == ["3", "1", "2"]
    midnight = datetime(2026, 8, 31, 19, tzinfo=UTC)  # September and October meet; August ends earlier
    assert datetime.fromisoformat(whole["covers_from"]) == midnight
    with pytest.raises(ImportRefused, match="stored since"):
        both.do(evaluator, take, upload("fire_calls", call("2", "2026-11-03")))


def test_what_was_entered_by_hand_stands_beside_files(both, evaluator):
    at, until = "2026-11-01T00:00:00+00:00", "2026-11-21T00:00:00+00:00"
    by_hand = {"covers_from": at, "covers_until": until, "calls": [{"id": "9", "t_call_received": at}]}
    both.do(evaluator, city_inputs.enter, "fire_calls", by_hand, source="ДЧС", as_of=DAY)
    both.do(evaluator, take, upload("fire_calls", {"object_id": None}))
    with both.store.read(evaluator) as work:
        calls = city_inputs.newest(work)["fire_calls"].shaped(city_inputs.Calls).calls
    assert [one.id for one in calls] == ["9", "1"]


def test_values_of_kpis_carry_source_day_and_who_and_are_revised_by_a_later_day(both, evaluator):
    first = both.do(evaluator, take, upload("kpi_values"))
    moment = both.clock()
    with pytest.raises(ImportRefused, match="stored since"):
        both.do(evaluator, take, upload("kpi_values", {"value": "90"}))
    both.do(evaluator, take, upload("kpi_values", {"value": "91"}, as_of=DAY + timedelta(days=1), source="Письмо № 8"))
    with both.store.read(evaluator) as work:
        one = kpi_values(work, OCTOBER)["2.2"]
        assert (one.value, one.unit, one.source, one.as_of) == (91.0, "percent", "Письмо № 8", DAY + timedelta(days=1))
        assert one.entered_by == evaluator.id
        assert kpi_values(work, OCTOBER, on=DAY)["2.2"].value == 87.5
        assert kpi_values(work, OCTOBER, known=moment)["2.2"].import_id == first.id
        assert kpi_values(work, Period.parse("2026")) == {}
        assert set(kpi_values_of(work, [OCTOBER, Period.parse("2026-09")])) == {("2.2", "2026-10")}


def test_names_and_addresses_lie_sealed_and_each_look_is_logged(both, evaluator):
    both.do(evaluator, take, upload("objects"))
    with both.store.read() as work:
        told = str([one.value for one in work.session.scalars(select(CityInput))])
        assert "Абай" not in told
        assert "мектеп" not in told
    hidden = both.do(evaluator, registers.register, "objects")
    assert hidden.columns == ("id", "kind")
    shown = both.do(evaluator, registers.register, "objects", addresses=True)
    assert shown.rows[0]["address"] == "Абай, 45"
    with both.store.read() as work:
        looks = work.session.scalars(select(AccessLog.actor).where(AccessLog.action == "object_addresses_seen")).all()
    assert looks == [evaluator.id]


def test_an_upload_waits_for_its_own_evaluator_and_for_a_day(both, evaluator):
    draft_id, seen = both.do(evaluator, drafts.hold, upload("roads"))
    assert seen.can_be_taken
    with pytest.raises(NotFound):
        both.do(both.person(Role.EVALUATOR), drafts.confirm, draft_id)
    taken = both.do(evaluator, drafts.confirm, draft_id)
    assert taken.id == draft_id
    with both.store.write(evaluator) as work:
        assert shelf.original(work, draft_id)[1] == upload("roads").data
    late, _ = both.do(evaluator, drafts.hold, upload("surveys"))
    both.clock.forward(days=2)
    with pytest.raises(NotFound, match="waited"):
        both.do(evaluator, drafts.confirm, late)
    gone, _ = both.do(evaluator, drafts.hold, upload("payments"))
    both.do(evaluator, drafts.discard, gone)
    assert stored(both)["city_import_draft"] == 0
    assert stored(both)["personal"] == stored(both)["city_import"]


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.POLICE_OFFICER, Role.ADMINISTRATOR, Role.SENIOR_OFFICER])
def test_only_an_evaluator_enters(world, role):
    actor = world.person(role)
    for step in (take, preview, drafts.hold):
        with pytest.raises(AccessError):
            world.do(actor, step, upload("roads"))
    with pytest.raises(AccessError):
        world.do(actor, withdraw, "x", "why")
    if role is not Role.AUDITOR:
        with pytest.raises(AccessError):
            world.do(actor, shelf.history)


BAD = {
    "no source": ({"source": " "}, "needs its source"),
    "a day ahead": ({"as_of": date(2026, 11, 23)}, "a day that has come"),
    "a day before all": ({"as_of": date(1989, 1, 1)}, "a day that has come"),
    "a journal that ends before it begins": ({"since": date(2026, 11, 21)}, "begins on or before"),
}


@pytest.mark.parametrize(("named", "words"), BAD.values(), ids=BAD)
def test_what_is_said_of_a_file_has_to_be_possible(world, named, words):
    with pytest.raises(InputError, match=words):
        world.do(world.person(Role.EVALUATOR), take, upload("fire_calls", **named))
