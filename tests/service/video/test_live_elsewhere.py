"""Live views of a camera that another machine reads: told there, sent from there, and only while somebody watches."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading

import httpx
import pytest

from qyran.errors import InputError, Unavailable
from qyran.roles import SYSTEM, Role
from service.api import worker_live
from service.app import create_app
from service.cluster import leases
from service.cluster.lease_clock import LeaseClock
from service.forwarding.live_batch import HEAD as LINE_HEAD
from service.forwarding.live_batch import MEDIA_TYPE, packed, unpacked
from service.forwarding.live_line import LiveLine
from service.settings import load_settings
from service.store.tables import AppUser
from service.video import live_door
from service.video.live_door import LiveDoor
from service.video.live_hub import Said
from tests.service.forwarding.machines import beaten, client_of, token_of, word
from tests.service.server import browser, serving
from tests.service.world import PASSWORD, World
from vision.live_feed import FRAGMENT, INIT, STATE, STILL, message, short, socket_path

CAMERA = "abay-12"
STATE_UP = json.dumps({"state": "up", "reason": None, "since": "2026-11-22T12:00:00.000+00:00"}).encode()
TABLE = json.dumps({"epoch": "ab", "codecs": "avc1.64001f", "codec": "h264"}).encode()
INIT_SAID = len(TABLE).to_bytes(2, "big") + TABLE + b"init"
PICTURE = (1_700_000_000_000).to_bytes(8, "big") + b"\xff\xd8\xff\xe0"


class Feed:
    """A camera's socket that gives an init segment and a key frame to whoever connects, and counts who does."""

    def __init__(self, folder) -> None:
        folder.mkdir(parents=True)
        self.readers: list[socket.socket] = []
        self.wishes = bytearray()
        self.left = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self.path = socket_path(folder, CAMERA)
        with short(self.path) as name:
            self._listener.bind(name)
        self._listener.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                reader, _ = self._listener.accept()
                self.readers.append(reader)
                reader.sendall(message(STATE, STATE_UP) + message(INIT, INIT_SAID) + message(FRAGMENT, b"\x01key"))
                threading.Thread(target=self._hear, args=(reader,), daemon=True).start()

    def _hear(self, reader) -> None:
        with contextlib.suppress(OSError):
            while said := reader.recv(64):
                self.wishes += said
        self.left.set()

    def say(self, kind, payload) -> None:
        self.readers[-1].sendall(message(kind, payload))

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for one in (self._listener, *self.readers):
            one.close()


@pytest.fixture
def city(tmp_path):
    """A service, and a machine that holds the camera and gives the service what it wishes; yields both and a person."""
    with World(load_settings(home=tmp_path / "home", second_look_share=0, sample_auto_rejected=0)) as world:
        token = token_of(world, "east")
        app = create_app(store=world.store, jobs=False)
        with serving(app) as url, contextlib.ExitStack() as stack:
            stack.callback(app.state.readiness.closing.set)
            client = client_of(token, tmp_path / "east", url)
            stack.callback(client.close)
            beaten(client, word({CAMERA: None}, at=world.clock.now))
            feed = Feed(tmp_path / "east" / "live")
            stack.callback(feed.close)
            line = LiveLine(tmp_path / "east" / "live", client)
            thread = threading.Thread(target=line.run)
            thread.start()
            stack.callback(thread.join)
            stack.callback(line.stop.set)
            person = stack.enter_context(browser(url))
            log_in(world, person)
            yield world, feed, line, person


def log_in(world, person) -> None:
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    with world.store.read() as work:
        name = work.session.get_one(AppUser, operator.id).username
    person.post("/api/v1/session", json={"username": name, "password": PASSWORD}).raise_for_status()


def test_a_camera_of_another_machine_is_watched_by_its_own_packets(city):
    _, feed, _, person = city
    with person.stream("GET", f"/api/v1/cameras/{CAMERA}/live") as answer:
        assert answer.headers["content-type"] == 'video/mp4; codecs="avc1.64001f"'
        pieces = answer.iter_bytes()
        got = b""
        while b"key" not in got:
            got += next(pieces)
        assert got == b"initkey"
        feed.say(FRAGMENT, b"\x00next")
        assert next(pieces) == b"next"
    assert len(feed.readers) == 1
    assert b"V" in feed.wishes


def test_a_slow_look_at_pictures_needs_no_video_from_the_machine(city):
    _, feed, _, person = city
    with person.stream("GET", "/api/v1/video/live", params={"camera": CAMERA, "still": CAMERA}) as answer:
        pieces = answer.iter_bytes()
        told = b""
        while STATE_UP not in told:
            told += next(pieces)
        feed.say(STILL, PICTURE)
        while PICTURE not in told:
            told += next(pieces)
    assert b"init" not in told
    assert feed.wishes.endswith(b"vS")


def test_two_who_watch_have_it_sent_once_and_nothing_is_sent_once_both_have_left(city, monkeypatch):
    world, feed, _, person = city
    heard = []
    hear = LiveDoor.hear
    monkeypatch.setattr(LiveDoor, "hear", lambda self, *given: (heard.append(given), hear(self, *given))[1])
    with person.stream("GET", f"/api/v1/cameras/{CAMERA}/live") as one:
        assert next(one.iter_bytes()) == b"init"
        with browser(str(person.base_url)) as other:
            log_in(world, other)
            with other.stream("GET", f"/api/v1/cameras/{CAMERA}/live") as two:
                assert next(two.iter_bytes()) == b"init"
    assert len([1 for _, _, said in heard if said.kind == INIT]) == 1
    assert feed.left.wait(30)
    assert len(feed.readers) == 1


def test_a_machine_that_does_not_ask_is_told_as_away_and_a_camera_that_nobody_holds_as_read_by_nobody(
    city, monkeypatch
):
    monkeypatch.setattr(live_door, "PRESENT_S", 0.2)
    _, _, line, person = city
    line.stop.set()
    with person.stream("GET", "/api/v1/video/live", params={"camera": [CAMERA, "dostyk-14"]}) as answer:
        told = b""
        for piece in answer.iter_bytes():
            told += piece
            if b"machine_away" in told and b"no_worker" in told:
                break


def test_what_a_machine_says_many_times_a_second_is_logged_where_it_is_refused_only(city, caplog):
    world, _, _, person = city
    caplog.set_level("INFO", "qyran.access")
    headers = {"authorization": f"Bearer {token_of(world, 'west')}", "content-type": MEDIA_TYPE}
    with httpx.Client(base_url=person.base_url) as client:
        assert client.post("/api/v1/worker/live", content=b"", headers=headers).status_code == 204
        assert client.post("/api/v1/worker/live", content=b"", headers={"content-type": MEDIA_TYPE}).status_code == 401
    assert [one.status for one in caplog.records if getattr(one, "route", "") == "/api/v1/worker/live"] == [401]


def test_what_was_lost_on_its_way_is_begun_anew_at_a_key_frame(city, monkeypatch):
    """A request that fails may have held the beginning: a viewer gets it again, whole."""
    failed = []
    send = worker_live.unpacked

    def once(data):
        if not failed:
            failed.append(data)
            raise Unavailable("The service is away.")
        return send(data)

    monkeypatch.setattr(worker_live, "unpacked", once)
    _, _, _, person = city
    with person.stream("GET", f"/api/v1/cameras/{CAMERA}/live") as answer:
        got, pieces = b"", answer.iter_bytes()
        while b"key" not in got:
            got += next(pieces)
    assert got == b"initkey"
    assert failed


def test_a_camera_of_the_services_own_machine_whose_process_is_gone_is_read_by_nobody(city):
    world, _, line, person = city
    line.stop.set()
    own = world.settings.machine_name
    world.register(id="own-1")
    world.do(SYSTEM, leases.beat, own, word({"own-1": None}, at=world.clock.now), LeaseClock())
    assert world.do(SYSTEM, leases.holder_of, "own-1") == own
    with person.stream("GET", "/api/v1/video/live", params={"camera": "own-1"}) as answer:
        told = b""
        for piece in answer.iter_bytes():
            told += piece
            if b'"down"' in told:
                break
    assert b"no_worker" in told


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(packed(1, 7, b""), id="a kind that no camera says"),
        pytest.param(packed(1, FRAGMENT, b"\x01abc")[:-1], id="cut short"),
        pytest.param(packed(1, FRAGMENT, b"\x01abc") + LINE_HEAD.pack(1, FRAGMENT, 4)[:3], id="cut in a head"),
        pytest.param(packed(1, FRAGMENT, b""), id="a fragment that does not say whether it is a beginning"),
        pytest.param(packed(1, STATE, b"{}"), id="a state without words"),
        pytest.param(packed(1, STATE, STATE_UP.replace(b"up", b"<b>")), id="a state that there is not"),
        pytest.param(packed(1, STATE, STATE_UP.replace(b"null", b'"</script>"')), id="a reason that is no code"),
        pytest.param(packed(1, INIT, b"\x00\x02{}init"), id="an init segment without a table"),
        pytest.param(
            packed(1, INIT, INIT_SAID.replace(b"avc1.64001f", b'avc1"\\r\\nX:')), id="codecs that break a header"
        ),
        pytest.param(packed(1, STILL, b"12345678<svg"), id="a picture that is no JPEG"),
    ],
)
def test_what_no_camera_says_goes_to_no_browser(given):
    with pytest.raises(InputError):
        list(unpacked(given))


def test_messages_come_as_they_were_sent():
    sent = [(1, STATE, STATE_UP), (2**31, INIT, INIT_SAID), (7, FRAGMENT, b"\x00" * 70_000), (7, STILL, PICTURE)]
    assert list(unpacked(b"".join(packed(*one) for one in sent))) == sent


def test_a_machine_shows_only_what_was_wished_of_it(tmp_path):
    async def play() -> tuple[list[Said], list[str]]:
        heard: list[Said] = []
        with World(load_settings(home=tmp_path)) as world:
            door = LiveDoor(world.store)
            nothing = await door.ask("east", "", 0.0, lambda: False)
            with door.line("east", CAMERA, heard.append) as line:
                waiting = asyncio.create_task(door.ask("east", nothing.version, 30.0, lambda: False))
                await asyncio.sleep(0)
                line.wish(video=True, stills=False)
                (wish,) = (await waiting).lines
                door.hear("west", wish.line, Said(FRAGMENT, b"\x01of another machine"))
                door.hear("east", wish.line + 1, Said(FRAGMENT, b"\x01of another line"))
                door.hear("east", wish.line, Said(FRAGMENT, b"\x01own"))
            door.hear("east", wish.line, Said(FRAGMENT, b"\x01too late"))
            return heard, [nothing.version, (await door.ask("east", "", 0.0, lambda: False)).version]

    heard, versions = asyncio.run(play())
    assert heard == [Said(FRAGMENT, b"\x01own")]
    assert len(set(versions)) == 2


def test_who_has_no_token_of_a_machine_neither_asks_nor_sends(city):
    _, _, _, person = city
    with httpx.Client(base_url=person.base_url) as stranger:
        assert stranger.get("/api/v1/worker/live").status_code == 401
        kind = {"content-type": MEDIA_TYPE}
        assert stranger.post("/api/v1/worker/live", content=b"", headers=kind).status_code == 401


def test_a_request_of_another_type_or_with_a_broken_message_is_refused(city, tmp_path):
    world, _, _, person = city
    headers = {"authorization": f"Bearer {token_of(world, 'west')}"}
    with httpx.Client(base_url=person.base_url, headers=headers) as west:
        assert west.post("/api/v1/worker/live", content=b"{}").status_code == 415
        assert west.post("/api/v1/worker/live", content=b"abc", headers={"content-type": MEDIA_TYPE}).status_code == 422
        known = west.get("/api/v1/worker/live").json()
    assert known["lines"] == []
