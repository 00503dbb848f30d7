"""The port to face recognition against a stand-in: off by default, under an order alone, ended at once."""

from __future__ import annotations

import base64
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from qyran.errors import AccessError, InputError, NotFound, TransitionError
from qyran.roles import PERSON_ROLES, Role
from service.faces import matches, orders, sending
from service.faces.matches import KEPT
from service.faces.orders import NewOrder
from service.faces.sending import Crop, OrderRefused
from service.faces.settings import PortOff
from service.store.face_tables import FaceRequest
from service.store.tables import AccessLog, Personal
from tests.service.world import NOON, World

TOKEN = "the stand-in's word"  # of a server that lives as long as its test
FACE = cv2.imencode(".jpg", np.full((96, 64, 3), 90, np.uint8))[1].tobytes()


class StandIn(BaseHTTPRequestHandler):
    """An external system as docs/faces.md describes it."""

    asked: ClassVar[list[dict]] = []
    answer: object = {"matches": []}
    status = 200
    meanwhile = staticmethod(lambda: None)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        StandIn.asked.append({"path": self.path, "key": self.headers["idempotency-key"],
                              "token": self.headers["authorization"], **body})  # fmt: skip
        StandIn.meanwhile()
        said = json.dumps(StandIn.answer).encode()
        self.send_response(StandIn.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address():
    server = HTTPServer(("127.0.0.1", 0), StandIn)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def city(settings, address, tmp_path, monkeypatch):
    monkeypatch.setenv("FACES_TOKEN", TOKEN)
    StandIn.asked, StandIn.answer, StandIn.status, StandIn.meanwhile = [], {"matches": []}, 200, lambda: None
    file = tmp_path / "faces.toml"
    file.write_text(f'url = "{address}"\ntoken = "env:FACES_TOKEN"\n')
    with World(settings.model_copy(update={"faces_file": file})) as made:
        yield made


@pytest.fixture
def people(city):
    return {
        "officer": city.person(Role.POLICE_OFFICER),
        "senior": city.person(Role.SENIOR_OFFICER),
        "guard": city.person(Role.DATA_PROTECTION_OFFICER),
    }


def wanted(**changes: object) -> NewOrder:
    given = {
        "number": "СУ-114/2026", "legal_ground": "УПК РК, ст. 232; санкция суда от 20.11.2026", "cameras": ["abay-12"],
        "purpose": "розыск пропавшего ребёнка", "list_name": "missing", "valid_until": NOON + timedelta(days=3),
    }  # fmt: skip
    return NewOrder.model_validate({**given, **changes})


def ordered(city, people, **changes: object) -> str:
    made = city.do(people["officer"], orders.ask, wanted(**changes))
    city.do(people["senior"], orders.approve, made.id)
    return city.do(people["guard"], orders.approve, made.id).id


def send(city, people, order_id: str, **changes: object):
    crop = Crop(**{"camera_id": "abay-12", "time": city.clock(), "data": FACE, **changes})
    return sending.send(city.store, people["officer"], order_id, crop)


def test_the_port_is_off_by_default(world):
    officer = world.person(Role.POLICE_OFFICER)
    with pytest.raises(PortOff):
        world.do(officer, orders.ask, wanted())
    with pytest.raises(PortOff):
        sending.send(world.store, officer, "any", Crop("abay-12", NOON, FACE))
    with pytest.raises(PortOff):
        world.do(officer, matches.listing)


def test_a_crop_leaves_under_an_order_that_two_others_approved_and_its_match_is_shown_to_whom_it_names(city, people):
    order = ordered(city, people)
    StandIn.answer = {"matches": [{"reference": "missing/17", "score": 0.93}]}
    sent = send(city, people, order)
    (asked,) = StandIn.asked
    assert (asked["path"], asked["list"], asked["order"]) == ("/v1/search", "missing", "СУ-114/2026")
    assert (asked["token"], asked["key"]) == (f"Bearer {TOKEN}", sent.request_id)
    assert base64.b64decode(asked["picture"]) == FACE
    (match,) = city.do(people["officer"], matches.listing)
    assert (match.reference, match.score, match.state, match.camera_id) == ("missing/17", 0.93, "new", "abay-12")
    assert city.do(people["officer"], matches.picture, match.id) == FACE
    city.do(people["officer"], matches.judge, match.id, "misread")
    with pytest.raises(TransitionError):
        city.do(people["officer"], matches.judge, match.id, "confirmed")
    with city.store.read() as work:
        told = {row.action for row in work.session.scalars(select(AccessLog))}
    assert told >= {"face_order_asked", "face_order_approved", "face_crop_sent", "face_matches_seen",
                    "face_picture_seen", "face_match_misread"}  # fmt: skip


def test_two_different_people_approve_and_neither_asked(city, people):
    both = city.person(Role.SENIOR_OFFICER, Role.DATA_PROTECTION_OFFICER)
    made = city.do(both, orders.ask, wanted())
    with pytest.raises(AccessError, match="Who asked"):
        city.do(both, orders.approve, made.id)
    city.do(people["senior"], orders.approve, made.id)
    with pytest.raises(AccessError, match="Two different people"):
        city.do(people["senior"], orders.approve, made.id)
    with pytest.raises(AccessError, match="other is wanted"):
        city.do(city.person(Role.SENIOR_OFFICER), orders.approve, made.id)
    assert city.do(people["guard"], orders.approve, made.id).state == "holds"
    one = city.do(people["officer"], orders.ask, wanted(number="2"))
    city.do(both, orders.approve, one.id)
    with pytest.raises(AccessError):
        city.do(both, orders.approve, one.id)


@pytest.mark.parametrize("role", sorted(PERSON_ROLES))
def test_who_has_no_part_in_it_does_nothing(city, people, role):
    made = city.do(people["officer"], orders.ask, wanted())
    actor = city.person(role)
    if role not in orders.ASKERS:
        with pytest.raises(AccessError):
            city.do(actor, orders.ask, wanted())
        with pytest.raises(AccessError):
            sending.send(city.store, actor, made.id, Crop("abay-12", NOON, FACE))
        with pytest.raises(AccessError):
            city.do(actor, matches.listing)
    if role not in orders.APPROVERS:
        with pytest.raises(AccessError):
            city.do(actor, orders.approve, made.id)
    assert StandIn.asked == []


REFUSED = {
    "not approved": ("asked", {}, "Two people"),
    "expired": ("late", {}, "expired"),
    "revoked": ("revoked", {}, "revoked"),
    "another camera": ("", {"camera_id": "dostyk-5"}, "does not name the camera"),
    "an old picture": ("", {"time": NOON - timedelta(days=30)}, "older than the order"),
}


@pytest.mark.parametrize(("how", "crop", "why"), REFUSED.values(), ids=REFUSED)
def test_nothing_leaves_without_an_order_that_holds_and_the_refusal_is_noted(city, people, how, crop, why):
    order = city.do(people["officer"], orders.ask, wanted()).id if how == "asked" else ordered(city, people)
    if how == "revoked":
        city.do(people["guard"], orders.revoke, order, "the child was found")
    if how == "late":
        city.clock.forward(days=4)
    with pytest.raises(OrderRefused, match=why):
        send(city, people, order, **crop)
    assert StandIn.asked == []
    with city.store.read() as work:
        assert [row.outcome for row in work.session.scalars(select(FaceRequest))] == ["refused"]


def test_an_order_that_is_revoked_while_the_answer_is_under_way_lets_nothing_in(city, people):
    order = ordered(city, people)
    StandIn.answer = {"matches": [{"reference": "missing/17", "score": 0.93}]}
    StandIn.meanwhile = lambda: city.do(people["guard"], orders.revoke, order, "found")
    assert send(city, people, order).outcome == "discarded"
    assert city.do(people["officer"], matches.listing) == ()


ANSWERS = {
    "an error": (500, {}), "no list": (200, {"faces": 1}),
    "no score": (200, {"matches": [{"reference": "a", "score": 7}]}),
    "nonsense": (200, [1, 2]), "half a match": (200, {"matches": [{"score": 0.5}]}),
}  # fmt: skip


@pytest.mark.parametrize(("status", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_a_failure_that_is_noted(city, people, status, answer):
    StandIn.status, StandIn.answer = status, answer
    assert send(city, people, ordered(city, people)).outcome == "failed"
    assert city.do(people["officer"], matches.listing) == ()


def test_a_crop_without_a_match_is_kept_nowhere_and_one_with_a_match_goes_after_the_order(city, people):
    order = ordered(city, people)
    send(city, people, order)
    with city.store.read() as work:
        before = {row.record for row in work.session.scalars(select(Personal))}
    StandIn.answer = {"matches": [{"reference": "missing/17", "score": 0.93}]}
    (match,) = send(city, people, order).matches
    with city.store.read() as work:
        assert {row.record for row in work.session.scalars(select(Personal))} - before == {match}
    city.clock.forward(days=3 + KEPT.days, hours=1)
    assert city.do(people["officer"], matches.forget) == 1
    assert city.do(people["officer"], matches.listing)[0].reference is None
    with pytest.raises(NotFound):
        city.do(people["officer"], matches.picture, match)


def test_a_senior_officers_order_is_not_shown_to_others(city, people):
    order = ordered(city, people, owner="senior_officer")
    StandIn.answer = {"matches": [{"reference": "x", "score": 0.9}]}
    (match,) = send(city, people, order).matches
    assert city.do(people["officer"], matches.listing) == ()
    with pytest.raises(AccessError):
        city.do(people["officer"], matches.picture, match)
    assert len(city.do(people["senior"], matches.listing)) == 1


WRONG = {
    "too long": {"valid_until": NOON + timedelta(days=60)},
    "over already": {"valid_until": NOON - timedelta(days=1)},
    "a camera of nobody": {"cameras": ["nowhere"]},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_an_order_that_cannot_be_is_refused(city, people, changes):
    with pytest.raises(InputError):
        city.do(people["officer"], orders.ask, wanted(**changes))


def test_what_is_no_crop_does_not_leave(city, people):
    order = ordered(city, people)
    street = cv2.imencode(".jpg", np.zeros((1080, 1920, 3), np.uint8))[1].tobytes()
    for data in (b"GIF89a", street):
        with pytest.raises(InputError):
            send(city, people, order, data=data)
    assert StandIn.asked == []
