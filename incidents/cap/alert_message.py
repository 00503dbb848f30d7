"""From an alert to the CAP messages that the services receive: one Alert, then Updates, at the end perhaps a Cancel."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from incidents.alert import AlertState, Verdict
from incidents.cap.message import (
    Area,
    Category,
    Certainty,
    Circle,
    Info,
    Message,
    MsgType,
    Reference,
    Resource,
    Scope,
    Severity,
    Status,
    Urgency,
)
from incidents.severity import certainty_of, response_of, severity_of

LANGUAGES: Final = MappingProxyType({"kk": "kk-KZ", "ru": "ru-KZ", "en": "en-US"})
"""Every message speaks all three; Kazakh first."""
EVENT_CODE: Final = "QYRAN:kind"
"""Name of the code list that `eventCode` is of: the kinds of alert, the same in every language."""
LEAST_POINTS: Final = 3  # of an outline
DEFAULT_RADIUS_KM: Final = 0.15
"""Where nothing better is known: what a fixed camera oversees, about 150 m round its mast."""

CATEGORIES: Final[Mapping[str, tuple[Category, ...]]] = MappingProxyType(
    {
        "fire": (Category.FIRE, Category.RESCUE),
        "smoke": (Category.FIRE,),
        "crash": (Category.TRANSPORT, Category.RESCUE),
        "stopped_vehicle": (Category.TRANSPORT,),
        "wrong_way": (Category.TRANSPORT, Category.SAFETY),
        "pedestrian": (Category.TRANSPORT, Category.SAFETY),
        "cyclist": (Category.TRANSPORT, Category.SAFETY),
        "animal": (Category.TRANSPORT,),
        "congestion": (Category.TRANSPORT,),
        "debris": (Category.TRANSPORT,),
        "crowd": (Category.SAFETY,),
        "intrusion": (Category.SECURITY,),
        "person_down": (Category.HEALTH, Category.RESCUE),
        "camera_tampering": (Category.INFRA,),
    }
)
ENDED: Final = frozenset({AlertState.RESOLVED, AlertState.CLOSED})
WITHDRAWN: Final = frozenset({AlertState.FALSE, AlertState.CANCELLED, AlertState.MERGED, AlertState.SUPPRESSED})
UNDER_WAY: Final = frozenset({AlertState.DISPATCHED, AlertState.DEPARTED, AlertState.ARRIVED})


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the address of the installation and its names by language."""

    id: str
    names: Mapping[str, str]
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class AlertReport:
    """What is told of one alert at one moment.

    Attributes:
        version: of the alert; it makes the identifier, so that the same report is the same message.
        event: what the kind is called, by language.
        place: where it is, by language.
        radius_m: uncertainty of the place in metres; None where it was not reckoned.
        score: 0..1, how sure the machine was.
        services: codes of the services (101, 102, 103, 112) the message goes to.
        note: an operator's words, in whatever language he wrote them.
        identifier: of the message; made of the alert and its version where not given.
        severity, certainty: as the alert has them; by its kind and verdict where not given.
        region: outline of where it can be, (latitude, longitude) each.
        web: page about it.
    """

    alert_id: str
    version: int
    kind: str
    state: AlertState
    verdict: Verdict | None
    sent: datetime
    t_detect: datetime
    event: Mapping[str, str]
    place: Mapping[str, str]
    t_onset: datetime | None = None
    incident_id: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    radius_m: float | None = None
    score: float | None = None
    is_drill: bool = False
    is_test: bool = False
    camera_id: str | None = None
    services: tuple[str, ...] = ()
    note: str | None = None
    resources: tuple[Resource, ...] = ()
    identifier: str | None = None
    severity: Severity | None = None
    certainty: Certainty | None = None
    region: tuple[tuple[float, float], ...] = ()
    sensor_id: str | None = None
    web: str | None = None


def message_of(report: AlertReport, sender: Sender, earlier: tuple[Reference, ...] = ()) -> Message:
    """The message that tells this report.

    Args:
        report: the alert now.
        sender: who tells it.
        earlier: the messages sent of this alert before, the oldest first; empty for the first one.

    Raises:
        InputError: an identifier or place that CAP cannot hold.
    """
    kind = _type(report, earlier)
    infos = tuple(_info(report, sender, kind, language) for language in LANGUAGES)
    return Message(
        identifier=identifier_of(report),
        sender=sender.id,
        sent=report.sent,
        status=_status(report),
        msg_type=kind,
        scope=Scope.PRIVATE if report.services else Scope.RESTRICTED,
        restriction=None if report.services else _words("en")["restriction"],
        addresses=report.services,
        codes=("qyran:1",),
        note=_note(report, kind),
        references=earlier,
        incidents=(report.incident_id,) if report.incident_id else (),
        infos=infos,
    )


def acknowledgement(of: Message, sender: Sender, sent: datetime) -> Message:
    """The Ack that a receiver, or the centre itself, answers a message with."""
    return Message(
        identifier=f"ack-{of.identifier}",
        sender=sender.id,
        sent=sent,
        status=of.status,
        msg_type=MsgType.ACK,
        scope=Scope.PRIVATE,
        addresses=(of.sender,),
        references=(of.reference,),
        incidents=of.incidents,
    )


def identifier_of(report: AlertReport) -> str:
    """Of the message about this version of the alert: sending it again is the same message."""
    return report.identifier or f"qyran-{report.alert_id}-{report.version}"


def _type(report: AlertReport, earlier: tuple[Reference, ...]) -> MsgType:
    if not earlier:
        return MsgType.ALERT
    if report.state in WITHDRAWN or (report.state in ENDED and report.verdict is Verdict.FALSE):
        return MsgType.CANCEL
    return MsgType.UPDATE


def _status(report: AlertReport) -> Status:
    if report.is_drill:
        return Status.EXERCISE
    return Status.TEST if report.is_test else Status.ACTUAL


def _note(report: AlertReport, kind: MsgType) -> str | None:
    """Section 3.2.1: an exercise says in words that it is one, and so does a Cancel why it cancels."""
    said: list[str] = []
    if report.is_drill:
        said.extend(_words(language)["exercise"] for language in LANGUAGES)
    if kind is MsgType.CANCEL:
        said.extend(_words(language)["cancelled"] for language in LANGUAGES)
    return " ".join(said) or None


def _info(report: AlertReport, sender: Sender, kind: MsgType, language: str) -> Info:
    words = _words(language)
    over = report.state in ENDED or kind is MsgType.CANCEL
    event, place = report.event[language], report.place[language]
    headline = words["headline"].format(event=event, place=place)
    said = [words[_said(report, kind)]]
    if report.score is not None and report.verdict is None:
        said.append(words["score"].format(score=f"{report.score:.2f}".replace(".", words["decimal"])))
    if report.kind in {"fire", "smoke"}:
        said.append(words["auxiliary"])
    if report.note:
        said.append(report.note)
    return Info(
        language=LANGUAGES[language],
        categories=CATEGORIES.get(report.kind, (Category.OTHER,)),
        event=event,
        urgency=Urgency.PAST if over else Urgency.IMMEDIATE,
        severity=report.severity or severity_of(report.kind),
        certainty=report.certainty or certainty_of(report.verdict),
        response_types=(response_of(report.kind, report.verdict, over=over),),
        event_codes=((EVENT_CODE, report.kind),),
        effective=report.sent,
        onset=report.t_onset or report.t_detect,
        sender_name=sender.names[language],
        headline=f"{words['drill']} {headline}" if report.is_drill else headline,
        description=" ".join(said),
        instruction=None if over else words["instruction"].get(report.kind, words["instruction"]["other"]),
        web=report.web,
        contact=sender.contact,
        parameters=_parameters(report),
        resources=report.resources,
        areas=(_area(report, place),),
    )


def _said(report: AlertReport, kind: MsgType) -> str:
    if kind is MsgType.CANCEL:
        return "cancelled"
    if report.state in ENDED:
        return "over"
    if report.state in UNDER_WAY:
        return "under_way"
    return {Verdict.TRUE: "confirmed", Verdict.UNDETERMINED: "undetermined"}.get(
        report.verdict or Verdict.FALSE, "machine"
    )


def _parameters(report: AlertReport) -> tuple[tuple[str, str], ...]:
    found = [("QYRAN:alert", report.alert_id), ("QYRAN:state", report.state.value)]
    if report.camera_id:
        found.append(("QYRAN:camera", report.camera_id))
    if report.sensor_id:
        found.append(("QYRAN:sensor", report.sensor_id))
    if report.score is not None:
        found.append(("QYRAN:score", f"{report.score:.3f}"))
    return tuple(found)


def _area(report: AlertReport, place: str) -> Area:
    if report.latitude is None or report.longitude is None:
        return Area(place)
    radius_km = DEFAULT_RADIUS_KM if report.radius_m is None else report.radius_m / 1000
    if len(report.region) >= LEAST_POINTS:
        ring = report.region if report.region[0] == report.region[-1] else (*report.region, report.region[0])
        return Area(place, (Circle(report.latitude, report.longitude, 0.0),), (ring,))
    return Area(place, (Circle(report.latitude, report.longitude, radius_km),))


@cache
def _words(language: str) -> Mapping[str, Any]:
    text = resources.files("incidents.cap").joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))
