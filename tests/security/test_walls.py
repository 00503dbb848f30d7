"""Every route under every disguise: without a login, without the token of a form, denied by function, by another's id;
and what every page and answer carries so that a browser helps nobody else."""

from __future__ import annotations

import re
import zlib
from uuid import uuid4

import httpx
import pytest

from qyran.roles import SYSTEM, Role
from service import denials
from service.app import create_app
from service.doors import FUNCTIONS, SAFE, doors, machines
from service.settings import load_settings
from service.store.tables import AppUser
from service.web.rendering import POLICY
from tests.service.doors import OPEN, all_doors, body_of, filled
from tests.service.web.conftest import BASE, PERSON
from tests.service.world import PASSWORD, World

STREAMS = {
    "GET /api/v1/alerts/stream", "GET /api/v1/watch/stream", "GET /api/v1/cameras/{camera_id}/live",
    "GET /api/v1/video/live",
}  # fmt: skip
ENDS = {"POST /logout", "DELETE /api/v1/session"}
NCALAYER_PAGE = "GET /cases/{case_id}/ncalayer"
NCALAYER_POLICY = POLICY.replace("connect-src 'self'", "connect-src 'self' wss://127.0.0.1:13579")
"""The one page whose scripts talk to more than this host: to the program that signs, on the reader's own machine."""
FIRST_LOGIN = {
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/session/code"),
    ("POST", "/login"),
    ("POST", "/login/code"),
}
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get")


@pytest.fixture(scope="module")
def people(town, asker):
    return {role: asker.log_in(town, role) for role in PERSON}


def all_known(app):
    return [one for one in all_doors(app) if one.name not in ENDS]


def disguises(path: str) -> list[str]:
    """Other ways to write a path that a careless server takes for the same."""
    letter = f"%{ord(path[-1]):02x}"
    return [
        f"{path}/", f"/{path}", path.upper(), f"{path[:-1]}{letter}", f"{path};x=1", f"{path}%00", f"{path}%0a",
        f"{path}%2f", f"{path}/.", f"/static/..{path}", f"/static/%2e%2e{path}", f"{path}%20", f"{path}.json",
        path.replace("/", "%2f"), path.replace("/", "\\"), f"{path}?_method=GET", f"{path}%3f",
    ]  # fmt: skip


def test_no_route_of_the_openapi_or_of_the_pages_is_left_out(app):
    listed = set(doors()) | set(machines())
    described = {(m.upper(), p) for p, methods in app.openapi()["paths"].items() for m in methods}
    assert {one for one in described - listed if one[1] not in OPEN} - FIRST_LOGIN == set()
    assert not [one for one in listed if one[1].startswith(("/static", "/docs", "/redoc"))]


def test_without_a_login_every_door_is_shut_whatever_the_method(app, asker, records):
    for one in all_known(app):
        path = filled(one.path, records)
        answer = asker.ask(one.method, path)
        wanted = {401} if path.startswith("/api") else {303, 401, 403, 422}
        if (one.method, one.path) in machines():
            wanted = {401, 404, 422}  # a door that is not set up, and a machine's body may be read before its token
        assert answer.status_code in wanted, (one.name, answer.status_code)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login"), one.name
        other = METHODS[zlib.crc32(one.name.encode()) % len(METHODS)]
        assert asker.ask(other, path).status_code not in range(200, 300), (other, path)


def test_no_disguise_of_a_path_opens_a_door(app, asker, people, records):
    """For each door three ways of writing it, by somebody who may not pass and by nobody."""
    for one in all_known(app):
        door = doors().get((one.method, one.path))
        shut = sorted(role for role in PERSON if door is None or Role(role) not in door.roles)
        ways = disguises(filled(one.path, records))
        at = zlib.crc32(one.name.encode())
        for turn in range(3):
            way = ways[(at + 5 * turn) % len(ways)]
            by = people[shut[at % len(shut)]] if shut and turn else None
            answer = asker.ask(one.method, way, by=by, raw=True)
            assert answer.status_code not in range(200, 300), (one.name, way, by and by.role, answer.status_code)
            assert answer.status_code < 500, (one.name, way)


def test_a_redirect_never_leads_where_the_request_says_its_host_is(asker, people):
    for path in ("/users/", "/cases/", "/api/v1/cases/", "/", "/alarms/"):
        answer = asker.ask(
            "GET", path, by=people["auditor"], headers={"host": "evil.example", "x-forwarded-host": "evil.example"}
        )
        assert "evil" not in answer.headers.get("location", "")


@pytest.mark.parametrize("host", ["evil/account?", "evil/account#", "evil\\account?", "127.0.0.1/account?x="])
def test_no_host_header_changes_which_door_is_knocked_at(asker, people, host):
    for path in ("/api/v1/users", "/users", "/privacy", "/access"):
        answer = asker.ask("GET", path, by=people["evaluator"], headers={"host": host})
        assert answer.status_code == 403, (path, answer.status_code)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_denied_to_a_person_is_shut_to_him_whatever_his_role(town, asker, app, records, function):
    mine = [one for one in doors().values() if one.function == function and one.path not in OPEN]
    roles = {role for one in mine for role in one.roles}
    if not roles:
        pytest.skip("the function is for machines only")
    role = sorted(roles)[zlib.crc32(function.encode()) % len(roles)]
    by = asker.log_in(town, role.value)
    town.do(SYSTEM, denials.deny, by.user_id, "function", function, "as a test has it")
    for one in mine:
        if role in one.roles:
            answer = asker.ask(one.method, filled(one.path, records), by=by)
            assert answer.status_code == 403, (one.method, one.path, answer.status_code)
    assert asker.ask("GET", "/api/v1/account/sessions", by=by).status_code == 200


def changing(app):
    """Doors that change something, each with a role that may pass."""
    for one in all_known(app):
        door = doors().get((one.method, one.path))
        if door is not None and one.method not in SAFE:
            yield one, sorted(door.roles)[zlib.crc32(one.name.encode()) % len(door.roles)].value


def test_no_change_is_taken_without_the_token_of_the_login(app, asker, people, records):
    """None, a wrong one, another person's, one in the address; and none from another site with the right one."""
    schema = app.openapi()
    for one, role in changing(app):
        by, path = people[role], filled(one.path, records)
        other = next(session for name, session in people.items() if name != role)
        json, query = body_of(schema, one)
        cookie = {"cookie": by.headers["cookie"]}
        tries = [
            cookie, {**cookie, "x-csrf-token": "0" * 64}, {**cookie, "x-csrf-token": other.csrf},
            {**by.headers, "sec-fetch-site": "cross-site"},
        ]  # fmt: skip
        if not path.startswith("/api"):
            tries.append({**by.headers, "origin": "https://evil.example"})
        headers = tries[zlib.crc32(one.name.encode()) % len(tries)]
        for sent in (tries[0], headers):
            answer = asker.ask(one.method, path, headers=sent, params={**query, "csrf": by.csrf}, json=json)
            assert answer.status_code == 403, (one.name, role, answer.status_code, sorted(sent))


def pages(app):
    for one in all_known(app):
        door = doors().get((one.method, one.path))
        if door is not None and one.method == "GET" and not one.path.startswith("/api") and one.name not in STREAMS:
            yield one, min(door.roles).value


INLINE = re.compile(
    r"""<script(?![^>]*\b(?:src=|type="application/json"))[^>]*>\s*[^<\s]|<style|\sstyle=|\son[a-z]+=["']|javascript:""",
    re.IGNORECASE,
)


def test_no_page_needs_or_allows_anything_inline(app, asker, people, records):
    seen = 0
    for one, role in pages(app):
        answer = asker.ask("GET", filled(one.path, records), by=people[role])
        assert answer.status_code < 500, one.name
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy, one.name
        assert "default-src 'none'" in policy, one.name
        if answer.headers.get("content-type", "").startswith("text/html") and answer.text.lstrip().startswith(
            "<!doctype"
        ):
            assert policy == (NCALAYER_POLICY if one.name == NCALAYER_PAGE else POLICY), one.name
            assert INLINE.search(answer.text) is None, (one.name, INLINE.search(answer.text))
            seen += 1
    assert seen > 60


@pytest.mark.parametrize(
    "path", [*sorted(one for one in OPEN if "{" not in one), "/static/app.css", "/no-such", "/api/v1/no-such"]
)
def test_every_answer_carries_the_strict_headers(asker, path):
    answer = asker.ask("GET", path)
    for name, value in {
        "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
    }.items():  # fmt: skip
        assert answer.headers[name] == value, (path, name)
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert path in {"/static/app.css", "/public"} or answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


def cookies_of(answer) -> list[str]:
    return [value for name, value in answer.headers.multi_items() if name == "set-cookie"]


@pytest.mark.parametrize("secure", [True, False])
def test_cookies_are_for_this_host_and_no_script(tmp_path, asker, secure):
    public = "https://qyran.example.kz" if secure else BASE
    settings = load_settings(home=tmp_path / "home", public_url=public, second_factor_roles="none")
    kept = asker.app
    with World(settings) as world:
        asker.app = create_app(store=world.store, jobs=False)
        try:
            person = world.person(Role.EVALUATOR)
            with world.store.read() as work:
                name = work.session.get_one(AppUser, person.id).username
            login = asker.ask("POST", "/api/v1/session", json={"username": name, "password": PASSWORD})
            found = cookies_of(login) + cookies_of(asker.ask("GET", "/login"))
            assert len(found) == 2
            for one in found:
                assert "HttpOnly" in one
                assert re.search("SameSite=(strict|lax)", one, re.IGNORECASE)
                assert ("Secure" in one) is secure
                assert "Domain" not in one
            assert found[0].startswith("__Host-qyran=") is secure
            assert "samesite=strict" in found[0].lower()
            assert ("strict-transport-security" in login.headers) is secure
        finally:
            asker.app = kept


def test_a_login_gets_a_token_nobody_could_have_known_before_and_ends_everywhere(town, asker):
    first = asker.log_in(town, "evaluator")
    planted = asker.ask(
        "POST", "/api/v1/session", json={"username": first.username, "password": PASSWORD},
        headers={"cookie": "qyran=planted-by-somebody"},
    )  # fmt: skip
    assert planted.cookies["qyran"] not in {"planted-by-somebody", first.cookie}
    second = asker.session_of(town, "evaluator", first.user_id)
    held = asker.ask("GET", "/api/v1/account/sessions", by=second).json()
    assert len(held) == 3
    for one in sorted(held, key=lambda one: one["current"]):
        assert asker.ask("DELETE", f"/api/v1/account/sessions/{one['id']}", by=second).status_code == 204
    assert asker.ask("GET", "/api/v1/session", by=first).status_code == 401
    assert asker.ask("GET", "/api/v1/session", by=second).status_code == 401


def test_a_foreigner_who_tries_a_name_locks_nobody_out_of_his_own_desk(town, asker):
    """The person has logged in from his desk before; his name is flooded from elsewhere."""
    person = asker.log_in(town, "police_officer")
    tried = []
    for number in range(60):
        request = httpx.Request(
            "POST", f"{BASE}/api/v1/session", json={"username": person.username, "password": "wrong"}
        )
        tried.append(asker.send(request, address=f"10.9.9.{number % 7}").status_code)
    assert tried[-1] == 429
    assert asker.session_of(town, "police_officer", person.user_id).cookie


def test_who_has_no_user_name_learns_nothing_by_trying(asker, town):
    """Words and status are alike for a wrong name and a wrong password; the slow hash is compared both times
    (tests/service/test_auth.py)."""
    person = asker.log_in(town, "evaluator")
    answers = [
        asker.ask("POST", "/api/v1/session", json={"username": name, "password": "wrong tulips over Medeu"})
        for name in (person.username, f"nobody-{uuid4().hex[:6]}")
    ]
    assert [one.status_code for one in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()
