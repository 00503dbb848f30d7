from __future__ import annotations

import pytest

from service.settings import load_settings
from tests.service.cli.conftest import run
from tests.service.world import World


@pytest.fixture
def case(tmp_path):
    with World(load_settings(home=tmp_path / "home")) as world:
        return world.case()


@pytest.fixture
def qyran(capsys, case, tmp_path, monkeypatch):
    file = tmp_path / "evidence.toml"
    file.write_text(f'[publish]\nfolder = "{tmp_path / "out"}"\n')
    monkeypatch.setenv("QYRAN_EVIDENCE_FILE", str(file))
    return lambda *words: run(capsys, *words)


def test_what_evidence_holds_and_lacks_is_said_in_the_readers_language(qyran, case):
    answer = qyran("evidence", "show", case, "--lang", "ru")
    assert answer.code == 1
    assert "подлинный видеофрагмент: есть\n" in answer.out
    assert "метка времени (RFC 3161): нет (центр меток времени не настроен)\n" in answer.out
    qyran("evidence", "show", "nothing").refused("no case nothing")


def test_an_export_verifies_anywhere(qyran, case, tmp_path):
    left = qyran("evidence", "export", case, tmp_path / "case.zip", "--full", "--purpose", "для суда")
    assert left.code == 0, left.err
    assert "SHA-256" in left.out
    answer = qyran("verify", tmp_path / "case.zip", "--lang", "kk")
    assert (answer.code, answer.out.startswith("өзгеріссіз: 1 тексерілді\n")) == (0, True)
    data = bytearray((tmp_path / "case.zip").read_bytes())
    data[len(data) // 3] ^= 1
    (tmp_path / "case.zip").write_bytes(data)
    assert qyran("verify", tmp_path / "case.zip").code == 1
    qyran("evidence", "export", case, tmp_path / "case.zip", "--purpose", " ").refused("what the export is for")


def test_a_lock_is_set_and_released(qyran, case):
    made = qyran("evidence", "lock", case, "--reason", "court", "--note", "Суд, 5")
    assert made.code == 0, made.err
    assert "lock against deletion: present" in qyran("evidence", "show", case).out
    assert qyran("evidence", "release", made.out.strip(), "--note", "over").code == 0
    qyran("evidence", "release", made.out.strip(), "--note", "over").refused("has ended")
    qyran("evidence", "lock", case, "--reason", "because", "--note", "x").refused("reason of a lock")


def test_a_head_is_published_and_checked_against_the_store(qyran, tmp_path):
    assert qyran("ledger", "publish", "--today").out == "0 published, 0 waiting\n"
    (head,) = (tmp_path / "out").iterdir()
    assert qyran("verify", head).code == 0
    assert qyran("ledger", "check", "--head", head).code == 0
    qyran("ledger", "check", "--head", tmp_path / "evidence.toml").refused("no published head")
    assert qyran("evidence", "tend").out == "0 stamped, 0 masked, 0 published\n"
