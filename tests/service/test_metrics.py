"""Figures for Prometheus: what they say, who may read them, and that they hold nothing about anybody."""

import json
import re
import threading

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from qyran.errors import AccessError, InputError
from qyran.roles import Role
from service import health
from service.app import create_app
from service.case_view import moved
from service.health import Readiness
from service.metrics import camera_figures, collected, exposition, place_figures, store_figures
from service.settings import load_settings
from service.store.tables import ViolationCase
from service.worker_status import WorkerStatus, now, say
from tests.service.server import serving
from tests.service.world import World
from violations.case import CaseState

TOKEN = "shown to readers of the tests only"


def values(text, name, **labels):
    """What one figure says, by its labels where none are named."""
    families = text_string_to_metric_families(text if isinstance(text, str) else text.decode())
    found = {tuple(sorted(one.labels.items())): one.value for family in families for one in family.samples
             if one.name == name}  # fmt: skip
    return found.get(tuple(sorted(labels.items()))) if labels else found


def figures(world):
    parts = store_figures.looks_of(world.store) | place_figures.looks_of(world.settings)
    return exposition.page(collected.Looking(parts | camera_figures.totals_of(world.settings.home), kept_s=0))


def test_open_cases_unanswered_alerts_and_outages_are_counted(both):
    both.case()
    both.alert()
    both.clock.forward(minutes=3)
    page = figures(both)
    assert sum(values(page, "qyran_cases").values()) == 1
    assert values(page, "qyran_alerts_unacknowledged", type="incident") == 1
    assert 170 < values(page, "qyran_alerts_oldest_seconds", type="incident") < 200
    assert values(page, "qyran_database_up") == {(): 1}
    assert values(page, "qyran_database_migrated") == {(): 1}
    assert values(page, "qyran_database_size_bytes")[()] > 100_000
    assert values(page, "qyran_outages_open", kind="camera") == 0


def test_what_waits_in_the_spool_is_counted_with_its_age(world):
    world.put(world.event())
    page = figures(world)
    assert values(page, "qyran_spool_items") == {(): 1}
    assert values(page, "qyran_spool_oldest_seconds")[()] >= 0
    assert values(page, "qyran_disk_free_bytes", folder="spool") > 0


def test_taken_events_and_steps_are_counted_once_stored(world):
    before = figures(world)
    world.case()
    after = figures(world)

    def grown(name, **labels):
        return (values(after, name, **labels) or 0) - (values(before, name, **labels) or 0)

    assert grown("qyran_record_steps_total", record="case", target="detected") == 1
    assert grown("qyran_events_total", type="violation", outcome="stored") == 1
    assert grown("qyran_event_delay_seconds_count", type="violation") == 1


def test_a_unit_of_work_that_is_undone_counts_nothing(world):
    case = world.case()
    before = figures(world)
    officer = world.person(Role.POLICE_OFFICER)

    def claimed_and_closed(work):
        moved(work, work.session.get(ViolationCase, case), CaseState.IN_REVIEW)
        moved(work, work.session.get(ViolationCase, case), CaseState.CLOSED)

    with pytest.raises(AccessError):
        world.do(officer, claimed_and_closed)
    assert values(before, "qyran_record_steps_total") == values(figures(world), "qyran_record_steps_total")


def test_a_database_that_is_away_hides_no_disk(world, monkeypatch):
    def gone(*_):
        raise ConnectionError("nobody there")

    monkeypatch.setattr(type(world.store.engine), "connect", gone)
    page = figures(world)
    assert values(page, "qyran_database_up") == {(): 0}
    assert values(page, "qyran_disk_free_bytes", folder="home") > 0
    assert values(page, "qyran_metrics_failures_total", part="cases") >= 1


def test_however_often_somebody_asks_the_store_is_asked_seldom():
    asked = []
    looking = collected.Looking({"part": lambda: asked.append(1) or []}, kept_s=60)
    for _ in range(5):
        list(looking.collect())
    assert len(asked) == 1


def status(camera="abay-12", **changes):
    given = {"camera": camera, "at": now(), "process": 1, "since": now(), "state": "up", "rate_wanted_hz": 8.0,
             "rate_asked_hz": 4.0, "rate_had_hz": 4.0, "rate_least_hz": 2.0, "shed": 7, "analysed": 20}  # fmt: skip
    return WorkerStatus(**{**given, **changes})


def test_a_worker_tells_each_camera_and_the_service_all_together(tmp_path):
    say(tmp_path, status())
    say(tmp_path, status("satpaev-1", state="down"))
    told = exposition.page(collected.Looking(camera_figures.each_of(tmp_path)))
    assert values(told, "qyran_camera_rate_hz", camera="abay-12") == 4
    assert values(told, "qyran_camera_shed_total", camera="abay-12") == 7
    assert values(told, "qyran_camera_up", camera="satpaev-1") == 0
    together = exposition.page(collected.Looking(camera_figures.totals_of(tmp_path)))
    assert values(together, "qyran_watched_cameras", state="up") == 1
    assert values(together, "qyran_watched_cameras", state="shedding") == 1
    assert values(together, "qyran_camera_rate_hz") == {}


def test_cameras_told_one_by_one_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(camera_figures, "MOST", 2)
    told = exposition.page(collected.Looking({"c": lambda: camera_figures.each(status(f"c-{n}") for n in range(5))}))
    assert len(values(told, "qyran_camera_up")) == 2


LOCAL = {"host": "127.0.0.1:8000"}
READERS = {
    "this machine": ({}, "127.0.0.1", LOCAL, True),
    "this machine by IPv6": ({}, "::1", {"host": "[::1]:8000"}, True),
    "another machine": ({}, "10.0.0.7", {"host": "10.0.0.1:8000"}, False),
    "another machine that names this one": ({}, "10.0.0.7", LOCAL, False),
    "through a proxy that says so": ({}, "127.0.0.1", LOCAL | {"x-forwarded-for": "10.0.0.7"}, False),
    "through a proxy that keeps the name": ({}, "127.0.0.1", {"host": "qyran.example.kz"}, False),
    "behind TLS without a token": ({"public_url": "https://qyran.example.kz"}, "127.0.0.1", LOCAL, False),
    "with the token": ({"token": True}, "10.0.0.7", {"host": "x", "authorization": f"Bearer {TOKEN}"}, True),
    "with the token behind TLS": (
        {"token": True, "public_url": "https://qyran.example.kz"}, "127.0.0.1",
        LOCAL | {"authorization": f"bearer {TOKEN}"}, True,
    ),
    "with another token": ({"token": True}, "10.0.0.7", {"host": "x", "authorization": "Bearer guess"}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", READERS.values(), ids=READERS)
def test_who_may_read_the_figures(settings, monkeypatch, case):
    given, peer, headers, may = dict(case[0]), *case[1:]
    monkeypatch.setenv("METRICS_SECRET", TOKEN)
    if given.pop("token", False):
        given["metrics_token"] = "env:METRICS_SECRET"
    assert exposition.may_read(settings.model_copy(update=given), peer, headers) is may


def test_a_worker_serves_its_figures_on_a_port_of_its_own(settings, tmp_path):
    say(tmp_path, status())
    looking = collected.Looking(camera_figures.each_of(tmp_path))
    with exposition.served("0", settings, looking) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert values(client.get("/metrics").text, "qyran_camera_up", camera="abay-12") == 1
        assert client.get("/health/live").json() == {"status": "ok"}
        assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 403
        assert client.get("/etc/passwd").status_code == 404


@pytest.mark.parametrize("address", ["ninety", "127.0.0.1:99999", "127.0.0.1:-1"])
def test_an_address_that_is_none_is_named(settings, address):
    wanted = pytest.raises(InputError, match=re.escape(f"cannot be served at {address}"))
    with wanted, exposition.served(address, settings, collected.Looking({})):
        pass


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    settings = load_settings(home=tmp_path_factory.mktemp("figures"))
    with (
        World(settings, demo=True) as world,
        serving(create_app(store=world.store, jobs=False)) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield world, client


def test_requests_are_counted_by_route_and_never_by_path(served):
    _, client = served
    asked = {"method": "GET", "route": "/api/v1/cases/{case_id}", "status": "401"}
    before = values(client.get("/metrics").text, "qyran_http_requests_total", **asked) or 0  # the process counts on
    client.get("/api/v1/cases/123ABC02?plate=123ABC02")
    client.get("/123ABC02")
    page = client.get("/metrics").text
    assert values(page, "qyran_http_requests_total", **asked) == before + 1
    assert values(page, "qyran_http_requests_total", method="GET", route="none", status="404") >= 1
    assert "123ABC02" not in page


@pytest.mark.parametrize("path", ["/health/ready", "/healthz"])
def test_a_service_that_can_work_is_ready(served, path):
    _, client = served
    given = client.get(path)
    assert given.status_code == 200
    assert given.json()["checks"] == dict.fromkeys(("database", "migrations", "spool", "disk"), "ok")


def test_a_service_that_lives_says_so_without_asking_the_database(served, monkeypatch):
    world, client = served
    monkeypatch.setattr(type(world.store.engine), "connect", None)
    assert client.get("/health/live").json()["status"] == "ok"


@pytest.mark.parametrize(
    ("given", "sent", "taken"),
    [("a1b2c3d4-0001", None, True), ("short", None, False), ('x"} {"level":"info"', None, False)],
)
def test_an_id_of_a_request_is_taken_over_where_it_is_one(served, given, sent, taken):
    _, client = served
    answered = client.get("/health/live", headers={"X-Request-ID": given}).headers["x-request-id"]
    assert (answered == given) is taken
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answered)


def not_ready(world):
    return {name: check.reason for name, check in Readiness(world.store).look().items() if not check.ok}


def test_a_disk_below_its_reserve_is_not_ready(settings):
    with World(settings.model_copy(update={"disk_reserve_mb": 999_999_999})) as world:
        assert not_ready(world) == {"disk": "below_reserve_home_spool_evidence_documents_passages_masked_video"}


def test_another_revision_is_not_ready(world):
    with world.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert not_ready(world) == {"migrations": "another_revision"}


def test_a_spool_that_cannot_be_written_is_not_ready(world):
    (world.settings.spool_folder / "making").rename(world.settings.spool_folder / "elsewhere")
    assert not_ready(world) == {"spool": "not_writable_FileNotFoundError"}


def test_a_database_that_hangs_is_not_ready_and_is_asked_once(world, monkeypatch):
    hangs, asked = threading.Event(), []
    monkeypatch.setattr(health, "DEADLINE_S", 0.05)
    monkeypatch.setattr(health, "KEPT_S", 0.0)
    monkeypatch.setattr(health, "_database", lambda _: (asked.append(1), hangs.wait(10), health.Check(ok=True))[-1])
    readiness = Readiness(world.store)
    try:
        assert [readiness.look()["database"].reason for _ in range(3)] == ["no_answer"] * 3
        assert len(asked) == 1
    finally:
        hangs.set()


def test_a_service_that_is_told_to_stop_is_not_ready_any_more(world):
    readiness = Readiness(world.store)
    readiness.closing.set()
    assert {name: check.reason for name, check in readiness.look().items() if not check.ok} == {"running": "stopping"}


def test_no_label_holds_a_person_or_a_secret(world, monkeypatch):
    monkeypatch.setenv("CAMERA_SECRET", "root:hunter2")
    world.register(id="abay-13", stream="rtsp://camera/1", credentials="env:CAMERA_SECRET")
    world.person(Role.POLICE_OFFICER)
    world.case()
    page = figures(world).decode()
    for secret in ("123ABC02", "hunter2", "police-officer", "rtsp://", str(world.settings.home)):
        assert secret not in page, json.dumps(secret)
