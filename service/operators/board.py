"""The operators' list of alerts: chosen by filters, unanswered urgent ones first, counted; and what still sounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from incidents.alert import OPEN, AlertState
from incidents.severity import FIRE_KINDS, KINDS, Attention, attention
from qyran.roles import Role
from service.access import ALERT_READERS, require
from service.alerts import summaries
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Camera
from service.views import AlertSummary

READERS: Final = ALERT_READERS - {Role.SERVICE_DISPATCHER}
"""A dispatcher has a page of his own service's alerts."""
FRESH: Final = frozenset({AlertState.RAISED, AlertState.NOTIFIED, AlertState.REOPENED})
"""States in which nobody has answered."""
GROUPS: Final[Mapping[str, frozenset[AlertState]]] = {
    "new": FRESH,
    "taken": frozenset({AlertState.ACKNOWLEDGED, AlertState.VERIFYING, AlertState.CONFIRMED, AlertState.UNDETERMINED}),
    "sent_out": frozenset({AlertState.DISPATCHED, AlertState.DEPARTED, AlertState.ARRIVED}),
    "done": frozenset({AlertState.RESOLVED, AlertState.FALSE}),
    "closed": frozenset({AlertState.CLOSED, AlertState.CANCELLED}),
    "held": frozenset({AlertState.SUPPRESSED}),
}
"""The list's tabs: what an operator has to do next."""
BESIDE: Final = frozenset({"closed", "held"})
"""Tabs of alerts that are not open."""
SHOWN: Final = 200  # lines of the list; more than anybody can answer
SOUNDING: Final = 500  # unanswered alerts named to a console; the rest are counted
ATTENTIONS: Final[tuple[Attention, ...]] = ("high", "medium", "low")
RANK: Final[Mapping[str, int]] = {name: place for place, name in enumerate(ATTENTIONS)}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which alerts the list shows; empty means all.

    Attributes:
        show: a tab of `GROUPS`; empty shows every open alert.
        kind, camera, district: of the alert; the district is the camera's territory.
        severity: high, medium or low.
        mine: only those the reader has in hand.
        drill: drills only, or none of them.
    """

    show: str = ""
    kind: str = ""
    severity: str = ""
    camera: str = ""
    district: str = ""
    mine: bool = False
    drill: Literal["", "only", "none"] = ""


@dataclass(frozen=True, slots=True)
class Sounding:
    """An alert nobody has answered yet."""

    id: str
    attention: Attention
    fire: bool
    drill: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """What a console shows.

    Attributes:
        items: the lines, unanswered urgent ones first.
        counts: alerts of the choice by tab, whatever the tab.
        left: how many of the tab stand behind the last line.
        sounding: unanswered alerts of the whole city, whatever the choice: no filter makes an alarm silent.
        unanswered: how many these are.
    """

    items: tuple[AlertSummary, ...]
    counts: Mapping[str, int]
    left: int
    sounding: tuple[Sounding, ...]
    unanswered: int


def board(work: Work, choice: Choice) -> Board:
    """The list for its reader.

    Raises:
        AccessError: the reader sees no alerts, or is a dispatcher.
    """
    require(work.actor, READERS)
    counts = _counts(work, choice)
    states = GROUPS.get(choice.show, OPEN)
    wanted = _chosen(work, choice)
    urgency = case({kind: RANK[attention(kind)] for kind in KINDS}, value=Alert.kind, else_=RANK["medium"])
    order = (urgency, Alert.t_detect.desc(), Alert.id)
    fresh = select(Alert).where(*wanted, Alert.state.in_(states & FRESH)).order_by(*order).limit(SHOWN)
    rows = list(work.session.scalars(fresh))
    if len(rows) < SHOWN and states - FRESH:
        rest = select(Alert).where(*wanted, Alert.state.in_(states - FRESH))
        rows += work.session.scalars(rest.order_by(Alert.t_detect.desc(), Alert.id).limit(SHOWN - len(rows)))
    total = counts[choice.show] if choice.show in GROUPS else sum(counts[name] for name in GROUPS if name not in BESIDE)
    sounding, unanswered = _sounding(work)
    return Board(summaries(work, rows), counts, max(0, total - len(rows)), sounding, unanswered)


def _counts(work: Work, choice: Choice) -> dict[str, int]:
    wanted = _chosen(work, replace(choice, show=""))
    query = select(Alert.state, func.count()).where(*wanted).group_by(Alert.state)
    found: dict[str | None, int] = dict(work.session.execute(query).all())
    return {name: sum(found.get(state, 0) for state in states) for name, states in GROUPS.items()}


def _chosen(work: Work, choice: Choice) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if choice.kind:
        found.append(Alert.kind == choice.kind)
    if choice.severity:
        kinds = [kind for kind in KINDS if attention(kind) == choice.severity]
        unknown = Alert.kind.not_in(KINDS) if choice.severity == "medium" else Alert.kind.in_(kinds)
        found.append(Alert.kind.in_(kinds) | unknown)
    if choice.camera:
        found.append(Alert.camera_id == choice.camera)
    if choice.district:
        inside: Select[Any] = select(Camera.id).where(Camera.territory == choice.district)
        found.append(Alert.camera_id.in_(inside))
    if choice.mine:
        me = work.actor.id
        found.append(or_(Alert.assigned_to == me, and_(Alert.assigned_to.is_(None), Alert.ack_by == me)))
    if choice.drill:
        found.append(Alert.is_drill.is_(choice.drill == "only"))
    return found


def _sounding(work: Work) -> tuple[tuple[Sounding, ...], int]:
    fresh = Alert.state.in_(FRESH)
    columns = (Alert.id, Alert.kind, Alert.is_drill, func.coalesce(Alert.t_raised, Alert.t_detect))
    rows = work.session.execute(select(*columns).where(fresh).order_by(Alert.t_detect.desc()).limit(SOUNDING)).all()
    unanswered = len(rows)
    if unanswered == SOUNDING:
        unanswered = work.session.scalar(select(func.count()).where(fresh)) or 0
    found = (
        Sounding(alert_id, attention(kind), kind in FIRE_KINDS, drill, since) for alert_id, kind, drill, since in rows
    )
    return tuple(found), unanswered


def cameras(work: Work) -> tuple[Camera, ...]:
    """Every camera in service, by id: to filter by, and to put on a wall.

    Raises:
        AccessError: the reader sees no alerts, or is a dispatcher.
    """
    require(work.actor, READERS)
    return tuple(work.session.scalars(select(Camera).where(Camera.retired.is_(None)).order_by(Camera.id)))
