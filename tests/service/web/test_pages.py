from __future__ import annotations

import io
import logging
import re
import tarfile

import pytest

from evidence.package import write_package
from qyran.roles import PERSON_ROLES
from service.i18n import LANGUAGES
from service.ingest import ingest
from service.web import case_pages
from service.web.rendering import STATIC
from tests.evidence.packages import a_finding, a_subject, a_video, ring_of
from tests.service.web.conftest import PERSON, Visitor
from tests.service.world import PASSWORD, World

ALL = {
    "police_officer": ["/cases", "/cases?show=signed", "/cases?show=mine", "/cases/{case}"],
    "senior_officer": ["/cases/{case}", "/passages", "/watch", "/watch?show=all"],
    "situational_operator": [
        "/alarms",
        "/alarms?show=new",
        "/alarms?show=closed&kind=smoke",
        "/alarms/{alert}",
        "/cameras",
    ],
    "evaluator": ["/kpi", "/kpi?category=district&period=2026-10", "/kpi/9.9", "/kpi/10.3"],
    "administrator": ["/users", "/cameras", "/about"],
    "auditor": ["/journal", "/passages/log", "/watch", "/nowhere"],
}


def inline(html):
    """Whatever a strict policy would refuse."""
    scripts = [tag for tag in re.findall(r"<script[^>]*>", html) if " src=" not in tag]
    return scripts + re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)


@pytest.mark.parametrize("role", ALL)
def test_every_page_is_whole_in_every_language(world, visitors, role, caplog):
    ids = {"case": world.case(), "alert": world.alert("smoke", kind_of_event="fire_alert", track=None)}
    person = visitors(role)
    seen = set()
    for lang in LANGUAGES:
        assert person.form("/language", on="/about", lang=lang, back="/").status_code == 303
        for path in ALL[role]:
            page = person.get(path.format(**ids))
            assert page.status_code == (404 if path == "/nowhere" else 200)
            assert f'<html lang="{lang}">' in page.text
            assert inline(page.text) == []
            assert "/about/source" in page.text
            assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == []
            seen.add(page.text)
    assert [record.message for record in caplog.records if "No text for" in record.message] == []
    assert len(seen) == len(LANGUAGES) * len(ALL[role])


def test_pages_carry_the_strict_headers(visitors):
    for path in ("/login", "/about", "/nowhere"):
        headers = visitors("auditor").get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "referrer-policy" in headers


def test_scripts_are_checked_for_change_and_marked_files_are_kept(visitor):
    page = visitor.get("/login").text
    css = re.search(r'href="(/static/app\.css\?v=[0-9a-f]+)"', page).group(1)
    assert "immutable" in visitor.get(css).headers["cache-control"]
    module = visitor.get("/static/js/app.js")
    assert module.headers["cache-control"] == "no-cache"
    assert "javascript" in module.headers["content-type"]
    assert visitor.get("/static/../visit.py").status_code == 404


def test_scripts_evaluate_nothing_and_write_no_markup():
    for path in (STATIC / "js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"\beval\(|new Function|innerHTML|document\.write|\.style\b", text) == [], path.name


def test_a_demo_store_is_marked_on_every_page(settings):
    with World(settings, demo=True) as demo:
        assert "Demonstration: the scenes are rendered" in Visitor(demo).get("/login").text


def test_a_real_store_is_not_marked(visitor):
    assert "Demonstration" not in visitor.get("/login").text


def test_the_chosen_language_stays_and_the_browsers_wish_comes_first(visitor):
    assert '<html lang="ru">' in visitor.get("/login", headers={"accept-language": "ru"}).text
    visitor.form("/language", lang="kk", back="/login")
    assert '<html lang="kk">' in visitor.get("/login", headers={"accept-language": "ru"}).text


def test_the_source_of_the_running_version_is_served_without_secrets_or_other_peoples_files(visitor):
    answer = visitor.get("/about/source")
    assert answer.headers["content-type"] == "application/gzip"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        names = tar.getnames()
    assert any(name.endswith("/service/web/source.py") for name in names)
    assert any(name.endswith("/pyproject.toml") for name in names)
    assert [name for name in names if re.search(r"\.pem$|\.key$|/\.|node_modules|__pycache__|/vendor/", name)] == []


def test_a_failure_gives_a_page_and_leaks_nothing(world, visitors, monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("the secret is 42")

    officer = visitors("police_officer")
    monkeypatch.setattr(case_pages.cases, "queue", broken)
    with caplog.at_level(logging.CRITICAL):
        answer = officer.get("/cases")
    assert answer.status_code == 500
    assert "Something failed" in answer.text
    assert "secret" not in answer.text


def test_machines_still_get_problem_documents(visitor):
    answer = visitor.get("/api/v1/cases")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_evidence_comes_in_ranges_with_its_own_type_and_never_as_a_page(world, visitors, lang):
    case = world.case()
    officer = visitors("police_officer")
    clip = f"/cases/{case}/evidence/{case}/clip.mp4"
    whole = officer.get(clip)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    part = officer.get(clip, headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert part.content == whole.content[100:200]
    assert "sandbox" in part.headers["content-security-policy"]
    assert part.headers["x-content-type-options"] == "nosniff"
    assert "private" in part.headers["cache-control"]
    still = officer.get(f"/cases/{case}/evidence/{case}/still_in_act.jpg")
    assert still.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("name", ["manifest.sig", "..%2F..%2Fqyran.db", "nothing.jpg", ".hidden"])
def test_only_files_that_the_manifest_lists_are_sent(world, visitors, name):
    case = world.case()
    assert visitors("police_officer").get(f"/cases/{case}/evidence/{case}/{name}").status_code == 404


def test_the_evidence_of_one_record_is_not_reached_through_another(world, visitors):
    case, other = world.case(), world.case(plate="777QYR01")
    officer = visitors("police_officer")
    assert officer.get(f"/cases/{other}/evidence/{case}/clip.mp4").status_code == 404


def test_altered_evidence_is_said_on_the_page_at_once(world, visitors):
    case = world.case()
    officer = visitors("police_officer")
    assert "Evidence intact" in officer.get(f"/cases/{case}").text
    still = world.settings.evidence_folder.rglob(f"{case}/still_in_act.jpg")
    path = next(still)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"x")
    page = officer.get(f"/cases/{case}").text
    assert "Evidence is not intact" in page
    assert "has been altered" in page


def test_a_viewing_copy_is_labelled_and_the_original_stays_within_reach(world, visitors, tmp_path):
    event = world.event(track=None)
    subject = a_subject(event.id, finding=a_finding(track=None), camera=event.camera)
    ring = ring_of(a_video(tmp_path / "hevc.mp4", codec="libx265"))
    world.spool.put(event, write_package(subject, ring, tmp_path / "out", world.signer).folder)
    ingest(world.spool, world.store)
    page = visitors("police_officer").get(f"/cases/{event.id}").text
    assert "Viewing copy, not the original" in page
    assert "view.mp4" in page
    assert re.search(r'href="[^"]+/clip\.mp4" download', page)


def test_speed_from_video_is_labelled_as_no_ground_for_a_fine(world, visitors):
    case = world.case(speed_kmh=52.34, speed_uncertainty_kmh=3.14)
    page = visitors("police_officer").get(f"/cases/{case}").text
    assert "52 ± 3.1 km/h" in page
    assert "Auxiliary, not for recovery" in page


def test_smoke_and_fire_are_called_an_auxiliary_sign(world, visitors):
    alert = world.alert("smoke", kind_of_event="fire_alert", track=None)
    operator = visitors("situational_operator")
    assert "not a certified fire alarm" in operator.get(f"/alarms/{alert}").text
    assert "auxiliary sign" in operator.get("/alarms").text


def test_what_people_type_is_escaped(world, visitors):
    officer = visitors("police_officer")
    case = world.case()
    officer.form(f"/cases/{case}/claim", on=f"/cases/{case}")
    officer.form(f"/cases/{case}/reject", on=f"/cases/{case}", reason="no_violation", note="<b onclick=x>boo</b>")
    page = officer.get(f"/cases/{case}").text
    assert "&lt;b onclick=x&gt;boo" in page
    assert "<b onclick" not in page


def test_a_user_is_made_changed_and_locked_out_by_the_administrator(world, visitors):
    administrator = visitors("administrator")
    given = {"username": "aigerim", "name": "Айгерім", "password": PASSWORD, "roles": "evaluator", "language": "kk"}
    assert administrator.form("/users", on="/users", **given).status_code == 303
    page = administrator.get("/users").text
    assert "Айгерім" in page
    user_id = re.search(r'data-open="user-([0-9a-f-]+)"[^>]*>Change<span class="unseen"> aigerim', page).group(1)
    assert administrator.form(f"/users/{user_id}/roles", on="/users", roles="auditor").status_code == 303
    assert administrator.form(f"/users/{user_id}/password", on="/users", password="short").status_code == 422
    assert administrator.form(f"/users/{user_id}/disable", on="/users").status_code == 303
    assert "Disabled" in administrator.get("/users").text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"roles": ["administrator", "police_officer"]}, "cannot be administrator and officer"),
        ({"roles": []}, "Choose one or more roles"),
        ({"password": "short"}, "12 to 256 characters"),
        ({"password": "aaaaaaaaaaaaaaa"}, "too easy to guess"),
        ({"username": "имя"}, "Latin letters"),
        ({"roles": ["service_dispatcher"]}, "belongs to a service"),
    ],
)
def test_a_wrong_user_is_refused_in_words(visitors, changes, said):
    given = {"username": "daur", "name": "Д", "password": PASSWORD, "roles": ["evaluator"], "language": "kk", **changes}
    answer = visitors("administrator").form("/users", on="/users", **given)
    assert answer.status_code == 422
    assert said in answer.text


def test_the_register_says_which_rules_run_and_what_the_others_lack(visitors):
    page = visitors("situational_operator").get("/cameras").text
    assert "Fire and smoke" in page
    assert "rules are off" in page
    assert "No carriageway zone is drawn." in page


@pytest.mark.parametrize("category", ["republican", "regional", "district"])
def test_the_evaluator_sees_all_16_kpis_and_the_name_of_what_is_missing(world, visitors, category):
    world.case()
    page = visitors("evaluator").get(f"/kpi?category={category}").text
    for number in [f"9.{k}" for k in range(1, 10)] + [f"10.{k}" for k in range(1, 8)]:
        assert f"<strong>{number}</strong>" in page
    assert "length of the roads" in page
    assert "no data" in page
    assert "not the official rating" in page
    assert page.count('class="bar-back"') >= 1


def test_a_kpis_page_tells_definition_numerator_and_counts_without_ids(world, visitors):
    case = world.case()
    page = visitors("evaluator").get("/kpi/9.9").text
    assert "judged false" in page
    assert "Numerator" in page
    assert case not in page
    assert visitors("evaluator").get("/kpi/1.1").status_code == 404
    assert visitors("evaluator").get("/kpi?period=2026-13").status_code == 422


def test_every_person_role_is_covered():
    assert {role for roles in PERSON.values() for role in roles} == PERSON_ROLES
