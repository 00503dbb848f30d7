"""DATEX II version 3: names, order and values of elements as the schemas have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from defusedxml.ElementTree import fromstring

from incidents.cap.message import Certainty, Severity
from incidents.datex.situation import COM, LOC, SHAPES, SIT, XSI, Publisher, RoadWarning, Standing, publication

NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
CITY = Publisher("kz", "almaty", {"kk": "Алматы", "ru": "Алматы", "en": "Almaty"})
RECORD = (
    "situationRecordCreationTime", "situationRecordObservationTime", "situationRecordVersionTime",
    "probabilityOfOccurrence", "severity", "safetyRelatedMessage", "source", "validity", "generalPublicComment",
    "locationReference",
)  # fmt: skip
"""Order of `SituationRecord` in DATEXII_3_Situation.xsd, those of its elements that are used here."""
OBSTRUCTION = ("mobilityOfObstruction",)
VALUES = {
    "accidentType": {"accident"},
    "abnormalTrafficType": {"queuingTraffic", "stationaryTraffic", "slowTraffic", "heavyTraffic"},
    "obstructionType": {"debris", "peopleOnRoadway", "cyclistsOnRoadway", "objectOnTheRoad"},
    "animalPresenceType": {"animalsOnTheRoad"},
    "vehicleObstructionType": {"vehicleInDifficulty", "vehicleOnWrongCarriageway"},
}
"""Values of the schemas' enumerations."""


def a_warning(kind: str = "crash", **given: object) -> RoadWarning:
    plain = {
        "id": "a1", "version": 7, "kind": kind, "standing": Standing.ACTIVE, "began": NOON, "observed": NOON,
        "changed": NOON + timedelta(minutes=1), "severity": Severity.SEVERE, "certainty": Certainty.OBSERVED,
        "latitude": 43.2389, "longitude": 76.8897, "radius_m": 12.34,
        "words": {"kk": "Апат: Абай 12", "ru": "ДТП: Абая 12", "en": "Crash: Abay 12"}, "seen_by_person": True,
    }  # fmt: skip
    return RoadWarning(**{**plain, **given})


def parsed(*warnings: RoadWarning) -> ElementTree.Element:
    return fromstring(publication(warnings, CITY, NOON))


def local(element: ElementTree.Element) -> str:
    return element.tag.partition("}")[2]


def test_the_publication_says_who_publishes_when_and_by_which_model():
    root = parsed()
    assert root.tag == "{http://datex2.eu/schema/3/d2Payload}payload"
    assert root.get(f"{{{XSI}}}type") == "sit:SituationPublication"
    assert (root.get("modelBaseVersion"), root.get("lang")) == ("3", "kk")
    assert [local(one) for one in root] == ["publicationTime", "publicationCreator"]
    assert root.findtext(f"{{{COM}}}publicationTime") == "2026-11-22T07:00:00Z"
    assert [one.text for one in root[1]] == ["kz", "almaty"]


@pytest.mark.parametrize("kind", SHAPES)
def test_each_kind_is_a_record_of_its_type_with_its_elements_in_the_order_of_the_schema(kind):
    root = parsed(a_warning(kind))
    situation = root.find(f"{{{SIT}}}situation")
    assert [local(one) for one in situation] == [
        "overallSeverity", "situationVersionTime", "headerInformation", "situationRecord",
    ]  # fmt: skip
    record = situation.find(f"{{{SIT}}}situationRecord")
    shape = SHAPES[kind]
    assert record.get(f"{{{XSI}}}type") == f"sit:{shape.record}"
    assert (record.get("id"), record.get("version")) == ("a1-1", "7")
    more = OBSTRUCTION if shape.mobility else ()
    assert tuple(local(one) for one in record) == (*RECORD, *more, shape.element)
    assert record.findtext(f"{{{SIT}}}{shape.element}") in VALUES[shape.element]
    assert {one.tag.partition("}")[0].strip("{") for one in record.iter()} == {SIT, COM, LOC}


@pytest.mark.parametrize(
    ("certainty", "probability"),
    [(Certainty.OBSERVED, "certain"), (Certainty.LIKELY, "probable"), (Certainty.POSSIBLE, "riskOf")],
)
def test_how_sure_it_is_and_where_with_its_uncertainty(certainty, probability):
    record = parsed(a_warning(certainty=certainty)).find(f".//{{{SIT}}}situationRecord")
    assert record.findtext(f"{{{SIT}}}probabilityOfOccurrence") == probability
    place = record.find(f"{{{SIT}}}locationReference")
    assert place.get(f"{{{XSI}}}type") == "loc:PointLocation"
    point = place.find(f"{{{LOC}}}pointByCoordinates/{{{LOC}}}pointCoordinates")
    assert [local(one) for one in point] == ["latitude", "longitude", "horizontalPositionAccuracy"]
    assert (point[0].text, point[1].text, point[2][0].text) == ("43.238900", "76.889700", "12.3")


@pytest.mark.parametrize(
    ("standing", "status", "ended"),
    [
        (Standing.ACTIVE, "active", None),
        (Standing.ENDED, "definedByValidityTimeSpec", NOON + timedelta(minutes=9)),
        (Standing.WITHDRAWN, "suspended", NOON + timedelta(minutes=9)),
    ],
)
def test_a_situation_that_ends_says_when(standing, status, ended):
    validity = parsed(a_warning(standing=standing, ended=ended)).find(f".//{{{SIT}}}validity")
    assert validity.findtext(f"{{{COM}}}validityStatus") == status
    period = validity.find(f"{{{COM}}}validityTimeSpecification")
    wanted = ["overallStartTime"] if ended is None else ["overallStartTime", "overallEndTime"]
    assert [local(one) for one in period] == wanted


def test_drivers_read_it_in_each_language_and_nobody_is_named():
    text = publication([a_warning()], CITY, NOON).decode()
    for word in ("Апат: Абай 12", "ДТП: Абая 12", "Crash: Abay 12", 'lang="kk"'):
        assert word in text
    assert "vehicleRegistrationPlate" not in text
