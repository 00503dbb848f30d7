"""What a request may cost before anybody looked at it: line, headers, body, time, number; across accounts and pages."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from service.api import limits
from service.api.limits import AROUND, LARGER, MOST_BODY, MOST_HEADER_BYTES, MOST_LINE, most_body
from service.app import create_app
from tests.service.web.conftest import BASE


class Trickle:
    """A body that comes in pieces, and tells how much of it was taken."""

    def __init__(self, piece: bytes, pieces: int, *, stalls: bool = False) -> None:
        self.piece, self.left, self.stalls, self.taken = piece, pieces, stalls, 0

    async def __call__(self):
        if self.left == 0 and self.stalls:
            await asyncio.Event().wait()
        self.left -= 1
        self.taken += len(self.piece)
        return {"type": "http.request", "body": self.piece, "more_body": self.left > 0 or self.stalls}


def pour(app, path: str, body: Trickle, headers: dict[str, str], media: str = "application/json") -> int:
    """The status a body gets that says nothing of its length."""
    status = []

    async def send(message):
        if message["type"] == "http.response.start":
            status.append(message["status"])

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "headers": [(k.encode(), v.encode()) for k, v in {**headers, "content-type": media}.items()],
    }  # fmt: skip
    asyncio.run(app(scope, body, send))
    return status[0]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/about?" + "a" * MOST_LINE, {}, 414),
        ("/api/v1/cases?camera=" + "a" * MOST_LINE, {}, 414),
        ("/about", {"x-long": "a" * MOST_HEADER_BYTES}, 431),
        ("/about", {f"x-{number}": "a" for number in range(120)}, 431),
        ("/about", {"content-length": str(MOST_BODY + 1)}, 413),
        ("/about", {"content-length": "-1"}, 413),
        ("/about", {"cookie": "qyran=" + "a" * 4000}, 200),
    ],
)
def test_what_is_too_long_is_refused_before_it_is_read(asker, path, headers, status):
    answer = asker.ask("GET", path, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/api/v1/session", "/api/v1/cap/answers", "/api/v1/sensors/reports", "/login"])
def test_a_body_without_end_is_read_no_further_than_it_may_go(town, path):
    body = Trickle(b" " * 65536, 10_000)
    answered = pour(create_app(store=town.store, jobs=False), path, body, {})
    assert answered in {401, 403, 413}
    assert body.taken <= MOST_BODY + 2 * 65536


def test_a_body_that_trickles_is_cut_off(town, monkeypatch):
    monkeypatch.setattr(limits, "GRACE_S", 0.05)
    body = Trickle(b" ", 3, stalls=True)
    assert pour(create_app(store=town.store, jobs=False), "/api/v1/session", body, {}) == 408


def test_every_place_where_more_may_come_is_a_place_and_the_rest_takes_little(app):
    paths = [*app.openapi()["paths"], "/imports", "/exchange/days/x", "/deliveries/receipts"]
    paths += ["/objects/x/plan", "/faces/x/crops", "/cases/x/claim", "/api/v1/worker/events"]
    for start, most in LARGER:
        assert any(path.startswith(start) for path in paths), start
        assert most_body(start) == most > MOST_BODY
    assert most_body("/users") == most_body("/api/v1/users") == MOST_BODY > AROUND


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000])
def test_a_body_nested_without_end_is_a_wrong_body(asker, deep):
    answer = asker.ask("POST", "/api/v1/session", content=deep, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.fixture(autouse=True)
def _the_same_application_afterwards(asker):
    kept = asker.app
    yield
    asker.app = kept


@pytest.fixture
def tight(town, tmp_path):
    """The same store behind an application that lets little pass."""
    little = {"home": tmp_path, "account_requests": 4, "account_searches": 2, "address_requests": 20}
    store = replace(town.store, settings=town.store.settings.model_copy(update=little))
    return [create_app(store=store, jobs=False) for _ in range(2)]


def ask_each(asker, apps, times: int, by, path="/api/v1/session", *, address="127.0.0.1") -> list[int]:
    """One after the other at the processes of an installation."""
    found = []
    for turn in range(times):
        asker.app = apps[turn % len(apps)]
        request = httpx.Request("GET", BASE + path, headers=by.headers if by else {})
        found.append(asker.send(request, address=address).status_code)
    return found


def test_an_account_is_counted_by_all_processes_together_and_no_other_pays_for_it(town, asker, tight):
    loud, quiet = (asker.log_in(town, "evaluator") for _ in range(2))
    assert ask_each(asker, tight, 6, loud) == [200] * 4 + [429] * 2
    assert ask_each(asker, tight, 1, quiet) == [200]


def test_an_address_is_counted_whoever_asks_and_no_other_pays_for_it(asker, tight):
    assert ask_each(asker, tight, 22, None, "/login", address="10.1.1.1") == [200] * 20 + [429] * 2
    assert ask_each(asker, tight, 1, None, "/login", address="10.1.1.2") == [200]
    assert ask_each(asker, tight, 3, None, "/static/app.css", address="10.1.1.1") == [200] * 3


def test_searches_are_counted_by_themselves(town, asker, app, tight):
    officer = asker.log_in(town, "police_officer")
    asker.app, found = tight[0], []
    for _ in range(3):
        answer = asker.ask("POST", "/api/v1/passages/search", by=officer, json={"plate": "123ABC02"})
        found.append(answer.status_code)
    assert found == [422, 422, 429]
    assert answer.headers["retry-after"]


def test_a_page_says_in_words_that_somebody_asks_too_often(town, asker, tight):
    person = asker.log_in(town, "auditor")
    asker.app = tight[1]
    answers = [asker.ask("GET", "/account", by=person) for _ in range(5)]
    assert [one.status_code for one in answers] == [200] * 4 + [429]
    assert "Wait a minute" in answers[-1].text
