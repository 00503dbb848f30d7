from __future__ import annotations

import pytest

from service.app import create_app
from service.publication import publish
from service.publication.revise import revise
from tests.service.publication.happenings import decide, decided, next_month
from tests.service.server import browser, serving
from tests.service.world import PASSWORD

NOVEMBER = "2026-11"


@pytest.fixture
def november(city):
    decided(city)
    waiting = city.case(plate="456DEF02")
    next_month(city)
    publish(city.store, NOVEMBER)
    decide(city, waiting, true=False)
    revise(city.store, NOVEMBER)
    return city


PAGES = {
    "/kpi/publications": ("жарияланған, кейін түзетілген", "2026 ж. қараша"),
    f"/kpi/publications/{NOVEMBER}": ("кеш шыққан қорытынды: 1", "0 → <strong>50</strong>"),
    f"/kpi/publications/{NOVEMBER}/9.9": ("100 × 0 ÷ 1 = 0 %", "кеш шыққан қорытынды"),
    f"/kpi/publications/{NOVEMBER}/9.9?now=true": ("100 × 1 ÷ 2 = 50 %", "Кезең жарияланған жоқ"),
    f"/kpi/publications/{NOVEMBER}/2.1": ("Qyran жүйесінде оның оқиғалары жоқ",),
    "/kpi/publications/2026-12": ("Бұл кезең әлі жарияланған жоқ", "05.01.2027"),
}


def logged_in(client, city, actor):
    """The client of somebody; pages are asked for in Kazakh."""
    client.headers["accept-language"] = "kk"
    name = "evaluator-3" if actor is city.evaluator else "police-officer-0"
    answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
    client.headers["x-csrf-token"] = answer.json()["csrf"]
    return client


@pytest.fixture
def clients(november):
    """The evaluator's and the officer's."""
    with (
        serving(create_app(store=november.store, jobs=False)) as address,
        browser(address) as one,
        browser(address) as other,
    ):
        yield logged_in(one, november, november.evaluator), logged_in(other, november, november.officer)


def test_an_evaluator_reads_publications_proof_derivation_and_pages(clients):
    client, officer = clients
    (one,) = client.get("/api/v1/publications").json()
    assert (one["period"], one["state"]) == (NOVEMBER, "revised")
    whole = client.get(f"/api/v1/publications/{NOVEMBER}").json()
    assert (len(whole["kpis"]), whole["sha256"]) == (118, one["sha256"])
    proof = client.get(f"/api/v1/publications/{NOVEMBER}/proof").json()
    assert proof["verified"]["intact"] is True
    assert proof["recomputed"]["same"] is True
    told = client.get(f"/api/v1/publications/{NOVEMBER}/9.9/explain", params={"lang": "ru"}).json()
    assert told["publication"]["sha256"] == one["sha256"]
    assert any("поздний вердикт" in line["text"] for part in told["words"] for line in part["lines"])
    again = client.post(f"/api/v1/publications/{NOVEMBER}").json()
    assert again["sha256"] == one["sha256"]
    assert client.get("/api/v1/publications/2026-12").status_code == 404
    assert client.get("/api/v1/publications/2026-13").status_code == 422
    assert client.post("/api/v1/publications/2999-01").status_code == 422
    for path in ("", f"/{NOVEMBER}", f"/{NOVEMBER}/9.9/explain"):
        assert officer.get(f"/api/v1/publications{path}").status_code == 403
    for path, words in PAGES.items():
        page = client.get(path)
        assert page.status_code == 200, path
        assert [one for one in words if one not in page.text] == [], path
