"""One event followed by its id through the log: camera, ingest, case, decision, delivery; and a stop in good order."""

import io
import json
import logging
import socket
import threading

import httpx
import pytest

from qyran.errors import AccessError, TransitionError
from qyran.roles import SYSTEM, Role
from service import cases, logs, signing
from service.app import create_app
from service.camera_watch import _SpoolSink
from service.case_view import moved
from service.courier import collect, deliver
from service.ingest import ingest
from service.patient_spool import PatientSpool
from service.ports.simulator import Simulator, serving
from service.serving import server_of
from service.store.tables import ViolationCase
from service.supervised import notify
from tests.service.sent import OWNER, with_files
from tests.service.server import serving as served
from tests.service.world import PASSWORD
from violations.case import CaseState


@pytest.fixture
def lines(monkeypatch):
    """Gives what the log said so far."""
    monkeypatch.setenv("QYRAN_LOG", "json")
    root, stream = logging.getLogger(), io.StringIO()
    kept, level = list(root.handlers), root.level
    logs.set_up(stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = kept
    root.setLevel(level)
    logging.captureWarnings(False)


def test_one_id_leads_from_the_frame_to_the_decision_and_its_delivery(world, lines, monkeypatch):
    monkeypatch.setenv("SMS_TOKEN", "a token of tests")
    event = world.event()
    with logs.bind(camera="abay-12"):
        _SpoolSink(PatientSpool(world.spool)).put(event, world.package(event))
    ingest(world.spool, world.store)
    officer = world.person(Role.POLICE_OFFICER)
    with logs.bind(request="a-request-of-the-officer"):
        offence = world.do(officer, cases.claim, str(event.id)).offences[0]
        world.do(officer, cases.confirm, str(event.id), offence)
    with serving(Simulator(clock=world.clock)) as url:
        gateway = f'[sms]\nurl = "{url}"\ntoken = "env:SMS_TOKEN"\n'
        with_files(world, f'notify = ["sms"]\n[register]\nurl = "{url}"\n{gateway}')
        with logs.bind(request="a-request-of-the-officer"):
            world.do(officer, signing.sign, str(event.id))
        deliver(world.store)
        collect(world.store)
    followed = [line for line in lines() if line.get("event") == str(event.id)]
    said = [line["message"] for line in followed]
    steps = [
        "The camera found violation red_light.",
        "The case is detected.",
        "The event violation red_light is stored.",
        "The case is in_review.",
        "The case is officer_confirmed.",
        "The case is signed.",
    ]
    assert [one for one in said if one in steps] == sorted(steps, key=said.index)
    assert set(steps) <= set(said)
    assert any(one.startswith("The message of a decision is") for one in said)
    assert {line["camera"] for line in followed if "camera" in line} == {"abay-12"}
    by_officer = [line for line in followed if line.get("request")]
    assert {line["message"] for line in by_officer} == {f"The case is {one}." for one in (
        "in_review", "officer_confirmed", "signed")}  # fmt: skip
    assert all(line["decision"] == str(event.id) for line in followed if line["message"] == "The case is signed.")
    written = json.dumps(lines(), ensure_ascii=False)
    for secret in ("123ABC02", OWNER["name"], OWNER["iin"], OWNER["phone"], "a token of tests"):
        assert secret not in written


def test_an_alarm_is_followed_by_the_same_id(world, lines):
    alert = world.alert()
    said = [line["message"] for line in lines() if line.get("alert") == alert and line.get("event") == alert]
    assert "The alert is raised." in said


def test_what_was_undone_is_not_said(world, lines):
    case = world.case()

    def undone(work):
        moved(work, work.session.get(ViolationCase, case), CaseState.CLOSED)

    with pytest.raises((AccessError, TransitionError)):
        world.do(SYSTEM, undone)
    assert "The case is closed." not in [line["message"] for line in lines()]


def test_a_request_is_logged_by_its_route_and_id_without_what_people_sent(world, lines):
    with served(create_app(store=world.store, jobs=False)) as address, httpx.Client(base_url=address) as client:
        world.person(Role.AUDITOR)
        client.post("/api/v1/session", json={"username": "auditor-0", "password": PASSWORD})
        client.get("/api/v1/cases/0d9a3a3e-0000-4000-8000-000000000000?plate=123ABC02",
                   headers={"X-Request-ID": "from-the-proxy-1"})  # fmt: skip
        client.get("/check/CITY-2026-000001-4711")
    access = [line for line in lines() if line["logger"] == "qyran.access"]
    case = next(line for line in access if line.get("request") == "from-the-proxy-1")
    assert (case["method"], case["route"], case["status"]) == ("GET", "/api/v1/cases/{case_id}", 404)
    assert case["case"] == "0d9a3a3e-0000-4000-8000-000000000000"
    assert any(line["route"] == "/check/{number}" for line in access)
    written = json.dumps(access)
    for secret in ("123ABC02", "4711", PASSWORD, "auditor-0", "127.0.0.1"):
        assert secret not in written


def test_a_service_that_is_stopped_ends_lists_of_alarms_and_says_so_to_its_supervisor(world, tmp_path, monkeypatch):
    world.person(Role.SITUATIONAL_OPERATOR)
    app = create_app(store=world.store, jobs=False)
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(place))
        supervisor.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place))
        listening = socket.create_server(("127.0.0.1", 0))
        server = server_of(app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        assert supervisor.recv(64) == b"READY=1"
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx.Client(base_url=address, timeout=30) as client:
            given = client.post("/api/v1/session", json={"username": "situational-operator-0", "password": PASSWORD})
            assert given.status_code == 201
            with client.stream("GET", "/api/v1/alerts/stream") as stream:
                assert stream.status_code == 200
                server.handle_exit(15, None)
                heard = "".join(stream.iter_text())
        thread.join(30)
        assert not thread.is_alive()
        assert "event: end" not in heard  # the login has not ended: the browser connects again
        assert supervisor.recv(64) == b"STOPPING=1"
        listening.close()


def test_nobody_is_told_where_nobody_asked(monkeypatch, tmp_path):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify("READY=1") is None
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert notify("READY=1") is None
