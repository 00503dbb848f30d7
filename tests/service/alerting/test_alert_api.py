from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest

from qyran.roles import Role
from service.app import create_app
from service.feeds import make_feed
from service.store.tables import AppUser
from tests.service.server import browser, serving
from tests.service.world import PASSWORD

API = "/api/v1"


@pytest.fixture
def app(world):
    with serving(create_app(store=world.store, jobs=False)) as address:
        yield address


@contextmanager
def logged_in(world, app, role: Role, **facts):
    """A caller of the API as somebody of this role."""
    actor = world.person(role, **facts)
    with world.store.read() as work:
        name = work.session.get_one(AppUser, actor.id).username
    with browser(app) as client:
        csrf = client.post(f"{API}/session", json={"username": name, "password": PASSWORD}).json()["csrf"]
        headers = {"X-CSRF-Token": csrf}
        yield lambda method, path, **given: client.request(
            method, path if path.startswith("/alarms") else f"{API}{path}", headers=headers, **given
        )


def test_the_whole_way_of_an_alert_over_the_api(world, app):
    alert_id = world.alert("fire", "fire_alert")
    with logged_in(world, app, Role.SITUATIONAL_OPERATOR) as operator:
        for step, body in (("acknowledge", {}), ("verdict", {"verdict": "true"}), ("dispatch", {"service": "101"}),
                           ("dispatch", {"service": "103"}), ("note", {"note": "екінші қабат"})):  # fmt: skip
            assert operator("POST", f"/alerts/{alert_id}/{step}", json=body).status_code == 200
        at = (world.clock() - timedelta(seconds=1)).isoformat()
        answer = operator("POST", f"/alerts/{alert_id}/depart", json={"service": "103", "at": at}).json()
        assert {one["service"]: one["state"] for one in answer["responses"]} == {"101": "sent", "103": "departed"}
        assert answer["time_sources"]["t_depart"]["clock"] == "typed"
        late = operator("POST", f"/alerts/{alert_id}/arrive", json={"at": "2030-01-01T00:00:00Z"})
        assert (late.status_code, "future" in late.json()["detail"]) == (422, True)
    with logged_in(world, app, Role.SERVICE_DISPATCHER, service="101") as fire:
        answer = fire("POST", f"/alerts/{alert_id}/services/101/receive", json={"number": "101-4"})
        assert answer.json()["service_numbers"] == {"101": "101-4"}
        assert fire("POST", f"/alerts/{alert_id}/services/103/arrive", json={}).status_code == 403
    with logged_in(world, app, Role.SERVICE_DISPATCHER, service="102") as police:
        assert police("GET", f"/alerts/{alert_id}").status_code == 403
        assert police("POST", f"/alerts/{alert_id}/services/102/arrive", json={}).status_code == 403
        assert police("GET", "/alerts").json()["total"] == 0


def test_a_services_system_reports_with_its_token_and_reads_nothing(world, app):
    alert_id = world.alert("fire", "fire_alert")
    token = world.do(world.person(Role.ADMINISTRATOR), make_feed, "dispatch-101", ["dispatch_101"])
    with logged_in(world, app, Role.SITUATIONAL_OPERATOR) as operator:
        for step, body in (("acknowledge", {}), ("verdict", {"verdict": "true"}), ("dispatch", {"service": "101"})):
            operator("POST", f"/alerts/{alert_id}/{step}", json=body)
    headers, at = {"Authorization": f"Bearer {token}"}, world.clock().isoformat()
    with browser(app) as machine:
        body = {"step": "depart", "at": at, "alert_id": alert_id, "number": "101-8"}
        desk = f"{API}/service-desk"
        first, again = (machine.post(f"{desk}/101/reports", json=body, headers=headers) for _ in range(2))
        assert first.json() == again.json() == {
            "alert_id": alert_id, "service": "101", "state": "departed", "number": "101-8"}  # fmt: skip
        by_number = {"step": "arrive", "at": world.clock().isoformat(), "number": "101-8"}
        assert machine.post(f"{desk}/101/reports", json=by_number, headers=headers).json()["state"] == "arrived"
        assert machine.post(f"{desk}/102/reports", json=body, headers=headers).status_code == 401
        assert machine.post(f"{desk}/101/reports", json=body).status_code == 401
        assert machine.get(f"{API}/alerts", headers=headers).status_code == 401
        unknown = machine.post(f"{desk}/101/reports", json={**by_number, "number": "7"}, headers=headers)
        assert unknown.status_code == 404


def test_alerts_by_hand_drills_outages_and_calls(world, app):
    with logged_in(world, app, Role.SITUATIONAL_OPERATOR) as operator:
        made = operator("POST", "/alerts", json={"kind": "crash", "via": "112", "latitude": 43.2, "longitude": 76.9})
        assert (made.status_code, made.json()["initiator"]) == (201, "human")
        start = world.clock()
        drill = {"name": "Жаттығу", "start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()}
        assert operator("POST", "/drills", json=drill).status_code == 422
        announced = operator("POST", "/drills", json={**drill, "cameras": ["abay-12"]}).json()
        world.clock.forward(seconds=1)
        assert operator("GET", "/drills?running=true").json() == [announced]
        ended = operator("POST", f"/drills/{announced['id']}/end").json()
        assert ended["ended_at"] is not None
        works = {**drill, "name": "Жөндеу", "reason": "maintenance", "kinds": ["crash"], "cameras": ["abay-12"]}
        assert operator("POST", "/works", json={**works, "kinds": []}).status_code == 422
        planned = operator("POST", "/works", json=works).json()
        assert operator("GET", "/works?running=true").json() == [planned]
        held = world.alert("crash")
        raised = operator("POST", f"/alerts/{held}/raise", json={"note": "шынайы"}).json()
        assert (planned["kinds"], raised["state"]) == (["crash"], "notified")
        assert operator("POST", f"/works/{planned['id']}/end").json()["ended_at"] is not None
        assert operator("GET", "/outages").json() == []
        span = {"since": "2026-11-01T00:00:00Z", "until": "2026-12-01T00:00:00Z"}
        assert operator("GET", "/fire-calls", params=span).json() == {
            "covered": [], "matched": [], "candidates": [], "service_only": [], "ours_only": []}  # fmt: skip
        assert operator("GET", "/fire-calls", params={**span, "until": "2027-12-01T00:00:00Z"}).status_code == 422


def test_the_page_of_the_fire_log_asks_an_operator_and_nobody_else(world, app):
    with logged_in(world, app, Role.SITUATIONAL_OPERATOR, language="kk") as operator:
        shown = operator("GET", "/alarms/fire-log")
        assert (shown.status_code, "Өртке қарсы қызметтің шақырулары" in shown.text) == (200, True)
        assert operator("GET", "/alarms/fire-log?start=2026-11-20&end=2026-11-01").status_code == 422
    with logged_in(world, app, Role.SERVICE_DISPATCHER) as dispatcher:
        assert dispatcher("GET", "/alarms/fire-log").status_code == 403
