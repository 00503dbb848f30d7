from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import words
from evidence.keys import installation_signer


@pytest.fixture
def results(analysed, at_home, tmp_path) -> Path:
    """A copy of the results that may be spoilt."""
    return Path(shutil.copytree(analysed.folder, tmp_path / "results"))


def packages(results: Path) -> list[Path]:
    return sorted((results / "evidence").iterdir())


def sentence(lang: str, key: str, **values: object) -> str:
    texts = tomllib.loads((words.TEXTS / f"{lang}.toml").read_text(encoding="utf-8"))["verify"]
    return texts[key].format(**values)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_intact_results_are_said_to_be_in_each_language(lang, qyran, results):
    answer = qyran("verify", results, "--lang", lang)
    said = sentence(lang, "intact", count=len(packages(results)))
    assert (answer.code, answer.out, answer.err) == (0, f"{said}\n", "")


def test_one_package_and_the_folder_of_packages_are_checked_too(qyran, results, tmp_path):
    one = packages(results)[0]
    alone = shutil.copytree(one, tmp_path / "alone")
    for path in (one, alone, one / "manifest.json", results / "events.jsonl", results / "evidence"):
        answer = qyran("verify", path)
        assert (answer.code, answer.out.startswith("intact: ")) == (0, True)


def test_a_flipped_bit_anywhere_is_found_and_its_file_is_named(qyran, results):
    files = [path for path in sorted(results.rglob("*")) if path.is_file()]
    assert len(files) > 20

    @given(st.data())
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def flipped(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(files))
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(spoilt)
        try:
            answer = qyran("verify", results)
        finally:
            path.write_bytes(whole)
        assert (answer.code, answer.err) == (1, "")
        name = str(path.relative_to(results))
        assert any(one in answer.out for one in (name, name.replace(".sig", ".json")))  # signature and signed disagree

    flipped()
    assert qyran("verify", results).code == 0


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_what_is_altered_missing_or_surplus_is_said_in_each_language(lang, qyran, results):
    first, second, third = packages(results)[:3]
    with (first / "clip.mp4").open("ab") as file:
        file.write(b"\0")
    (second / "clip.mp4").unlink()
    (third / "note.txt").write_text("I was here", encoding="utf-8")
    answer = qyran("verify", results, "--lang", lang)
    assert (answer.code, answer.err) == (1, "")
    assert sorted(answer.out.splitlines()) == sorted([
        f"evidence/{first.name}/clip.mp4: {sentence(lang, 'altered')}",
        f"evidence/{second.name}/clip.mp4: {sentence(lang, 'missing')}",
        f"evidence/{third.name}/note.txt: {sentence(lang, 'surplus')}",
    ])  # fmt: skip


def test_a_package_taken_away_or_an_event_taken_out_is_found(qyran, results):
    gone = packages(results)[0]
    events = results / "events.jsonl"
    whole = events.read_bytes()
    events.write_bytes(b"".join(line for line in whole.splitlines(True) if gone.name.encode() not in line))
    answer = qyran("verify", results)
    assert (answer.code, "events.jsonl" in answer.out, gone.name in answer.out) == (1, True, True)
    events.write_bytes(whole)
    shutil.rmtree(gone)
    assert qyran("verify", results).code == 1


@pytest.mark.parametrize("what", ["an empty folder", "an empty file", "a text", "a folder of folders"])
def test_what_is_no_evidence_is_not_intact(what, qyran, tmp_path):
    path = tmp_path / "thing"
    if "file" in what or "text" in what:
        path.write_text("" if "empty" in what else "hello", encoding="utf-8")
    else:
        (path / "inner" if "folders" in what else path).mkdir(parents=True)
    answer = qyran("verify", path)
    assert (answer.code, answer.err) == (1, "")
    assert answer.out


def test_only_what_does_not_exist_is_a_wrong_question(qyran, tmp_path):
    qyran("verify", tmp_path / "absent").refused(str(tmp_path / "absent"), "does not exist")


def test_another_installation_trusts_nothing_until_it_is_given_the_key(qyran, analysed, monkeypatch, tmp_path):
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "elsewhere"))
    answer = qyran("verify", analysed.folder)
    assert answer.code == 1
    assert "is signed by a key that is not trusted here" in answer.out
    (key,) = (analysed.home / "keys" / "trusted").glob("*.pem")
    assert qyran("verify", analysed.folder, "--key", key).code == 0
    assert not (tmp_path / "elsewhere").exists()  # a check leaves nothing behind


def test_the_key_of_another_does_not_open(qyran, analysed, tmp_path):
    installation_signer(tmp_path / "other")
    (key,) = (tmp_path / "other" / "keys" / "trusted").glob("*.pem")
    assert qyran("verify", analysed.folder, "--key", key).code == 1
    qyran("verify", analysed.folder, "--key", tmp_path / "no.pem").refused("no.pem", "does not exist")


def test_evidence_tells_what_the_camera_file_and_the_models_were(analysed):
    manifest = json.loads((packages(analysed.folder)[0] / "manifest.json").read_bytes())
    models = json.loads((analysed.folder / "summary.json").read_bytes())["models"]
    assert models.items() <= {name: str(value) for name, value in manifest["models"].items()}.items()
