from __future__ import annotations

from datetime import timedelta

import pytest

from qyran.roles import Role
from service.app import create_app
from tests.service.server import serving
from tests.service.test_api import logged_in
from tests.service.world import NOON, World


@pytest.fixture
def served(settings):
    with World(settings) as made, serving(create_app(store=made.store, jobs=False)) as made.address:
        yield made


PERMIT = {"ground": "emergency", "plate": "123ABC02", "valid_from": NOON.isoformat(), "document": "order 7"}
FLAG = {"camera": "abay-12", "start": NOON.isoformat(), "end": (NOON + timedelta(hours=2)).isoformat()}


def test_an_administrator_keeps_permits_and_an_officer_sets_a_flag(served):
    with logged_in(served, Role.ADMINISTRATOR) as administrator:
        made = administrator("POST", "/permits", json=PERMIT)
        assert made.status_code == 201, made.text
        assert administrator("GET", "/permits").json()[0]["plate"] == "12***02"
        assert administrator("POST", f"/permits/{made.json()['id']}/end").status_code == 204
        assert administrator("GET", "/permits").json() == []
        assert administrator("POST", f"/permits/{made.json()['id']}/end").status_code == 404
        assert administrator("POST", "/permits", json={**PERMIT, "plate": None}).status_code == 422
        assert administrator("POST", "/controller-flags", json=FLAG).status_code == 403
    with logged_in(served, Role.POLICE_OFFICER) as officer:
        flag = officer("POST", "/controller-flags", json=FLAG).json()["id"]
        assert [one["id"] for one in officer("GET", "/controller-flags").json()] == [flag]
        assert officer("POST", f"/controller-flags/{flag}/end").status_code == 204
        assert officer("GET", "/permits").status_code == 403
        assert officer("POST", "/controller-flags", json={**FLAG, "camera": "elsewhere"}).status_code == 404
