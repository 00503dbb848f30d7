"""What the bench of the rules keeps of a clip is taken again while it holds, and made anew when it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from qyran.errors import QyranError
from scenarios.happenings import clip_of
from scenarios.happenings.clip import Drawn
from service import bench_kept
from service.bench_kept import Kept, NotedDetector, mark_of
from service.bench_rules import bench_rules
from service.detectors import SHIPPED
from vision.types import Detections

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.happenings.clip import Clip

PICTURE = np.zeros((8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def clip() -> Clip:
    return clip_of("turn", "day", 2)


def seen(*counts: int) -> list[Detections]:
    rng = np.random.default_rng(1)
    return [
        Detections(
            rng.random((n, 4), np.float32), rng.random(n, np.float32), rng.integers(0, 6, n).astype(np.int16)
        )
        for n in counts
    ]  # fmt: skip


def same(one: list[Detections], other: list[Detections]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(getattr(a, name), getattr(b, name)) and getattr(a, name).dtype == getattr(b, name).dtype
        for a, b in zip(one, other, strict=True)
        for name in ("box", "score", "class_id")
    )


@pytest.mark.parametrize("counts", [(3, 0, 5), (0,), (0, 0), (7,)])
def test_what_the_detector_saw_comes_back_picture_by_picture(
    clip: Clip, tmp_path: Path, counts: tuple[int, ...]
) -> None:
    kept, spec = Kept(tmp_path, clip), SHIPPED.detector("road").spec
    assert kept.seen(spec) is None
    kept.keep_seen(spec, seen(*counts))
    again = kept.seen(spec)
    assert again is not None
    assert same(again, seen(*counts))


def test_other_weights_have_seen_nothing_yet(clip: Clip, tmp_path: Path) -> None:
    kept, spec = Kept(tmp_path, clip), SHIPPED.detector("road").spec
    kept.keep_seen(spec, seen(2))
    assert kept.seen(replace(spec, sha256="0" * 64)) is None


def test_a_broken_file_counts_as_none(clip: Clip, tmp_path: Path) -> None:
    kept, spec = Kept(tmp_path, clip), SHIPPED.detector("road").spec
    kept.keep_seen(spec, seen(2))
    kept.keep_verdict({"turn day": {}})
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:9])
    assert kept.seen(spec) is None
    assert kept.verdict() is None


def test_a_verdict_of_other_rules_is_none(clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(tmp_path, clip)
    kept.keep_verdict({"turn day": {"acts": 3}})
    assert kept.verdict() == {"turn day": {"acts": 3}}
    monkeypatch.setattr(bench_kept, "mark_of", lambda _: "changed")
    assert kept.verdict() is None
    kept.keep_verdict({})
    assert len(list(tmp_path.glob("*.verdict.json"))) == 1


def test_a_mark_changes_with_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_kept, "ROOT", tmp_path)
    (tmp_path / "rules").mkdir()
    marks = []
    for text in ("one = 1\n", "one = 2\n"):
        (tmp_path / "rules" / "one.py").write_text(text)
        mark_of.cache_clear()
        marks.append(mark_of(("rules",)))
    mark_of.cache_clear()
    assert marks[0] != marks[1]


def test_noted_answers_are_given_in_their_order_and_no_more() -> None:
    noted = NotedDetector(SHIPPED.detector("road"), seen(2, 1))
    assert [len(noted.detect(PICTURE)) for _ in range(2)] == [2, 1]
    with pytest.raises(QyranError, match="more pictures"):
        noted.detect(PICTURE)


def test_a_second_run_draws_and_judges_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: Clip
) -> None:
    drawings, lines = list[str](), list[str]()

    def sketched(self: Kept) -> Drawn:
        drawings.append("drawn")
        return Drawn(tmp_path / "none.mp4", tmp_path / "none.toml", (), clip.rehearse(), tuple(clip.intents))

    monkeypatch.setattr(Kept, "drawn", sketched)
    monkeypatch.setattr("service.bench_rules.look", lambda *_: ([], {}, {"turn"}))
    reports = [bench_rules(["turn"], 1, ["day"], 2, keep=tmp_path, on_clip=lines.append) for _ in range(2)]
    assert len(drawings) == 1
    assert reports[0]["rules"] == reports[1]["rules"]
    assert reports[0]["rules"]["turn"]["day"]["happenings"] >= 1
    assert [line.split(":")[0] for line in lines] == [lines[0].split(":")[0]] * 2
