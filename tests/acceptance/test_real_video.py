"""Real videos through `analyse`: counted as by eye, no false alarm in plausible scenes, a real fire within seconds."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from evidence.keys import trust_store
from evidence.verify import verify
from service.analyse import analyse

pytestmark = pytest.mark.data

TRUTH = Path(__file__).resolve().parents[1] / "truth"
SCENES = {
    "street_scene": "street",
    "car_park": "car_park",
    "junction_cyclist": "junction_cyclist",
    "junction_truck": "junction_truck",
}
"""Camera file and truth of each video; nobody breaks a rule in any of them."""
FIRE_WITHIN_S = 5.0


@pytest.fixture
def events(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "home"))

    def run(camera: str, video: str) -> list[dict[str, Any]]:
        out = tmp_path / "out"
        analyse(str(shared_data / "video" / video), TRUTH / f"{camera}.camera.toml", out)
        assert verify(out, trust_store(tmp_path / "home")).ok
        return [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]

    return run


@pytest.mark.parametrize(("camera", "truth_of"), SCENES.items())
def test_real_traffic_is_counted_within_five_per_cent_and_nobody_is_accused(events, camera: str, truth_of: str) -> None:
    truth = tomllib.loads((TRUTH / f"{truth_of}.toml").read_text(encoding="utf-8"))
    found = events(camera, truth["video"])
    assert [(event["type"], event["kind"]) for event in found if event["type"] != "passage"] == []
    passages = [event for event in found if event["type"] == "passage" and event["class"] != "motorcycle"]
    assert abs(len(passages) - truth["total"]) <= 0.05 * truth["total"]


def test_a_burning_house_raises_a_fire_alert_within_seconds(events) -> None:
    found = events("house_fire", "house_fire.mp4")
    alerts = [event for event in found if event["type"] == "fire_alert"]
    assert min(event["video_s"] for event in alerts) <= FIRE_WITHIN_S
    assert [event for event in found if event["type"] not in {"fire_alert", "passage"}] == []
