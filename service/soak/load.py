"""The moderate load of a soak: what more cameras tell, an operator, an officer, and readers of pages."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import httpx

from qyran.roles import Role
from service.bench_faults.happenings import Happenings

PASSAGES_EVERY_S: Final = 0.5
ALERTS_EVERY_S: Final = 10.0
VIOLATIONS_EVERY_S: Final = 15.0
STREAM_EVERY_S: Final = 30.0
READ_EVERY_S: Final = 1.0
OPERATE_EVERY_S: Final = 5.0
DECIDE_EVERY_S: Final = 60.0
RELOGIN: Final = 900
"""Pages after which a reader logs in again, as people do."""
SECRET: Final = "orange tulips over Medeu"  # noqa: S105 - of an installation that lives for hours
TIMEOUT_S: Final = 120.0
PAGES: Final[dict[Role, tuple[str, ...]]] = {
    Role.SITUATIONAL_OPERATOR: (
        "/alarms", "/wall", "/api/v1/alerts", "/api/v1/outages", "/video", "/api/v1/cameras", "/objects",
        "/alarms/receivers",
    ),
    Role.POLICE_OFFICER: ("/cases", "/cases/mine", "/cases/search", "/cases/sign", "/passages"),
    Role.ADMINISTRATOR: ("/cameras", "/users", "/supervision", "/deliveries", "/sensors", "/exchange"),
    Role.EVALUATOR: ("/kpi", "/kpi/false-alarms", "/about"),
}  # fmt: skip
LANGUAGES: Final = ("kk", "ru", "en")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Load:
    """Everybody who does something, each in a thread.

    Attributes:
        base: address of the service.
        happenings: what cameras tell.
        stop: set to end.
        pages: how often each path answered with what.
        steps: what operator and officer did.
    """

    base: str
    happenings: Happenings
    stop: threading.Event = field(default_factory=threading.Event)
    pages: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Begin."""
        for role in PAGES:
            self._run(f"read-{role}", partial(self._read, role))
        self._run("listen", self._listen)
        self._run("operate", lambda: self._act(Role.SITUATIONAL_OPERATOR, self._operate, OPERATE_EVERY_S))
        self._run("decide", lambda: self._act(Role.POLICE_OFFICER, self._decide, DECIDE_EVERY_S))
        self._run("tell", self._tell)

    def end(self) -> None:
        """End, and wait for all."""
        self.stop.set()
        for thread in self._threads:
            thread.join(TIMEOUT_S)

    def _run(self, name: str, body: Callable[[], None]) -> None:
        thread = threading.Thread(target=body, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _tell(self) -> None:
        every = {
            "passage": PASSAGES_EVERY_S, "incident": ALERTS_EVERY_S, "fire_alert": 2 * ALERTS_EVERY_S,
            "violation": VIOLATIONS_EVERY_S, "stream": STREAM_EVERY_S,
        }  # fmt: skip
        due = dict.fromkeys(every, 0.0)
        for turn in itertools.count():
            now = turn * PASSAGES_EVERY_S
            for type_, pause in every.items():
                if now >= due[type_]:
                    due[type_] = now + pause
                    self.happenings.tell(type_)
            self.happenings.put.clear()  # the soak counts by the store; its own list would grow
            if self.stop.wait(PASSAGES_EVERY_S):
                return

    def _client(self, role: Role) -> tuple[httpx.Client, dict[str, str]]:
        client = httpx.Client(base_url=self.base, timeout=TIMEOUT_S, follow_redirects=True)
        answer = client.post("/api/v1/session", json={"username": user_of(role), "password": SECRET})
        return client, {"x-csrf-token": str(answer.json()["csrf"])}

    def _read(self, role: Role) -> None:
        while not self.stop.is_set():
            with suppress(httpx.HTTPError, KeyError, ValueError):
                client, _ = self._client(role)
                with closing(client):
                    for number, path in zip(range(RELOGIN), itertools.cycle(PAGES[role])):
                        answer = client.get(path, params={"lang": LANGUAGES[number % 3]} if "/api/" not in path else {})
                        self.pages[f"{path} {answer.status_code}"] += 1
                        if self.stop.wait(READ_EVERY_S):
                            return
            self.stop.wait(READ_EVERY_S)

    def _listen(self) -> None:
        """The live list of alarms, opened again and again as pages are."""
        while not self.stop.is_set():
            with suppress(httpx.HTTPError, KeyError, ValueError):
                client, _ = self._client(Role.SITUATIONAL_OPERATOR)
                with closing(client), client.stream("GET", "/api/v1/alerts/stream") as answer:
                    for number, _ in enumerate(answer.iter_lines()):
                        self.steps["heard"] += 1
                        if self.stop.is_set() or number > RELOGIN:
                            break
            self.stop.wait(READ_EVERY_S)

    def _act(self, role: Role, step: Callable[[httpx.Client, dict[str, str]], None], every_s: float) -> None:
        while not self.stop.is_set():
            try:
                client, headers = self._client(role)
                with closing(client):
                    step(client, headers)
            except (httpx.HTTPError, KeyError, ValueError, TypeError, IndexError) as error:
                self.steps[f"{role}: {type(error).__name__}"] += 1
            self.stop.wait(every_s)

    def _operate(self, client: httpx.Client, headers: dict[str, str]) -> None:
        """Answer every open alarm."""
        for alert in client.get("/api/v1/alerts").json()["items"]:
            for step, body in (
                ("acknowledge", {}),
                ("verdict", {"verdict": "false", "reason": "no_event"}),
                ("close", {"closing_code": "not_confirmed"}),
            ):
                answer = client.post(f"/api/v1/alerts/{alert['id']}/{step}", json=body, headers=headers)
                self.steps[f"{step} {answer.status_code}"] += 1
                if answer.is_error:
                    break

    def _decide(self, client: httpx.Client, headers: dict[str, str]) -> None:
        """Decide a case and sign it."""
        answer = client.post("/api/v1/cases/next", headers=headers)
        if answer.status_code != httpx.codes.OK:
            self.steps[f"next {answer.status_code}"] += 1
            return
        decide(client, headers, answer.json()["id"], self.steps)


def decide(client: httpx.Client, headers: dict[str, str], case_id: str, steps: Counter[str]) -> bool:
    """Confirm and sign a claimed case; whether it was signed."""
    case: dict[str, Any] = client.get(f"/api/v1/cases/{case_id}").json()
    body = {"offence": case["offences"][0], "plate": case.get("plate"), "version": case["version"]}
    answer = client.post(f"/api/v1/cases/{case_id}/confirm", json=body, headers=headers)
    steps[f"confirm {answer.status_code}"] += 1
    if answer.is_error:
        return False
    answer = client.post(f"/api/v1/cases/{case_id}/sign", json={"version": answer.json()["version"]}, headers=headers)
    steps[f"sign {answer.status_code}"] += 1
    return not answer.is_error


def user_of(role: Role) -> str:
    """The name of the one who has a role here."""
    return role.value.replace("_", "-")
