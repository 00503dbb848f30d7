"""The feed: each fact once, in the order of commits, corrected by new records, read from any place."""

from __future__ import annotations

import json
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from qyran.errors import InputError
from qyran.roles import SYSTEM, Role
from service.exchange import feed, publisher, shapes, waiting
from service.exchange.cursor import START, cursor_of, place_of
from service.exchange.examples import examples
from service.exchange.feed import CursorGone
from service.exchange.publisher import publish
from service.exchange.tell_kpis import provisional
from service.publication import publish as freeze
from service.quarantine import begin
from service.settings import load_settings
from service.store.alert_tables import Alert
from service.store.exchange_tables import ExchangePending
from service.store.publication_tables import KpiRevision
from service.store.tables import Camera, ViolationCase
from tests.service.exchange.facts import a_case, an_alert, change
from tests.service.world import World

SCHEMA = jsonschema.Draft202012Validator(shapes.json_schema(), format_checker=jsonschema.FormatChecker())
TABLES = ("exchange_record", "exchange_manifest", "exchange_event")


def told(world, **asked) -> list[dict]:
    with world.store.read() as work:
        return [json.loads(line) for line in feed.page(work, limit=feed.MOST, **asked).lines]


def about(world, subject: str) -> list[dict]:
    return [one for one in told(world) if one["subject"] == subject]


def filled(world) -> None:
    """A record of every kind."""
    world.case()
    world.alert("fire", "fire_alert")
    world.take(world.event("down", type="stream", plate=None), world.event("view_moved", type="stream", plate=None))
    with world.store.write() as work:
        work.session.get_one(Camera, "abay-12").territory = "almaly"
    with world.store.write(world.person(Role.SENIOR_OFFICER)) as work:
        begin(work, "abay-12", "red_light", "camera_moved")
    publish(world.store, provisional(world.store))


@pytest.fixture(scope="module")
def long_feed(tmp_path_factory):
    with World(load_settings(home=tmp_path_factory.mktemp("feed"))) as world:
        for _ in range(4):
            with world.store.write() as work:
                for _ in range(9):
                    an_alert(work)
            publish(world.store)
            world.clock.forward(hours=13)
        yield world


def test_every_record_of_every_kind_fits_the_published_schema(both):
    filled(both)
    records = told(both)
    assert {one["kind"] for one in records} == set(shapes.Kind)
    assert [error.message for one in records for error in SCHEMA.iter_errors(one)] == []


def test_the_schema_is_one_and_is_shipped_as_it_is_served():
    jsonschema.Draft202012Validator.check_schema(shapes.json_schema())
    shipped = Path(shapes.__file__).with_name("schema") / f"record-{shapes.SCHEMA_VERSION}.json"
    assert json.loads(shipped.read_text(encoding="utf-8")) == shapes.json_schema()


@pytest.mark.parametrize(
    "spoiled",
    [{"plate": "123ABC02"}, {"op": "tombstone"}, {"kind": "person"}, {"seq": 0}, {"data": None},
     {"published_at": None}, {"schema_version": "2.0"}],
)  # fmt: skip
def test_the_schema_refuses_what_is_no_record(long_feed, spoiled):
    record = told(long_feed)[0]
    assert SCHEMA.is_valid(record)
    assert not SCHEMA.is_valid(record | spoiled)


def test_places_have_no_gap_and_moments_never_go_back(world):
    filled(world)
    world.clock.forward(hours=-2)  # a clock that was set back
    world.alert()
    publish(world.store)
    records = told(world)
    assert [one["seq"] for one in records] == list(range(1, len(records) + 1))
    assert [one["published_at"] for one in records] == sorted(one["published_at"] for one in records)


def test_nothing_is_told_twice_that_did_not_change(world):
    filled(world)
    before = told(world)
    with world.store.write() as work:
        for table in (Alert, ViolationCase):
            for row in work.session.query(table):
                row.score, row.changed_at = 0.5, work.now  # a change that is none for others
    publish(world.store, provisional(world.store), counts=True)
    assert told(world) == before


def test_a_change_is_a_new_record_in_place_of_the_old(world):
    alert = world.do(SYSTEM, an_alert)
    publish(world.store)
    change(world, Alert, alert, state="confirmed", verdict="true")
    publish(world.store)
    first, second = about(world, f"alert/{alert}")
    assert (first["op"], first["revision"], first["replaces"]) == ("new", 1, None)
    assert (second["op"], second["revision"], second["replaces"]) == ("update", 2, first["id"])
    assert second["data"] == first["data"] | {"state": "confirmed", "verdict": "true"}


@pytest.mark.parametrize(
    ("changes", "gone", "see"),
    [({"merged_into": "a" * 8, "state": "merged"}, "merged", "alert/" + "a" * 8),
     ({"t_raised": None, "state": "suppressed"}, "suppressed", None),
     ({"t_raised": None, "state": "test"}, "test", None)],
)  # fmt: skip
def test_what_was_taken_back_leaves_a_tombstone(world, changes, gone, see):
    with world.store.write() as work:
        alert, never = an_alert(work), an_alert(work, **changes)
    publish(world.store)
    change(world, Alert, alert, **changes)
    publish(world.store)
    first, last = about(world, f"alert/{alert}")
    assert (last["op"], last["gone"], last["see"], last["data"]) == ("tombstone", gone, see, None)
    assert last["replaces"] == first["id"]
    assert about(world, f"alert/{never}") == []


def test_a_retired_camera_leaves_a_tombstone(world):
    publish(world.store)
    with world.store.write() as work:
        work.session.get_one(Camera, "abay-12").retired = work.now.date()
    publish(world.store)
    assert [(one["op"], one["gone"]) for one in about(world, "camera/abay-12")] == [
        ("new", None), ("tombstone", "retired"),
    ]  # fmt: skip


def test_ids_are_the_same_for_the_same_fact_whoever_tells_it(long_feed):
    record = told(long_feed)[0]
    again = shapes.RECORD.validate_python(record)
    assert again.id == record["id"]
    assert record["id"] == "caa0e164-4f9b-5dcc-8691-d345bf2beacc"  # of city, camera/abay-12 and revision 1


@pytest.mark.parametrize("admitted", [True, False])
def test_a_published_period_is_told_with_all_its_kpis_and_an_admitted_revision_with_its_cause(world, admitted):
    publish(world.store, provisional(world.store))
    world.clock.forward(days=40)
    frozen = freeze(world.store, "2026-11")
    publish(world.store)
    of_kpis = [one for one in told(world) if one["kind"] == "kpi_value"]
    values = {one["data"]["kpi"]: one for one in of_kpis if one["data"]["period"] == "2026-11"}
    assert set(values) == set(frozen.kpis)
    for kpi, one in values.items():
        content = frozen.kpis[kpi].content
        assert [one["data"][name] for name in ("stage", "publication", "value", "score", "missing")] == [
            "published", frozen.id, content["value"], content["score"], content["missing"],
        ]  # fmt: skip
    assert values["9.6"]["op"] == "update"  # it stands in place of the provisional one
    cells = {**frozen.kpis["9.6"].cells, "value": 3.0}
    said = {"admitted": admitted, "new": cells, "causes": {"late_verdict": 2, "changed_verdict": 1}}
    with world.store.write() as work:
        kept = {"kpi_id": "9.6", "content": json.dumps(said), "marks": "", "sha256": "0" * 64}
        work.session.add(KpiRevision(publication_id=frozen.id, number=1, found_at=work.now, found_by="system", **kept))
    publish(world.store)
    last = about(world, "kpi/9.6/2026-11")[-1]["data"]
    assert (last["stage"], last["value"], last["reason"]) == (
        ("revised", 3.0, "late_verdict") if admitted else ("published", values["9.6"]["data"]["value"], None)
    )


def test_the_examples_of_the_documentation_are_what_the_feed_tells():
    page = (Path(shapes.__file__).parents[2] / "docs" / "exchange.md").read_text(encoding="utf-8")
    assert f"```json\n{examples()}```" in page
    decoder, text_, place = json.JSONDecoder(), examples(), 0
    while place < len(text_):
        record, end = decoder.raw_decode(text_, place)
        assert SCHEMA.is_valid(record)
        place = end + 1


def test_counts_are_those_of_the_cases(world):
    fates = [{}, {"verdict": "true"}, {"verdict": "true"}, {"verdict": "false"}, {"state": "auto_rejected"}]
    with world.store.write() as work:
        ids = [a_case(work, **fate) for fate in fates]
        a_case(work, merged_into=ids[0], state="merged")
        a_case(work, kind="stop_line")
    publish(world.store, counts=True)
    (count,) = [one for one in told(world) if one["subject"] == "count/abay-12/red_light/2026-11-22T07"]
    names = ("detected", "waiting", "set_aside", "confirmed", "rejected", "cancelled")
    assert [count["data"][name] for name in names] == [5, 1, 1, 2, 1, 0]
    change(world, ViolationCase, ids[1], t_cancelled=world.clock())
    publish(world.store, counts=True)
    newest = about(world, count["subject"])[-1]
    assert [newest["data"][name] for name in names] == [5, 1, 1, 1, 1, 1]


def test_that_somebody_claimed_a_case_is_no_news_for_others(both):
    def marks() -> int:
        with both.store.read() as work:
            return work.session.query(ExchangePending).filter_by(source="case").count()

    with both.store.write() as work:
        case = a_case(work)
    publish(both.store, counts=True)
    change(both, ViolationCase, case, claimed_by="officer", claimed_at=both.clock())
    assert marks() == 0
    change(both, ViolationCase, case, verdict="true")
    assert marks() == 1


def test_counts_wait_so_that_an_hour_does_not_change_with_every_case(world):
    with world.store.write() as work:
        a_case(work)
    publish(world.store)
    with world.store.write() as work:
        a_case(work)
    kinds = Counter(one["kind"] for one in told(world))
    publish(world.store)
    assert Counter(one["kind"] for one in told(world)) == kinds
    world.clock.forward(minutes=5)
    publish(world.store)
    assert Counter(one["kind"] for one in told(world))["violation_count"] == kinds["violation_count"] + 1


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_a_transaction_that_commits_late_is_told_in_the_next_round(both):
    """Its mark has a lower number than those told meanwhile; a watermark would have passed it by."""
    begun, go_on = threading.Event(), threading.Event()
    late: list[str] = []

    def write() -> None:
        with both.store.write() as work:
            late.append(an_alert(work))
            begun.set()
            go_on.wait(30)

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait(30)
    both.register(id="early")
    publish(both.store)
    seen = {one["subject"] for one in told(both)}
    assert ("camera/early" in seen, f"alert/{late[0]}" in seen) == (True, False)
    go_on.set()
    writer.join()
    publish(both.store)
    assert [one["op"] for one in about(both, f"alert/{late[0]}")] == ["new"]


def test_a_backlog_with_many_changes_of_few_is_told_in_one_call(world, monkeypatch):
    with world.store.write() as work:
        alerts = [an_alert(work) for _ in range(7)]
    for alert in alerts[:3] * 4:
        change(world, Alert, alert)
    monkeypatch.setattr(publisher, "MOST", 3)
    monkeypatch.setattr(publisher, "take", partial(waiting.take, most=3))
    publish(world.store)
    assert {one["subject"] for one in told(world)} >= {f"alert/{alert}" for alert in alerts}


def test_two_publishers_at_once_tell_everything_once(both):
    with both.store.write() as work:
        wanted = {f"alert/{an_alert(work)}" for _ in range(40)}
    publishers = [threading.Thread(target=publish, args=(both.store,)) for _ in range(3)]
    for one in publishers:
        one.start()
    for one in publishers:
        one.join()
    records = told(both)
    assert [one["seq"] for one in records] == list(range(1, len(records) + 1))
    assert sorted(one["subject"] for one in records if one["kind"] == "alert") == sorted(wanted)


def test_what_was_there_before_is_told_as_such_and_counts_for_no_delay(world):
    with world.store.write() as work:
        alert = an_alert(work)
        work.session.query(ExchangePending).update({"origin": "backfill"})
    publish(world.store)
    (record,) = about(world, f"alert/{alert}")
    assert record["origin"] == "backfill"
    with world.store.read() as work:
        assert feed.record(work, record["id"]).measured is False


def test_what_does_not_fit_is_withheld_and_said_so(world, caplog):
    with world.store.write() as work:
        alert = an_alert(work, kind="Иванов Иван")
        fine = an_alert(work)
    publish(world.store)
    subjects = {one["subject"]: one for one in told(world)}
    assert f"alert/{alert}" not in subjects
    assert f"alert/{fine}" in subjects
    assert subjects[f"withheld/alert/{alert}"]["data"]["event"] == "record_withheld"
    assert "Иванов" not in caplog.text


@given(st.lists(st.integers(1, 11), min_size=1, max_size=8))
def test_however_the_pages_are_cut_together_they_are_the_feed(long_feed, limits):
    with long_feed.store.read() as work:
        whole = feed.page(work, limit=feed.MOST)
        lines, cursor, number = [], None, 0
        while True:
            page = feed.page(work, cursor, limit=limits[number % len(limits)])
            lines += page.lines
            cursor, number = page.cursor, number + 1
            if not page.more:
                break
    assert tuple(lines) == whole.lines
    assert cursor == whole.cursor


@given(st.integers(1, 36))
def test_reading_on_from_any_record_gives_what_came_after_it(long_feed, place):
    with long_feed.store.read() as work:
        lines = feed.page(work, limit=feed.MOST).lines
        again = feed.page(work, json.loads(lines[place - 1])["cursor"], limit=feed.MOST)
    assert again.lines == lines[place:]


def test_a_day_and_everything_since_a_day_can_be_read_again(long_feed):
    records = told(long_feed)
    with long_feed.store.read() as work:
        days = sorted({feed.record(work, one["id"]).day for one in records})
    of_days = [told(long_feed, day=day) for day in days]
    assert len(days) == 3
    assert [one for records in of_days for one in records] == records
    assert told(long_feed, since=days[1]) == [*of_days[1], *of_days[2]]
    assert told(long_feed, since=days[0]) == records


def test_a_reader_at_the_end_is_told_to_come_again(long_feed):
    with long_feed.store.read() as work:
        end = feed.page(work, limit=feed.MOST).cursor
        page = feed.page(work, end)
    assert (page.lines, page.cursor, page.more) == ((), end, False)


@pytest.mark.parametrize("cursor", ["x", "MS4", "é", "..", "MS4xLmNhYTBlMTY0!"])
def test_what_is_no_cursor_is_refused(long_feed, cursor):
    with long_feed.store.read() as work, pytest.raises(InputError, match="none of this feed's"):
        feed.page(work, cursor)


def test_a_cursor_of_a_feed_that_was_put_back_is_not_followed(long_feed):
    with long_feed.store.read() as work:
        for cursor in (cursor_of(1, "ffffffff-"), cursor_of(99, "ffffffff-")):
            with pytest.raises(CursorGone, match="since="):
                feed.page(work, cursor)
        assert feed.page(work, START).lines


@given(st.integers(1, 10**12), st.uuids())
def test_a_cursor_reads_back(seq, record):
    place = place_of(cursor_of(seq, str(record)))
    assert (place.seq, place.mark) == (seq, str(record)[:8])


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_was_told(both, statement):
    publish(both.store)
    with both.store.engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement.format("exchange_record")))


def test_every_change_that_others_want_to_hear_of_leaves_its_mark(both):
    """A later migration that makes a table anew must not lose the triggers."""
    watched = {"violation_case": 2, "alert": 2, "camera": 2, "camera_log": 1, "quarantine": 2, "kpi_publication": 1,
               "kpi_revision": 1}  # fmt: skip
    asked = (
        "SELECT tbl_name, count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_to_exchange' GROUP BY 1"
        if both.store.engine.dialect.name == "sqlite"
        else "SELECT t.event_object_table, count(*) FROM information_schema.triggers t "
        "JOIN pg_class c ON c.relname = t.event_object_table AND NOT c.relispartition "
        "WHERE t.trigger_name LIKE '%_to_exchange' GROUP BY 1"
    )
    with both.store.engine.connect() as connection:
        found = dict(connection.execute(text(asked)).all())
        assert set(TABLES) <= set(inspect(connection).get_table_names())
    assert found == watched
