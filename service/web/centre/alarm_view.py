"""An alarm as the operator's page shows it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from incidents.alert import REASONS, SERVICES, AlertState
from incidents.severity import FIRE_KINDS, attention
from qyran.roles import Role
from service.i18n import named
from service.operators.board import FRESH
from service.store.alert_tables import Alert
from service.store.database import Work
from service.views import AlertDetail, AlertSummary, ResponseView
from service.web import evidence_view
from service.web.view_models import Choice, Entry, Integrity, Place, Player, Still, TimePoint
from service.web.words import Words

ROOM: Final = "incidents"
TONES: Final[Mapping[str, str]] = {
    AlertState.RAISED: "bad",
    AlertState.NOTIFIED: "bad",
    AlertState.REOPENED: "bad",
    AlertState.ACKNOWLEDGED: "accent",
    AlertState.VERIFYING: "accent",
    AlertState.CONFIRMED: "warn",
    AlertState.UNDETERMINED: "warn",
    AlertState.DISPATCHED: "calm",
    AlertState.DEPARTED: "calm",
    AlertState.ARRIVED: "calm",
    AlertState.RESOLVED: "good",
}

TIMES: Final = (
    "t_onset", "t_detect", "t_raised", "t_notify_sent", "t_notify_delivered", "t_ack", "t_verify_start", "t_verdict",
    "t_dispatch", "t_depart", "t_arrive", "t_control", "t_closed",
)  # fmt: skip

CREW_TIMES: Final = ("t_sent", "t_call_received", "t_depart", "t_arrive", "t_resolved", "t_called_off")

# records.md 3.3: what is measured between which times.
SPANS: Final = (
    ("detection", "t_onset", "t_detect"),
    ("notification", "t_detect", "t_notify_sent"),
    ("acknowledgement", "t_notify_sent", "t_ack"),
    ("reaction", "t_detect", "t_dispatch"),
    ("arrival", "t_dispatch", "t_arrive"),
)

PLAIN: Final = ("acknowledge", "depart", "arrive", "true", "resolve", "verify", "undetermined", "raise", "reopen")
"""Steps that need no words, the likeliest first."""
ASKED: Final = ("false", "correct", "cancel", "close")
"""Steps that need a reason."""
VERDICTS: Final = ("true", "false", "undetermined")
JUDGES: Final = frozenset({Role.SITUATIONAL_OPERATOR})
KEYS: Final[Mapping[str, str]] = {
    "acknowledge": "a", "true": "t", "false": "f", "undetermined": "u", "depart": "p", "arrive": "v", "resolve": "g",
    "verify": "y", "correct": "e", "cancel": "x", "close": "c", "reopen": "o",
    "raise": "h",
}  # fmt: skip
"""The single key of each step; `d` and a digit sends a service."""
SERVICE_KEYS: Final[Mapping[str, str]] = {code: str(place) for place, code in enumerate(SERVICES, 1)}


@dataclass(frozen=True, slots=True)
class AlarmPageView:
    """Everything `alarms/pane.html` shows.

    Attributes:
        fresh: nobody has answered; `waits_since` says since when.
        holder: who acknowledged it.
        sent: services that were sent, in words.
        live_camera: which camera to look through now; None where no camera told of it.
        send_first: nobody was sent yet, so that sending is the likeliest step.
        media_key: changes with the clip and the stills, so that what plays is left alone until they do.
        steps: all that the reader may do now, by name.
    """

    id: str
    version: int
    fresh: bool
    waits_since: datetime
    holder: str | None
    sent: tuple[str, ...]
    send_first: bool
    media_key: str
    latitude: float | None
    longitude: float | None
    address: str | None
    accuracy: str | None
    sources: tuple[str, ...]
    live_camera: str | None
    certainty: str | None
    escalation: int
    crews: tuple[CrewRow, ...]
    merged: tuple[tuple[str, str, datetime], ...]
    object_id: str | None
    kind: str
    severity: str
    is_fire: bool
    is_drill: bool
    place: Place
    t_detect: datetime
    score: float | None
    state: str
    tone: str
    player: Player | None
    stills: tuple[Still, ...]
    gaps: tuple[str, ...]
    trace: tuple[str, ...]
    integrity: Integrity
    package_sha256: str | None
    chain: Integrity
    history: tuple[Entry, ...]
    steps: tuple[str, ...]
    plain: tuple[str, ...]
    asked: tuple[str, ...]
    services: tuple[tuple[str, str], ...]
    verdict: str | None
    times: tuple[TimePoint, ...]
    spans: tuple[tuple[str, str], ...]
    notifications: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class CrewRow:
    """What one service does about it."""

    service: str
    state: str
    number: str | None
    found: str | None
    times: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Who was told, by which channel."""

    recipient: str
    channel: str
    initiator: str
    sent_at: datetime
    delivered_at: datetime | None


def tone(state: str) -> str:
    """The colour of a state; its words always stand beside it."""
    return TONES.get(state, "")


def state_words(w: Words, seen: AlertSummary) -> str:
    """Its state, and why where it is held back."""
    state = w.or_code(f"{ROOM}.state.{seen.state}")
    if not seen.held_back:
        return state
    why = w.or_code(f"{ROOM}.reason.{seen.held_back}")
    return f"{state}: {why[:1].lower()}{why[1:]}"


def kind_name(w: Words, kind: str) -> str:
    """What happened, in words."""
    return w.or_code(f"fire_alerts.kind.{kind}" if kind in FIRE_KINDS else f"{ROOM}.kind.{kind}")


def alarm_view(work: Work, w: Words, seen: AlertDetail) -> AlarmPageView:
    """An alarm in words."""
    room = "fire_alerts" if seen.kind in FIRE_KINDS else ROOM
    shown = evidence_view.shown(work, w, f"/alarms/{seen.id}", seen.evidence, seen.trace, room)
    steps = steps_of(work, seen)
    return AlarmPageView(
        id=seen.id,
        version=seen.version,
        fresh=seen.state in FRESH,
        waits_since=seen.t_raised or seen.t_detect,
        holder=seen.ack_by_name,
        sent=tuple(w.or_code(f"{ROOM}.service.{code}") for code in seen.services),
        send_first="dispatch" in steps and not seen.services,
        media_key=_media_key(seen),
        latitude=seen.latitude,
        longitude=seen.longitude,
        address=named(w.lang, seen.address, "") or None if seen.address else None,
        accuracy=_accuracy(w, seen),
        sources=tuple(_source(w, one) for one in seen.sources),
        live_camera=_live_camera(seen),
        certainty=None if seen.certainty is None else w.t(f"centre_certainty.{seen.certainty.lower()}"),
        escalation=seen.escalation,
        crews=tuple(_crew(w, one) for one in seen.responses if one.cycle == seen.cycle),
        merged=tuple((one.id, named(w.lang, one.camera_name, one.source), one.t_detect) for one in seen.merged),
        object_id=work.session.scalar(select(Alert.object_id).where(Alert.id == seen.id)),
        kind=kind_name(w, seen.kind),
        severity=attention(seen.kind),
        is_fire=seen.kind in FIRE_KINDS,
        is_drill=seen.is_drill,
        place=evidence_view.place(
            w, named(w.lang, seen.camera_name, seen.camera_id), seen.camera_id, (seen.latitude, seen.longitude)
        ),
        t_detect=seen.t_detect,
        score=seen.score,
        state=state_words(w, seen),
        tone=tone(seen.state),
        player=shown.player,
        stills=shown.stills,
        gaps=shown.gaps,
        trace=shown.trace,
        integrity=shown.integrity,
        package_sha256=shown.package_sha256,
        chain=evidence_view.chain(w, seen.chain_fault),
        history=evidence_view.history(w, seen.history, ROOM),
        steps=steps,
        plain=tuple(one for one in PLAIN if one in steps and one != seen.verdict),
        asked=tuple(one for one in ASKED if one in steps),
        services=_services(w, seen) if "dispatch" in steps else (),
        verdict=_verdict(w, seen),
        times=_times(w, seen),
        spans=_spans(w, seen),
        notifications=tuple(
            Told(_recipient(w, one.recipient), w.or_code(f"channel.{one.channel}"), one.initiator, one.sent_at,
                 one.delivered_at)
            for one in seen.notifications
        ),
    )  # fmt: skip


def steps_of(work: Work, seen: AlertDetail) -> tuple[str, ...]:
    """What the reader may do now. A verdict may be given at once: it answers and begins the check by itself."""
    steps = list(seen.steps)
    if "verify" in steps or ("acknowledge" in steps and work.actor.acts_as(JUDGES) is not None):
        steps += [one for one in VERDICTS if one not in steps]
    return tuple(steps)


def asked_of(w: Words) -> Mapping[str, tuple[Choice, ...]]:
    """The reasons of every step that needs one."""
    return {step: _choices(w, REASONS[step]) for step in ASKED}


def _media_key(seen: AlertDetail) -> str:
    return ":".join(f"{one.event_id}.{len(one.files)}" for one in seen.evidence)


def _choices(w: Words, codes: tuple[str, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(code, w.or_code(f"{ROOM}.reason.{code}")) for code in codes)


def _services(w: Words, seen: AlertDetail) -> tuple[tuple[str, str], ...]:
    """Services not sent yet; the fire service first for smoke and fire, the police otherwise."""
    first = "101" if seen.kind in FIRE_KINDS else "102"
    free = sorted((one for one in SERVICES if one not in seen.services), key=lambda one: (one != first, one))
    return tuple((code, w.or_code(f"{ROOM}.service.{code}")) for code in free)


def _verdict(w: Words, seen: AlertDetail) -> str | None:
    if seen.verdict is None or seen.t_verdict is None:
        return None
    said = {
        "verdict": w.t(f"verdict.{seen.verdict}"),
        "name": seen.verdict_by_name or "",
        "at": w.moment(seen.t_verdict),
    }
    if seen.reason:
        return w.t("alarms.verdict_why", **said, why=w.or_code(f"{ROOM}.reason.{seen.reason}"))
    return w.t("alarms.verdict", **said)


def _times(w: Words, seen: AlertDetail) -> tuple[TimePoint, ...]:
    points = []
    for name in TIMES:
        at: datetime | None = getattr(seen, name)
        if at is None and name == "t_onset":
            continue
        after = at is not None and at > seen.t_detect
        note = w.t("alarms.estimate") if name == "t_onset" else None
        points.append(TimePoint(w.t(f"time.{name}"), at, w.between(seen.t_detect, at) if after else None, note))
    return tuple(points)


def _spans(w: Words, seen: AlertDetail) -> tuple[tuple[str, str], ...]:
    found = ((name, w.between(getattr(seen, start), getattr(seen, end))) for name, start, end in SPANS)
    return tuple((w.t(f"span.{name}"), took) for name, took in found if took is not None)


def _accuracy(w: Words, seen: AlertDetail) -> str | None:
    """How the place is known, and how far it can be wrong."""
    if seen.place_source is None or seen.radius_m is None:
        return None
    return w.t(f"map.source_{seen.place_source}", m=w.num(round(seen.radius_m)))


def _live_camera(seen: AlertDetail) -> str | None:
    """The camera to look through now: the one that told of it, also where a sensor did first."""
    told = [one.removeprefix("camera:") for one in seen.sources if one.startswith("camera:")]
    if told:
        return told[0]
    return seen.camera_id if seen.sensor_id is None and seen.initiator == "system" else None


def _source(w: Words, source: str) -> str:
    kind, _, name = source.partition(":")
    return f"{w.or_code(f'centre.part_{kind}')} {name}"


def _crew(w: Words, one: ResponseView) -> CrewRow:
    moments = ((name, getattr(one, name)) for name in CREW_TIMES)
    return CrewRow(
        service=w.or_code(f"{ROOM}.service.{one.service}"),
        state=w.or_code(f"centre_own.state_{one.state}"),
        number=one.number,
        found=None if one.found is None else w.t(f"centre_found.{'yes' if one.found else 'no'}"),
        times=tuple((w.t(f"centre_crew_time.{name}"), at) for name, at in moments if at is not None),
    )


def _recipient(w: Words, recipient: str) -> str:
    key = f"{ROOM}.service.{recipient}" if recipient in SERVICES else f"channel.{recipient}"
    return w.or_code(key)
