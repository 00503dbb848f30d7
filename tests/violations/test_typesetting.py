"""What typst remembers of papers is let go of, once after any were set."""

from __future__ import annotations

from datetime import UTC, datetime

from violations import typesetting
from violations.typesetting import REMEMBERED, forget, set_paper


def test_the_last_papers_are_forgotten_once_and_the_next_one_is_the_same(tmp_path, monkeypatch) -> None:
    layout = tmp_path / "layout.typ"
    layout.write_text('#json("data.json").text')
    at = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    first = set_paper(layout, {"text": "Әділет"}, at)
    runs = []
    compile_ = typesetting.typst.compile
    monkeypatch.setattr(
        typesetting.typst, "compile", lambda *given, **named: runs.append(given) or compile_(*given, **named)
    )
    forget()
    assert len(runs) == REMEMBERED
    forget()
    assert len(runs) == REMEMBERED
    assert set_paper(layout, {"text": "Әділет"}, at) == first
