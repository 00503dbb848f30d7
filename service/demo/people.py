"""The demo's officer and operator: scripts that act through the public API, as a person's browser would.

They exist in a demo store only. The officer reads a plate as a person reads it off the still: from the scene's ground
truth. One case and one alarm are left for whoever opens the consoles.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from qyran.errors import QyranError
from scenarios.truth import load_truth
from service.demo.city import truth_file
from violations.offences import candidates

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

LEFT_FOR_VISITORS: Final = 1
SERVICE_OF: Final = {"fire": "101", "smoke": "101"}
ANY_SERVICE: Final = "102"
WATCHED_DAYS: Final = 30
WATCH_LIST: Final = {
    "name": "Үлгі тізім · Образцовый список · Sample list",
    "purpose": "exercise",
    "legal_ground": "Үлгі · Образец · Sample № 1",
    "owner": "police_officer",
}


class DemoError(QyranError):
    """The service answered the demo's script with an error."""


class Visitor:
    """One logged-in user of the public API."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self._client = httpx.Client(base_url=f"{base_url}/api/v1", timeout=60.0)
        self._credentials = {"username": username, "password": password}

    def __enter__(self) -> Self:
        session = self.post("/session", **self._credentials)
        self._client.headers["X-CSRF-Token"] = session["csrf"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.delete("/session")
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET."""
        return self._json(self._client.get(path, params=query))

    def post(self, path: str, **body: Any) -> Any:
        """The JSON of a POST, None where there is none."""
        return self._json(self._client.post(path, json=body))

    def _json(self, answer: httpx.Response) -> Any:
        if answer.is_error:
            raise DemoError(
                f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}: {answer.text}"
            )
        return json.loads(answer.content) if answer.content else None


def decide_cases(visitor: Visitor, scenes: Path) -> int:
    """The officer decides all waiting cases but the youngest; how many."""
    waiting = visitor.get("/cases", state="screened")["total"]
    decided = 0
    while decided < waiting - LEFT_FOR_VISITORS:
        case = visitor.post("/cases/next")
        if case is None:
            break
        case = visitor.get(f"/cases/{case['id']}")
        plate = _plate_seen(scenes, case)
        offence = case["offences"][0]
        step = "send-on" if _is_non_payable(case["kind"], offence) else "confirm"
        case = visitor.post(f"/cases/{case['id']}/{step}", offence=offence, plate=plate, version=case["version"])
        if step == "confirm":
            visitor.post(f"/cases/{case['id']}/sign", version=case["version"])
        decided += 1
    return decided


def watch_for(visitor: Visitor, scenes: Path) -> int:
    """The senior officer makes a watch list of the vehicles that planted violations show; how many plates."""
    until = datetime.now(UTC) + timedelta(days=WATCHED_DAYS)
    made = visitor.post("/watch/lists", **WATCH_LIST, valid_until=until.isoformat())
    truths = [load_truth(file) for file in sorted(scenes.glob("*.truth.json"))]
    plates = sorted({event.plate for truth in truths for event in truth.events if event.plate})
    for plate in plates:
        visitor.post(f"/watch/lists/{made['id']}/entries", plate=plate)
    return len(plates)


def answer_alarms(visitor: Visitor) -> int:
    """The operator answers all open alarms but the youngest; how many."""
    alarms = sorted(visitor.get("/alerts")["items"], key=lambda alarm: str(alarm["t_detect"]))
    for alarm in alarms[: len(alarms) - LEFT_FOR_VISITORS]:
        path = f"/alerts/{alarm['id']}"
        visitor.post(f"{path}/acknowledge")
        visitor.get(path)
        visitor.post(f"{path}/verify")
        visitor.post(f"{path}/verdict", verdict="true")
        visitor.post(f"{path}/dispatch", service=SERVICE_OF.get(alarm["kind"], ANY_SERVICE))
    return max(0, len(alarms) - LEFT_FOR_VISITORS)


def _is_non_payable(kind: str, offence: str) -> bool:
    """Whether the catalogue's penalty for this article is no fine."""
    today = datetime.now(UTC).date()
    return any(entry.id == offence and entry.penalty_kind == "non_payable" for entry in candidates(kind, today))


def _plate_seen(scenes: Path, case: dict[str, Any]) -> str | None:
    """The plate of the planted vehicle whose act is nearest in time to the case's."""
    truth = load_truth(truth_file(scenes, case["camera_id"]))
    planted = [event for event in truth.events if event.kind == case["kind"]]
    if not planted:
        return None
    nearest = min(planted, key=lambda event: abs(event.moment_s - case["video_s"]))
    return nearest.plate or None
