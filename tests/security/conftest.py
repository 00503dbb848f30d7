from __future__ import annotations

import fastapi.routing
import pytest

from service.app import create_app
from service.settings import load_settings
from tests.security.asking import Asker
from tests.security.records import furnish
from tests.service.conftest import _looks_for_nothing, _nothing_from_outside  # noqa: F401 - fixtures that hold by name
from tests.service.world import World

SILENCE_S = 0.2
"""How long a stream that has nothing to say is waited for before it is left, instead of the framework's 15 s."""


@pytest.fixture(scope="module", autouse=True)
def _silent_streams_are_left():
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(fastapi.routing, "_PING_INTERVAL", SILENCE_S)
        yield


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """One installation with a record of each kind, for all tests of a module; what an attacker does may change it."""
    home = tmp_path_factory.mktemp("town") / "home"
    settings = load_settings(home=home, second_look_share=0, sample_auto_rejected=0, login_attempts=20)
    with World(settings) as made:
        yield made


@pytest.fixture(scope="module")
def app(town):
    return create_app(store=town.store, jobs=False)


@pytest.fixture(scope="module")
def records(town):
    return furnish(town)


@pytest.fixture(scope="module")
def asker(app):
    with Asker(app) as made:
        yield made
