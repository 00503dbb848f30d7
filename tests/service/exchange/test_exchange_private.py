"""Nothing of the feed names a person: no plate, no name, no IIN, whatever lies in the store."""

from __future__ import annotations

import json
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qyran.roles import Role
from service.exchange import feed
from service.exchange.drafts import MASK, masked
from service.exchange.publisher import publish
from service.exchange.questions.register import QUESTIONS
from service.exchange.readers import make_reader, readers
from service.exchange.tell_kpis import provisional
from service.store.alert_tables import Alert
from service.store.tables import Camera, Passage, ViolationCase
from tests.service.exchange.facts import a_case, an_alert

LETTERS = "ABCEHKMOPTXY"
SERIES = st.text(LETTERS, min_size=3, max_size=3)
PLATES = st.one_of(
    st.builds("{:03}{}{:02}".format, st.integers(1, 999), SERIES, st.integers(1, 20)),
    st.builds("{}{:03}{}".format, st.sampled_from(LETTERS), st.integers(1, 999), SERIES),
)  # fmt: skip
IINS = st.from_regex(r"[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9])[1-6][0-9]{5}", fullmatch=True)
NAMES = st.sampled_from(["Иванов Иван Иванович", "Әлия Нұрланқызы Сәрсенова", "Jane Roe"])


def everything(world) -> str:
    with world.store.read() as work:
        return "\n".join(feed.page(work, limit=feed.MOST).lines)


def test_a_filled_world_is_told_without_anybody_in_it(world):
    """Through the real ways in: events with plates, an officer's decision, an operator's note."""
    world.case(plate="777AAA01")
    world.case("speeding_by_video", plate="123ABC02")
    world.alert("crash")
    officer = world.person(Role.SENIOR_OFFICER, name="Серік Болатұлы")
    publish(world.store, provisional(world.store), counts=True)
    said = everything(world)
    for told in ("777AAA01", "123ABC02", "Серік", officer.id, "actor", "plate", "officer"):
        assert told not in said
    tokens = [row.plate_token for row in _rows(world, ViolationCase)]
    assert all(tokens)
    assert not any(token in said for token in tokens)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plate=PLATES, iin=IINS, name=NAMES)
def test_whatever_is_written_into_free_fields_stays_inside(world, plate, iin, name):
    with world.store.write() as work:
        camera = work.session.get_one(Camera, "abay-12")
        camera.name = {"kk": f"Абай {plate}", "ru": f"Абая, {iin}", "en": f"Abay {plate} {iin}"}
        camera.territory, camera.file_version = name, camera.file_version + 1
        a_case(work, plate_token=plate, reason=name[:60], line=plate, track=7, decided_by=name[:36])
        an_alert(work, object_id=plate, line=plate, verdict_by=iin, ack_by=name[:36], box=[1, 2, 3, 4], track=9)
        work.session.add(
            Passage(id=str(uuid4()), camera_id="abay-12", kind="passage", time=work.now, video_s=1.0,
                    plate_token=plate, line=plate)
        )  # fmt: skip
    publish(world.store, counts=True)
    said = everything(world)
    assert not [one for one in (plate, iin, name, *name.split()) if one in said]


@settings(max_examples=60)
@given(plate=PLATES, iin=IINS, words=st.sampled_from(["Абай даңғылы", "пр. Абая", "Abay Ave"]))
def test_a_places_name_keeps_its_words_and_loses_numbers_of_people(plate, iin, words):
    assert masked(f"{words} 12, {plate}") == f"{words} 12, {MASK}"
    assert masked(f"{words}, {iin}") == f"{words}, {MASK}"
    assert masked(words) == words


def test_tokens_are_kept_as_hashes_and_stand_in_no_log(world, caplog):
    with world.store.write() as work:
        token = make_reader(work, "centre", ["feed"])
        assert token not in repr(readers(work))
    assert token not in (world.settings.home / "qyran.db").read_bytes().decode("latin-1")
    assert token not in caplog.text


def test_no_question_can_name_a_vehicle_or_a_person():
    fields = {field for one in QUESTIONS.values() for field in one.params.model_fields}
    assert fields == {"period", "with_period", "periods", "kpi", "by", "of", "kind", "camera", "line"}


def test_what_was_measured_of_an_alert_is_told_and_nothing_else(world):
    with world.store.write() as work:
        alert = an_alert(work, class_="car", score=0.7, video_s=12.5, onset_s=3.0)
    publish(world.store)
    (record,) = [json.loads(line) for line in everything(world).splitlines() if f"alert/{alert}" in line]
    columns = {column.name for column in Alert.__table__.columns}
    assert not set(record["data"]) & {"track", "box", "line", "class", "ack_by", "verdict_by", "score", "head"}
    assert {"ack_by", "verdict_by", "head"} < columns


def _rows(world, table):
    with world.store.read() as work:
        return work.session.query(table).all()
