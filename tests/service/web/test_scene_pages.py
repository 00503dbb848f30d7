from __future__ import annotations

import pytest

from qyran.roles import SYSTEM, Actor, Role
from service import scenes
from service.scene_files import SceneFiles, SceneState
from tests.service.scene_drawings import a_zone
from vision.camera import load_camera

PAGE = "/cameras/abay-12/scene"
API = "/api/v1/cameras/abay-12"
READER = Actor("test", frozenset({Role.AUDITOR}))
OPENS = {
    "camera_operator": (200, 200), "administrator": (200, 403), "police_officer": (200, 403), "evaluator": (200, 403),
    "auditor": (200, 403), "service_dispatcher": (403, 403), "data_protection_officer": (403, 403),
}  # fmt: skip
ZONE = """
[[zones]]
id = "crossing"
kind = "crosswalk"
points = [[0.1, 0.5], [0.4, 0.5], [0.4, 0.6]]
"""


@pytest.fixture
def files(world):
    return SceneFiles.of(world.settings, "abay-12")


def zones(world):
    with world.store.read(READER) as work:
        seen = scenes.look(work, "abay-12")
    return seen.version, [zone["id"] for zone in seen.content.get("zones", [])]


def draw(world, *names, base=1):
    with world.store.write(SYSTEM) as work:
        scenes.save(work, "abay-12", {"zones": [a_zone(name) for name in names]}, base=base)


def test_who_opens_the_page_and_who_gets_the_picture_and_the_tools(visitors, files):
    files.still.parent.mkdir()
    files.still.write_bytes(b"\xff\xd8")
    for role, (page, picture) in OPENS.items():
        person = visitors(role)
        opened, still = person.get(PAGE), person.get(f"{API}/still")
        assert (opened.status_code, still.status_code) == (page, picture), role
        assert still.headers["cache-control"] == "no-store"
        draws = role in {"camera_operator", "administrator"}  # who gives rights draws without the picture
        assert ("<textarea" in opened.text, 'data-do="start"' in opened.text) == ((draws,) * 2)


def test_the_register_leads_to_the_page(visitors):
    assert 'href="/cameras/abay-12/scene">Draw the scene' in visitors("administrator").get("/cameras").text
    assert 'href="/cameras/abay-12/scene">See the scene' in visitors("auditor").get("/cameras").text


def test_a_camera_that_is_not_registered_has_no_page(visitors):
    assert visitors("administrator").get("/cameras/nowhere/scene").status_code == 404


def test_the_scene_is_changed_as_text_where_no_script_runs(world, visitors, files):
    person = visitors("camera_operator")
    answer = person.form(PAGE, on=PAGE, text=ZONE.replace("\n", "\r\n"), base="1", comment="By hand")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    page = person.get(PAGE).text
    assert "Version 2 is saved." in page
    assert "By hand" in page
    assert zones(world) == (2, ["crossing"])
    assert [zone.id for zone in load_camera(files.published).zones] == ["crossing"]


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        ("zones = [", 422, "not valid TOML"),
        (ZONE + 'colour = "red"', 422, "colour is no key of a camera file."),
        (ZONE + ZONE, 422, "The id crossing is used twice."),
        ('stream = "rtsp://elsewhere/1"', 422, "an installer registers the file"),
    ],
)
def test_a_text_that_is_refused_says_why_and_stays_on_the_page(world, visitors, text, status, why):
    answer = visitors("administrator").form(PAGE, on=PAGE, text=text, base="1")
    assert answer.status_code == status
    assert why in answer.text
    assert text.splitlines()[-1].replace('"', "&#34;") in answer.text
    assert zones(world)[0] == 1


def test_a_text_that_was_written_on_an_older_version_is_told_and_stays_on_the_page(world, visitors):
    person = visitors("administrator")
    draw(world, "theirs")
    answer = person.form(PAGE, on=PAGE, text=ZONE, base="1")
    assert answer.status_code == 409
    assert "Somebody saved another version of this scene meanwhile" in answer.text
    assert "points = [[0.1, 0.5], [0.4, 0.5], [0.4, 0.6]]" in answer.text
    assert zones(world) == (2, ["theirs"])


def test_an_older_version_is_restored_by_a_button(world, visitors):
    draw(world, "a")
    draw(world, "b", base=2)
    person = visitors("camera_operator")
    assert person.form(f"{PAGE}/restore", on=PAGE, version="2", base="3").status_code == 303
    assert zones(world) == (4, ["a"])
    assert "Restores version 2." in person.get(PAGE).text
    assert person.form(f"{PAGE}/restore", on=PAGE, version="2", base="3").status_code == 409
    assert visitors("auditor").form(f"{PAGE}/restore", on=PAGE, version="2", base="4").status_code == 403


def test_the_page_says_which_version_is_in_force(world, visitors, files):
    person = visitors("administrator")
    said = []

    def look():
        text = person.get(PAGE).text
        said.append(text.split('id="scene-state"')[1].split("</p>")[0])
        return said[-1]

    def say(**changes):
        files.say(SceneState(file_sha256="0", version_sha256=None, since=world.clock()).model_copy(update=changes))

    assert 'data-state="idle"' in look()
    say()
    assert 'data-state="own"' in look()
    draw(world, "a")
    scenes.publish(world.store, "abay-12")
    assert 'data-state="waiting"' in look()
    with world.store.read(READER) as work:
        newest = scenes.versions(work, "abay-12")[0]
    say(version_sha256=newest.file_sha256)
    assert 'data-state="in_force"' in look()
    say(problem="The camera file a.toml is wrong.")
    assert 'data-state="refused"' in look()
    assert "The camera file a.toml is wrong." in said[-1]
    assert "scene." not in "".join(said)


def test_over_the_api_two_writers_at_once_get_a_conflict_and_faults_name_their_part(world, visitors):
    person = visitors("administrator")
    token = {"x-csrf-token": person.token(PAGE)}
    scene = {"zones": [a_zone()]}
    body = {"scene": scene, "base": 1, "comment": "API"}
    assert person.send("PUT", f"{API}/scene", json=body, headers=token).json() == {"version": 2}
    told = person.send("PUT", f"{API}/scene", json=body, headers=token)
    assert (told.status_code, told.json()["type"]) == (409, "/problems/transition")
    assert person.send("PUT", f"{API}/scene", json=body).status_code == 403
    draft = {"scene": {"zones": [a_zone(), a_zone()]}, "width": 1280, "height": 720, "lang": "ru"}
    checked = person.send("POST", f"{API}/scene/check", json=draft, headers=token).json()
    assert checked["problems"] == [
        {"part": "zones/1", "field": "", "text": "Обозначение crossing использовано дважды."}
    ]
    assert person.get(f"{API}/scene").json()["scene"]["zones"][0]["id"] == "crossing"
    first, second = person.get(f"{API}/scene/versions").json()
    assert (first["version"], first["comment"], second["version"]) == (2, "API", 1)
    file = person.get(f"{API}/scene/versions/2")
    assert file.headers["content-type"] == "application/toml"
    assert 'id = "crossing"' in file.text
    back = person.send("POST", f"{API}/scene/restoration", json={"version": 1, "base": 2}, headers=token)
    assert back.json() == {"version": 3}
    assert zones(world) == (3, [])
