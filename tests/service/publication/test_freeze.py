from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from qyran.errors import AccessError, InputError
from qyran.roles import SYSTEM
from service.publication import publications, publish, published
from service.publication.model import State
from service.publication.proof import verify
from service.publication.recompute import recompute
from service.store.base import Base
from service.store.ledger import check_store, sign_heads
from service.store.publication_tables import KpiPublication
from tests.service.publication.happenings import alarm, decide, decided, judge, next_month

NOVEMBER = "2026-11"


def a_month(city) -> None:
    decided(city)
    decided(city, true=False, plate="456DEF02")
    city.case(plate="789GHI02")
    judge(city, alarm(city))
    next_month(city)


def test_a_published_month_holds_all_118_kpis_with_what_each_was_made_of(either):
    a_month(either)
    found = publish(either.store, NOVEMBER, actor=either.evaluator)
    assert found.state is State.PUBLISHED
    assert (len(found.kpis), found.published_by) == (118, either.evaluator.id)
    false_alarms = found.kpi("9.9").content
    assert (false_alarms["numerator"], false_alarms["denominator"]) == (1, 3)
    assert false_alarms["events"]["rows"] == 4
    assert false_alarms["events"]["excluded"] != {}
    assert false_alarms["target"]["order_text"]["ru"]
    assert false_alarms["definition_version"] == "9.9/1"
    assert {"version", "name"} == set(found.content["program"])
    assert published(either.store, NOVEMBER) == found
    assert recompute(either.store, found).same
    with pytest.raises(AccessError):
        publish(either.store, NOVEMBER, actor=either.officer)
    with pytest.raises(AccessError):
        published(either.store, NOVEMBER, actor=either.officer)
    with pytest.raises(InputError, match="has not ended"):
        publish(either.store, "2026-12")
    assert published(either.store, "2026-12") is None
    assert verify(either.store).unsigned == (NOVEMBER,)
    sign_heads(either.store)
    proof = verify(either.store)
    assert (proof.intact, proof.unsigned) == (True, ())
    assert check_store(either.store) == []


FROZEN = {
    "kpi_published": "sha256",
    "kpi_published_day": "rows",
    "kpi_event_set": "rows",
    "kpi_publication": "sha256",
    "publication_event": "seq",
}


def test_the_database_itself_refuses_to_change_what_was_published(either):
    a_month(either)
    publish(either.store, NOVEMBER)
    for table, column in FROZEN.items():
        with either.store.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(Base.metadata.tables[table])).scalar()
            for statement in ("UPDATE {} SET {} = {}", "DELETE FROM {}"):
                with pytest.raises(DBAPIError, match="append-only"):
                    connection.execute(text(statement.format(table, column, column)))
                connection.rollback()


def test_two_publishers_at_once_make_one_publication(either):
    a_month(either)
    made, failed = [], []

    def go() -> None:
        try:
            made.append(publish(either.store, NOVEMBER, actor=SYSTEM).id)
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=go) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert len(set(made)) == 1
    with either.store.read() as work:
        assert work.session.scalar(select(func.count()).select_from(KpiPublication)) == 1


def test_periods_of_each_length_are_published_beside_each_other(city):
    a_month(city)
    for period in ("2026-11-22", "2026-W47", NOVEMBER):
        publish(city.store, period)
    assert [str(one.period) for one in publications(city.store)] == ["2026-11-22", "2026-W47", NOVEMBER]
    day, month = (published(city.store, period) for period in ("2026-11-22", NOVEMBER))
    assert day.kpi("9.9").content["numerator"] == month.kpi("9.9").content["numerator"]


def test_a_day_begins_at_midnight_of_the_city(city):
    """18:59:59 UTC is still the 22nd in Almaty, 19:00 the 23rd."""
    city.clock.forward(hours=11, minutes=59)
    first = city.case(plate="111AAA02")
    city.clock.forward(minutes=2)
    second = city.case(plate="222BBB02")
    for one in (first, second):
        decide(city, one)
    next_month(city)
    counts = [publish(city.store, day).kpi("9.9").content["denominator"] for day in ("2026-11-22", "2026-11-23")]
    assert counts == [1, 1]
