from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kpi_catalog.catalogue import catalogue
from service import evidence_copies, passwords
from service.cli.main import main
from service.publication import publish, published
from service.publication.explain import explain
from service.publication.freeze import compose
from service.publication.people import teller
from service.publication.proof import verify
from service.publication.recompute import recompute
from service.publication.revise import revise
from service.publication.shelf import events_behind
from service.settings import load_settings
from service.store.database import Store, open_store
from tests.evidence.finders import a_masker
from tests.service.publication.conftest import a_city
from tests.service.publication.happenings import alarm, decide, decided, judge, next_month

NOVEMBER = "2026-11"


@dataclass(frozen=True)
class Kept:
    """A city that is only looked at, or forged."""

    home: Path
    store: Store


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A published November with a late verdict, made once."""
    home = tmp_path_factory.mktemp("made") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QYRAN_HOME", str(home))
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setattr(evidence_copies, "eyes", lambda _: (a_masker(), {"road": "c" * 64, "plates": "d" * 64}))
        with a_city(load_settings(home=home, second_look_share=0, sample_auto_rejected=0)) as city:
            decided(city)
            waiting = city.case(plate="456DEF02")
            judge(city, alarm(city))
            next_month(city)
            publish(city.store, NOVEMBER, actor=city.evaluator)
            decide(city, waiting, true=False)
            revise(city.store, NOVEMBER)
            now = city.clock()
    return home, now


@pytest.fixture
def november(made, tmp_path):
    """A copy of it."""
    home, now = made
    shutil.copytree(home, tmp_path / "home")
    store = open_store(load_settings(home=tmp_path / "home"), clock=lambda: now + timedelta(hours=1))
    yield Kept(tmp_path / "home", store)
    store.close()


def forge(city, table: str, change: str, where: str = "1=1") -> None:
    """What somebody with the database's own password can do: take the guard away, change, put nothing back."""
    with city.store.engine.begin() as connection:
        guards = connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger'")).scalars().all()
        for name in guards:
            connection.execute(text(f"DROP TRIGGER {name}"))
        forged = f"UPDATE {table} SET {change} WHERE {where}"  # noqa: S608 - a forger asks nobody
        assert connection.exec_driver_sql(forged).rowcount


NINE = "kpi_id = '9.9'"
FORGERIES = {
    "a value in the text": ("kpi_published", "content = replace(content, '\"value\":0.0', '\"value\":1.0')", NINE,
                            ("9.9", "values", "altered", ("value",))),
    "a status in the text": ("kpi_published", "content = replace(content, 'preliminary', 'computed...')", NINE,
                             ("9.9", "values", "altered", ("measured", "status"))),
    "a column beside the text": ("kpi_published", "value = 99", NINE, ("9.9", "values", "column_altered", ("value",))),
    "text and hash together": ("kpi_published", "sha256 = '" + "0" * 64 + "'", NINE,
                               ("9.9", "values", "altered", ("sha256",))),
    "a byte that ends the text": ("kpi_published", "content = content || '}'", NINE,
                                  ("9.9", "values", "unreadable", ())),
    "the category": ("kpi_publication", "category = 'district'", "1=1",
                     (None, "period", "column_altered", ("category",))),
    "the day of publication": ("kpi_publication", "published_by = 'somebody'", "1=1",
                               (None, "period", "column_altered", ("published_at", "published_by"))),
    "the whole's text": ("kpi_publication", "content = replace(content, 'Asia/Almaty', 'Asia/Almata')", "1=1",
                         (None, "period", "altered", ("zone",))),
    "an event of a day": ("kpi_event_set", "packed = x'00'", "1=1", ("9.9", "events 2026-11-22", "altered", ())),
    "how many events": ("kpi_published_day", "rows = rows + 1", NINE, ("9.9", "events", "altered", ("days",))),
    "a revision": ("kpi_revision", "content = replace(content, 'late_verdict', 'late_payment')", NINE,
                   ("9.9", "revision 1", "altered", ("causes", "changes"))),
    "the chain": ("publication_event", "header = replace(header, 'evaluator', 'system..')", "seq = 1",
                  (None, "chain", "chain_altered", ())),
}  # fmt: skip


@pytest.mark.parametrize(("table", "change", "where", "told"), FORGERIES.values(), ids=list(FORGERIES))
def test_one_changed_byte_is_found_and_named(november, table, change, where, told):
    assert verify(november.store).intact
    if "revision 1" in told:
        (number,) = (one.number for one in published(november.store, NOVEMBER).revisions if one.kpi_id == "9.9")
        told = (told[0], f"revision {number}", *told[2:])
    forge(november, table, change, where)
    flaws = {(one.kpi_id, one.place, one.code, one.fields) for one in verify(november.store).flaws}
    assert told in flaws


def test_a_kpi_taken_out_of_a_publication_is_missed(november):
    with november.store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER kpi_published_no_delete"))
        connection.execute(text("DELETE FROM kpi_published WHERE kpi_id = '10.3'"))
    assert ("10.3", "values", "missing") in {(one.kpi_id, one.place, one.code) for one in verify(november.store).flaws}


def test_recomputing_names_the_cell_that_does_not_come_out(november):
    forge(november, "kpi_published", "content = replace(content, '\"numerator\":0', '\"numerator\":1')", NINE)
    again = recompute(november.store, published(november.store, NOVEMBER))
    named = {(one.kpi_id, one.cell, one.frozen, one.again) for one in again.differing}
    assert named == {("9.9", "numerator", 1, 0), ("9.9", "events.numerator", 1, 0)}


def test_a_published_value_comes_out_of_its_events_alone(november):
    held = published(november.store, NOVEMBER)
    again = recompute(november.store, held)
    assert again.same
    assert {"9.3", "9.9"} <= set(again.from_events)
    with november.store.read() as work:
        (events,) = (one.events for one in events_behind(work, held.id, "9.9").values())
    assert sorted(one.reason for one in events) == ["no_verdict", "true", "true"]


def test_the_whole_derivation_is_told_in_three_languages(november):
    told = explain(november.store, "9.9", NOVEMBER)
    for lang, words in (("kk", "Формула сандармен"), ("ru", "поздний вердикт: 1"), ("en", "Left out: no verdict")):
        sections = teller(november.store, lang).sections(told)
        said = "\n".join(
            f"{section.title}\n" + "\n".join(f"{label}: {line}" for label, line in section.lines)
            for section in sections
        )
        assert words in said
        assert told.sha256 in said
        assert "publication." not in said
    now = explain(november.store, "9.9", NOVEMBER, now=True)
    assert (told.kpi["value"], now.kpi["value"]) == (0.0, pytest.approx(100 / 3))


def test_every_kpi_of_the_order_has_a_derivation(november):
    for lang in ("kk", "ru", "en"):
        speaker = teller(november.store, lang)
        for kpi_id in catalogue().kpis:
            assert len(speaker.sections(explain(november.store, kpi_id, NOVEMBER))) >= 6


def test_the_command_line_tells_checks_and_refuses(november, capsys, monkeypatch):
    monkeypatch.setenv("QYRAN_HOME", str(november.home))
    assert main(["kpi", "explain", "9.9", "--period", NOVEMBER, "--lang", "en"]) == 0
    assert "100 × 0 ÷ 2 = 0 %" in capsys.readouterr().out
    assert main(["kpi", "revisions", "--period", NOVEMBER, "--lang", "en"]) == 0
    assert "late verdict: 1" in capsys.readouterr().out
    assert main(["kpi", "verify"]) == 0
    assert main(["kpi", "recompute", "--period", NOVEMBER]) == 0
    capsys.readouterr()
    for wrong in (["explain", "9.99", "--period", NOVEMBER], ["explain", "9.9", "--period", "2026-13"],
                  ["explain", "9.9", "--period", "2026-12", "--published"], ["publish", "--period", "2999-01"],
                  ["recompute", "--period", "2026-01"]):  # fmt: skip
        assert main(["kpi", *wrong]) == 2, wrong
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    forge(november, "kpi_published", "score = 0.5", NINE)
    assert main(["kpi", "verify", "--lang", "en"]) == 1
    assert "9.9, values: a column differs from the text score" in capsys.readouterr().out


STEPS = st.lists(
    st.sampled_from(["decide true", "decide false", "judge true", "judge false", "case", "revise", "publish", "day"]),
    min_size=3,
    max_size=8,
)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_no_revision_changes_a_frozen_value_silently(tmp_path_factory, monkeypatch, steps):
    """Frozen bytes stay; every later difference stands as a revision; the known figures are those of now."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("QYRAN_HOME", str(home))
    with a_city(load_settings(home=home, second_look_share=0, sample_auto_rejected=0)) as city:
        frozen = _published_with_open_ends(city)
        for number, step in enumerate(steps):
            _happens(city, step, number)
        revise(city.store, NOVEMBER)
        after = published(city.store, NOVEMBER)
        now = compose(city.store, after.period).report
        assert (after.kpis, after.content, after.sha256) == (frozen.kpis, frozen.content, frozen.sha256)
        for kpi in now.kpis:
            known = after.known(kpi.kpi.id)
            assert (known["value"], known["score"]) == (kpi.value.value, kpi.score.score), kpi.kpi.id
        for one in after.kpis:
            steps_of = [after.kpi(one).cells, *(revision.new for revision in after.revisions_of(one))]
            assert [revision.old for revision in after.revisions_of(one)] == steps_of[:-1]
        assert verify(city.store).intact
        assert recompute(city.store, after).same


def _published_with_open_ends(city):
    decided(city)
    city.cases_left = [city.case(plate=f"{200 + number}DEF02") for number in range(3)]
    city.alarms_left = []
    for _ in range(3):
        city.clock.forward(minutes=5)
        city.alarms_left.append(alarm(city))
    next_month(city)
    return publish(city.store, NOVEMBER)


def _happens(city, step: str, number: int) -> None:
    true = step.endswith("true")
    if step.startswith("decide") and city.cases_left:
        decide(city, city.cases_left.pop(), true=true)
    elif step.startswith("judge") and city.alarms_left:
        judge(city, city.alarms_left.pop(), true=true)
    elif step == "case":
        decided(city, true=False, plate=f"{400 + number}XYZ02")
    elif step == "revise":
        revise(city.store, NOVEMBER)
    elif step == "publish":
        publish(city.store, NOVEMBER)
    else:
        city.clock.forward(days=1)
