"""What the store holds that somebody waits for: open cases, unanswered alerts, messages on their way, nights, outages.

Only what is open is counted, over an index: a store of a hundred million closed records answers as fast as a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from prometheus_client.core import Metric
from sqlalchemy import Connection, func, select, text
from sqlalchemy.pool import QueuePool

from incidents.alert import AlertState
from qyran.roles import SYSTEM
from service import outbox
from service.job_register import DONE, FAILED, JOBS
from service.metrics.collected import Look, gauge
from service.notifying import messages
from service.outages.log import KINDS
from service.store.alert_tables import Alert
from service.store.database import MIGRATIONS, Store, Work
from service.store.delivery_tables import OutboxMessage
from service.store.exchange_tables import ExchangeDeadLetter, ExchangePending
from service.store.notice_tables import AlertMessage
from service.store.officer_tables import JobRun
from service.store.response_tables import Outage
from service.store.tables import Camera, ViolationCase
from violations.case import CaseState

CASES: Final = (
    CaseState.DETECTED, CaseState.SCREENED, CaseState.IN_REVIEW, CaseState.RETURNED, CaseState.SECOND_LOOK,
    CaseState.OFFICER_CONFIRMED, CaseState.SIGNED,
)  # fmt: skip
"""States of a case in which something has still to be done."""
UNANSWERED: Final = (AlertState.RAISED, AlertState.NOTIFIED, AlertState.REOPENED)
ALERTS: Final = (
    *UNANSWERED, AlertState.CANDIDATE, AlertState.ACKNOWLEDGED, AlertState.VERIFYING, AlertState.CONFIRMED,
    AlertState.UNDETERMINED, AlertState.DISPATCHED, AlertState.DEPARTED, AlertState.ARRIVED, AlertState.RESOLVED,
)  # fmt: skip
"""States of an alert before it is closed."""
DECISIONS: Final = (*outbox.OPEN, *outbox.STUCK)
NOTICES: Final = (messages.State.QUEUED, *messages.STUCK)
CAMERA_STATES: Final = ("up", "down", "unknown")


def looks_of(store: Store) -> dict[str, Look]:
    """The parts to ask, by name."""
    return {
        "database": lambda: database(store),
        "cases": lambda: _reading(store, cases),
        "alerts": lambda: _reading(store, alerts),
        "outboxes": lambda: _reading(store, outboxes),
        "nights": lambda: _reading(store, nights),
        "outages": lambda: _reading(store, outages),
        "cameras": lambda: _reading(store, cameras),
    }


def database(store: Store) -> Iterable[Metric]:
    """Whether the database answers, its connections, its size and its schema."""
    yield from _pool(store)
    try:
        with store.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            known = MigrationContext.configure(connection).get_current_revision()
            size = _server_bytes(connection) if store.engine.dialect.name == "postgresql" else _file_bytes(store)
    except Exception:
        yield gauge("qyran_database_up", "Whether the database answers.", {(): 0.0})
        raise
    yield gauge("qyran_database_up", "Whether the database answers.", {(): 1.0})
    yield gauge("qyran_database_size_bytes", "Size of the database.", {(): size})
    current = float(known == newest_revision())
    yield gauge("qyran_database_migrated", "Whether the schema is the one of this program.", {(): current})
    yield gauge("qyran_database_revision_info", "The schema; always 1.", {(known or "none",): 1.0}, ("revision",))


def cases(work: Work) -> Iterable[Metric]:
    """Open cases by state, and how long the oldest waits."""
    query = select(ViolationCase.state, func.count(), func.min(ViolationCase.changed_at))
    rows = work.session.execute(query.where(ViolationCase.state.in_(CASES)).group_by(ViolationCase.state)).all()
    held = {str(state): (count, oldest) for state, count, oldest in rows}
    yield gauge(
        "qyran_cases", "Open cases by state.", {(one,): held.get(one, (0, None))[0] for one in CASES}, ("state",)
    )
    ages = {(one,): _age(work, held[one][1]) for one in CASES if one in held}
    yield gauge("qyran_cases_oldest_seconds", "How long the oldest case is in its state.", ages, ("state",))


def alerts(work: Work) -> Iterable[Metric]:
    """Open alerts by state, and those nobody answered."""
    query = select(Alert.state, Alert.type, func.count(), func.min(Alert.t_waiting)).where(
        Alert.state.in_(ALERTS), Alert.is_drill.is_(False)
    )
    rows = work.session.execute(query.group_by(Alert.state, Alert.type)).all()
    types = ("incident", "fire_alert")
    held = {(str(state), str(type_)): (count, since) for state, type_, count, since in rows}
    counts = {(state, type_): held.get((state, type_), (0, None))[0] for state in ALERTS for type_ in types}
    yield gauge("qyran_alerts", "Open alerts by state, drills left out.", counts, ("state", "type"))
    waiting = {(type_,): sum(counts[state, type_] for state in UNANSWERED) for type_ in types}
    yield gauge("qyran_alerts_unacknowledged", "Alerts that nobody has answered.", waiting, ("type",))
    oldest: dict[tuple[str, ...], float] = {}
    for type_ in types:
        since = [held[state, type_][1] for state in UNANSWERED if (state, type_) in held]
        oldest[type_,] = max((_age(work, one) for one in since if one is not None), default=0.0)
    yield gauge("qyran_alerts_oldest_seconds", "How long the oldest of them waits.", oldest, ("type",))


def outboxes(work: Work) -> Iterable[Metric]:
    """Messages that are on their way or wait for a person: decisions, alerts, the centre's feed."""
    decisions = _by(work, OutboxMessage, DECISIONS)
    notices = _by(work, AlertMessage, NOTICES)
    counts = {("decisions", *one): value for one, value in decisions.items()}
    counts |= {("alerts", *one): value for one, value in notices.items()}
    counts["exchange", "queued"] = work.session.scalar(select(func.count()).select_from(ExchangePending)) or 0
    counts["exchange", "dead"] = work.session.scalar(select(func.count()).select_from(ExchangeDeadLetter)) or 0
    yield gauge("qyran_outbox_messages", "Messages that have not arrived.", counts, ("outbox", "state"))
    oldest: dict[tuple[str, ...], float] = {}
    for name, table, state in (
        ("decisions", OutboxMessage, outbox.State.QUEUED),
        ("alerts", AlertMessage, messages.State.QUEUED),
    ):
        since = work.session.scalar(select(func.min(table.created_at)).where(table.state == state))
        oldest[name,] = 0.0 if since is None else _age(work, since)
    yield gauge("qyran_outbox_oldest_seconds", "How long the oldest message waits to leave.", oldest, ("outbox",))


def nights(work: Work) -> Iterable[Metric]:
    """The jobs of the night: when each was done last, how long it took, whether its last run failed."""
    success: dict[tuple[str, ...], float] = {}
    took: dict[tuple[str, ...], float] = {}
    failed: dict[tuple[str, ...], float] = {}
    for name in JOBS:
        query = select(JobRun).where(JobRun.name == name).order_by(JobRun.day.desc(), JobRun.id.desc()).limit(1)
        last = work.session.scalar(query)
        done = work.session.scalar(query.where(JobRun.outcome == DONE))
        failed[name,] = float(last is not None and last.outcome == FAILED)
        if done is not None and done.ended_at is not None:
            success[name,] = done.ended_at.timestamp()
            took[name,] = (done.ended_at - done.started_at).total_seconds()
    yield gauge("qyran_night_last_success_seconds", "Unix time of a night job's last success.", success, ("task",))
    yield gauge("qyran_night_seconds", "How long its last success took.", took, ("task",))
    yield gauge("qyran_night_failed", "Whether a night job's last run failed.", failed, ("task",))


def outages(work: Work) -> Iterable[Metric]:
    """What is down now, by kind of part."""
    counts = dict.fromkeys(((kind,) for kind in KINDS), 0.0)
    for component in work.session.scalars(select(Outage.component).where(Outage.end.is_(None))):
        kind = (component.partition(":")[0],)
        counts[kind] = counts.get(kind, 0.0) + 1
    yield gauge("qyran_outages_open", "Parts that are down now.", counts, ("kind",))


def cameras(work: Work) -> Iterable[Metric]:
    """Registered cameras by what their workers said last."""
    query = select(Camera.status, func.count()).where(Camera.retired.is_(None)).group_by(Camera.status)
    counts = {(one,): 0.0 for one in CAMERA_STATES}
    for status, count in work.session.execute(query):
        key = (status if status in CAMERA_STATES else "unknown",)
        counts[key] += count
    yield gauge("qyran_cameras", "Registered cameras by state.", counts, ("state",))


def newest_revision() -> str | None:
    """The schema this program was written for."""
    return migration_scripts().get_current_head()


@cache
def migration_scripts() -> ScriptDirectory:
    """All steps of the schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def _reading(store: Store, look: Callable[[Work], Iterable[Metric]]) -> list[Metric]:
    with store.read(SYSTEM) as work:
        return list(look(work))


def _by(work: Work, table: type[OutboxMessage | AlertMessage], states: Iterable[str]) -> dict[tuple[str, ...], float]:
    wanted = [str(one) for one in states]
    rows = work.session.execute(
        select(table.state, func.count()).where(table.state.in_(wanted)).group_by(table.state)
    ).all()
    held = {str(state): float(count) for state, count in rows}
    return {(one,): held.get(one, 0.0) for one in dict.fromkeys(wanted)}


def _pool(store: Store) -> Iterable[Metric]:
    pool = store.engine.pool
    if isinstance(pool, QueuePool):
        held = {("in_use",): float(pool.checkedout()), ("idle",): float(pool.checkedin())}
        yield gauge("qyran_database_connections", "Connections of this process.", held, ("state",))


def _server_bytes(connection: Connection) -> float:
    return float(connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def _file_bytes(store: Store) -> float:
    name = Path(store.engine.url.database or "")
    files = (name, name.with_name(f"{name.name}-wal"))
    return float(sum(one.stat().st_size for one in files if one.exists()))


def _age(work: Work, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (work.now - since).total_seconds())
