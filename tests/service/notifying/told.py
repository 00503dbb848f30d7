from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from service.notifying import routing
from service.store.alert_tables import Alert, AlertNotification
from service.store.notice_tables import AlertAttempt, AlertMessage, AlertReceiver
from service.store.response_tables import Outage

WEBHOOK = """
[[receivers]]
id = "{id}"
channel = "webhook"
url = "{url}"
secret = "env:QYRAN_TEST_SECRET"
steps = ["every"]
timeout_s = 0.2
{more}
"""


def with_receivers(world, text: str) -> None:
    """Give an installation an alerts file."""
    path = world.settings.home / "alerts.toml"
    path.write_text(text, encoding="utf-8")
    routing._read.clear()  # two writings within one tick of the file system's clock
    object.__setattr__(world.store, "settings", world.settings.model_copy(update={"alerts_file": path}))
    world.settings = world.store.settings


def webhook(url: str, name: str = "city", more: str = "") -> str:
    return WEBHOOK.format(id=name, url=url, more=more)


def messages(world, alert: str | None = None) -> list[AlertMessage]:
    with world.store.read() as work:
        query = select(AlertMessage).order_by(AlertMessage.id)
        return list(work.session.scalars(query if alert is None else query.where(AlertMessage.alert_id == alert)))


def states(world, alert: str | None = None) -> list[tuple[str, str]]:
    return [(one.receiver, one.state) for one in messages(world, alert)]


def attempts(world) -> list[tuple[str, str | None]]:
    with world.store.read() as work:
        rows = work.session.scalars(select(AlertAttempt).order_by(AlertAttempt.id))
        return [(one.outcome, one.error) for one in rows]


def receiver_row(world, name: str = "city") -> AlertReceiver | None:
    with world.store.read() as work:
        return work.session.get(AlertReceiver, name)


def alert_row(world, alert: str) -> Alert:
    with world.store.read() as work:
        return work.session.get_one(Alert, alert)


def notifications(world, alert: str) -> list[tuple[str, str, str, bool]]:
    with world.store.read() as work:
        rows = work.session.scalars(
            select(AlertNotification).where(AlertNotification.alert_id == alert).order_by(AlertNotification.id)
        )
        return [(one.channel, one.recipient, one.initiator, one.delivered_at is not None) for one in rows]


def outages(world) -> list[tuple[str, datetime | None]]:
    with world.store.read() as work:
        return [(one.component, one.end) for one in work.session.scalars(select(Outage).order_by(Outage.id))]
