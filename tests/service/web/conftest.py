from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from qyran.roles import Role
from service.app import create_app
from service.settings import load_settings
from service.store.tables import AppUser
from tests.service.world import PASSWORD, World

BASE = "http://127.0.0.1:8000"
PERSON = {
    "camera_operator": [Role.CAMERA_OPERATOR],
    "police_officer": [Role.POLICE_OFFICER],
    "senior_officer": [Role.SENIOR_OFFICER],
    "situational_operator": [Role.SITUATIONAL_OPERATOR],
    "service_dispatcher": [Role.SERVICE_DISPATCHER],
    "evaluator": [Role.EVALUATOR],
    "administrator": [Role.ADMINISTRATOR],
    "auditor": [Role.AUDITOR],
    "data_protection_officer": [Role.DATA_PROTECTION_OFFICER],
}


class Visitor:
    """A browser without scripts: keeps cookies, follows links and sends forms as they stand on the page."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app = create_app(store=world.store, jobs=False)
        self.cookies = httpx.Cookies()

    def send(self, method: str, path: str, *, follow: bool = True, headers: dict | None = None, **named):
        async def ask():
            door = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            wanted = {"accept-language": "en", **(headers or {})}
            async with httpx.AsyncClient(transport=door, base_url=BASE, cookies=self.cookies, headers=wanted) as client:
                answer = await client.request(method, path, follow_redirects=follow, **named)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def get(self, path: str, **named):
        return self.send("GET", path, **named)

    def form(self, path: str, on: str | None = None, **fields: str):
        """Send a form with the token of a page."""
        return self.send("POST", path, data={"csrf": self.token(on or "/about"), **fields}, follow=False)

    def token(self, on: str = "/about") -> str:
        return re.search(r'name="csrf" value="([^"]+)"', self.get(on).text).group(1)

    def log_in(self, role: str) -> Visitor:
        actor = self.world.person(*PERSON[role], language="en")
        username = self.username(actor.id)
        answer = self.form("/login", username=username, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return self

    def username(self, user_id: str) -> str:
        with self.world.store.read() as work:
            return work.session.get_one(AppUser, user_id).username


@pytest.fixture
def settings(tmp_path):
    return load_settings(
        home=tmp_path / "home", second_look_share=0, sample_auto_rejected=0, public_url="http://127.0.0.1:8000"
    )


@pytest.fixture
def visitor(world):
    return Visitor(world)


@pytest.fixture
def demo(settings):
    """A demo installation: its own issuing body, registers that invent their answers."""
    with World(settings, demo=True) as made:
        yield made


@pytest.fixture
def visitors(world):
    """Several people at their own browsers."""
    return lambda role: Visitor(world).log_in(role)
