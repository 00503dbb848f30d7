"""After everything that can go wrong with a secret, it stands in no log, address, answer or sentence."""

from __future__ import annotations

import logging

import pytest

from qyran.errors import ConfigError, QyranError
from qyran.secret_files import FIRST
from service.ports.channels import ChannelDown
from service.ports.http import Peer
from service.ports.smtp import Mailer
from service.settings import load_settings, read_secret
from service.store.database import open_store
from vision.credentials import with_credentials
from vision.live_connect import connect
from vision.stream_settings import StreamSettings

SECRET = "tulip-Over-Medeu-77"


def fails_at_the_database(tmp_path):
    url = "postgresql+psycopg://qyran@127.0.0.1:1/qyran?connect_timeout=1"
    open_store(load_settings(home=tmp_path, database_url=url, database_password="env:KEPT"))


FAILURES = {
    "password in the database's address": lambda _: load_settings(database_url=f"postgresql://q:{SECRET}@db/q"),
    "password in the place of where it is": lambda _: load_settings(database_password=SECRET),
    "database away": fails_at_the_database,
    "password in a stream's address": lambda _: with_credentials(f"rtsp://viewer:{SECRET}@camera/1", None),
    "stream away": lambda _: connect("rtsp://127.0.0.1:1/1", "env:CAMERA", StreamSettings()),
    "receiver away": lambda _: Peer("http://127.0.0.1:1", SECRET).ask("POST", "/", {"a": 1}),
    "mail server away": lambda _: Mailer(
        host="127.0.0.1", port=1, sender="q@example.kz", user="q", password=SECRET
    ).notify("a@example.kz", "s", "t", "a.json", b"{}"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_no_failure_tells_the_secret(name, tmp_path, monkeypatch, caplog, capfd):
    monkeypatch.setenv("KEPT", SECRET)
    monkeypatch.setenv("CAMERA", f"viewer:{SECRET}")
    with caplog.at_level(logging.DEBUG), pytest.raises((QyranError, ChannelDown)) as caught:
        FAILURES[name](tmp_path)
    chain, error = [], caught.value
    while error is not None and len(chain) < 9:
        chain, error = [*chain, str(error), repr(error)], error.__cause__
    out = capfd.readouterr()
    assert not [text for text in (*chain, caplog.text, out.out, out.err) if SECRET in text]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/v1/cameras/abay-99", {"name": "a", "stream": f"rtsp://viewer:{SECRET}@camera/1"}),
        ("PUT", "/api/v1/cameras/abay-99", {"name": "a", "stream": "rtsp://camera/1", "credentials": SECRET}),
        ("PUT", "/api/v1/cameras/passwords/a%20b", {"user": "viewer", "password": SECRET}),
        ("PUT", "/api/v1/cameras/passwords/abay-12", {"user": "viewer", "password": [SECRET]}),
        ("POST", "/api/v1/session", {"username": "nobody", "password": SECRET}),
        ("POST", "/api/v1/session", {"username": ["x"], "password": {"a": SECRET}}),
        ("POST", "/api/v1/users", {"username": "a b", "password": SECRET, "roles": ["auditor"]}),
        ("PUT", "/api/v1/account/password", {"present": SECRET, "new": SECRET}),
    ],
)
def test_no_refusal_echoes_the_secret(town, asker, caplog, method, path, body):
    with caplog.at_level(logging.DEBUG):
        answer = asker.ask(method, path, by=asker.log_in(town, "administrator"), json=body)
    assert 400 <= answer.status_code < 500, answer.text
    assert SECRET not in answer.text + str(answer.headers) + caplog.text


@pytest.mark.parametrize("secret", [*sorted(FIRST)[:6], "Admin", "CHANGEME"])
def test_a_secret_that_everybody_tries_first_is_refused(monkeypatch, secret):
    monkeypatch.setenv("KEPT", secret)
    with pytest.raises(ConfigError, match="too weak"):
        read_secret("env:KEPT")


def test_a_short_secret_that_lets_others_in_is_refused(monkeypatch):
    monkeypatch.setenv("KEPT", "tulip77")
    assert read_secret("env:KEPT") == "tulip77"
    with pytest.raises(ConfigError, match="too weak"):
        read_secret("env:KEPT", least=16)


@pytest.mark.parametrize(("mode", "refused"), [(0o600, False), (0o640, False), (0o644, True), (0o602, True)])
def test_a_secret_that_everybody_can_read_or_exchange_is_refused(tmp_path, mode, refused):
    path = tmp_path / "secret"
    path.write_text(SECRET)
    path.chmod(mode)
    if refused:
        with pytest.raises(ConfigError, match="chmod 600"):
            read_secret(f"file:{path}")
    else:
        assert read_secret(f"file:{path}") == SECRET
