"""An officer signs in his browser by NCALayer; what goes wrong is told in his language, and nothing is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from qyran.roles import SYSTEM, Role
from service import evidence_copies
from service.document_signer import register_certificate
from service.i18n import LANGUAGES, translate
from service.screenshots import log_in
from service.settings import load_settings
from service.store.delivery_tables import DecisionSignature
from service.store.tables import AppUser, ViolationCase
from service.web.ncalayer_pages import FAILURES
from service.web.visit import LANGUAGE_COOKIE
from tests.browser.ncalayer import ncalayer
from tests.evidence.finders import a_masker
from tests.service.certificates import Authority, cms
from tests.service.confirmed import a_confirmed
from tests.service.ncanode import ncanode
from tests.service.world import PASSWORD, World

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("QYRAN_SHOTS")


@pytest.fixture
def city(tmp_path, monkeypatch):
    """A demo installation whose officers sign by NCALayer."""
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(evidence_copies, "eyes", lambda _: (a_masker(), {"road": "c" * 64, "plates": "d" * 64}))
    home, authority = tmp_path / "home", Authority()
    home.mkdir()
    with ncanode(authority, set()) as url:
        (home / "signing.toml").write_text(f'kind = "development"\n[national]\nurl = "{url}"\n', encoding="utf-8")
        settings = load_settings(
            home=home, signing_file=home / "signing.toml", second_look_share=0, public_url="http://127.0.0.1:8000"
        )
        with World(settings, demo=True) as made:
            made.authority, made.officer = authority, made.person(Role.POLICE_OFFICER)
            with made.store.read() as work:
                made.username = work.session.get_one(AppUser, made.officer.id).username
            made.key, made.certificate = authority.issue()
            made.do(SYSTEM, register_certificate, made.username, made.certificate)
            yield made


@pytest.fixture
def program(city, tmp_path):
    with ncalayer(tmp_path, lambda content: cms(content, city.key, city.certificate)) as running:
        yield running


@pytest.fixture
def desk(browser, base, city):
    """The officer's page in a language; his browser trusts what NCALayer installed."""
    contexts = []

    def opened(lang: str = "en", size: tuple[int, int] = (1440, 900)):
        context = browser.new_context(ignore_https_errors=True, viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": lang, "url": base}])
        page = context.new_page()
        page.set_default_timeout(30_000)
        log_in(page, base, city.username, PASSWORD)
        return page

    yield opened
    for context in contexts:
        context.close()


def state(city, case: str) -> str:
    with city.store.read() as work:
        return work.session.get_one(ViolationCase, case).state


def test_confirmed_decisions_are_signed_one_after_the_other_in_the_browser(city, base, desk, program):
    first, second = a_confirmed(city, city.officer), a_confirmed(city, city.officer)
    page = desk()
    page.goto(f"{base}/cases/{first}")
    page.get_by_role("link", name="Sign by NCALayer").click()
    page.get_by_role("button", name="Sign with my key").click()
    page.wait_for_url(f"**/cases/{second}/ncalayer")
    page.get_by_role("button", name="Sign with my key").click()
    page.wait_for_url(f"{base}/cases/{second}")
    assert [state(city, one) for one in (first, second)] == ["signed", "signed"]
    with city.store.read() as work:
        assert work.session.query(DecisionSignature).count() == 2
    assert [one["method"] for one in program.asked] == ["sign", "sign"]
    assert program.asked[0]["args"]["signingParams"]["encapsulate"] == "false"


def test_an_older_program_without_the_module_basics_signs_too(city, base, desk, program):
    program.does, case, page = "old", a_confirmed(city, city.officer), desk()
    page.goto(f"{base}/cases/{case}/ncalayer")
    page.get_by_role("button", name="Sign with my key").click()
    page.wait_for_url(f"{base}/cases/{case}")
    assert (state(city, case), program.asked[-1]["method"]) == ("signed", "createCAdESFromBase64")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_goes_wrong_is_told_and_the_decision_waits(city, base, desk, program, lang):
    case, page = a_confirmed(city, city.officer), desk(lang)
    page.goto(f"{base}/cases/{case}/ncalayer")
    for does, said in (("cancel", "cancelled"), ("fail", "refused"), ("babble", "unreadable"), ("die", "closed")):
        program.does = does
        page.locator("#sign-here").click()
        expect(page.locator("#flash")).to_contain_text(translate(lang, f"ncalayer.{said}"))
        expect(page.locator("#sign-here")).to_be_enabled()
        page.locator("#flash .flash").click()
    program.does, program.sign = "sign", lambda content: cms(content + b" ", city.key, city.certificate)
    page.locator("#sign-here").click()
    expect(page.locator("#flash")).to_contain_text(translate(lang, "refusal.cms_wrong"))
    assert state(city, case) == "officer_confirmed"


@pytest.mark.parametrize(("lang", "width"), [("kk", 1440), ("ru", 390), ("en", 390)])
def test_a_program_that_does_not_run_is_told(city, base, desk, lang, width):
    case, page = a_confirmed(city, city.officer), desk(lang, (width, 900))
    page.goto(f"{base}/cases/{case}/ncalayer")
    page.locator("#sign-here").click()
    expect(page.locator("#flash")).to_contain_text(translate(lang, "ncalayer.absent"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"ncalayer-{lang}-{width}.png"), full_page=True)


def test_only_this_page_may_reach_the_program(city, base, desk):
    case, page = a_confirmed(city, city.officer), desk()
    policies = {
        path: page.goto(f"{base}{path}").header_value("content-security-policy")
        for path in (f"/cases/{case}", f"/cases/{case}/ncalayer", "/cases/sign")
    }
    assert [path for path, policy in policies.items() if "13579" in policy] == [f"/cases/{case}/ncalayer"]
    assert "unsafe" not in policies[f"/cases/{case}/ncalayer"]


def test_every_failure_the_script_knows_has_its_words():
    script = (Path(__file__).parents[2] / "service/web/static/js/ncalayer.js").read_text(encoding="utf-8")
    assert {name for name in FAILURES if f"dataset.{name}" in script} == set(FAILURES)
