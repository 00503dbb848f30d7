"""Pushing the feed: in order, again after a failure, a refused record alone set aside."""

from __future__ import annotations

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from qyran.errors import ConfigError
from qyran.roles import Actor, Role
from service.exchange import feed
from service.exchange.publisher import publish
from service.exchange.push import push, push_again
from service.exchange.push_settings import exchange_file
from service.exchange.state import state
from service.settings import load_settings
from service.store.exchange_tables import ExchangeDeadLetter, ExchangePush
from tests.service.exchange.facts import an_alert
from tests.service.world import World


class Centre:
    """An address of the centre: `answers` says what to answer next, `refuses` which subjects it never takes."""

    def __init__(self) -> None:
        self.taken: list[dict] = []
        self.keys: list[str] = []
        self.answers: list[int] = []
        self.refuses: set[str] = set()
        self.tokens: set[str | None] = set()

    def take(self, body: bytes, headers) -> int:
        status = self.answers.pop(0) if self.answers else 200
        records = [json.loads(line) for line in body.decode().splitlines()]
        assert len(records) == int(headers["qyran-count"])
        assert records[-1]["cursor"] == headers["qyran-cursor"]
        self.tokens.add(headers["authorization"])
        self.keys.append(headers["idempotency-key"])
        if status == 200 and self.refuses & {one["subject"] for one in records}:
            return 422
        if status == 200:
            self.taken += records
        return status


@pytest.fixture
def centre():
    found = Centre()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = found.take(self.rfile.read(int(self.headers["content-length"])), self.headers)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/in"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def pushing(settings, centre, tmp_path, monkeypatch):
    file = tmp_path / "exchange.toml"
    file.write_text(f'[[push]]\nname = "centre"\nurl = "{centre.url}"\ntoken = "env:CENTRE"\nbatch = 4\n')
    monkeypatch.setenv("CENTRE", "secret-of-the-centre")
    with World(settings.model_copy(update={"exchange_file": file})) as made:
        with made.store.write() as work:
            made.alerts = [an_alert(work) for _ in range(8)]
        publish(made.store)
        yield made


def held(world) -> list[str]:
    with world.store.read() as work:
        return [json.loads(line)["id"] for line in feed.page(work, limit=feed.MOST).lines]


def test_everything_is_pushed_once_in_order(pushing, centre):
    done = push(pushing.store)
    assert [one["id"] for one in centre.taken] == held(pushing)
    assert (done.taken, done.refused, done.waiting) == (len(held(pushing)), 0, 0)
    assert push(pushing.store).taken == 0
    assert centre.tokens == {"Bearer secret-of-the-centre"}


@pytest.mark.parametrize("status", [500, 503, 429, 401, 302])
def test_a_failure_is_tried_again_later_with_the_same_key_and_loses_nothing(pushing, centre, status, caplog):
    centre.answers = [200, status]
    assert push(pushing.store).waiting == 1
    assert push(pushing.store).taken == 0  # it is left alone for a while
    pushing.clock.forward(minutes=16)
    push(pushing.store)
    assert [one["id"] for one in centre.taken] == held(pushing)
    assert centre.keys[1] == centre.keys[2]
    assert "secret-of-the-centre" not in caplog.text
    with pushing.store.read(Actor("a", frozenset({Role.ADMINISTRATOR}))) as work:
        assert state(work).endpoints[0].error is None


def test_an_address_that_is_away_is_noted(pushing, centre):
    centre.answers = [503] * 3
    for _ in range(3):
        push(pushing.store)
        pushing.clock.forward(minutes=16)
    with pushing.store.read() as work:
        row = work.session.get_one(ExchangePush, "centre")
        assert (row.seq, row.attempts, row.error) == (0, 3, "http_503")


def test_a_refused_record_is_set_aside_alone(pushing, centre):
    centre.refuses = {f"alert/{pushing.alerts[5]}"}
    done = push(pushing.store)
    assert done.refused == 1
    taken = Counter(one["subject"] for one in centre.taken)
    assert set(taken.values()) == {1}
    assert len(taken) == len(held(pushing)) - 1
    with pushing.store.read() as work:
        (letter,) = work.session.query(ExchangeDeadLetter).all()
        assert (letter.endpoint, letter.error, letter.settled_at) == ("centre", "http_422", None)
    assert push_again(pushing.store).refused == 1
    centre.refuses = set()
    assert push_again(pushing.store).taken == 1
    assert push_again(pushing.store).taken == 0
    assert {one["id"] for one in centre.taken} == set(held(pushing))


def test_without_a_file_nothing_is_pushed(world):
    publish(world.store)
    assert push(world.store).taken == 0


@pytest.mark.parametrize(
    "text",
    ['[[push]]\nname = "a"\nurl = "http://centre.example.kz/in"\n', '[[push]]\nname = "a"\n', "push = 1\n", "x = [",
     '[[push]]\nname = "a"\nurl = "https://u:secret@centre.kz/"\n',
     '[[push]]\nname = "a"\nurl = "https://c.kz/"\nx = 1\n',
     '[[push]]\nname = "a"\nurl = "https://c.kz/"\ntoken = "secret"\n',
     '[[push]]\nname = "a"\nurl = "https://c.kz/"\n[[push]]\nname = "a"\nurl = "https://d.kz/"\n'],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_one_sentence_without_a_secret(tmp_path, text):
    file = tmp_path / "exchange.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"The exchange file .*exchange\.toml") as caught:
        exchange_file(load_settings(home=tmp_path, exchange_file=file))
    assert "secret" not in str(caught.value)
