from __future__ import annotations

from pathlib import Path

import pytest

from service.i18n import LANGUAGES, has
from violations import case_page
from violations.case import REASONS, TRANSITIONS, CaseState

DOCS = Path(case_page.__file__).resolve().parent.parent / "docs" / "case-life.md"


def test_the_documented_table_is_the_table_of_the_code():
    assert DOCS.read_text(encoding="utf-8") == case_page.page()


def test_every_row_says_in_words_what_must_be_there():
    rows = [line for line in case_page.page().splitlines() if line.count("|") == 8][2:]
    assert len(rows) == len(TRANSITIONS)
    for row, line in zip(TRANSITIONS, rows, strict=True):
        needs = line.split("|")[5].strip()
        assert len(needs.split("; ")) == max(1, len(row.guards))
        assert "None" not in needs


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_state_and_reason_code_has_words(lang):
    codes = {code for codes in REASONS.values() for code in codes}
    assert [code for code in sorted(codes) if not has(lang, f"violations.reason.{code}")] == []
    assert [state for state in CaseState if not has(lang, f"violations.state.{state}")] == []
