from __future__ import annotations

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from qyran.roles import Actor, Role
from service import scenes
from service.scene_files import SceneFiles
from service.store.tables import AccessLog
from tests.service.scene_drawings import SURVEY, a_line, a_zone
from vision.camera import load_camera

pytestmark = pytest.mark.browser

ID = "abay-12"
WIDTH, HEIGHT = 1280, 720


@pytest.fixture
def editor(city, base, enter):
    """The scene's page on a still of 1280 by 720."""
    still = SceneFiles.of(city.settings, ID).still
    still.parent.mkdir()
    cv2.imwrite(str(still), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))

    def go(role=Role.CAMERA_OPERATOR, lang="en", size=(1440, 900)):
        page = enter(role, lang, size)
        page.goto(f"{base}/cameras/{ID}/scene")
        if role in {Role.CAMERA_OPERATOR, Role.ADMINISTRATOR}:
            expect(page.locator("[data-count]")).to_have_text("No faults.")
            expect(page.locator("[data-still]")).to_be_visible()
        return page

    return go


def drawn(city):
    with city.store.read(Actor("test", frozenset({Role.AUDITOR}))) as work:
        seen = scenes.look(work, ID)
    return seen.version, seen.content


def draw(city, scene, base=1):
    with city.store.write(city.person(Role.ADMINISTRATOR, name="Болат")) as work:
        scenes.save(work, ID, scene, base=base, comment="theirs")


def click(page, x, y):
    """A click at pixels of the still."""
    box = page.locator("svg[data-drawing]").bounding_box()
    page.mouse.click(box["x"] + x * box["width"] / WIDTH, box["y"] + y * box["height"] / HEIGHT)


def start(page, kind):
    page.locator("[data-do=kind]").select_option(kind)
    page.get_by_role("button", name="Draw", exact=True).click()


def save(page, comment=""):
    page.get_by_label("What changed and why").first.fill(comment)
    page.get_by_role("button", name="Save a version").click()


def press(page, key, times=1):
    for _ in range(times):
        page.keyboard.press(key)


def test_a_zone_by_mouse_and_a_line_by_keys_become_a_version_that_the_worker_gets(city, editor):
    page = editor()
    start(page, "zone:crosswalk")
    for x, y in ((200, 300), (600, 300), (600, 400), (200, 400)):
        click(page, x, y)
    click(page, 200, 300)  # the first point again closes it
    expect(page.locator("[data-part='zones/0']")).to_have_attribute("aria-pressed", "true")

    page.locator("[data-do=kind]").select_option("line:control")
    page.locator("[data-do=start]").press("Enter")
    press(page, "Shift+ArrowDown", 10)
    press(page, "Enter")
    press(page, "Shift+ArrowRight", 12)
    press(page, "ArrowDown", 3)
    press(page, "Enter")
    expect(page.locator("[data-hint]")).to_have_text("Control line control-1 is drawn.")
    expect(page.locator("[data-rules]")).to_contain_text("Fire and smoke")
    save(page, "Painted anew")
    expect(page.locator("[data-saved]")).to_have_text("Version 2 is saved.")
    expect(page.locator("#scene-versions")).to_contain_text("Painted anew")
    expect(page.locator("#scene-versions")).to_contain_text("Zone crosswalk-1: new")
    expect(page.locator("#scene-state")).to_contain_text("Version 2")

    version, scene = drawn(city)
    assert version == 2
    (zone,), (line,) = scene["zones"], scene["lines"]
    pixels = np.array(zone["points"]) * (WIDTH, HEIGHT)
    np.testing.assert_allclose(pixels, [(200, 300), (600, 300), (600, 400), (200, 400)], atol=1.5)
    np.testing.assert_allclose(np.array(line["points"]) * (WIDTH, HEIGHT), [(640, 460), (760, 463)], atol=0.1)
    assert [one.id for one in load_camera(SceneFiles.of(city.settings, ID).published).lines] == ["control-1"]


def test_points_are_chosen_moved_added_deleted_and_undone_by_keys_alone(city, editor):
    draw(city, {"zones": [a_zone(points=[[0.25, 0.5], [0.5, 0.5], [0.5, 0.75], [0.25, 0.75]])]})
    page = editor()
    page.locator("g[data-key='zones/0']").focus()
    press(page, "Enter")
    focused = page.locator("svg :focus")
    expect(focused).to_have_attribute("aria-label", "Point 1 of 4: 320, 360")
    press(page, "ArrowLeft", 3)
    press(page, "Shift+ArrowUp")
    expect(focused).to_have_attribute("aria-label", "Point 1 of 4: 317, 350")
    expect(page.locator("[data-hint]")).to_have_text("Point 1 of 4: 317, 350")
    press(page, "Tab")
    press(page, "Insert")
    expect(focused).to_have_attribute("aria-label", "Point 3 of 5: 640, 450")
    press(page, "Delete")
    expect(focused).to_have_attribute("aria-label", "Point 2 of 4: 640, 360")
    press(page, "Control+z")
    expect(page.locator("g.handle")).to_have_count(5)
    press(page, "Control+y")
    expect(page.locator("g.handle")).to_have_count(4)
    press(page, "Escape")
    press(page, "Delete")
    expect(page.locator("[data-hint]")).to_have_text("Pedestrian crossing crossing is deleted.")
    expect(page.locator("g.part")).to_have_count(0)
    save(page)
    expect(page.locator("[data-saved]")).to_have_text("Version 3 is saved.")
    assert "zones" not in {key for key, value in drawn(city)[1].items() if value}


def test_a_point_is_dragged_by_the_mouse(city, editor):
    draw(city, {"lines": [a_line(points=[[0.25, 0.5], [0.75, 0.5]])]})
    page = editor()
    page.locator("[data-part='lines/0']").click()
    box = page.locator("g.handle .grip").last.bounding_box()
    paper = page.locator("svg[data-drawing]").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(paper["x"] + paper["width"] * 0.9, paper["y"] + paper["height"] * 0.6, steps=3)
    page.mouse.up()
    save(page)
    expect(page.locator("[data-saved]")).to_have_text("Version 3 is saved.")
    np.testing.assert_allclose(drawn(city)[1]["lines"][0]["points"], [[0.25, 0.5], [0.9, 0.6]], atol=0.002)


def test_everything_can_be_changed_by_plain_fields_without_the_picture(city, editor):
    draw(city, {"zones": [a_zone("a"), a_zone("b", points=[[0.6, 0.5], [0.9, 0.5], [0.9, 0.6]])]})
    page = editor()
    page.locator("[data-part='zones/0']").press("Enter")
    form = page.locator("[data-form]")
    form.get_by_label("kind").select_option("no_parking")
    form.get_by_label("id", exact=True).fill("abay-side")
    form.get_by_label("Point 2 of 4 x, px").fill("640")
    form.get_by_label("grace, s").fill("120")
    form.get_by_label("Bus", exact=True).check()
    form.locator("fieldset", has_text="hours").last.get_by_role("button", name="Add").click()
    form.get_by_label("Sun").uncheck()
    form.get_by_label("from").fill("07:30")
    form.get_by_label("direction").check()
    form.get_by_label("KK").fill("Абай көшесі")
    form.get_by_label("KK").blur()
    page.locator("[data-part='camera']").click()
    form.get_by_label("speed limit, km/h").fill("60")
    form.get_by_role("button", name="Add: Forbidden way").click()
    form.get_by_label("to", exact=True).select_option("b")
    save(page)
    expect(page.locator("[data-saved]")).to_have_text("Version 3 is saved.")
    scene = drawn(city)[1]
    zone = scene["zones"][0]
    assert (zone["id"], zone["kind"], zone["grace_s"], zone["classes"]) == ("abay-side", "no_parking", 120, ["bus"])
    assert zone["points"][1] == [0.5, 0.5]
    assert zone["hours"][0]["start"] == "07:30:00"
    assert zone["hours"][0]["days"] == ["mon", "tue", "wed", "thu", "fri", "sat"]
    assert zone["name"]["kk"] == "Абай көшесі"
    assert zone["direction"] is not None
    assert (scene["speed_limit_kmh"], scene["forbidden"][0]["end"]) == (60, "b")


def test_a_signal_head_and_a_calibration_are_drawn_and_judged_at_once(city, editor):
    draw(city, {"lines": [a_line("stop-n", "stop")]})
    page = editor()
    start(page, "signal:")
    click(page, 700, 200)
    click(page, 660, 100)  # the other way round
    page.locator("[data-form]").get_by_label("stop line").select_option("stop-n")
    form = page.locator("[data-form]")
    for number, point in enumerate(SURVEY, 1):
        start(page, "point:")
        click(page, point["picture"][0] * WIDTH, point["picture"][1] * HEIGHT)
        expect(form.locator("legend").first).to_have_text(f"Calibration point {number}")  # not the last one's
        form.get_by_label("East, m").fill(str(point["ground_m"][0]))
        form.get_by_label("North, m").fill(str(point["ground_m"][1]))
        form.get_by_label("North, m").blur()
    expect(page.locator("[data-count]")).to_have_text("No faults.")
    expect(page.locator("[data-plane]")).to_contain_text("Mean error")
    assert page.locator("path.grid").count() > 4
    page.get_by_role("button", name="Road grid").click()
    expect(page.locator("path.grid")).to_have_count(0)
    save(page)
    expect(page.locator("[data-saved]")).to_have_text("Version 3 is saved.")
    scene = drawn(city)[1]
    (signal,) = scene["signals"]
    corners = np.array(signal["box"]).reshape(2, 2) * (WIDTH, HEIGHT)
    np.testing.assert_allclose(corners, [(660, 100), (700, 200)], atol=1.5)
    assert (signal["stop_line"], len(scene["calibration"]["points"])) == ("stop-n", 4)


def test_a_fault_stands_beside_its_part_and_nothing_is_saved_until_it_is_mended(city, editor):
    page = editor()
    start(page, "zone:junction")
    for x, y in ((200, 300), (600, 400), (600, 300), (200, 400)):
        click(page, x, y)
    page.get_by_role("button", name="Finish").click()
    expect(page.locator("[data-count]")).to_have_text("1 fault")
    fault = page.locator("[data-problems]")
    expect(fault).to_contain_text("Junction junction-1: The outline crosses itself between points 1 and 3")
    expect(page.locator("[data-form] .scene-fault")).to_contain_text("crosses itself")
    expect(page.locator("g.part.wrong")).to_have_count(1)
    save(page)
    expect(page.locator("[data-saved]")).to_have_text("Mend the faults first.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-count]")).to_have_text("No faults.")
    assert drawn(city)[0] == 1


def test_of_two_who_draw_at_once_the_second_keeps_his_drawing_and_decides(city, enter, editor):
    page = editor()
    start(page, "line:solid")
    click(page, 200, 300)
    click(page, 600, 300)
    draw(city, {"zones": [a_zone("theirs")]})
    save(page)
    conflict = page.locator("[data-conflict]")
    expect(conflict).to_contain_text("Somebody saved another version while you were drawing. Nothing is lost.")
    expect(conflict).to_contain_text("Version 2, Болат")
    expect(page.locator("[data-part='lines/0']")).to_be_visible()
    assert drawn(city)[0] == 2
    page.get_by_role("button", name="Save mine as the newest").click()
    expect(page.locator("[data-saved]")).to_have_text("Version 3 is saved.")
    assert [one["id"] for one in drawn(city)[1]["lines"]] == ["solid-1"]
    page.locator("#scene-versions").get_by_role("button", name="Restore version 2").click()
    expect(page.locator("#flash")).to_contain_text("Version 4 is saved.")
    expect(page.locator("[data-part='zones/0']")).to_contain_text("theirs")
    enter.faults[:] = [one for one in enter.faults if "409" not in one]  # the browser reports the answer itself


def test_who_only_looks_sees_what_is_drawn_and_neither_picture_nor_tools(city, editor):
    draw(city, {"zones": [a_zone()]})
    page = editor(Role.EVALUATOR)
    expect(page.locator("g.part")).to_have_count(1)
    page.locator("[data-part='zones/0']").click()
    expect(page.locator("[data-form] input").first).to_be_disabled()
    expect(page.get_by_role("button", name="Draw", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Save a version")).to_have_count(0)
    expect(page.locator("[data-still]")).to_be_hidden()
    with city.store.read() as work:
        assert work.session.query(AccessLog).filter_by(action="still_seen").count() == 0


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_the_picture_comes_closer_with_sharp_pixels_and_the_page_fits_a_phone(city, base, enter, lang):
    draw(city, {"zones": [a_zone()], "lines": [a_line()], "calibration": {"points": SURVEY}})
    page = enter(Role.ADMINISTRATOR, lang, (390, 844))
    page.goto(f"{base}/cameras/{ID}/scene")
    page.locator("[data-part='zones/0']").click()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    before = page.locator("svg[data-drawing]").bounding_box()["width"]
    page.locator("[data-do=closer]").click()
    page.locator("[data-do=closer]").click()
    assert page.locator("svg[data-drawing]").bounding_box()["width"] == pytest.approx(before * 2.25, abs=2)
    assert page.locator("[data-still]").evaluate("one => getComputedStyle(one).imageRendering") == "pixelated"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    words = page.locator("main").inner_text()
    assert "scene." not in words
    assert "{" not in words
