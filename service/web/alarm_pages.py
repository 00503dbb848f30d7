"""The operator's console: the live list, one alarm with its timeline, every step from acknowledging to closing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import FileResponse, Response

from incidents.alert import AlertState, Verdict, find
from incidents.severity import FIRE_KINDS, KINDS, attention
from qyran.errors import InputError, NotFound, TransitionError
from service import alerts
from service.i18n import named
from service.store.database import Work
from service.views import AlertDetail, AlertPage, AlertSummary
from service.web.alarm_view import alarm_view, kind_name, tone
from service.web.evidence_view import send, thumb_url
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.view_models import AlarmRow, Tile
from service.web.visit import Person, PostedPerson, Visit, own_path
from service.web.words import Words

router = APIRouter(prefix="/alarms", include_in_schema=False)

STREAM: Final = "/api/v1/alerts/stream"
NEW: Final = frozenset({AlertState.RAISED, AlertState.NOTIFIED, AlertState.REOPENED})
GROUPS: Final[Mapping[str, frozenset[AlertState]]] = {
    "new": NEW,
    "taken": frozenset({AlertState.ACKNOWLEDGED, AlertState.VERIFYING, AlertState.CONFIRMED, AlertState.UNDETERMINED}),
    "sent_out": frozenset({AlertState.DISPATCHED, AlertState.DEPARTED, AlertState.ARRIVED}),
    "done": frozenset({AlertState.RESOLVED, AlertState.FALSE}),
    "closed": frozenset({AlertState.CLOSED, AlertState.CANCELLED}),
}
"""The list's tabs: what an operator has to do next."""
ACKNOWLEDGERS: Final = find(AlertState.RAISED, AlertState.ACKNOWLEDGED).roles
SHOWN: Final = 200  # newest alarms of a tab; more than anybody can answer


@dataclass(frozen=True, slots=True)
class Step:
    """What a form about an alarm said."""

    version: int | None
    reason: str
    note: str | None
    service: str


Act = Callable[[Work, str, Step], AlertDetail]

ACTS: Final[Mapping[str, Act]] = {
    "acknowledge": lambda work, one, f: alerts.acknowledge(work, one, version=f.version),
    "verify": lambda work, one, f: alerts.start_verification(work, one, version=f.version),
    "correct": lambda work, one, f: alerts.start_verification(work, one, version=f.version),
    "true": lambda work, one, f: alerts.verdict(work, one, Verdict.TRUE, note=f.note, version=f.version),
    "false": lambda work, one, f: alerts.verdict(
        work, one, Verdict.FALSE, reason=f.reason, note=f.note, version=f.version
    ),
    "undetermined": lambda work, one, f: alerts.verdict(
        work, one, Verdict.UNDETERMINED, note=f.note, version=f.version
    ),
    "dispatch": lambda work, one, f: alerts.dispatch(work, one, f.service, note=f.note, version=f.version),
    "depart": lambda work, one, f: alerts.depart(work, one, version=f.version),
    "arrive": lambda work, one, f: alerts.arrive(work, one, version=f.version),
    "resolve": lambda work, one, f: alerts.resolve(work, one, note=f.note, version=f.version),
    "cancel": lambda work, one, f: alerts.cancel(work, one, f.reason, note=f.note, version=f.version),
    "close": lambda work, one, f: alerts.close(work, one, f.reason, note=f.note, version=f.version),
    "reopen": lambda work, one, f: alerts.reopen(work, one, note=f.note, version=f.version),
}


@router.get("")
def listing(
    visit: Person,
    show: Annotated[str, Query(max_length=16)] = "",
    kind: Annotated[str, Query(max_length=32)] = "",
) -> Response:
    """The live list."""
    return _list(visit, show, kind)


@router.get("/{alert_id}")
def alarm(visit: Person, alert_id: UUID) -> Response:
    """The page of an alarm."""
    return _alarm(visit, str(alert_id))


@router.post("/{alert_id}/{step}")
def act(
    visit: PostedPerson,
    alert_id: UUID,
    step: str,
    version: Annotated[int | None, Form()] = None,
    reason: Annotated[str, Form(max_length=64)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
    service: Annotated[str, Form(max_length=8)] = "",
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Take a step; a refusal shows the alarm as it stands now with the reason over it."""
    if step not in ACTS:
        raise NotFound(f"There is no step {step}.")
    form = Step(version, reason, note or None, service)
    try:
        with visit.store.write(visit.actor) as work:
            ACTS[step](work, str(alert_id), form)
    except (TransitionError, InputError) as error:
        return _alarm(visit, str(alert_id), error)
    return onward(visit, own_path(back, f"/alarms/{alert_id}"), "saved")


@router.get("/{alert_id}/evidence/{event_id}/{name}")
def evidence(visit: Person, alert_id: UUID, event_id: UUID, name: str) -> FileResponse:
    """A file of the alarm's evidence, with ranges."""
    with visit.store.write(visit.actor) as work:
        found = alerts.evidence_file(work, str(alert_id), str(event_id), name)
    return send(found)


def _list(visit: Visit, show: str, kind: str) -> Response:
    w = words_of(visit)
    group = GROUPS.get(show)
    with visit.store.read(visit.actor) as work:
        found = alerts.listing(work, kind=kind or None, open_only=group is None, limit=SHOWN)
        if group is not None:
            pages = [alerts.listing(work, state=state, kind=kind or None, limit=SHOWN) for state in sorted(group)]
            items = sorted((one for part in pages for one in part.items), key=lambda one: one.t_detect, reverse=True)
        else:
            items = list(found.items)
    return page(
        visit,
        "alarms/list.html",
        tiles=_tiles(w, found, show),
        rows=tuple(_row(w, visit, one) for one in _urgent_first(items)),
        show=show,
        kind=kind,
        kinds=tuple((code, kind_name(w, code)) for code in KINDS),
        stream_path=STREAM,
    )


def _alarm(visit: Visit, alert_id: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.write(visit.actor) as work:
        seen = alerts.open_alert(work, alert_id)
        view = alarm_view(work, w, seen)
    flash = None if error is None else Flash(refusal(w, error), "bad")
    status = 200 if error is None else 409 if isinstance(error, TransitionError) else 422
    return page(visit, "alarms/alarm.html", status=status, flash=flash, view=view)


def _urgent_first(items: Sequence[AlertSummary]) -> list[AlertSummary]:
    """New ones on top, the urgent among them first; within that the newest first."""
    weight = {"high": 0, "medium": 1, "low": 2}

    def order(one: AlertSummary) -> tuple[bool, int, float]:
        return one.state not in NEW, weight[attention(one.kind)] if one.state in NEW else 0, -one.t_detect.timestamp()

    return sorted(items, key=order)


def _row(w: Words, visit: Visit, one: AlertSummary) -> AlarmRow:
    state = AlertState(one.state)
    answers = visit.actor.acts_as(ACKNOWLEDGERS) is not None
    return AlarmRow(
        id=one.id,
        version=one.version,
        kind=kind_name(w, one.kind),
        icon=one.kind,
        severity=attention(one.kind),
        is_fire=one.kind in FIRE_KINDS,
        is_drill=one.is_drill,
        reports=one.reports,
        state=w.or_code(f"incidents.state.{one.state}"),
        tone=tone(one.state),
        fresh=state in NEW,
        camera=named(w.lang, one.camera_name, one.camera_id),
        services=", ".join(w.or_code(f"incidents.service.{code}") for code in one.services),
        t_detect=one.t_detect,
        thumb_url=thumb_url(f"/alarms/{one.id}", one.still),
        can_acknowledge=answers and state in NEW,
    )


def _tiles(w: Words, found: AlertPage, show: str) -> tuple[Tile, ...]:
    every = sum(found.counts.get(state, 0) for name, states in GROUPS.items() if name != "closed" for state in states)
    tiles = [Tile(w.t("alarms.all_open"), every, "/alarms", current=not show)]
    for name, states in GROUPS.items():
        count = sum(found.counts.get(state, 0) for state in states)
        path = f"/alarms?show={name}"
        tiles.append(Tile(w.t(f"alarms.{name}"), count, path, current=show == name, alarm=name == "new"))
    return tuple(tiles)
