"""How the recording of a camera goes that another machine reads: its page says so, and a disk of its is an outage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from qyran.errors import AccessError, InputError
from qyran.roles import Role
from service import outages
from service.app import create_app
from service.forwarding.machine_files import What
from service.forwarding.mirror import Mirror
from service.settings import load_settings
from service.store.tables import AppUser
from service.video import keeper
from service.video.state import say, state_of
from service.video.tending import VideoRound
from tests.service.forwarding.machines import beaten, client_of, token_of, word
from tests.service.server import serving
from tests.service.world import PASSWORD, World
from vision.recording import Recording

CAMERA = "abay-12"


@pytest.fixture
def city(tmp_path, monkeypatch):
    """A service and two machines without its disk; east holds the camera."""
    monkeypatch.setattr(keeper, "free_share", lambda _: 0.9)
    with World(load_settings(home=tmp_path / "home", second_look_share=0, sample_auto_rejected=0)) as world:
        world.clock.now = datetime.now(UTC)
        app = create_app(store=world.store, jobs=False)
        with serving(app) as url:
            machines = {name: client_of(token_of(world, name), tmp_path / name, url) for name in ("east", "west")}
            beaten(machines["east"], word({CAMERA: None}, at=world.clock.now))
            yield world, url, machines, load_settings(home=tmp_path / "east")
            for client in machines.values():
                client.close()


def listed(world, url) -> str:
    """What the list of cameras says of the recording."""
    operator = world.person(Role.SITUATIONAL_OPERATOR, language="en")
    with world.store.read() as work:
        name = work.session.get_one(AppUser, operator.id).username
    with httpx.Client(base_url=url, timeout=60, headers={"accept-language": "en"}) as person:
        person.post("/api/v1/session", json={"username": name, "password": PASSWORD}).raise_for_status()
        return person.get("/video").text


def running(world) -> list[tuple[str, str]]:
    with world.store.read() as work:
        return [(one.component, one.reason) for one in outages.running(work)]


def test_a_machine_tells_how_it_records_and_a_disk_that_takes_nothing_is_an_outage_until_it_does(city):
    world, url, machines, east = city
    rounds = VideoRound(world.store)
    mirror = Mirror(east, machines["east"], lambda: [CAMERA])
    rounds.run()
    assert running(world) == []
    say(east.video_folder, CAMERA, Recording("paused", datetime.now(UTC), "disk_full"))
    mirror.round(scenes=False)
    rounds.run()
    said = state_of(world.settings, CAMERA)
    assert (said.state, said.reason, said.machine) == ("paused", "disk_full", "east")
    assert running(world) == [("disk:east", "disk_full")]
    assert "the disk is full" in listed(world, url).lower()
    say(east.video_folder, CAMERA, Recording("recording", datetime.now(UTC), lost=3))
    mirror.round(scenes=False)
    rounds.run()
    assert running(world) == []
    assert state_of(world.settings, CAMERA).lost == 3


def test_what_was_said_last_counts_wherever_it_was_said(city):
    world, _, machines, east = city
    say(east.video_folder, CAMERA, Recording("recording", datetime.now(UTC)))
    Mirror(east, machines["east"], lambda: [CAMERA]).round(scenes=False)
    assert state_of(world.settings, CAMERA).machine == "east"
    say(world.settings.video_folder, CAMERA, Recording("recording", datetime.now(UTC) + timedelta(seconds=1)))
    assert state_of(world.settings, CAMERA).machine is None


@pytest.mark.parametrize(
    ("machine", "data", "refusal"),
    [("west", None, AccessError), ("east", b"{}", InputError), ("east", b"not JSON", InputError)],
)
def test_only_who_holds_the_camera_tells_and_only_what_can_be_read(city, machine, data, refusal):
    world, _, machines, east = city
    say(east.video_folder, CAMERA, Recording("recording", datetime.now(UTC)))
    given = data if data is not None else (east.video_folder / CAMERA / "state.json").read_bytes()
    with pytest.raises(refusal):
        machines[machine].tell(CAMERA, What.RECORDING, given)
    assert state_of(world.settings, CAMERA) is None
