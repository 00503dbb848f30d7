"""What drivers are warned of, as a SituationPublication of DATEX II version 3 (CEN/TS 16157-3, schemas 3.2 and later).

Elements stand in the order of the schemas `DATEXII_3_Situation.xsd`, `..._Common.xsd`, `..._LocationReferencing.xsd`.
Nothing here is about a person or a vehicle that could be told apart from others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from incidents.cap.message import Certainty, Severity

D2: Final = "http://datex2.eu/schema/3/d2Payload"
COM: Final = "http://datex2.eu/schema/3/common"
SIT: Final = "http://datex2.eu/schema/3/situation"
LOC: Final = "http://datex2.eu/schema/3/locationReferencing"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
MODEL_BASE: Final = "3"
PLACES: Final = 6  # decimals of a degree
MOST_TEXT: Final = 1024  # com:MultilingualStringValueType

for _prefix, _namespace in (("d2", D2), ("com", COM), ("sit", SIT), ("loc", LOC), ("xsi", XSI)):
    register_namespace(_prefix, _namespace)


class Standing(StrEnum):
    """How a situation stands."""

    ACTIVE = "active"
    ENDED = "definedByValidityTimeSpec"
    WITHDRAWN = "suspended"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind of incident is told.

    Attributes:
        record: type of the situation record.
        element: the element that says what it is, after those of `Obstruction`.
        value: of its enumeration.
        mobility: of an obstruction; None where that says nothing.
    """

    record: str
    element: str
    value: str
    mobility: str | None = None


SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "crash": Shape("Accident", "accidentType", "accident"),
        "congestion": Shape("AbnormalTraffic", "abnormalTrafficType", "queuingTraffic"),
        "debris": Shape("GeneralObstruction", "obstructionType", "debris", "stationary"),
        "animal": Shape("AnimalPresenceObstruction", "animalPresenceType", "animalsOnTheRoad"),
        "stopped_vehicle": Shape("VehicleObstruction", "vehicleObstructionType", "vehicleInDifficulty", "stationary"),
        "wrong_way": Shape("VehicleObstruction", "vehicleObstructionType", "vehicleOnWrongCarriageway", "mobile"),
        "pedestrian": Shape("GeneralObstruction", "obstructionType", "peopleOnRoadway"),
        "person_down": Shape("GeneralObstruction", "obstructionType", "peopleOnRoadway"),
        "cyclist": Shape("GeneralObstruction", "obstructionType", "cyclistsOnRoadway"),
    }
)
"""Kinds that drivers can be warned of."""
OBSTRUCTIONS: Final = frozenset({"GeneralObstruction", "AnimalPresenceObstruction", "VehicleObstruction"})
SEVERITIES: Final[Mapping[Severity, str]] = MappingProxyType(
    {
        Severity.EXTREME: "highest",
        Severity.SEVERE: "high",
        Severity.MODERATE: "medium",
        Severity.MINOR: "low",
        Severity.UNKNOWN: "unknown",
    }
)
PROBABILITIES: Final[Mapping[Certainty, str]] = MappingProxyType(
    {Certainty.OBSERVED: "certain", Certainty.LIKELY: "probable"}
)
"""Everything less is a risk."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes: country (ISO 3166-1 alpha-2, small letters) and the name it has there; names by language."""

    country: str
    national_id: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RoadWarning:
    """One thing that drivers are warned of.

    Attributes:
        id, version: a change of the alert is a higher version of the same situation.
        began, observed, changed: when it began, when it was seen first, when this version came.
        ended: when it ended.
        radius_m: metres around the point that hold the place 95 times in 100.
        seen_by_person: somebody confirmed it.
        words: what and where, by language.
    """

    id: str
    version: int
    kind: str
    standing: Standing
    began: datetime
    observed: datetime
    changed: datetime
    severity: Severity
    certainty: Certainty
    latitude: float
    longitude: float
    words: Mapping[str, str]
    radius_m: float | None = None
    ended: datetime | None = None
    seen_by_person: bool = False


def publication(warnings: Sequence[RoadWarning], publisher: Publisher, at: datetime, lang: str = "kk") -> bytes:
    """The publication as UTF-8 XML.

    Args:
        warnings: of kinds in `SHAPES`.
        publisher: who publishes.
        at: when.
        lang: default language of its texts.
    """
    root = Element(f"{{{D2}}}payload", {f"{{{XSI}}}type": "sit:SituationPublication", "lang": lang})
    root.set("modelBaseVersion", MODEL_BASE)
    _put(root, COM, "publicationTime", moment(at))
    creator = SubElement(root, f"{{{COM}}}publicationCreator")
    _put(creator, COM, "country", publisher.country)
    _put(creator, COM, "nationalIdentifier", publisher.national_id)
    for one in warnings:
        _situation(root, one, publisher)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def moment(at: datetime) -> str:
    """A moment as XML Schema writes it, in UTC and whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _situation(root: Element, one: RoadWarning, publisher: Publisher) -> None:
    situation = SubElement(root, f"{{{SIT}}}situation", {"id": one.id})
    _put(situation, SIT, "overallSeverity", SEVERITIES[one.severity])
    _put(situation, SIT, "situationVersionTime", moment(one.changed))
    header = SubElement(situation, f"{{{SIT}}}headerInformation")
    _put(header, COM, "informationStatus", "real")
    shape = SHAPES[one.kind]
    record = SubElement(
        situation,
        f"{{{SIT}}}situationRecord",
        {f"{{{XSI}}}type": f"sit:{shape.record}", "id": f"{one.id}-1", "version": str(one.version)},
    )
    _put(record, SIT, "situationRecordCreationTime", moment(one.observed))
    _put(record, SIT, "situationRecordObservationTime", moment(one.observed))
    _put(record, SIT, "situationRecordVersionTime", moment(one.changed))
    _put(record, SIT, "probabilityOfOccurrence", PROBABILITIES.get(one.certainty, "riskOf"))
    _put(record, SIT, "severity", SEVERITIES[one.severity])
    _put(record, SIT, "safetyRelatedMessage", "true")
    _source(record, one, publisher)
    _validity(record, one)
    _comment(record, one)
    _location(record, one)
    if shape.mobility is not None and shape.record in OBSTRUCTIONS:
        mobility = SubElement(record, f"{{{SIT}}}mobilityOfObstruction")
        _put(mobility, SIT, "mobilityType", shape.mobility)
    _put(record, SIT, shape.element, shape.value)


def _source(record: Element, one: RoadWarning, publisher: Publisher) -> None:
    source = SubElement(record, f"{{{SIT}}}source")
    _put(source, COM, "sourceCountry", publisher.country)
    _words(SubElement(source, f"{{{COM}}}sourceName"), publisher.names)
    seen = "cameraObservation" if one.seen_by_person else "videoProcessingMonitoringStation"
    _put(source, COM, "sourceType", seen)
    _put(source, COM, "reliable", "true" if one.certainty is Certainty.OBSERVED else "false")


def _validity(record: Element, one: RoadWarning) -> None:
    validity = SubElement(record, f"{{{SIT}}}validity")
    _put(validity, COM, "validityStatus", one.standing)
    period = SubElement(validity, f"{{{COM}}}validityTimeSpecification")
    _put(period, COM, "overallStartTime", moment(one.began))
    if one.ended is not None:
        _put(period, COM, "overallEndTime", moment(max(one.ended, one.began)))


def _comment(record: Element, one: RoadWarning) -> None:
    comment = SubElement(record, f"{{{SIT}}}generalPublicComment")
    _words(SubElement(comment, f"{{{SIT}}}comment"), one.words)
    _put(comment, SIT, "commentType", "warning")


def _location(record: Element, one: RoadWarning) -> None:
    location = SubElement(record, f"{{{SIT}}}locationReference", {f"{{{XSI}}}type": "loc:PointLocation"})
    point = SubElement(SubElement(location, f"{{{LOC}}}pointByCoordinates"), f"{{{LOC}}}pointCoordinates")
    _put(point, LOC, "latitude", f"{one.latitude:.{PLACES}f}")
    _put(point, LOC, "longitude", f"{one.longitude:.{PLACES}f}")
    if one.radius_m is not None:
        accuracy = SubElement(point, f"{{{LOC}}}horizontalPositionAccuracy")
        _put(accuracy, LOC, "accuracyPercentile95", f"{one.radius_m:.1f}")


def _words(to: Element, words: Mapping[str, str]) -> None:
    values = SubElement(to, f"{{{COM}}}values")
    for lang, text in words.items():
        SubElement(values, f"{{{COM}}}value", {"lang": lang}).text = text[:MOST_TEXT]


def _put(to: Element, namespace: str, name: str, text: str) -> None:
    SubElement(to, f"{{{namespace}}}{name}").text = text
