"""Machines without the service's disk, for the tests: a token, a home, leases held, and a way to the service."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from qyran.roles import SYSTEM
from service.cluster.desk import DeskAway
from service.cluster.leases import Answer, Beat
from service.feeds import make_feed
from service.forwarding.client import ServiceClient
from service.settings import load_settings

TRIES: Final = 10


def token_of(world, name: str, *feeds: str) -> str:
    return world.do(SYSTEM, make_feed, name, feeds or ["worker"])


def client_of(token: str, home, url: str = "http://127.0.0.1:1", **given) -> ServiceClient:
    path = home / "token"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(token)
    path.chmod(0o600)
    path.chmod(0o600)
    return ServiceClient(load_settings(home=home, service_url=url, service_token=f"file:{path}"), **given)


def beaten(client: ServiceClient, said: Beat) -> Answer:
    """As a machine does it: said again while nobody answers, for a busy service is slow, not wrong."""
    for _ in range(TRIES):
        with suppress(DeskAway):
            return client.beat(said)
    return client.beat(said)


def word(wants, session=None, at=None, **given) -> Beat:
    at = at or datetime.now(UTC)
    given = {"term_s": 30.0, "version": "1", **given}
    return Beat(session=session or str(uuid4()), at=at, wants=wants, **given)
