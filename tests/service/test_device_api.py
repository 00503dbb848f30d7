from __future__ import annotations

import base64
import hashlib

import pytest

from qyran.roles import SYSTEM, Role
from service.app import create_app
from service.feeds import make_feed, revoke_feed
from tests.service.records import a_picture
from tests.service.server import browser, serving
from tests.service.test_api import logged_in
from tests.service.world import World
from tests.violations.records import a_record

PATH = "/api/v1/device-records"
PICTURE = a_picture()


@pytest.fixture
def served(settings):
    with World(settings) as made, serving(create_app(store=made.store, jobs=False)) as made.address:
        made.token = made.do(SYSTEM, make_feed, "radar-1", ["devices"])
        yield made


def body(world, **changes: object) -> dict[str, object]:
    given = {"time": world.clock(), "picture_sha256": hashlib.sha256(PICTURE).hexdigest(), **changes}
    record = a_record(**given).model_dump(mode="json", exclude_none=True)
    return {"record": record, "picture": base64.b64encode(PICTURE).decode()}


def post(world, content, token: str | None = "") -> object:
    headers = {} if token is None else {"Authorization": f"Bearer {token or world.token}"}
    with browser(world.address) as client:
        return client.post(PATH, json=content, headers=headers)


def test_a_record_is_taken_once_and_a_repetition_is_a_409(served):
    content = body(served)
    first = post(served, content)
    assert first.status_code == 201, first.text
    again = post(served, content)
    assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    content["record"]["measured_kmh"] = 99.0
    assert "never replaced" in post(served, content).json()["detail"]
    with logged_in(served, Role.ADMINISTRATOR) as administrator:
        (row,) = administrator("GET", "/device-records").json()
        assert (row["id"], row["outcome"], row["measured_kmh"]) == (first.json()["id"], None, 95.0)
        assert "plate" not in row


def test_without_a_token_nothing_is_taken(served):
    for token in (None, "wrong", "qyran-feed-x"):
        answer = post(served, body(served), token)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/login")


def test_a_revoked_feed_and_one_of_payments_deliver_no_records(served):
    payments = served.do(SYSTEM, make_feed, "parking", ["payments"])
    assert post(served, body(served), payments).status_code == 401
    served.do(SYSTEM, revoke_feed, "radar-1")
    assert post(served, body(served)).status_code == 401


BAD = [
    ("measured_kmh", None, "needs measured_kmh"),
    ("time", "2026-11-22T12:00:00", "timezone"),
    ("camera", "elsewhere", "not in the register"),
    ("speed", 3, "speed"),
    ("plate", "№", "A plate has"),
]


def test_a_bad_record_or_picture_is_a_problem_that_names_the_fault(served):
    for key, value, said in BAD:
        content = body(served)
        content["record"][key] = value
        answer = post(served, content)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
        assert said in answer.json()["detail"]
        assert "123ABC02" not in answer.text
    for picture in ("!", base64.b64encode(b"<svg/>").decode()):
        assert post(served, {**body(served), "picture": picture}).status_code == 422


def test_a_session_of_a_person_is_no_feed_and_an_officer_may_look(served):
    with logged_in(served, Role.ADMINISTRATOR) as administrator:
        assert administrator("POST", "/device-records", json=body(served)).status_code == 401
    with logged_in(served, Role.POLICE_OFFICER) as officer:
        assert officer("GET", "/device-records?outcome=waiting").json() == []
    with logged_in(served, Role.EVALUATOR) as evaluator:
        assert evaluator("GET", "/device-records").status_code == 403
