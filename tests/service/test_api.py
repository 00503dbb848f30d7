from __future__ import annotations

import json
from contextlib import contextmanager

import httpx
import pytest

from qyran.roles import Role
from service.app import create_app
from service.store.tables import AppUser
from tests.service.server import browser, serving
from tests.service.world import CAMERA, PASSWORD, World

API = "/api/v1"


class Client:
    """Somebody with a browser or a script, logged in as one user."""

    def __init__(self, client: httpx.Client, username: str) -> None:
        self.client = client
        given = client.post(f"{API}/session", json={"username": username, "password": PASSWORD})
        assert given.status_code == 201, given.text
        self.cookie = given.headers["set-cookie"]
        self.csrf = given.json()["csrf"]

    def __call__(self, method: str, path: str, **given: object) -> httpx.Response:
        headers = {} if method == "GET" else {"X-CSRF-Token": self.csrf}
        return self.client.request(method, f"{API}{path}", headers=headers, **given)


@pytest.fixture
def demo(settings):
    with World(settings, demo=True) as made, serving(create_app(store=made.store, jobs=False)) as made.address:
        yield made


@contextmanager
def logged_in(world, *roles: Role, **changes: object):
    actor = world.person(*roles, **changes)
    with world.store.read() as work:
        name = work.session.get_one(AppUser, actor.id).username
    with browser(world.address) as client:
        yield Client(client, name)


@pytest.fixture
def nobody(demo):
    with browser(demo.address) as client:
        yield client


def test_a_scripted_officer_takes_a_case_from_the_queue_to_the_signed_document(demo):
    demo.take(demo.event())
    with logged_in(demo, Role.POLICE_OFFICER) as officer:
        case = officer("POST", "/cases/next").json()
        path = f"/cases/{case['id']}"
        assert officer("POST", f"{path}/owner", json={}).json()["owner"]["demo"] is True
        chosen = {"offence": case["offences"][0]}
        assert officer("POST", f"{path}/confirm", json=chosen).json()["state"] == "officer_confirmed"
        signed = officer("POST", f"{path}/sign", json={}).json()
        assert (signed["state"], signed["document_no"]) == ("signed", "CITY-2026-000001")
        document = officer("GET", f"{path}/document")
        assert (document.headers["content-type"], document.content[:5]) == ("application/pdf", b"%PDF-")
        event, name = case["still"].split("/")
        still = officer("GET", f"{path}/evidence/{event}/{name}")
        assert (still.headers["content-type"], still.content[:2]) == ("image/jpeg", b"\xff\xd8")
        part = officer.client.get(f"{API}{path}/evidence/{event}/clip.mp4", headers={"Range": "bytes=0-9"})
        assert (part.status_code, len(part.content)) == (206, 10)
        assert officer("POST", "/cases/next").status_code == 204


def test_a_scripted_operator_answers_an_alarm(demo):
    event = demo.event("smoke", type="fire_alert", plate=None)
    demo.take(event)
    with logged_in(demo, Role.SITUATIONAL_OPERATOR) as operator:
        (line,) = operator("GET", "/alerts").json()["items"]
        path = f"/alerts/{line['id']}"
        for step, body in (
            ("acknowledge", {}),
            ("verify", {}),
            ("verdict", {"verdict": "true"}),
            ("dispatch", {"service": "101"}),
            ("depart", {}),
            ("arrive", {}),
            ("resolve", {}),
            ("close", {"closing_code": "handled"}),
        ):
            given = operator("POST", f"{path}/{step}", json=body)
            assert given.status_code == 200, given.text
        assert given.json()["state"] == "closed"


PROBLEMS = {
    "no such case": ("GET", "/cases/nothing", None, 404, "not-found"),
    "no such page": ("GET", "/nothing", None, 404, "not-found"),
    "another method": ("PATCH", "/cases", {}, 405, "method-not-allowed"),
    "a step not allowed now": ("POST", "/cases/{id}/release", {}, 409, "transition"),
    "an old page": ("POST", "/cases/{id}/claim", {"version": 99}, 409, "transition"),
    "an unknown key": ("POST", "/cases/{id}/claim", {"colour": "crimson"}, 422, "input"),
    "a value of another kind": ("GET", "/cases?state=asleep", None, 422, "input"),
    "somebody else's work": ("GET", "/alerts", None, 403, "access"),
    "not his to keep": ("GET", "/users", None, 403, "access"),
    "a file that is not listed": ("GET", "/cases/{id}/evidence/{id}/manifest.json", None, 404, "not-found"),
    "a way out of the folder": ("GET", "/cases/{id}/evidence/{id}/..%2F..%2Fqyran.db", None, 404, "not-found"),
}


@pytest.mark.parametrize(("method", "path", "body", "status", "kind"), PROBLEMS.values(), ids=PROBLEMS)
def test_every_error_is_a_problem_that_says_what_and_nothing_secret(demo, method, path, body, status, kind):
    event = demo.event()
    demo.take(event)
    with logged_in(demo, Role.POLICE_OFFICER) as officer:
        given = officer(method, path.replace("{id}", str(event.id)), json=body)
    assert given.status_code == status
    assert given.headers["content-type"] == "application/problem+json"
    problem = given.json()
    assert problem["type"] == f"/problems/{kind}"
    assert problem["status"] == status
    assert problem["detail"]
    assert (body or {}).get("colour", "no such value") not in problem["detail"]


def test_without_a_login_nothing_is_given(nobody):
    for path in ("/cases", "/alerts", "/cameras", "/kpi/security", "/users", "/ledger", "/session", "/alerts/stream"):
        given = nobody.get(f"{API}{path}")
        assert (given.status_code, given.json()["type"]) == (401, "/problems/login"), path


def test_a_wrong_password_is_refused_and_then_throttled(demo, nobody):
    demo.person(Role.POLICE_OFFICER)
    wrong = {"username": "police-officer-0", "password": "wrong"}
    answers = [nobody.post(f"{API}/session", json=wrong).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert nobody.post(f"{API}/session", json=wrong).headers["retry-after"] == "900"


def test_a_change_needs_the_logins_csrf_token(demo):
    event = demo.event()
    demo.take(event)
    with logged_in(demo, Role.POLICE_OFFICER) as officer:
        for headers in ({}, {"X-CSRF-Token": "0" * 64}):
            given = officer.client.post(f"{API}/cases/{event.id}/claim", json={}, headers=headers)
            assert (given.status_code, given.json()["type"]) == (403, "/problems/access")
        assert officer("POST", f"/cases/{event.id}/claim", json={}).status_code == 200


def test_a_change_that_another_site_makes_is_refused(demo):
    with logged_in(demo, Role.POLICE_OFFICER) as officer:
        headers = {"X-CSRF-Token": officer.csrf, "Sec-Fetch-Site": "cross-site"}
        assert officer.client.post(f"{API}/cases/next", headers=headers).status_code == 403


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(demo):
    with logged_in(demo, Role.POLICE_OFFICER) as officer:
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(officer.cookie.split("; "))
        assert "Secure" not in officer.cookie
        assert officer("DELETE", "/session").status_code == 204
        assert officer("GET", "/session").status_code == 401


def test_over_tls_the_cookie_is_secure_and_bound_to_the_host(settings):
    with World(settings.model_copy(update={"public_url": "https://qyran.example.kz"}), demo=True) as world:
        world.person(Role.AUDITOR)
        with serving(create_app(store=world.store, jobs=False)) as address, browser(address) as client:
            given = client.post(f"{API}/session", json={"username": "auditor-0", "password": PASSWORD})
            assert given.headers["set-cookie"].startswith("__Host-qyran=")
            assert "Secure" in given.headers["set-cookie"]
            assert "max-age=31536000" in given.headers["strict-transport-security"]


def test_every_answer_is_strict_with_browsers(nobody):
    for given in (nobody.get("/healthz"), nobody.get(f"{API}/cases"), nobody.get("/nothing")):
        policy = given.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert given.headers["x-content-type-options"] == "nosniff"
        assert given.headers["referrer-policy"] == "no-referrer"
        assert given.headers["cache-control"] == "no-store"


def test_the_api_describes_itself_completely(nobody):
    described = nobody.get(f"{API}/openapi.json").json()
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) > 40
    assert all(one["summary"] and one["description"] for one in operations)
    assert nobody.get("/docs").status_code == 404


def test_the_live_list_tells_open_alerts_first_and_ends_with_the_login(demo):
    event = demo.event("smoke", type="fire_alert", plate=None)
    demo.take(event)
    with logged_in(demo, Role.SITUATIONAL_OPERATOR) as operator:
        told = []
        # The test's clock stands still unless looked at; the login ends while the stream is read.
        demo.clock.forward(minutes=29, seconds=59.9999)
        with operator.client.stream("GET", f"{API}/alerts/stream") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                told.append(line)
                if line.startswith("event: alert"):
                    demo.clock.forward(minutes=31)
    data = [json.loads(line.removeprefix("data: ")) for line in told if line.startswith("data: ")]
    assert data[0]["id"] == str(event.id)
    assert "event: end" in told


def test_delivery_is_noted_when_an_operators_console_shows_an_alarm(demo):
    event = demo.event("smoke", type="fire_alert", plate=None)
    demo.take(event)
    with logged_in(demo, Role.SITUATIONAL_OPERATOR) as operator:
        with operator.client.stream("GET", f"{API}/alerts/stream") as stream:
            for line in stream.iter_lines():
                if line.startswith("event: alert"):
                    demo.clock.forward(minutes=31)
        demo.clock.forward(minutes=-31)
        assert operator("GET", f"/alerts/{event.id}").json()["t_notify_delivered"] is not None


def listened(demo, operator, until: str, last: str | None = None) -> list[tuple[str, str]]:
    """Alert and number of each event until one is told of; then the login ends, and with it the stream."""
    found, fields = [], {}
    headers = {} if last is None else {"Last-Event-ID": last}
    with operator.client.stream("GET", f"{API}/alerts/stream", headers=headers) as stream:
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            fields[name] = value
            if line or fields.pop("event", None) != "alert":
                continue
            found.append((json.loads(fields["data"])["id"], fields["id"]))
            if found[-1][0] == until:
                demo.clock.forward(minutes=31)
    demo.clock.forward(minutes=-31)
    return found


def test_a_live_list_that_reconnects_is_told_what_it_missed_and_nothing_twice(demo):
    first, second = demo.alert("fire", "fire_alert"), demo.alert("debris")
    with logged_in(demo, Role.SITUATIONAL_OPERATOR) as operator:
        told = listened(demo, operator, second)
        assert {one for one, _ in told} == {first, second}
        third = demo.alert("animal")
        again = listened(demo, operator, third, told[-1][1])
    assert third in {one for one, _ in again}
    numbers = [int(number) for _, number in (*told, *again)]  # that an alert was shown is a change of its own
    assert numbers == sorted(set(numbers))


def test_a_camera_is_registered_once_and_again_with_each_new_file(demo):
    content = {**CAMERA, "id": "ignored", "latitude": 43.2}
    with logged_in(demo, Role.CAMERA_OPERATOR) as keeper:
        first = keeper("PUT", "/cameras/satpaev-1?territory=almaly", json=content).json()
        same = keeper("PUT", "/cameras/satpaev-1", json=content).json()
        changed = keeper("PUT", "/cameras/satpaev-1", json={**content, "latitude": 43.3}).json()
        assert [one["file_version"] for one in (first, same, changed)] == [1, 1, 2]
        assert changed["territory"] == "almaly"
        assert keeper("GET", "/cameras/satpaev-1/file").json()["latitude"] == 43.3
        refused = keeper("PUT", "/cameras/satpaev-1", json={**content, "colour": "red"})
        assert (refused.status_code, "unknown key colour" in refused.json()["detail"]) == (422, True)
        assert keeper("GET", "/cameras/satpaev-1/log").json() == []
        assert keeper("DELETE", "/cameras/satpaev-1?day=2026-12-01").status_code == 204


def test_an_evaluator_reads_kpis_and_enters_what_others_must_tell(demo):
    with logged_in(demo, Role.EVALUATOR) as evaluator:
        entered = {"value": {"value": 500000}, "source": "МВД", "as_of": "2026-11-01"}
        assert evaluator("PUT", "/kpi/inputs/registered_vehicles", json=entered).status_code == 204
        assert evaluator("GET", "/kpi/inputs").json()["registered_vehicles"]["source"] == "МВД"
        report = evaluator("GET", "/kpi/security?category=district&period=2026-11").json()
        assert (report["category"], report["period"], len(report["kpis"])) == ("district", "2026-11", 16)
        assert evaluator("GET", "/kpi/security?period=never").status_code == 422


def test_an_administrator_makes_users_who_can_log_in(demo):
    new = {"username": "aliya", "password": PASSWORD, "roles": ["police_officer"], "name": "Әлия"}
    with logged_in(demo, Role.ADMINISTRATOR) as administrator:
        made = administrator("POST", "/users", json=new)
        assert made.status_code == 201
        assert PASSWORD not in made.text
        both = {**new, "username": "x", "roles": ["police_officer", "administrator"]}
        assert administrator("POST", "/users", json=both).status_code == 422
        assert administrator("GET", "/cases").status_code == 403
        assert Client(administrator.client, "aliya").csrf
    with logged_in(demo, Role.ADMINISTRATOR) as administrator:
        assert administrator("DELETE", f"/users/{made.json()['id']}").status_code == 204
        refused = administrator.client.post(f"{API}/session", json={"username": "aliya", "password": PASSWORD})
        assert refused.status_code == 401


def test_an_auditor_takes_the_ledger_home_and_a_protection_officer_erases(demo):
    event = demo.event()
    demo.take(event)
    with logged_in(demo, Role.AUDITOR) as auditor:
        lines = auditor("GET", "/ledger").text.splitlines()
        assert len(lines) == len(["detected", "screened", "the root"])
        assert auditor("GET", "/ledger/faults").json() == []
        assert auditor("POST", f"/cases/{event.id}/erasure", json={"ground": "court_order"}).status_code == 403
    with logged_in(demo, Role.DATA_PROTECTION_OFFICER) as keeper:
        erased = keeper("POST", f"/cases/{event.id}/erasure", json={"ground": "court_order"})
        assert erased.json() == {"tombstone": 1}
        assert keeper("GET", f"/cases/{event.id}").json()["plate"] is None
