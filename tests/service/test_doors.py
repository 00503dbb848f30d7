"""Every route as every role: `service/doors.toml` says who passes, and this test holds the service to it."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from qyran.errors import AccessError
from qyran.roles import NOTHING_DENIED, PERSON_ROLES, Actor, Denied, Role, conflict
from service import doors as table
from service.api import deps
from service.app import create_app
from service.doors import FUNCTIONS, OWN, SAFE, door_of, doors, pass_door
from service.settings import load_settings
from service.store.tables import AppUser
from service.web import visit
from tests.service.doors import all_doors, body_of, filled
from tests.service.web.conftest import BASE, PERSON
from tests.service.world import PASSWORD, World

DOCS = Path(table.__file__).parent.parent / "docs" / "people.md"
ENDLESS = {
    "GET /api/v1/alerts/stream", "GET /api/v1/watch/stream", "GET /api/v1/cameras/{camera_id}/live",
    "GET /api/v1/video/live",
}  # fmt: skip
LEAVES = {"POST /logout", "DELETE /api/v1/session"}
BY_HAND = {
    "GET /api/v1/passages/{passage_id}/stills/{name}", "GET /passages/{passage_id}/stills/{name}",
    "GET /cases/search/{query}", "GET /api/v1/video/{camera_id}/segments",
    "GET /api/v1/video/{camera_id}/segments/{name}", "GET /api/v1/video/{camera_id}/thumbs/{name}",
}  # fmt: skip
"""Doors that open to a role only with what an own search gave it."""
EMPTY = {"GET /api/v1/notices"}
"""What a role that nothing is addressed to gets nothing from."""
SENT = {
    "GET /alarms/{alert_id}", "GET /alarms/{alert_id}/pane", "GET /api/v1/alerts/{alert_id}",
    "GET /alarms/{alert_id}/evidence/{event_id}/{name}", "GET /api/v1/alerts/{alert_id}/evidence/{event_id}/{name}",
    "GET /api/v1/alerts/{alert_id}/cap", "GET /api/v1/alerts/{alert_id}/messages",
    "GET /api/v1/video/{camera_id}/day", "GET /video/{camera_id}",
}  # fmt: skip
"""Doors that open to a dispatcher only for an alarm that his service was sent to."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One installation for all walks: they refuse, or look."""
    home = tmp_path_factory.mktemp("doors")
    with World(load_settings(home=home, second_look_share=0, sample_auto_rejected=0)) as made:
        yield made


@pytest.fixture(scope="module")
def service(world):
    app = create_app(store=world.store, jobs=False)
    ids = {"case_id": world.case(), "alert_id": world.alert(), "camera_id": "abay-12", "kind": "cases"}
    return app, {**ids, "record": ids["case_id"]}


def walk(world, app, ids, role: str, wanted) -> dict[str, int]:
    """What each door answers to one role."""
    actor = world.person(*PERSON[role], language="en")
    with world.store.read() as work:
        name = work.session.get_one(AppUser, actor.id).username
    schema = app.openapi()

    async def ask() -> dict[str, int]:
        found = {}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            login = await client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
            headers = {"x-csrf-token": login.json()["csrf"], "accept-language": "en"}
            for door in wanted:
                json, query = body_of(schema, door)
                data = {"csrf": headers["x-csrf-token"]} if not door.path.startswith("/api") else None
                answer = await client.request(
                    door.method, filled(door.path, ids), headers=headers, params=query,
                    json=json, data=None if door.method in SAFE or json is not None else data,
                )  # fmt: skip
                found[door.name] = answer.status_code
        return found

    return asyncio.run(ask())


def known(app):
    """The doors of the service that the table knows and that end, with the roles that may pass."""
    return [
        (one, doors()[one.method, one.path].roles)
        for one in all_doors(app)
        if (one.method, one.path) in doors() and one.name not in ENDLESS | LEAVES
    ]


def test_every_route_has_its_line_in_the_table(service):
    app, _ = service
    there = {(one.method, one.path) for one in all_doors(app)}
    listed = set(doors()) | set(table.machines())
    assert {" ".join(one) for one in there - listed} == set()


@pytest.mark.parametrize("role", PERSON)
def test_whom_the_table_does_not_name_does_not_pass(role):
    actor = Actor("a", frozenset(PERSON[role]))
    for door in doors().values():
        path = re.sub(r"\{\w+\}", "x", door.path)
        if door_of(door.method, path) is not door or door.roles & actor.roles:
            continue
        with pytest.raises(AccessError, match="needs one of these roles"):
            pass_door(actor, door.method, path)


@pytest.mark.parametrize("role", ["evaluator", "administrator"])
def test_the_doors_stand_before_everything_else(world, service, role):
    app, ids = service
    shut = [one for one, roles in known(app) if Role(role) not in roles]
    assert set(walk(world, app, ids, role, shut).values()) == {403}


@pytest.mark.parametrize("role", PERSON)
def test_whom_the_table_names_is_not_refused_for_his_role(world, service, role):
    app, ids = service
    reading = [one for one, roles in known(app) if Role(role) in roles and one.method in SAFE]
    own = BY_HAND | (SENT if role == "service_dispatcher" else set())
    answers = walk(world, app, ids, role, [one for one in reading if one.name not in own])
    assert {name for name, status in answers.items() if status in {401, 403, 405, 500}} == set()


@pytest.mark.parametrize("role", PERSON)
def test_the_use_cases_refuse_a_role_themselves_where_no_door_stands_before_them(world, service, role, monkeypatch):
    """Defence in depth: without the table nobody does more than with it."""
    app, ids = service
    for room in (deps, visit):
        monkeypatch.setattr(room, "pass_door", lambda *_: None)
    shut = [one for one, roles in known(app) if Role(role) not in roles]
    answers = walk(world, app, ids, role, shut)
    assert {name: status for name, status in answers.items() if status < 300 and name not in EMPTY} == {}


def test_an_auditor_passes_no_door_that_changes_anything_but_his_own_login():
    changing = [one for one in doors().values() if not one.reads and Role.AUDITOR in one.roles]
    assert {one.function for one in changing} == {OWN}


@pytest.mark.parametrize(
    "function", ["cases", "fines", "passages", "watch", "alarms", "evidence", "privacy", "journal"]
)
def test_an_administrator_passes_no_door_to_evidence_or_personal_data(function):
    assert {
        one.path for one in doors().values() if one.function == function and Role.ADMINISTRATOR in one.roles
    } == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_denied_function_shuts_every_door_of_it_whatever_the_role(function):
    actor = Actor("a", PERSON_ROLES, denied=Denied(functions=frozenset({function})))
    mine = [one for one in doors().values() if one.function == function]
    assert mine
    for door in mine:
        path = re.sub(r"\{\w+\}", "x", door.path)
        found = door_of(door.method, path)
        assert found is not None
        if found.function == function:
            with pytest.raises(AccessError, match="is denied to you"):
                pass_door(actor, door.method, path)


def test_nobody_can_be_denied_his_own_login():
    pass_door(Actor("a", PERSON_ROLES, denied=Denied(functions=frozenset({OWN}))), "GET", "/account")
    assert OWN not in FUNCTIONS
    assert NOTHING_DENIED.functions == frozenset()


@pytest.mark.parametrize(
    ("mine", "denied", "territory", "seen"),
    [
        ((), (), "a", True), ((), ("a",), "a", False), (("a",), ("a",), "a", False), (("a",), (), "b", False),
        (("a",), (), "a", True), (("a",), ("b",), None, True),
    ],
)  # fmt: skip
def test_a_denied_territory_beats_a_granted_one(mine, denied, territory, seen):
    actor = Actor("a", frozenset(), frozenset(mine), denied=Denied(territories=frozenset(denied)))
    assert actor.sees(territory) is seen


@pytest.mark.parametrize("other", sorted(PERSON_ROLES - {Role.ADMINISTRATOR}))
def test_an_administrator_is_nothing_else(other):
    assert conflict({Role.ADMINISTRATOR, other}) is not None
    assert conflict({Role.ADMINISTRATOR}) is None


@pytest.mark.parametrize("other", sorted(PERSON_ROLES - {Role.AUDITOR}))
def test_an_auditor_is_nothing_else(other):
    assert conflict({Role.AUDITOR, other}) is not None


def matrix() -> str:
    """The table by function and role, as docs/people.md carries it: reads, changes, or nothing."""
    lines = ["| | " + " | ".join(role.replace("_", " ") for role in sorted(PERSON_ROLES)) + " |", "|---" * 10 + "|"]
    for function in (OWN, *FUNCTIONS):
        cells = []
        for role in sorted(PERSON_ROLES):
            passed = [one for one in doors().values() if one.function == function and role in one.roles]
            cells.append("changes" if any(not one.reads for one in passed) else "reads" if passed else "")
        lines.append(f"| {function} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def test_the_documentation_carries_the_matrix_as_it_is():
    assert matrix() in DOCS.read_text(encoding="utf-8")
