from __future__ import annotations

import pytest

from service.cli import main


@pytest.mark.parametrize(("form", "start"), [("pdf", b"%PDF-"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")])
def test_the_report_is_written_and_its_place_said(tmp_path, capsys, form, start):
    assert main(["kpi", "report", "--period", "2026-10", "--format", form, "--lang", "en", "--out", str(tmp_path)]) == 0
    target = tmp_path / f"qyran-sphere-2026-10-en.{form}"
    assert capsys.readouterr().out.strip() == str(target)
    assert target.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("given", "said"),
    [(["--period", "2026-13"], "not in the calendar"), (["--period", "2026", "--category", "moon"], "category")],
)
def test_nonsense_ends_with_a_sentence_and_nothing_written(tmp_path, capsys, given, said):
    assert main(["kpi", "report", *given, "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.glob("qyran-*")) == []
