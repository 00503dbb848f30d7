"""The threat model names what holds each threat: every file it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w./-]+\.(?:py|toml|md|lock))`", MODEL)))


@pytest.mark.parametrize("name", NAMED)
def test_what_the_threat_model_names_is_there(name):
    assert (ROOT / name).is_file()


def test_every_threat_has_something_that_holds_it_and_a_proof():
    rows = [line for line in MODEL.splitlines() if re.match(r"\| [STRIDE/]+ \|", line)]
    assert len(rows) > 35
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert all(cells), row
        assert re.search(r"`[\w./-]+`", cells[3]), row


def test_every_test_of_security_is_named_in_the_model():
    for path in (ROOT / "tests" / "security").glob("test_*.py"):
        assert path.name == Path(__file__).name or f"tests/security/{path.name}" in MODEL
