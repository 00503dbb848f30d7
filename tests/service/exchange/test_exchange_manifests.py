"""Signed days: tampering is named, days are chained and stand in the ledger; a reader's losses are found."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from evidence.keys import installation_signer, trust_store
from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import SYSTEM, Actor, Role
from service.cli.main import main
from service.exchange import feed, manifests
from service.exchange.manifest import faults_of, read_manifest
from service.exchange.publisher import publish
from service.exchange.reconcile import Held, held_of_file, reconcile, reconciliations
from service.i18n import LANGUAGES, has
from service.job_register import run_job
from service.settings import load_settings
from service.store.ledger import check_store, export_ledger, sign_heads
from tests.service.exchange.facts import an_alert
from tests.service.world import World

FIRST, SECOND = date(2026, 11, 22), date(2026, 11, 23)
LATE = date(2026, 12, 31)


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    """Two days that are over and signed; tests look and compare, and change nothing."""
    with World(load_settings(home=tmp_path_factory.mktemp("days"))) as world:
        for _ in range(2):
            with world.store.write() as work:
                for _ in range(4):
                    an_alert(work)
            publish(world.store)
            world.clock.forward(days=1)
        assert manifests.sign_days(world.store, LATE) == 2
        yield world


def lines_of(world, day=FIRST) -> list[str]:
    with world.store.read() as work:
        return [row.line for row in feed.of_day(work, day)]


def manifest(world, day=FIRST):
    with world.store.read() as work:
        return manifests.manifest_of(work, day)


def test_a_day_is_signed_once_when_it_is_over_and_names_the_day_before(days):
    first, second = manifest(days), manifest(days, SECOND)
    assert (first.day, first.records, first.previous) == ("2026-11-22", len(lines_of(days)), None)
    assert second.previous == first.digest
    assert manifests.sign_days(days.store, LATE) == 0
    with days.store.read() as work, pytest.raises(NotFound, match="night after"):
        manifests.manifest_of(work, date(2026, 11, 24))
    assert [manifests.check_day(days.store, day) for day in (FIRST, SECOND)] == [[], []]


def test_the_nightly_job_signs_what_was_missed(world):
    publish(world.store)
    world.clock.forward(days=3)
    publish(world.store)
    assert run_job(world.store, "sign_exchange", date(2026, 11, 24)).account == {"days": 3}
    assert [manifest(world, date(2026, 11, day)).records for day in (22, 23, 24)] == [2, 0, 0]


def test_the_days_stand_in_the_ledger_and_in_its_export(both):
    publish(both.store)
    both.clock.forward(days=1)
    manifests.sign_days(both.store, LATE)
    assert sign_heads(both.store) is not None
    assert check_store(both.store) == []
    assert manifest(both).digest in export_ledger(both.store).decode()


def test_replay_is_what_was_told(days):
    with days.store.read() as work:
        told = feed.page(work, limit=feed.MOST).lines
        again = feed.page(work, day=FIRST, limit=feed.MOST).lines
    assert again == told[: len(again)]
    assert faults_of(manifest(days), again, trust_store(days.settings.home)) == []


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda lines: lines[:-1], {"count", "hash", "last"}),
        (lambda lines: lines[1:], {"count", "hash", "first"}),
        (lambda lines: [*lines[:2], *lines[3:]], {"count", "hash", "order"}),
        (lambda lines: [lines[0], *lines], {"count", "hash", "order"}),
        (lambda lines: [lines[0].replace("abay", "abau"), *lines[1:]], {"hash"}),
        (lambda lines: [lines[1], lines[0], *lines[2:]], {"hash", "first", "order"}),
        (lambda lines: ["no record", *lines[1:]], {"hash", "unreadable"}),
    ],
)  # fmt: skip
def test_records_that_were_tampered_with_are_named(days, spoil, named):
    assert set(faults_of(manifest(days), spoil(lines_of(days)), trust_store(days.settings.home))) == named


@pytest.mark.parametrize(
    ("change", "fault"),
    [({"records": 3}, "signature"), ({"day": "2026-11-21"}, "signature"), ({"key": "0" * 64}, "unknown_key"),
     ({"previous": "1" * 64}, "signature"), ({"signature": "0" * 128}, "signature")],
)  # fmt: skip
def test_a_manifest_that_was_tampered_with_is_named(days, change, fault):
    spoiled = replace(manifest(days), **change)
    assert fault in faults_of(spoiled, lines_of(days), trust_store(days.settings.home))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"format":"qyran-exchange-manifest/1"}', b"\xff"])
def test_what_is_no_manifest_is_not_read(data):
    with pytest.raises(ValueError, match=r"manifest|canonical|utf-8|Expecting"):
        read_manifest(data)


def test_a_store_that_was_changed_behind_the_signature_is_found(world):
    publish(world.store)
    world.clock.forward(days=1)
    manifests.sign_days(world.store, LATE)
    with world.store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER exchange_record_no_update"))
        connection.execute(text("UPDATE exchange_record SET line = replace(line, 'abay', 'abau') WHERE seq = 1"))
    assert manifests.check_day(world.store, FIRST) == ["hash"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_fault_has_words(lang):
    faults = ("unknown_key", "signature", "count", "hash", "first", "last", "order", "unreadable", "day", "named",
              "previous", "ledger")  # fmt: skip
    assert [one for one in faults if not has(lang, f"exchange.fault.{one}")] == []


def held(world) -> list[Held]:
    return held_of_file("\n".join(lines_of(world)).encode())


@pytest.mark.parametrize(
    ("spoil", "what", "place"),
    [
        (lambda mine: mine[:2] + mine[3:], "missing", 3),
        (lambda mine: [*mine, mine[1]], "doubled", 2),
        (lambda mine: [*mine[:3], Held(mine[3].id, "0" * 64), *mine[4:]], "altered", 4),
        (lambda mine: [*mine, Held("f" * 36, "0" * 64)], "unknown", None),
    ],
)  # fmt: skip
def test_reconciliation_names_the_record_and_what_to_read_again(days, spoil, what, place):
    report = days.do(SYSTEM, reconcile, FIRST, held=spoil(held(days)))
    (one,) = report.differences
    assert (report.outcome, one.what, one.seq) == ("different", what, place)
    if what in {"missing", "altered"}:
        with days.store.read() as work:
            again = feed.page(work, report.replay, limit=1)
        assert json.loads(again.lines[0])["id"] == one.id


def test_equal_days_are_equal_by_records_or_by_hash_alone(days):
    signed = manifest(days)
    assert days.do(SYSTEM, reconcile, FIRST, held=held(days)).outcome == "equal"
    assert days.do(SYSTEM, reconcile, FIRST, count=signed.records, sha256=signed.sha256).outcome == "equal"
    unnamed = days.do(SYSTEM, reconcile, FIRST, count=signed.records - 1, sha256=signed.sha256)
    assert (unnamed.outcome, unnamed.replay) == ("unnamed", "start")
    with days.store.read() as work:
        assert [one.outcome for one in reconciliations(work)][:3] == ["unnamed", "equal", "equal"]


def test_who_may_not_compare_and_what_cannot_be_compared_is_refused(days):
    with pytest.raises(AccessError):
        days.do(Actor("a", frozenset({Role.AUDITOR})), reconcile, FIRST, held=[])
    with pytest.raises(InputError, match="number and the hash"):
        days.do(SYSTEM, reconcile, FIRST)
    with pytest.raises(InputError, match="Line 2"):
        held_of_file(lines_of(days)[0].encode() + b"\n{}\n")


def test_the_command_checks_days_and_files_and_compares(world, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("QYRAN_HOME", str(world.settings.home))
    publish(world.store)
    world.clock.forward(days=1)
    manifests.sign_days(world.store, LATE)
    file, records = tmp_path / "manifest.json", tmp_path / "day.jsonl"
    file.write_bytes(manifest(world).to_bytes())
    records.write_text("".join(f"{line}\n" for line in lines_of(world)), encoding="utf-8")
    assert main(["exchange", "verify", "2026-11-22"]) == 0
    assert main(["exchange", "verify", str(file), "--records", str(records)]) == 0
    assert main(["exchange", "reconcile", "2026-11-22", str(records)]) == 0
    capsys.readouterr()
    records.write_text(lines_of(world)[0] + "\n", encoding="utf-8")
    assert main(["exchange", "verify", str(file), "--records", str(records)]) == 1
    assert "The number of records is not the one signed." in capsys.readouterr().out
    assert main(["exchange", "reconcile", "2026-11-22", str(records)]) == 1
    assert json.loads(capsys.readouterr().out)["differences"][0]["what"] == "missing"
    assert main(["exchange", "verify", "yesterday"]) == 2
    assert "neither a file nor a day" in capsys.readouterr().err


def test_a_stolen_store_cannot_sign_in_anothers_name(days, tmp_path):
    foreign = installation_signer(tmp_path / "other")
    bare = replace(manifest(days), key=foreign.key_id)
    forged = replace(bare, signature=foreign.sign(bare.message()).hex())
    assert faults_of(forged, lines_of(days), trust_store(days.settings.home)) == ["unknown_key"]
