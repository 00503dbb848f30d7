"""Signing by NCALayer over the API, as the officer's browser does it."""

from __future__ import annotations

import base64

import pytest

from qyran.roles import SYSTEM, Role
from service.app import create_app
from service.document_signer import register_certificate
from service.settings import load_settings
from service.store.tables import AppUser
from tests.service.certificates import Authority, cms
from tests.service.confirmed import a_confirmed
from tests.service.ncanode import ncanode
from tests.service.server import browser, serving
from tests.service.world import PASSWORD, World


@pytest.fixture
def house(tmp_path):
    home, authority = tmp_path / "home", Authority()
    home.mkdir()
    with ncanode(authority, set()) as url:
        (home / "signing.toml").write_text(f'kind = "development"\n[national]\nurl = "{url}"\n', encoding="utf-8")
        settings = load_settings(home=home, signing_file=home / "signing.toml", second_look_share=0)
        with World(settings, demo=True) as made:
            made.officer, made.authority = made.person(Role.POLICE_OFFICER), authority
            yield made


def test_the_browser_prepares_signs_and_sends_the_signature(house):
    case = a_confirmed(house, house.officer)
    with house.store.read() as work:
        username = work.session.get_one(AppUser, house.officer.id).username
    key, certificate = house.authority.issue()
    house.do(SYSTEM, register_certificate, username, certificate)
    app = create_app(store=house.store, jobs=False)
    with serving(app) as address, browser(address) as client:
        login = client.post("/api/v1/session", json={"username": username, "password": PASSWORD}).json()
        client.headers["X-CSRF-Token"] = login["csrf"]
        path = f"/api/v1/cases/{case}"
        assert client.post(f"{path}/signature", json={"cms": "AAAA"}).status_code == 409
        pdf = base64.b64decode(client.post(f"{path}/prepare", json={}).json()["document"])
        assert client.post(f"{path}/signature", json={"cms": "not base64!"}).status_code == 422
        sent = {"cms": base64.b64encode(cms(pdf, key, certificate)).decode()}
        assert client.post(f"{path}/signature", json=sent).json()["state"] == "signed"
        assert client.post(f"{path}/signature", json=sent).status_code == 409
        assert client.get(f"{path}/document").content == pdf
