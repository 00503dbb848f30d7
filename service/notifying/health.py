"""How each receiver does, and what waits for a person: for the page and the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import func, select

from qyran.errors import ConfigError
from qyran.roles import Role
from service.access import require
from service.notifying.facts import AlertFacts
from service.notifying.messages import STUCK, State
from service.notifying.routing import Receiver, alerts_file, standing_file
from service.store.database import Work
from service.store.notice_tables import AlertMessage, AlertNotice, AlertReceiver

READERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR, Role.SYSTEM})
SEES_ALARMS: Final = READERS - {Role.ADMINISTRATOR}
MOST: Final = 200
DAY: Final = timedelta(days=1)

Standing = Literal["fine", "never", "failing", "left_alone", "refuses"]


@dataclass(frozen=True, slots=True)
class ReceiverView:
    """A receiver and how it does.

    Attributes:
        standing: whether it takes messages.
        waiting, oldest: in its queue.
        stuck: what waits for a person.
        left_out: updates that were left out within a day.
        gone: it has messages, but stands in the alerts file no more.
    """

    id: str
    channel: str
    service: str | None
    kinds: tuple[str, ...]
    steps: tuple[str, ...]
    standing: Standing
    failures: int
    opened_at: datetime | None
    open_until: datetime | None
    waiting: int
    oldest: datetime | None
    stuck: int
    left_out: int
    last_success: datetime | None
    last_failure: datetime | None
    error: str | None
    pulled: datetime | None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class StuckView:
    """A message that waits for a person; what it is about is told to those only who may see alarms."""

    id: int
    receiver: str
    channel: str
    state: str
    error: str | None
    answer: str | None
    attempts: int
    settled_at: datetime | None
    step: str
    alert_id: str | None
    kind: str | None
    place: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class Health:
    """Everything the page shows; `fault` is why the newest alerts file cannot be used."""

    named: bool
    fault: str | None
    receivers: tuple[ReceiverView, ...]
    stuck: tuple[StuckView, ...]


def health(work: Work) -> Health:
    """How the receivers do.

    Raises:
        AccessError: the actor is neither operator, administrator nor auditor.
    """
    require(work.actor, READERS)
    settings, fault = work.store.settings, None
    try:
        alerts_file(settings)
    except ConfigError as error:
        fault = str(error)
    return Health(
        named=settings.alerts_file is not None,
        fault=fault,
        receivers=_receivers(work, standing_file(settings).receivers),
        stuck=_stuck(work, sees=work.actor.acts_as(SEES_ALARMS) is not None),
    )


def _receivers(work: Work, given: Sequence[Receiver]) -> tuple[ReceiverView, ...]:
    """Those of the file in its order, then those that are in it no more and still have something waiting."""
    waiting = {
        name: (count, oldest)
        for name, count, oldest in work.session.execute(
            select(AlertMessage.receiver, func.count(), func.min(AlertMessage.created_at))
            .where(AlertMessage.state == State.QUEUED)
            .group_by(AlertMessage.receiver)
        )
    }
    stuck = _counts(work, AlertMessage.state.in_(STUCK))
    left_out = _counts(
        work, (AlertMessage.state == State.SUPERSEDED) & (AlertMessage.settled_at >= work.now - DAY)
    )  # fmt: skip
    rows = {row.receiver: row for row in work.session.scalars(select(AlertReceiver))}
    known = {one.id: one for one in given}
    names = [*known, *sorted((set(waiting) | set(stuck)) - set(known))]
    found = []
    for name in names:
        one, row = known.get(name), rows.get(name)
        count, oldest = waiting.get(name, (0, None))
        found.append(
            ReceiverView(
                id=name,
                channel=one.channel if one is not None else "",
                service=one.service if one is not None else None,
                kinds=one.kinds if one is not None else (),
                steps=one.steps if one is not None else (),
                standing=_standing(row),
                failures=row.failures if row is not None else 0,
                opened_at=row.opened_at if row is not None else None,
                open_until=row.open_until if row is not None else None,
                waiting=count,
                oldest=oldest,
                stuck=stuck.get(name, 0),
                left_out=left_out.get(name, 0),
                last_success=row.last_success if row is not None else None,
                last_failure=row.last_failure if row is not None else None,
                error=row.error if row is not None else None,
                pulled=row.pulled if row is not None else None,
                gone=one is None,
            )
        )
    return tuple(found)


def _counts(work: Work, condition: object) -> dict[str, int]:
    query = select(AlertMessage.receiver, func.count()).where(condition).group_by(AlertMessage.receiver)  # type: ignore[arg-type]
    return dict(work.session.execute(query).all())


def _standing(row: AlertReceiver | None) -> Standing:
    if row is None:
        return "never"
    if row.opened_at is not None:
        return "left_alone"
    if row.failures:
        return "failing"
    if row.last_failure is not None and (row.last_success is None or row.last_failure > row.last_success):
        return "refuses"  # it answers, and takes nothing
    return "fine" if row.last_success is not None else "never"


def _stuck(work: Work, *, sees: bool) -> tuple[StuckView, ...]:
    query = (
        select(AlertMessage, AlertNotice)
        .join(AlertNotice, AlertNotice.id == AlertMessage.notice_id)
        .where(AlertMessage.state.in_(STUCK))
        .order_by(AlertMessage.settled_at.desc(), AlertMessage.id)
        .limit(MOST)
    )
    found = []
    for row, notice in work.session.execute(query):
        facts = AlertFacts.model_validate(notice.facts) if sees else None
        found.append(
            StuckView(
                id=row.id,
                receiver=row.receiver,
                channel=row.channel,
                state=row.state,
                error=row.error,
                answer=row.answer if sees else None,
                attempts=row.attempts,
                settled_at=row.settled_at,
                step=notice.step,
                alert_id=row.alert_id if sees else None,
                kind=facts.kind if facts is not None else None,
                place=dict(facts.place.words) if facts is not None else None,
            )
        )
    return tuple(found)
