"""Passwords of streams: sealed everywhere, opened by workers only, replaced and never shown."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from qyran.errors import AccessError, ConfigError, InputError
from qyran.roles import SYSTEM, Role
from service import camera_secrets
from service.store.secret_tables import CameraSecret
from service.store.tables import AccessLog
from tests.service.web.conftest import Visitor
from vision.credentials import read_credentials, with_credentials

PASSWORD = "tulip-over-Medeu-7"


def kept(world, name: str = "abay-12", password: str = PASSWORD, by=SYSTEM):
    found = world.do(by, camera_secrets.set_secret, name, "viewer", password)
    camera_secrets.publish(world.store)
    return found


def test_a_worker_opens_what_the_service_sealed(both):
    kept(both)
    camera_secrets.install(both.settings.home)
    assert read_credentials("sealed:abay-12") == ("viewer", PASSWORD)
    assert with_credentials("rtsp://camera/1", "sealed:abay-12") == f"rtsp://viewer:{PASSWORD}@camera/1"


def test_neither_the_store_nor_what_workers_read_holds_the_password_in_the_clear(world):
    kept(world)
    with world.store.read() as work:
        row = work.session.scalars(select(CameraSecret)).one()
        log = [(one.action, one.record) for one in work.session.scalars(select(AccessLog))]
    seen = [row.wrapped, row.sealed, *(path.read_bytes() for path in world.settings.home.rglob("*") if path.is_file())]
    assert not any(PASSWORD.encode() in one for one in seen)
    assert ("camera_password_set", "abay-12") in log
    for path in (world.settings.home / "camera-secrets").iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_a_new_password_takes_the_place_of_the_old_at_the_next_connection(world):
    first, second = kept(world), kept(world, password="other-tulip-8")
    camera_secrets.install(world.settings.home)
    assert (first.number, second.number) == (1, 2)
    assert read_credentials("sealed:abay-12")[1] == "other-tulip-8"


def test_a_new_key_seals_all_and_the_worker_goes_on(world):
    kept(world), kept(world, "recorder.east")
    with world.store.read() as work:
        before = {row.name: row.wrapped for row in work.session.scalars(select(CameraSecret))}
    assert camera_secrets.rotate(world.store) == 2
    with world.store.read() as work:
        assert all(row.wrapped != before[row.name] for row in work.session.scalars(select(CameraSecret)))
    assert camera_secrets.opened("recorder.east", world.settings.home) == f"viewer:{PASSWORD}"


def test_a_worker_machine_opens_streams_with_two_folders_and_no_personal_data(world, tmp_path):
    kept(world)
    there = tmp_path / "worker"
    for part in ("keys/cameras", "camera-secrets"):
        (there / part).parent.mkdir(parents=True, exist_ok=True)
        (world.settings.home / part).rename(there / part)
    assert camera_secrets.opened("abay-12", there) == f"viewer:{PASSWORD}"
    assert not (there / "keys" / "personal.key").exists()
    personal = (world.settings.home / "keys" / "personal.key").read_bytes()
    assert all(path.read_bytes() != personal for path in (there / "keys" / "cameras").iterdir())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "abay-13"}, "There is no sealed password abay-13"),
        ({"file": "garbage"}, "There is no sealed password abay-12"),
        ({"number": 7}, "cannot be opened"),
        ({"sealed": "AAAA" * 20}, "cannot be opened"),
        ({"name": "../keys/personal"}, "name no sealed password"),
        ({"foreign": True}, "cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_said_without_a_secret(world, tmp_path, change, said):
    kept(world)
    path = world.settings.home / "camera-secrets" / "abay-12.json"
    held = json.loads(path.read_text())
    path.write_text(change.get("file") or json.dumps({**held, **{k: v for k, v in change.items() if k in held}}))
    home = world.settings.home
    if "foreign" in change:
        home = tmp_path / "elsewhere"
        (home / "camera-secrets").mkdir(parents=True)
        (home / "camera-secrets" / "abay-12.json").write_text(json.dumps(held))
    with pytest.raises(ConfigError, match=said) as caught:
        camera_secrets.opened(change.get("name", "abay-12"), home)
    assert PASSWORD not in str(caught.value)
    assert held["sealed"] not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "user", "password"),
    [
        ("", "viewer", PASSWORD), ("a/b", "viewer", PASSWORD), ("..", "viewer", PASSWORD), ("аbay", "viewer", PASSWORD),
        ("a", "", PASSWORD), ("a", "us:er", PASSWORD), ("a", "viewer", ""), ("a", "viewer", "x" * 200),
        ("a", "viewer", "line\nbreak"), ("a", "admin", "12345"), ("a", "admin", "Admin"), ("a", "Kamera", "kamera"),
    ],
)  # fmt: skip
def test_what_is_no_password_of_a_stream_is_refused_without_an_echo(world, name, user, password):
    with pytest.raises(InputError) as caught:
        kept(world, name, password) if user == "viewer" else world.do(
            SYSTEM, camera_secrets.set_secret, name, user, password
        )
    assert password not in str(caught.value) or password in {"", "Admin", "kamera"}


@pytest.mark.parametrize("role", [Role.POLICE_OFFICER, Role.EVALUATOR, Role.SITUATIONAL_OPERATOR, Role.AUDITOR])
def test_only_who_keeps_cameras_sets_their_passwords(world, role):
    with pytest.raises(AccessError):
        kept(world, by=world.person(role))


def test_the_page_sets_a_password_and_shows_that_there_is_one(world):
    world.register(credentials="sealed:abay-12")
    visitor = Visitor(world).log_in("camera_operator")
    assert "Missing: the stream cannot be opened" in visitor.get("/cameras").text
    answer = visitor.form("/cameras/passwords", on="/cameras", name="abay-12", user="viewer", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cameras")
    text = visitor.get("/cameras").text
    assert "Missing" not in text
    assert PASSWORD not in text
    assert camera_secrets.opened("abay-12", world.settings.home) == f"viewer:{PASSWORD}"
    refused = visitor.form("/cameras/passwords", on="/cameras", name="abay-12", user="admin", password="12345")
    assert refused.status_code == 422
    assert "delivered with that password" in refused.text


def test_the_api_sets_a_password_and_gives_none_back(world):
    visitor = Visitor(world).log_in("administrator")
    csrf = visitor.get("/api/v1/session").json()["csrf"]
    body = {"user": "viewer", "password": PASSWORD}
    made = visitor.send("PUT", "/api/v1/cameras/passwords/abay-12", json=body, headers={"x-csrf-token": csrf})
    assert made.status_code == 200, made.text
    assert set(made.json()) == {"name", "number", "set_at"}
    assert PASSWORD not in visitor.get("/api/v1/cameras/passwords").text
