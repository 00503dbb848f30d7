"""An alarm as the operator's page shows it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from incidents.alert import REASONS, SERVICES, AlertState
from incidents.severity import FIRE_KINDS, attention
from service.i18n import named
from service.store.database import Work
from service.views import AlertDetail
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

# records.md 3.3: what is measured between which times.
SPANS: Final = (
    ("detection", "t_onset", "t_detect"),
    ("notification", "t_detect", "t_notify_sent"),
    ("acknowledgement", "t_notify_sent", "t_ack"),
    ("reaction", "t_detect", "t_dispatch"),
    ("arrival", "t_dispatch", "t_arrive"),
)

PLAIN: Final = ("acknowledge", "true", "depart", "arrive", "resolve", "verify", "undetermined", "reopen")
"""Steps that need no words, the likeliest first."""
ASKED: Final = ("false", "correct", "cancel", "close")
"""Steps that need a reason."""
VERDICTS: Final = ("true", "false", "undetermined")


@dataclass(frozen=True, slots=True)
class AlarmPageView:
    """Everything `alarms/alarm.html` shows."""

    id: str
    version: int
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
    reasons: Mapping[str, tuple[Choice, ...]]
    services: tuple[tuple[str, str], ...]
    verdict: str | None
    times: tuple[TimePoint, ...]
    spans: tuple[tuple[str, str], ...]
    notifications: tuple[Told, ...]


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


def kind_name(w: Words, kind: str) -> str:
    """What happened, in words."""
    return w.or_code(f"fire_alerts.kind.{kind}" if kind in FIRE_KINDS else f"{ROOM}.kind.{kind}")


def alarm_view(work: Work, w: Words, seen: AlertDetail) -> AlarmPageView:
    """An alarm in words."""
    room = "fire_alerts" if seen.kind in FIRE_KINDS else ROOM
    shown = evidence_view.shown(work, w, f"/alarms/{seen.id}", seen.evidence, seen.trace, room)
    steps = list(seen.steps)
    if "verify" in steps:  # a verdict may be given at once: the check begins with it
        steps += [one for one in VERDICTS if one not in steps]
    asked = tuple(one for one in ASKED if one in steps)
    return AlarmPageView(
        id=seen.id,
        version=seen.version,
        kind=kind_name(w, seen.kind),
        severity=attention(seen.kind),
        is_fire=seen.kind in FIRE_KINDS,
        is_drill=seen.is_drill,
        place=evidence_view.place(
            w, named(w.lang, seen.camera_name, seen.camera_id), seen.camera_id, (seen.latitude, seen.longitude)
        ),
        t_detect=seen.t_detect,
        score=seen.score,
        state=w.or_code(f"{ROOM}.state.{seen.state}"),
        tone=tone(seen.state),
        player=shown.player,
        stills=shown.stills,
        gaps=shown.gaps,
        trace=shown.trace,
        integrity=shown.integrity,
        package_sha256=shown.package_sha256,
        chain=evidence_view.chain(w, seen.chain_fault),
        history=evidence_view.history(w, seen.history, ROOM),
        steps=tuple(steps),
        plain=tuple(one for one in PLAIN if one in steps),
        asked=asked,
        reasons={one: _choices(w, REASONS[one]) for one in asked},
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


def _recipient(w: Words, recipient: str) -> str:
    key = f"{ROOM}.service.{recipient}" if recipient in SERVICES else f"channel.{recipient}"
    return w.or_code(key)
