"""The evaluator's pages of a year, as `qyran bench kpi` asks for them: the whole request, rendering included."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from statistics import median
from types import MappingProxyType
from typing import Final

from starlette.testclient import TestClient

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


def time_pages(store: Store, year: int, category: str) -> dict[str, dict[str, float]]:
    """Milliseconds of each page, opened for the first time and then again (the median of five).

    Raises:
        IntegrityError: a page does not answer.
    """
    name, password = "bench-evaluator", secrets.token_urlsafe(12)
    with store.write(SYSTEM) as work:
        add_user(work, name, password, [Role.EVALUATOR], name="Evaluator")
    login = log_in(store, name, password, "127.0.0.1")
    found = {}
    with TestClient(create_app(store=store, jobs=False), base_url="http://127.0.0.1") as client:
        client.cookies.set(cookie_name(store.settings), login.token)
        for key, path in PAGES.items():
            address = path.format(year=year, category=category)
            first = _asked(client, address)
            found[key] = {"first_ms": first, "ms": median(_asked(client, address) for _ in range(REPEATED))}
    return found


def _asked(client: TestClient, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address, follow_redirects=False)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise IntegrityError(f"The page {address} answers {answer.status_code}.")
    return round(took * 1000, 1)
