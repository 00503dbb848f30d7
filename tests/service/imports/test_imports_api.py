from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from service.api import imports as api
from service.cli.main import main
from service.i18n import LANGUAGES
from service.imports.kinds import KINDS
from service.publication import publish
from service.store.import_tables import CityImport
from tests.service.imports.bring import GOOD, as_file
from tests.service.web.conftest import Visitor

TOLD = {"source": "Письмо № 7", "as_of": "2026-11-20"}


@pytest.fixture
def visitors(world):
    return lambda role: Visitor(world).log_in(role)


def send(visitor, kind: str, data: bytes, **named):
    headers = {"x-csrf-token": visitor.token()}
    return visitor.send("POST", f"/api/v1/imports/{kind}", content=data, headers=headers, params={**TOLD, **named})


def count(world) -> int:
    with world.store.read() as work:
        return work.session.scalar(select(func.count()).select_from(CityImport))


def test_a_file_is_taken_over_the_api_and_withdrawn(world, visitors):
    evaluator = visitors("evaluator")
    data = as_file("roads", [GOOD["roads"]], "xlsx")
    dry = send(evaluator, "roads", data, dry_run="true")
    assert (dry.status_code, dry.json()["rows"], count(world)) == (200, 1, 0)
    taken = send(evaluator, "roads", data, name="Жолдар.xlsx")
    assert (taken.status_code, taken.json()["rows"]) == (201, 1)
    assert send(evaluator, "roads", data).json()["known"] is True
    import_id = taken.json()["id"]
    assert evaluator.get(f"/api/v1/imports/{import_id}").json()["records"][0]["length_km"] == 8.4
    assert evaluator.get("/api/v1/imports/registers/roads").json()["figures"][0]["value"] == 8.4
    file = evaluator.get(f"/api/v1/imports/{import_id}/file")
    assert file.content == data
    assert file.headers["content-disposition"].isascii()
    auditor = visitors("auditor")
    assert [one["id"] for one in auditor.get("/api/v1/imports").json()] == [import_id]
    assert send(auditor, "roads", data).status_code == 403
    headers = {"x-csrf-token": evaluator.token()}
    path = f"/api/v1/imports/{import_id}/withdraw"
    answer = evaluator.send("POST", path, json={"reason": "не тот"}, headers=headers)
    assert answer.json() == {"id": import_id, "touches": []}
    assert evaluator.get("/api/v1/imports/registers/roads").json()["source"] is None


def test_a_refused_file_answers_every_row_in_three_languages(world, visitors):
    rows = [GOOD["roads"], GOOD["roads"] | {"id": "R-2", "unit": "мин"}, GOOD["roads"]]
    answer = send(visitors("evaluator"), "roads", as_file("roads", rows, "json"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert [(one["at"], one["column"], one["value"], one["code"]) for one in errors] == [
        ("row 2", "unit", "мин", "unit_wrong"), ("row 3", "", "R-1", "duplicate_in_file"),
    ]  # fmt: skip
    assert all(one[lang] for one in errors for lang in LANGUAGES)
    assert count(world) == 0


def test_more_than_may_come_is_not_read(world, visitors, monkeypatch):
    monkeypatch.setattr(api, "MOST_BYTES", 1000)

    async def endless():
        for _ in range(100):
            yield b"x" * 100

    evaluator = visitors("evaluator")
    told = send(evaluator, "roads", b"x" * 2000)
    streamed = send(evaluator, "roads", endless())
    for answer in (told, streamed):
        assert answer.status_code == 422
        assert "larger than" in answer.json()["detail"]


def test_templates_schemas_and_kinds_are_offered(visitors):
    auditor = visitors("auditor")
    kinds = auditor.get("/api/v1/imports/kinds").json()
    assert [one["kind"] for one in kinds] == list(KINDS)
    assert auditor.get("/api/v1/imports/kinds/roads/schema").json()["type"] == "array"
    for form, start in (("csv", "\ufeff".encode()), ("xlsx", b"PK")):
        answer = auditor.get(f"/api/v1/imports/kinds/roads/template/{form}?lang=ru")
        assert answer.content.startswith(start)
        assert answer.headers["content-disposition"] == f'attachment; filename="roads.{form}"'
        assert auditor.get(f"/imports/kinds/roads/{form}").content.startswith(start)
    assert auditor.get("/api/v1/imports/kinds/rainfall/schema").status_code == 404


def test_an_upload_without_a_file_or_with_an_impossible_day_says_so(visitors):
    evaluator = visitors("evaluator")
    token = evaluator.token("/imports")
    fields = {"csrf": token, "kind": "roads", "source": "x", "as_of": "2026-11-20"}
    answer = evaluator.send("POST", "/imports", data=fields, files={"other": ("a", b"")}, follow=False)
    assert (answer.status_code, "Choose a file." in answer.text) == (422, True)
    file = {"file": ("roads.csv", as_file("roads", [GOOD["roads"]], "csv"))}
    wrong = evaluator.send("POST", "/imports", data=fields | {"as_of": "2027-01-01"}, files=file, follow=False)
    assert "not after today" in wrong.text
    foreign = evaluator.send("POST", "/imports", data=fields | {"csrf": "x"}, files=file, follow=False)
    assert foreign.status_code == 403
    right = evaluator.send("POST", "/imports", data=fields, files=file, follow=False)
    assert right.headers["location"].startswith("/imports/drafts/")
    assert visitors("auditor").get(right.headers["location"]).status_code == 403


def test_outside_figures_are_listed_without_the_records_of_journals(visitors):
    evaluator = visitors("evaluator")
    send(evaluator, "fire_calls", as_file("fire_calls", [GOOD["fire_calls"] | {"object_id": None}], "csv"))
    value = evaluator.get("/api/v1/kpi/inputs").json()["fire_calls"]["value"]
    assert value == {
        "calls": [],
        "covers_from": "2026-11-01T19:00:00+00:00",
        "covers_until": "2026-11-20T19:00:00+00:00",
    }


def test_the_register_of_a_past_day_is_shown(world, visitors):
    evaluator = visitors("evaluator")
    for number, day in (("600 000", "2026-07-01"), ("612 000", "2026-10-01")):
        rows = [{"vehicles": number}]
        assert (
            send(evaluator, "registered_vehicles", as_file("registered_vehicles", rows, "csv"), as_of=day).status_code
            == 201
        )
    assert "612 000" in evaluator.get("/imports/registers/registered_vehicles").text.replace("\u00a0", " ").replace(
        ",", " "
    )
    past = evaluator.get("/imports/registers/registered_vehicles?on=2026-08-01").text
    assert "600" in past
    assert evaluator.get("/imports/registers/registered_vehicles?on=soon").status_code == 422


def run(*words: str) -> int:
    return main(["import", *words])


def test_the_command_takes_refuses_and_looks(tmp_path, world, capsys):
    file = tmp_path / "roads.json"
    told = ("--source", "Письмо", "--as-of", "2026-11-20")
    file.write_text(json.dumps([GOOD["roads"] | {"length_km": "x"}], ensure_ascii=False))
    assert run("roads", str(file), *told, "--lang", "ru") == 2
    said = capsys.readouterr()
    assert "row 1, length_km «x»: Это не число" in said.err
    assert said.err.splitlines()[-1].startswith("qyran: Row 1, column length_km: This is no number")
    assert run("roads", str(file), *told, "--dry-run") == 2
    file.write_text(json.dumps([GOOD["roads"]], ensure_ascii=False))
    assert run("roads", str(file), *told, "--dry-run") == 0
    assert count(world) == 0
    assert run("roads", str(file), *told) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 rows taken; import ")
    assert run("roads", str(file), *told) == 0
    assert "known already" in capsys.readouterr().out
    assert count(world) == 1


BAD = {
    "no such kind": (("rainfall", "{file}", "--source", "x", "--as-of", "2026-11-20"), "no kind of import rainfall"),
    "no such file": (("roads", "nothing.csv", "--source", "x", "--as-of", "2026-11-20"), "nothing.csv does not exist"),
    "no such day": (("roads", "{file}", "--source", "x", "--as-of", "soon"), "a day is written as"),
    "no source": (("roads", "{file}", "--source", " ", "--as-of", "2026-11-20"), "needs its source"),
}


@pytest.mark.parametrize(("words", "said"), BAD.values(), ids=BAD)
def test_a_command_that_cannot_be_is_one_sentence(tmp_path, world, capsys, words, said):
    file = tmp_path / "a.csv"
    file.write_bytes(as_file("roads", [GOOD["roads"]], "csv"))
    assert run(*(word.format(file=file) for word in words)) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_published_period_that_an_import_reaches_is_named(world, visitors):
    evaluator = visitors("evaluator")
    world.clock.forward(days=-1)
    publish(world.store, "2026-09")
    world.clock.forward(days=1)
    dry = send(
        evaluator,
        "kpi_values",
        as_file("kpi_values", [GOOD["kpi_values"] | {"period": "2026-09"}], "csv"),
        dry_run="true",
    )
    assert dry.json()["touches"] == ["2026-09"]
    late = send(evaluator, "kpi_values", as_file("kpi_values", [GOOD["kpi_values"]], "csv"), dry_run="true")
    assert late.json()["touches"] == []
