"""Papers for the city say what is so: their proofs exist, both languages say the same, and they can be read."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.city_papers.facts import facts_of, parts
from service.city_papers.making import paper_pdf, proofs, write_papers
from service.city_papers.paper import FOLDER, NAMES, load_paper
from service.cli import main

ROOT = Path(__file__).parents[3]
KAZAKH = set("әғқңөұүһі")
A_SENTENCE = 24
"""Signs from which no Kazakh words do without letters of their own."""
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_every_paper_has_its_file_and_no_file_is_forgotten():
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_proof_is_there(name):
    assert [proof for proof in sorted(proofs(load_paper(name))) if not (ROOT / proof).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_name_the_same_facts_and_kazakh_is_kazakh(name, settings):
    facts = facts_of(settings)
    for text in texts(load_paper(name)):
        named = {key for key in facts if f"{{{key}}}" in text.ru}
        assert named == {key for key in facts if f"{{{key}}}" in text.kk}
        assert KAZAKH & set(text.said("kk", facts).lower()) or len(text.kk) < A_SENTENCE
        assert not KAZAKH & set(text.said("ru", facts).replace("НҚ", "").lower())


def texts(paper):
    yield from (paper.title, *paper.intro)
    for section in paper.sections:
        yield section.title
        for row in section.rows:
            yield from (row.need, row.how)


def test_a_paper_is_readable_and_the_same_twice(settings, tmp_path):
    pdf = paper_pdf(settings, "decree_832", "kk", NOW)
    assert pdf == paper_pdf(settings, "decree_832", "kk", NOW)
    (tmp_path / "paper.pdf").write_bytes(pdf)
    text = subprocess.run(["pdftotext", tmp_path / "paper.pdf", "-"], capture_output=True, text=True, check=True).stdout
    assert "Ақпараттық қауіпсіздік" in text
    assert str(settings.passage_days) in text


def test_a_role_is_counted_and_libraries_are_named_with_their_licence(settings):
    named = {part.name.lower(): part for part in parts()}
    assert {"fastapi", "sqlalchemy", "onnxruntime", "starlette"} <= set(named)
    assert not {"pytest", "ruff", "qyran"} & set(named)
    assert all(part.version and part.licence for part in named.values())
    assert named["fastapi"].licence == "MIT"


def test_the_command_writes_both_languages_and_refuses_a_file_for_a_folder(tmp_path, capsys, settings):
    assert len(write_papers(settings, tmp_path / "papers", "ru", NOW)) == len(NAMES)
    (tmp_path / "file").write_text("")
    assert main(["papers", "--out", str(tmp_path / "file"), "--lang", "kk"]) == 2
    assert "cannot be written" in capsys.readouterr().err
