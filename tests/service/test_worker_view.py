from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from service.i18n import Language
from service.web.words import Words
from service.web.worker_view import worker_view
from service.worker_status import WorkerStatus, say

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RATES = {"rate_wanted_hz": 8.0, "rate_asked_hz": 8.0, "rate_had_hz": 7.9, "rate_least_hz": 3.0}


@pytest.mark.parametrize("lang", get_args(Language))
@pytest.mark.parametrize(
    ("told", "tone"),
    [
        (RATES, "good"),
        (RATES | {"rate_asked_hz": 4.0, "rate_had_hz": 3.9, "thrift": 1}, "warn"),
        (RATES | {"rate_asked_hz": 3.0, "rate_had_hz": 1.5, "thrift": 3}, "bad"),
        (RATES | {"state": "down", "reason": "timeout"}, "warn"),
        (RATES | {"state": "starting"}, "warn"),
        ({"live": False}, "good"),
    ],
)
def test_the_page_says_in_each_language_how_the_watch_goes(
    tmp_path: Path, lang: Language, told: dict[str, object], tone: str
) -> None:
    known = {"camera": "abay-12", "at": NOW, "process": 1, "since": NOW, "state": "up", "shed": 41}
    say(tmp_path, WorkerStatus.model_validate(known | {"latency_p95_s": 0.5} | told))
    view = worker_view(Words(lang, ZoneInfo("Asia/Almaty"), NOW), tmp_path, "abay-12", NOW)
    assert view is not None
    assert view.tone == tone
    assert "worker." not in view.text + "".join(label + text for label, text in view.facts)
    assert "41" in [text for _, text in view.facts]


def test_nothing_is_said_of_a_camera_that_nobody_watches(tmp_path: Path) -> None:
    words = Words("en", ZoneInfo("Asia/Almaty"), NOW)
    assert worker_view(words, tmp_path, "abay-12", NOW) is None
