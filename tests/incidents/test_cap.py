from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from incidents.alert import AlertState, Verdict
from incidents.cap.alert_message import (
    CATEGORIES,
    LANGUAGES,
    AlertReport,
    Sender,
    acknowledgement,
    message_of,
)
from incidents.cap.message import Circle, Message, MsgType, Reference, Scope, Status
from incidents.cap.xml import MOST_BYTES, from_xml, to_xml
from incidents.severity import SEVERITIES
from qyran.errors import InputError

SCHEMA = Path(__file__).parents[3] / "shared" / "schemas" / "cap12.xsd"
NOW = datetime(2026, 11, 23, 4, 30, tzinfo=timezone(timedelta(hours=5)))
SENDER = Sender(
    "situational-centre@almaty.kz",
    {"kk": "Ахуалдық орталық", "ru": "Ситуационный центр", "en": "Situational centre"},
    "+7 727 000 00 00",
)
REPORT = AlertReport(
    alert_id="9e1f",
    version=3,
    kind="fire",
    state=AlertState.RAISED,
    verdict=None,
    sent=NOW,
    t_detect=NOW - timedelta(seconds=2),
    event={"kk": "Өрт", "ru": "Пожар", "en": "Fire"},
    place={"kk": "Абай к-сі, 12 үй", "ru": "ул. Абая, 12", "en": "Abay street 12"},
    incident_id="incident 7",
    latitude=43.238949,
    longitude=76.889709,
    radius_m=40.0,
    score=0.912,
    camera_id="cam-4",
    services=("101", "112"),
)
FIRST = message_of(REPORT, SENDER)


def valid(message: Message) -> bool:
    if not SCHEMA.exists():
        pytest.skip("shared/schemas/cap12.xsd is not here")
    schema = etree.XMLSchema(etree.parse(str(SCHEMA)))
    schema.assertValid(etree.fromstring(to_xml(message)))
    return True


@pytest.mark.parametrize("kind", sorted(CATEGORIES))
@pytest.mark.parametrize("state", [AlertState.RAISED, AlertState.CONFIRMED, AlertState.CLOSED, AlertState.CANCELLED])
def test_the_message_of_every_kind_fits_the_schema_and_is_read_back_as_it_was(kind, state):
    message = message_of(replace(REPORT, kind=kind, state=state), SENDER, (FIRST.reference,))

    assert from_xml(to_xml(message)) == message
    assert valid(message)


def test_every_kind_has_a_severity_and_words():
    assert set(SEVERITIES) == set(CATEGORIES)


@pytest.mark.parametrize(
    ("state", "verdict", "earlier", "expected"),
    [
        (AlertState.RAISED, None, (), MsgType.ALERT),
        (AlertState.ACKNOWLEDGED, None, (FIRST.reference,), MsgType.UPDATE),
        (AlertState.CONFIRMED, Verdict.TRUE, (FIRST.reference,), MsgType.UPDATE),
        (AlertState.RESOLVED, Verdict.TRUE, (FIRST.reference,), MsgType.UPDATE),
        (AlertState.FALSE, Verdict.FALSE, (FIRST.reference,), MsgType.CANCEL),
        (AlertState.CLOSED, Verdict.FALSE, (FIRST.reference,), MsgType.CANCEL),
        (AlertState.CANCELLED, None, (FIRST.reference,), MsgType.CANCEL),
        (AlertState.MERGED, None, (FIRST.reference,), MsgType.CANCEL),
        (AlertState.REOPENED, Verdict.TRUE, (FIRST.reference,), MsgType.UPDATE),
    ],
)
def test_the_first_message_alerts_later_ones_update_and_a_withdrawn_alert_is_cancelled(
    state, verdict, earlier, expected
):
    message = message_of(replace(REPORT, state=state, verdict=verdict), SENDER, earlier)

    assert message.msg_type is expected
    assert message.references == earlier


@pytest.mark.parametrize(
    ("verdict", "certainty"),
    [(None, "Likely"), (Verdict.TRUE, "Observed"), (Verdict.UNDETERMINED, "Possible"), (Verdict.FALSE, "Unlikely")],
)
def test_how_sure_it_is_follows_the_verdict(verdict, certainty):
    message = message_of(replace(REPORT, verdict=verdict, state=AlertState.VERIFYING), SENDER, (FIRST.reference,))

    assert {info.certainty for info in message.infos} == {certainty}


def test_every_message_speaks_kazakh_russian_and_english():
    said = {info.language: info.headline for info in FIRST.infos}

    assert said == {
        "kk-KZ": "Өрт: Абай к-сі, 12 үй",
        "ru-KZ": "Пожар: ул. Абая, 12",
        "en-US": "Fire: Abay street 12",
    }
    assert [info.language for info in FIRST.infos] == list(LANGUAGES.values())


def test_video_is_called_an_auxiliary_sign_of_fire():
    said = {info.language: info.description or "" for info in FIRST.infos}

    assert "көмекші белгі, сертификатталған өрт дабылы емес" in said["kk-KZ"]
    assert "Вспомогательный признак, а не сертифицированная пожарная сигнализация" in said["ru-KZ"]
    assert "auxiliary sign, not a certified fire alarm" in said["en-US"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [({}, Status.ACTUAL), ({"is_drill": True}, Status.EXERCISE), ({"is_test": True}, Status.TEST)],
)
def test_a_drill_is_an_exercise_and_says_so_in_words(changes, status):
    message = message_of(replace(REPORT, **changes), SENDER)

    assert message.status is status
    assert ("This is a drill." in (message.note or "")) is (status is Status.EXERCISE)
    assert all("DRILL" in (info.headline or "") for info in message.infos if info.language == "en-US") is (
        status is Status.EXERCISE
    )


def test_without_a_receiver_it_is_restricted_to_the_emergency_services():
    message = message_of(replace(REPORT, services=()), SENDER)

    assert message.scope is Scope.RESTRICTED
    assert message.restriction
    assert valid(message)


def test_the_same_version_of_an_alert_is_the_same_message():
    assert to_xml(message_of(REPORT, SENDER)) == to_xml(FIRST)
    assert message_of(replace(REPORT, version=4), SENDER).identifier != FIRST.identifier


def test_a_time_in_utc_is_written_with_an_offset_and_never_with_z():
    message = message_of(replace(REPORT, sent=NOW.astimezone(UTC)), SENDER)

    assert b"2026-11-22T23:30:00-00:00</sent>" in to_xml(message)
    assert valid(message)


def test_an_acknowledgement_refers_to_the_message_and_goes_to_its_sender():
    ack = acknowledgement(FIRST, Sender("101@almaty.kz", {}), NOW + timedelta(seconds=5))

    assert (ack.msg_type, ack.references, ack.addresses) == (MsgType.ACK, (FIRST.reference,), (SENDER.id,))
    assert valid(ack)
    assert from_xml(to_xml(ack)) == ack


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: replace(FIRST, identifier="two words"), "identifier"),
        (lambda: replace(FIRST, sender="a,b"), "sender"),
        (lambda: replace(FIRST, sent=datetime(2026, 1, 1)), "offset"),  # noqa: DTZ001 - what is refused
        (lambda: replace(FIRST, scope=Scope.RESTRICTED), "restriction"),
        (lambda: replace(FIRST, addresses=()), "receivers"),
        (lambda: replace(FIRST, msg_type=MsgType.CANCEL), "references"),
        (lambda: replace(FIRST, msg_type=MsgType.ERROR, references=(FIRST.reference,)), "note"),
        (lambda: Circle(91.0, 0.0, 1.0), "latitude"),
        (lambda: Circle(43.0, 76.0, float("nan")), "radius"),
        (lambda: Reference("a b", "c", NOW), "sender"),
    ],
)
def test_a_message_against_the_standard_is_refused(build, says):
    with pytest.raises(InputError, match=says):
        build()


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">]><alert>&x;</alert>"""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "well-formed"),
        (b"<alert>", "well-formed"),
        (BOMB, "document type"),
        (b"<alert/>", "root"),
        (b" " * (MOST_BYTES + 1), "bytes"),
        (to_xml(FIRST).replace(b"<status>Actual", b"<status>Real"), "status is one of"),
        (to_xml(FIRST).replace(b"<sent>2026-11-23T04:30:00+05:00", b"<sent>2026-11-22T23:30:00Z"), "numeric offset"),
        (to_xml(FIRST).replace(b"<sender>situational-centre@almaty.kz</sender>", b""), "lacks the element sender"),
        (to_xml(FIRST).replace(b"43.238949,76.889709 0.040", b"43.2"), "point"),
        (to_xml(FIRST).replace(b"76.889709 0.040", b"76.889709 wide"), "circle"),
    ],
)
def test_what_is_no_cap_message_is_refused_in_one_sentence(data, says):
    with pytest.raises(InputError, match=says):
        from_xml(data)


@given(note=st.text(), event=st.text(min_size=1).filter(str.strip), place=st.text(min_size=1).filter(str.strip))
def test_whatever_an_operator_writes_the_xml_stays_well_formed(note, event, place):
    words = dict.fromkeys(LANGUAGES, event), dict.fromkeys(LANGUAGES, place)
    message = message_of(replace(REPORT, note=note, event=words[0], place=words[1]), SENDER)

    root = etree.fromstring(to_xml(message))

    assert root.findtext("{*}identifier") == "qyran-9e1f-3"
