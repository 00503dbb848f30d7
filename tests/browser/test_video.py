"""Live views and the archive in a real browser, over a real RTSP server and a camera's process of its own."""

from __future__ import annotations

import multiprocessing
import threading
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from qyran.roles import Role
from service.forwarding.live_line import LiveLine
from service.settings import load_settings
from service.store.video_tables import VideoLook
from service.video import live_door
from service.video.reading import read_camera
from tests.browser.axe import serious
from tests.service.forwarding.machines import beaten, client_of, token_of, word
from tests.service.video.films import Film
from tests.service.world import NOON
from tests.vision.clips import make_clip, write_units
from tests.vision.rtsp import RtspServer

pytestmark = [pytest.mark.browser, pytest.mark.rtsp]
CAMERA = "abay-12"


def server(folder, codec: str = "h264") -> RtspServer:
    encoder = {"h264": "libx264", "h265": "libx265"}[codec]
    options = {"bf": "0"} if codec == "h264" else {"x265-params": "bframes=0:log-level=none"}
    clip = make_clip(folder / f"a.{'h264' if codec == 'h264' else 'hevc'}", codec=encoder, options=options, gop=25)
    return RtspServer(write_units(folder / "units", clip, codec=codec))


class Camera:
    """The process that reads a camera; can be killed and started again."""

    def __init__(self, url: str, settings) -> None:
        self._given = (CAMERA, url, settings)
        self.start()

    def start(self) -> None:
        self._process = multiprocessing.get_context("spawn").Process(target=read_camera, args=self._given, daemon=True)
        self._process.start()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def test_a_camera_is_watched_live_and_comes_back_after_a_kill(city, base, enter, tmp_path) -> None:
    page = enter(Role.SITUATIONAL_OPERATOR)
    page.goto(f"{base}/video/{CAMERA}")
    video, said = page.locator("video"), page.locator("#said")
    expect(said).to_contain_text("Nobody reads this camera")
    with server(tmp_path) as camera_server:
        camera = Camera(camera_server.url, city.settings)
        try:
            expect(video).to_have_attribute("data-live", "on")
            expect(said).to_be_empty()
            expect(page.locator("output")).to_contain_text("s behind")
            assert page.evaluate("document.querySelector('video').videoWidth") == 160
            camera.kill()
            expect(said).to_contain_text("Nobody reads this camera")
            camera.start()
            expect(video).to_have_attribute("data-live", "on")
            camera_server.kill()
            expect(video).to_have_attribute("data-live", "down")
            camera_server.start()
            expect(video).to_have_attribute("data-live", "on")
        finally:
            camera.kill()
    assert "rtsp" not in page.content()


def test_a_camera_of_another_machine_is_watched_live_and_its_machine_comes_and_goes(
    city, base, enter, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(live_door, "PRESENT_S", 1.0)
    east = load_settings(home=tmp_path / "east")
    client = client_of(token_of(city, "east"), east.home, base)
    beaten(client, word({CAMERA: None}, at=city.clock.now))
    page = enter(Role.SITUATIONAL_OPERATOR)
    page.goto(f"{base}/video/{CAMERA}")
    video, said = page.locator("video"), page.locator("#said")
    expect(said).to_contain_text("The machine that reads this camera does not answer")
    with server(tmp_path) as camera_server:
        camera = Camera(camera_server.url, east)
        try:
            for _ in range(2):
                line = LiveLine(east.live_folder, client)
                thread = threading.Thread(target=line.run)
                thread.start()
                expect(video).to_have_attribute("data-live", "on")
                expect(page.locator("output")).to_contain_text("s behind")
                assert page.evaluate("document.querySelector('video').videoWidth") == 160
                line.stop.set()
                thread.join()
                expect(said).to_contain_text("The machine that reads this camera does not answer")
        finally:
            camera.kill()
            client.close()


def test_a_codec_that_the_browser_does_not_play_comes_as_pictures(city, base, enter, tmp_path) -> None:
    page = enter(Role.SITUATIONAL_OPERATOR)
    page.goto(f"{base}/video/{CAMERA}")
    if page.evaluate("""MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L93.90"')"""):
        pytest.skip("this browser plays H.265")
    with server(tmp_path, "h265") as camera_server:
        camera = Camera(camera_server.url, city.settings)
        try:
            expect(page.locator("video")).to_have_attribute("data-live", "still")
            expect(page.locator("#said")).to_contain_text("does not play H.265")
            assert page.locator("video").get_attribute("poster").startswith("blob:")
        finally:
            camera.kill()


def test_recorded_video_opens_with_a_purpose_and_plays_across_segments_and_gaps(city, base, enter, tmp_path) -> None:
    film = Film(tmp_path)
    start = NOON - timedelta(minutes=10)
    film.record(city.settings.video_folder, CAMERA, start, 8)
    film.record(city.settings.video_folder, CAMERA, start + timedelta(seconds=60), 8)
    city.alert(time=start + timedelta(seconds=63))
    page = enter(Role.SITUATIONAL_OPERATOR)
    page.goto(f"{base}/video/{CAMERA}?at={start.isoformat().replace('+', '%2B')}")
    assert page.locator("#thumbs").count() == 0  # nothing is shown before somebody says what for
    page.get_by_label("What for").first.select_option("inquiry")
    page.get_by_label("What you look for").fill("white car")
    page.get_by_role("button", name="Open the video", exact=True).click()
    expect(page.locator("#thumbs img").first).to_be_visible()
    assert serious(page) == []
    second = "document.querySelector('video').currentTime"
    begun = page.evaluate("(archive.player.segments[0].from)")
    page.evaluate("archive.player.seek(archive.player.start + 1000 * archive.player.segments[0].from)")
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    page.locator("#speed").select_option("4")
    page.locator("[data-do=play]").click()
    expect(page.locator("#strip-head")).not_to_have_attribute("x", "-10")
    until(page, f"{second} > {begun} + 60.5")  # over the gap by itself
    page.keyboard.press("j")
    until(page, f"Math.abs({second} - {begun} - 60) < 8")
    page.locator("[data-do=play]").click()
    before = page.evaluate(second)
    page.keyboard.press(".")
    until(page, f"{second} > {before}")
    with city.store.read() as work:
        assert [one.purpose for one in work.session.query(VideoLook).where(VideoLook.kind == "archive")] == ["inquiry"]


def until(page, condition: str) -> None:
    """The pages' policy forbids Playwright's own waiting for an expression."""
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)
