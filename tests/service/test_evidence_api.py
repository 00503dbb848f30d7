from __future__ import annotations

import io
import zipfile

import pytest

from evidence.keys import trust_store
from evidence.verify import verify
from qyran.roles import Role
from service.app import create_app
from service.evidence_export import exports_of
from tests.service.server import serving
from tests.service.test_api import logged_in
from tests.service.world import World


@pytest.fixture
def served(settings):
    with World(settings) as made, serving(create_app(store=made.store, jobs=False)) as made.address:
        yield made


def test_an_officer_sees_what_evidence_holds_in_three_languages(served):
    case = served.case()
    with logged_in(served, Role.POLICE_OFFICER) as officer:
        found = officer("GET", f"/cases/{case}/evidence-contents").json()
    assert (found["hold"], found["complete"]) == ("open_case", False)
    clip = next(item for item in found["items"] if item["name"] == "clip")
    assert (clip["state"], clip["words"]["ru"]) == ("present", "подлинный видеофрагмент")
    with logged_in(served, Role.ADMINISTRATOR) as administrator:
        assert administrator("GET", f"/cases/{case}/evidence-contents").status_code == 403


def test_a_senior_officer_locks_and_releases_and_an_auditor_reads_it(served):
    case = served.case()
    order = {"reason": "court", "note": "Суд, 12-345"}
    with logged_in(served, Role.SENIOR_OFFICER) as senior:
        made = senior("POST", f"/cases/{case}/locks", json=order)
        assert made.status_code == 201, made.text
        assert senior("POST", f"/cases/{case}/locks", json={**order, "reason": "because"}).status_code == 422
        assert senior("POST", "/cases/nothing/locks", json=order).status_code == 404
        released = senior("POST", f"/evidence-locks/{made.json()['id']}/release", json={"note": "окончено"})
        assert released.json()["release_note"] == "окончено"
        assert senior("POST", f"/evidence-locks/{made.json()['id']}/release", json={"note": "x"}).status_code == 409
    with logged_in(served, Role.AUDITOR) as auditor:
        assert [one["note"] for one in auditor("GET", f"/cases/{case}/locks").json()] == ["Суд, 12-345"]
        assert auditor("POST", f"/cases/{case}/locks", json=order).status_code == 403


def test_an_export_comes_as_one_file_that_verifies_and_is_logged(served, tmp_path):
    case = served.case()
    with logged_in(served, Role.POLICE_OFFICER) as officer:
        answer = officer("POST", f"/cases/{case}/export", json={"purpose": "для суда"})
        assert answer.status_code == 200, answer.text
        assert (
            officer("POST", f"/cases/{case}/export", json={"purpose": "для суда", "variant": "full"}).status_code == 403
        )
        assert officer("POST", f"/cases/{case}/export", json={"purpose": ""}).status_code == 422
    assert f"qyran-masked-{case}.zip" in answer.headers["content-disposition"]
    (tmp_path / "out.zip").write_bytes(answer.content)
    assert verify(tmp_path / "out.zip", trust_store(served.settings.home)).ok
    assert "masked/clip" in " ".join(zipfile.ZipFile(io.BytesIO(answer.content)).namelist())
    with served.store.read() as work:
        assert [one.purpose for one in exports_of(work, case)] == ["для суда"]


def test_a_masked_picture_is_given_by_the_name_of_its_original(served):
    case = served.case()
    with logged_in(served, Role.POLICE_OFFICER) as officer:
        answer = officer("GET", f"/cases/{case}/masked/still_in_act.jpg")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert officer("GET", f"/cases/{case}/masked/clip.mp4").status_code == 404
        assert officer("GET", f"/cases/{case}/masked/manifest.json").status_code == 404
