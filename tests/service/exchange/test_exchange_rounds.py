"""A round of the exchange: alarms first, KPIs once an hour, and a failure there holds nothing up."""

from __future__ import annotations

from service.exchange import rounds
from service.exchange.rounds import Exchange
from service.store.exchange_tables import ExchangeRecord
from tests.service.exchange.facts import an_alert


def kinds(world) -> list[str]:
    with world.store.read() as work:
        return [row.kind for row in work.session.query(ExchangeRecord).order_by(ExchangeRecord.seq)]


def test_kpis_are_told_once_an_hour_after_the_alarms(world, monkeypatch):
    asked = []
    monkeypatch.setattr(rounds, "provisional", lambda store: asked.append(store.clock()) or ())
    exchange = Exchange(world.store)
    for _ in range(5):
        exchange.round()
        world.clock.forward(minutes=20)
    assert len(asked) == 2
    monkeypatch.undo()
    with world.store.write() as work:
        an_alert(work)
    world.clock.forward(hours=1)
    exchange.round()
    told = kinds(world)
    assert told.index("alert") < told.index("kpi_value")


def test_kpis_that_cannot_be_reckoned_hold_up_no_alarm(world, monkeypatch, caplog):
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rounds, "provisional", fail)
    with world.store.write() as work:
        an_alert(work)
    assert Exchange(world.store).round().records > 0
    assert "alert" in kinds(world)
    assert "could not be told" in caplog.text
