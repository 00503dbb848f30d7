"""The demo, pixels to KPI: on its rendered scenes every planted event is found and nothing else."""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from evidence.keys import trust_store
from evidence.verify import verify
from scenarios.truth import Truth, load_truth
from service.demo import run as demo_run
from service.demo.city import SCENES
from service.store.alert_tables import Alert
from service.store.database import Store, open_store
from service.store.tables import Passage, ViolationCase

MOMENT_S = 1.0
"""A violation's onset lies this near the planted moment."""
ALARM_S = {"stopped_vehicle": 14.0, "wrong_way": 6.0, "smoke": 15.0, "fire": 10.0}
"""An alarm is decided this long after the planted onset at the latest."""


@dataclass(frozen=True)
class City:
    folder: Path
    summary: dict[str, Any]
    store: Store

    def truth(self, scene: str) -> Truth:
        return load_truth(self.folder / "scenes" / f"{scene}.truth.json")


def _last_line(folder: Path) -> dict[str, Any]:
    printed = io.StringIO()
    with redirect_stdout(printed):
        demo_run.demo(folder, once=True, port=0)
    return json.loads(printed.getvalue().splitlines()[-1])


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("demo")
    summary = _last_line(folder)
    store = open_store(demo_run.demo_settings(folder, 8000), demo=True)
    yield City(folder, summary, store)
    store.close()


def test_the_last_line_is_the_summary(city: City) -> None:
    keys = ["frames", "passages", "violations", "incidents", "fire_alerts", "decisions", "security"]
    assert list(city.summary) == keys
    assert set(city.summary["security"]) == {"score", "coverage"}
    planted = [type_ for scene in SCENES for event in city.truth(scene).events for type_ in {event.type, *event.also}]
    assert city.summary["violations"] == planted.count("violation")
    assert city.summary["incidents"] == planted.count("incident")
    assert city.summary["fire_alerts"] == planted.count("fire_alert")
    assert city.summary["frames"] == sum(len(city.truth(scene).frames) for scene in SCENES)
    assert city.summary["decisions"] >= 1
    assert 0.0 <= city.summary["security"]["score"] <= 1.0


@pytest.mark.parametrize("scene", SCENES)
def test_every_planted_event_is_found_and_nothing_else(city: City, scene: str) -> None:
    truth, camera = city.truth(scene), f"demo-{scene}"
    with city.store.read() as work:
        cases = list(work.session.scalars(select(ViolationCase).where(ViolationCase.camera_id == camera)))
        alerts = list(work.session.scalars(select(Alert).where(Alert.camera_id == camera)))
        passages = len(list(work.session.scalars(select(Passage).where(Passage.camera_id == camera))))
    found = [("violation", case.kind) for case in cases] + [(alert.type, alert.kind) for alert in alerts]
    planted = [(type_, event) for event in truth.events for type_ in {event.type, *event.also}]
    assert Counter(found) == Counter((type_, event.kind) for type_, event in planted)
    for type_, event in planted:
        rows = cases if type_ == "violation" else alerts
        nearest = min(
            (row for row in rows if row.kind == event.kind), key=lambda row: abs(row.video_s - event.moment_s)
        )
        late = nearest.video_s - event.onset_s
        assert -MOMENT_S <= late <= ALARM_S.get(event.kind, 4.0), f"{event.kind} decided {late:.1f} s after its onset"
    assert passages == pytest.approx(len(truth.passages), abs=max(1, round(0.05 * len(truth.passages))))


def test_all_evidence_and_decisions_are_intact(city: City) -> None:
    settings = city.store.settings
    trust = trust_store(settings.home)
    verdict = verify(settings.evidence_folder, trust)
    assert (verdict.ok, verdict.checked) == (
        True,
        sum(city.summary[k] for k in ("violations", "incidents", "fire_alerts")),
    )
    documents = list(settings.documents_folder.rglob("*.pdf"))
    assert documents
    assert all(verify(path, trust).ok for path in documents)


def test_a_second_demo_takes_what_is_there(city: City) -> None:
    before = (city.folder / "finished.json").stat().st_mtime_ns
    assert _last_line(city.folder) == city.summary
    assert (city.folder / "finished.json").stat().st_mtime_ns == before


def test_nobody_but_the_script_decided_and_it_left_work_for_visitors(city: City) -> None:
    with city.store.read() as work:
        states = Counter(work.session.scalars(select(ViolationCase.state)))
        alerts = Counter(work.session.scalars(select(Alert.state)))
    assert states["screened"] == 1
    assert alerts["notified"] == 1
