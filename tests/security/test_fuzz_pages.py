"""Every form and every query of the pages, filled with what nobody expects: no page fails.

Which fields a form has follows from the route itself, what is sent from the route's name; `make fuzz` asks more.
"""

from __future__ import annotations

import os
import random
import zlib

import pytest
from fastapi.routing import iter_route_contexts

from service.doors import SAFE, doors
from tests.service.doors import NOBODY, filled
from tests.service.web.conftest import PERSON

TIMES = max(2, int(os.environ.get("QYRAN_FUZZ_EXAMPLES", "2")))
ODD = (
    "", " ", "0", "-1", "1e400", "NaN", "99999999999999999999", "null", "true", "2026-02-30", "0000-00-00", "2026-13",
    "9999-12-31T23:59:60Z", "2026-11-23", "2026-11-23T10:00", "123ABC02", "880101300123", "kk", "\x00", "\ud7ff",
    "\u202e", "é" * 300, "%00", "'", '"><b>', "{{7}}", "../..", "a,b;c", "[]", '{"a":', "\r\nx: y", "😀" * 50, "-", "_",
    "%", NOBODY, "true" * 9, "10.5", "1,5", "yes", "confirm", "reject", "cases", "violation", "12:60", "+77010000000",
)  # fmt: skip
"""Signs that routes have to take for a wrong answer, among some right ones."""
LEAVES = {"POST /logout", "POST /language"}


def pages(app):
    """Routes of pages with the names of what they take."""
    for context in iter_route_contexts(app.routes):
        path = getattr(context, "path", None)
        if path is None or path.startswith(("/api", "/static", "/health", "/metrics")):
            continue
        dependant = getattr(context, "dependant", None) or getattr(context.route, "dependant", None)
        for method in sorted((context.methods or set()) - {"HEAD"}):
            door = doors().get((method, path))
            if door is not None and f"{method} {path}" not in LEAVES:
                yield f"{method} {path}", method, path, door, names_of(dependant)


def names_of(dependant) -> tuple[list[str], list[str]]:
    """Fields of the form and of the query, those of dependencies too."""
    if dependant is None:
        return [], []
    form = [one.alias for one in dependant.body_params]
    query = [one.alias for one in dependant.query_params]
    for one in dependant.dependencies:
        more = names_of(one)
        form, query = [*form, *more[0]], [*query, *more[1]]
    return form, query


@pytest.fixture(scope="module")
def people(town, asker):
    return {role: asker.log_in(town, role) for role in PERSON}


def test_no_form_and_no_query_makes_a_page_fail(town, app, asker, people, records):
    failed, asked, fields = [], 0, 0
    for name, method, path, door, (form, query) in pages(app):
        by_chance = os.environ.get("QYRAN_FUZZ_EXAMPLES")
        chance = random.Random(None if by_chance else zlib.crc32(name.encode()))  # noqa: S311 - no secret
        for _ in range(TIMES):
            role = chance.choice(sorted(door.roles)).value
            if asker.ask("GET", "/api/v1/session", by=people[role]).status_code != 200:
                people[role] = asker.log_in(town, role)
            by = people[role]
            odd = {key: chance.choice(ODD) for key in ("period", "day", "lang", "form", "number", "z", "x", "y")}
            given = {**records, **(odd if chance.random() < 0.3 else {})}
            given = {key: value or "-" for key, value in given.items() if "/" not in value and "\x00" not in value}
            params = [(one, chance.choice(ODD)) for one in query for _ in range(chance.choice((0, 1, 1, 2)))]
            body = {one: chance.choice(ODD) for one in form if chance.random() < 0.8} | {"csrf": by.csrf}
            data = {} if method in SAFE else {"data": body}
            answer = asker.ask(method, filled(path, given), by=by, params=params, **data)
            asked, fields = asked + 1, fields + len(params) + len(body)
            if answer.status_code >= 500:
                failed.append((name, role, params, body, answer.status_code))
    assert asked > 200
    assert fields > 2 * asked
    assert failed == []
