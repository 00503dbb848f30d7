"""The evaluator's pages of a year, as `qyran bench kpi` asks for them: the whole request, rendering included."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from statistics import median
from types import MappingProxyType
from typing import Final

import httpx

from qyran.errors import IntegrityError
from qyran.roles import SYSTEM, Role
from service.api.deps import cookie_name
from service.app import create_app
from service.auth import log_in
from service.store.database import Store
from service.users import add_user

PAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "year": "/kpi?period={year}&category={category}",
        "month": "/kpi?period={year}-10&category={category}",
        "one_kpi_of_the_year": "/kpi/9.4?period={year}&category={category}",
        "city_of_the_year": "/kpi/city?period={year}&category={category}",
        "false_alarms_of_the_year": "/kpi/false-alarms?period={year}&category={category}",
    }
)
REPEATED: Final = 5

Times = dict[str, dict[str, float]]
"""Milliseconds by page: opened first, and again."""


def time_pages(store: Store, year: int, category: str) -> Times:
    """Milliseconds of each page, opened for the first time and then again (the median of five).

    Raises:
        IntegrityError: a page does not answer.
    """
    name, password = "bench-evaluator", secrets.token_urlsafe(12)
    with store.write(SYSTEM) as work:
        add_user(work, name, password, [Role.EVALUATOR], name="Evaluator")
    login = log_in(store, name, password, "127.0.0.1")
    cookies = {cookie_name(store.settings): login.token}
    pages = [(key, path.format(year=year, category=category)) for key, path in PAGES.items()]
    return asyncio.run(_opened(store, cookies, pages))


async def _opened(store: Store, cookies: dict[str, str], pages: Sequence[tuple[str, str]]) -> Times:
    found = {}
    transport = httpx.ASGITransport(create_app(store=store, jobs=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies) as client:
        for key, address in pages:
            first = await _asked(client, address)
            found[key] = {"first_ms": first, "ms": median([await _asked(client, address) for _ in range(REPEATED)])}
    return found


async def _asked(client: httpx.AsyncClient, address: str) -> float:
    began = time.perf_counter()
    answer = await client.get(address)
    took = time.perf_counter() - began
    if answer.status_code != httpx.codes.OK:
        raise IntegrityError(f"The page {address} answers {answer.status_code}.")
    return round(took * 1000, 1)
