"""Pages while the object store, in which everything lies that the disk has lost, does not answer."""

from __future__ import annotations

import shutil

import pytest

from service.i18n import LANGUAGES
from service.records import evidence_of
from tests.service.s3 import with_store

NOWHERE = "s3://bucket?endpoint=http://127.0.0.1:9"
SAID = {
    "en": "The evidence lies in the object store, which does not answer now",
    "ru": "Доказательства лежат в объектном хранилище, которое сейчас не отвечает",
    "kk": "Дәлелдеме объектілер қоймасында жатыр, ол қазір жауап бермейді",
}


@pytest.fixture
def case(world, monkeypatch):
    monkeypatch.setenv("QYRAN_TEST_KEY", "key")
    monkeypatch.setenv("QYRAN_TEST_SECRET", "word")
    found = world.case()
    shutil.rmtree(world.settings.evidence_folder)
    object.__setattr__(world.store, "settings", with_store(world.settings, NOWHERE))
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_case_says_that_its_evidence_is_not_to_hand_and_shows_the_rest(visitors, case, lang):
    officer = visitors("police_officer")
    officer.cookies.set("qyran_language", lang)
    page = officer.get(f"/cases/{case}")
    assert (page.status_code, SAID[lang] in page.text) == (200, True)


def test_its_files_are_asked_for_again_later(visitors, world, case):
    with world.store.read() as work:
        event = evidence_of(work, [case])[case][0].event_id
    officer = visitors("police_officer")
    page = officer.get(f"/cases/{case}/evidence/{event}/clip.mp4")
    assert (page.status_code, "Files are not to hand" in page.text) == (503, True)
    answer = officer.get(f"/api/v1/cases/{case}/evidence/{event}/clip.mp4")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/objects-away")
    assert answer.headers["retry-after"] == "60"
