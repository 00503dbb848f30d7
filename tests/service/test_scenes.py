from __future__ import annotations

import os
import threading
import tomllib

import pytest
from sqlalchemy import select

from evidence.canonical import file_sha256
from qyran.errors import AccessError, CameraFileError, InputError, NotFound, TransitionError
from qyran.roles import SYSTEM, Role
from service import cameras, scenes
from service.jobs import keep_house
from service.scene_files import SceneFiles
from service.store.tables import AccessLog
from tests.service.scene_drawings import SURVEY, a_line, a_zone
from tests.service.world import CAMERA
from vision.camera import load_camera, parse_camera

ID = "abay-12"
READERS = {
    Role.CAMERA_OPERATOR, Role.ADMINISTRATOR, Role.SITUATIONAL_OPERATOR, Role.AUDITOR, Role.POLICE_OFFICER,
    Role.SENIOR_OFFICER, Role.EVALUATOR,
}  # fmt: skip
EDITORS = {Role.CAMERA_OPERATOR, Role.ADMINISTRATOR}
PEOPLE = [*sorted(READERS), Role.SERVICE_DISPATCHER, Role.DATA_PROTECTION_OFFICER]


@pytest.fixture
def editor(world):
    return world.person(Role.CAMERA_OPERATOR, name="Айгерім")


def save(world, who, scene, base=1, comment=""):
    return world.do(who, scenes.save, ID, scene, base=base, comment=comment)


def published(world):
    return SceneFiles.of(world.settings, ID).published


def allowed(world, who, act) -> bool:
    try:
        world.do(who, act)
    except AccessError:
        return False
    return True


ACTS = {
    "look": (lambda work: scenes.look(work, ID), READERS),
    "versions": (lambda work: scenes.versions(work, ID), READERS),
    "still": (lambda work: scenes.still(work, ID), {Role.CAMERA_OPERATOR}),
    "save": (lambda work: scenes.save(work, ID, {}, base=1), EDITORS),
    "restore": (lambda work: scenes.restore(work, ID, 1, base=1), EDITORS),
}


def test_who_looks_who_draws_and_who_sees_the_picture(world):
    still = SceneFiles.of(world.settings, ID).still
    still.parent.mkdir()
    still.write_bytes(b"jpeg")
    people = {role: world.person(role) for role in PEOPLE}
    may = {name: {role for role, who in people.items() if allowed(world, who, act)} for name, (act, _) in ACTS.items()}
    assert may == {name: roles for name, (_, roles) in ACTS.items()}


def test_a_saved_scene_is_a_version_with_author_reason_and_differences(both):
    editor = both.person(Role.CAMERA_OPERATOR, name="Айгерім")
    assert save(both, editor, {"zones": [a_zone()], "lines": [a_line()]}, comment="  New markings ") == 2
    moved = a_zone(points=[[0.1, 0.5], [0.5, 0.5], [0.4, 0.6]], name={"kk": "а", "ru": "а", "en": "a"})
    assert save(both, editor, {"zones": [moved], "calibration": {"points": SURVEY}}, base=2) == 3
    newest, second, first = both.do(editor, scenes.versions, ID)
    assert (newest.version, newest.by, newest.comment, newest.source) == (3, "Айгерім", None, "page")
    assert (second.comment, first.by, first.source, first.differences) == ("New markings", "", "file", ())
    assert {(one.what, one.part, one.id) for one in second.differences} == {
        ("added", "zones", "crossing"), ("added", "lines", "count"),
    }  # fmt: skip
    words = {lang: [one.words(lang) for one in newest.differences] for lang in ("en", "ru", "kk")}
    assert set(words["en"]) == {"Calibration: new", "Line count: deleted", "Zone crossing: name, points"}
    assert "Калибровка: новое" in words["ru"]
    assert "Аймақ crossing: атауы, нүктелері" in words["kk"]


def test_the_same_scene_again_is_no_new_version(world, editor):
    scene = {"zones": [a_zone()]}
    assert save(world, editor, scene) == 2
    assert save(world, editor, scene, base=2) == 2


def test_of_two_who_draw_at_once_the_second_is_told_and_nothing_is_lost(world, editor):
    other = world.person(Role.ADMINISTRATOR)
    save(world, editor, {"zones": [a_zone("mine")]})
    with pytest.raises(TransitionError, match=r"saved version 2 of this scene meanwhile; yours was drawn from ver"):
        save(world, other, {"zones": [a_zone("other")]})
    assert [zone["id"] for zone in world.do(other, scenes.look, ID).content["zones"]] == ["mine"]
    assert save(world, other, {"zones": [a_zone("other")]}, base=2) == 3


def test_many_who_save_from_the_same_version_make_one_version(both):
    editor = both.person(Role.CAMERA_OPERATOR)
    outcomes, ready = [], threading.Barrier(4)

    def draw(name):
        ready.wait()
        try:
            outcomes.append(save(both, editor, {"zones": [a_zone(name)]}))
        except TransitionError:
            outcomes.append("told")

    threads = [threading.Thread(target=draw, args=(f"z{k}",)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [2, "told", "told", "told"]


@pytest.mark.parametrize("key", ["stream", "credentials", "id", "name", "covers", "colour"])
def test_only_the_scene_can_be_drawn(world, editor, key):
    with pytest.raises(InputError, match=f"{key} cannot be changed with the scene"):
        save(world, editor, {key: "file:/etc/passwd"})


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        ({"zones": [a_zone(), a_zone()]}, "used twice"),
        ({"lines": [a_line(points=[[0.1, 0.1], [1.2, 0.1]])]}, "outside the picture"),
        ({"calibration": {"points": SURVEY[:3]}}, "calibration"),
        (
            {
                "calibration": {
                    "points": [*SURVEY[:2], {**SURVEY[2], "picture": [0.3, 0.4]}, {**SURVEY[3], "picture": [0.7, 0.4]}]
                }
            },
            "calibration",
        ),
    ],
)
def test_a_wrong_scene_is_refused_and_the_last_one_stands(world, editor, scene, words):
    with pytest.raises(CameraFileError, match=words):
        save(world, editor, scene)
    assert world.do(editor, scenes.look, ID).version == 1


def test_an_older_scene_comes_back_as_a_new_version_with_the_stream_of_today(world, editor):
    save(world, editor, {"zones": [a_zone()]})
    world.register(stream="rtsp://elsewhere/1")
    assert world.do(editor, scenes.restore, ID, 2, base=3, comment="back") == 4
    with world.store.read(editor) as work:
        now = scenes.look(work, ID).parsed()
    assert ([zone.id for zone in now.zones], now.stream) == (["crossing"], "rtsp://elsewhere/1")
    assert world.do(editor, scenes.versions, ID)[0].restores == 2
    with pytest.raises(NotFound, match="no version 9"):
        world.do(editor, scenes.restore, ID, 9, base=4)


def test_a_worker_gets_the_newest_version_from_the_first_drawing_on_and_the_hash_that_evidence_names(world, editor):
    assert not scenes.publish(world.store, ID)
    assert not published(world).exists()
    save(world, editor, {"zones": [a_zone()]})
    assert scenes.publish(world.store, ID)
    assert not scenes.publish(world.store, ID)
    assert [zone.id for zone in load_camera(published(world)).zones] == ["crossing"]
    newest = world.do(editor, scenes.versions, ID)[0]
    assert newest.file_sha256 == file_sha256(published(world))
    text = world.do(world.person(Role.AUDITOR), scenes.text_of, ID, 2)
    assert text == published(world).read_text(encoding="utf-8")
    assert parse_camera(tomllib.loads(text), source="text") == load_camera(published(world))
    world.register(stream="rtsp://elsewhere/1", zones=[a_zone("by-hand")])
    scenes.publish(world.store, ID)
    assert [zone.id for zone in load_camera(published(world)).zones] == ["by-hand"]


def test_a_service_that_was_killed_before_it_published_does_it_with_its_housekeeping(world):
    save(world, world.person(Role.ADMINISTRATOR), {"zones": [a_zone()]})
    keep_house(world.store)
    assert [zone.id for zone in load_camera(published(world)).zones] == ["crossing"]


def test_a_look_at_the_picture_is_in_the_journal(world, editor):
    with pytest.raises(NotFound, match="no still of the camera abay-12 yet"):
        world.do(editor, scenes.still, ID)
    still = SceneFiles.of(world.settings, ID).still
    still.parent.mkdir()
    still.write_bytes(b"jpeg")
    assert world.do(editor, scenes.still, ID) == b"jpeg"
    with world.store.read() as work:
        looks = work.session.execute(select(AccessLog.actor, AccessLog.record).where(AccessLog.action == "still_seen"))
        assert [tuple(row) for row in looks] == [(editor.id, ID)]


def test_a_still_goes_when_nobody_watched_its_camera_for_the_retention_time(world):
    files = [SceneFiles.of(world.settings, name).still for name in ("old", "young")]
    files[0].parent.mkdir()
    for path, days in zip(files, (31, 29), strict=True):
        path.write_bytes(b"jpeg")
        at = world.clock().timestamp() - days * 86_400
        os.utime(path, (at, at))
    scenes.forget_stills(world.store)
    assert [path.exists() for path in files] == [False, True]


def test_a_version_that_a_stricter_program_would_refuse_can_still_be_looked_at_and_mended(world):
    editor = world.person(Role.ADMINISTRATOR)
    with world.store.write(SYSTEM) as work:
        broken = parse_camera({**CAMERA, "zones": [a_zone()]}, source="test")
        cameras.register(work, broken.model_copy(update={"zones": (broken.zones[0],) * 2}))
    assert len(world.do(editor, scenes.look, ID).content["zones"]) == 2
    assert save(world, editor, {"zones": [a_zone()]}, base=2) == 3


def test_there_is_nothing_of_a_camera_that_is_not_registered(world):
    editor = world.person(Role.CAMERA_OPERATOR)
    for act in (scenes.look, scenes.versions, scenes.still):
        with pytest.raises(NotFound):
            world.do(editor, act, "nowhere")
