from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from uuid import UUID

import pytest

from evidence.canonical import canonical_json, file_sha256
from evidence.chain import append
from evidence.keys import Trust, installation_signer, trust_store
from evidence.ledger import export
from evidence.manifest import read_manifest, signature_file
from evidence.package import write_package
from evidence.seal import seal_output
from evidence.verdict import Verdict
from evidence.verify import verify
from evidence.words import LANGUAGES, sentence, sentences
from qyran.errors import InputError
from tests.evidence.packages import EVENT, a_subject

OTHER = UUID(int=7)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory, ring, signer):
    """Two packages as `analyse` leaves them, with tables and seal."""
    folder = tmp_path_factory.mktemp("output")
    events = []
    for event in (EVENT, OTHER):
        write_package(a_subject(event), ring, folder / "evidence", signer)
        events.append({
            "id": str(event), "type": "violation", "kind": "red_light", "camera": "abay-12",
            "time": "2026-11-22T04:30:07.5Z", "video_s": 7.5, "evidence": f"evidence/{event}",
        })  # fmt: skip
    still = folder / "passages" / str(UUID(int=9))
    still.mkdir(parents=True)
    (still / "vehicle.jpg").write_bytes(b"a picture")
    events.append({
        "id": still.name, "type": "passage", "kind": "control", "camera": "abay-12", "video_s": 1.0,
        "still": f"passages/{still.name}", "still_files": {"vehicle.jpg": file_sha256(still / "vehicle.jpg")},
    })  # fmt: skip
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    (folder / "tracks.csv").write_text("1,7,100,60,60,60,0.9,car\n")
    (folder / "summary.json").write_text('{"frames": 140}')
    seal_output(folder, signer)
    return folder


@pytest.fixture
def output(pristine, tmp_path):
    return Path(shutil.copytree(pristine, tmp_path / "output"))


@pytest.fixture
def folder(output):
    return output / "evidence" / str(EVENT)


def found(path, trust):
    return {(reason.path, reason.code) for reason in verify(path, trust).reasons}


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def test_what_was_written_is_intact(output, folder, trust):
    assert verify(folder, trust).ok
    assert verify(folder / "manifest.json", trust).ok
    assert verify(folder / "clip.mp4", trust).ok
    assert verify(output / "evidence", trust).ok
    assert verify(output, trust).checked == 2
    assert verify(output / "events.jsonl", trust).ok


FILES = [
    "clip.mp4", "overlay.json", "still_before_line.jpg", "still_in_act.jpg", "still_plate.jpg", "still_plate_crop.jpg",
    "manifest.json", "manifest.sig",
]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_a_flipped_byte_is_seen_and_the_file_named(folder, trust, name, where):
    size = (folder / name).stat().st_size
    flip(folder / name, {"first": 0, "middle": size // 2, "last": size - 1}[where])
    assert any(path.startswith("manifest") if name.startswith("manifest") else path == name
               for path, _ in found(folder, trust))  # fmt: skip


def test_every_byte_of_the_signature_file_matters(folder, trust):
    original = (folder / "manifest.sig").read_bytes()
    unnoticed = []
    for at in range(len(original)):
        for bit in (0x01, 0x20):
            changed = bytearray(original)
            changed[at] ^= bit
            (folder / "manifest.sig").write_bytes(bytes(changed))
            if verify(folder, trust).ok:
                unnoticed.append((at, bit))
    assert unnoticed == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", [0, 1, -1], ids=["emptied", "one byte left", "last byte gone"])
def test_a_truncated_file_is_seen(folder, trust, name, left):
    (folder / name).write_bytes((folder / name).read_bytes()[:left])
    assert found(folder, trust)


@pytest.mark.parametrize("name", FILES)
def test_a_removed_file_is_missing(folder, trust, name):
    (folder / name).unlink()
    assert (name, "missing") in found(folder, trust)


@pytest.mark.parametrize("name", FILES)
def test_a_renamed_file_is_missing_and_surplus(folder, trust, name):
    (folder / name).rename(folder / f"x{name}")
    assert {(name, "missing")} <= found(folder, trust)


@pytest.mark.parametrize(
    "name", ["extra.jpg", ".hidden", "still_before_line.jpg.bak", "a" * 255, "\n\x1b[31m", "папка"]
)
def test_an_added_file_is_surplus(folder, trust, name):
    (folder / name).write_bytes(b"")
    reasons = verify(folder, trust).reasons
    assert [reason.code for reason in reasons] == ["surplus"]
    assert all(text.isprintable() and len(text) < 250 for text in [reasons[0].text("en")])


def test_an_added_folder_is_surplus(folder, trust):
    (folder / "layers").mkdir()
    assert found(folder, trust) == {("layers", "surplus")}


def test_a_link_to_the_very_same_bytes_is_no_file(folder, trust, tmp_path):
    shutil.move(folder / "clip.mp4", tmp_path / "clip.mp4")
    (folder / "clip.mp4").symlink_to(tmp_path / "clip.mp4")
    assert found(folder, trust) == {("clip.mp4", "not_a_file")}


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "clip.mp4"])
def test_a_folder_or_dangling_link_in_the_place_of_a_file_is_no_file(folder, trust, name):
    (folder / name).unlink()
    (folder / name).symlink_to("nowhere")
    assert (name, "not_a_file") in found(folder, trust)
    (folder / name).unlink()
    (folder / name).mkdir()
    assert (name, "not_a_file") in found(folder, trust)


def test_a_pipe_in_the_place_of_a_file_does_not_block(folder, trust):
    (folder / "clip.mp4").unlink()
    os.mkfifo(folder / "clip.mp4")
    assert found(folder, trust) == {("clip.mp4", "not_a_file")}


def rewritten(folder, change, signer=None):
    """Change the manifest; sign it anew when a signer is given."""
    raw = json.loads((folder / "manifest.json").read_bytes())
    change(raw)
    data = canonical_json(raw)
    (folder / "manifest.json").write_bytes(data)
    if signer is not None:
        (folder / "manifest.sig").write_bytes(signature_file(signer, data))


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw["finding"].update(kind="wrong_way"),
        lambda raw: raw.update(decided="2026-11-22T05:30:07.500000Z"),
        lambda raw: raw["marks"].update(demo=False),
        lambda raw: raw["files"].pop(),
    ],
)
def test_an_edited_manifest_is_seen(folder, trust, change):
    rewritten(folder, change)
    assert ("manifest.json", "bad_signature") in found(folder, trust)


def test_an_altered_file_with_its_hash_edited_too_is_seen(folder, trust):
    flip(folder / "clip.mp4", 100)
    rewritten(folder, lambda raw: raw["files"][0].update(sha256=file_sha256(folder / "clip.mp4")))
    assert found(folder, trust) == {("manifest.json", "bad_signature")}


def test_a_package_signed_anew_by_a_stranger_is_not_accepted(folder, trust, tmp_path):
    stranger = installation_signer(tmp_path / "stranger")
    rewritten(folder, lambda raw: raw.update(signer=stranger.key_id), stranger)
    assert found(folder, trust) == {("manifest.sig", "unknown_key")}
    assert verify(folder, trust_store(tmp_path / "stranger")).ok


def test_a_key_that_claims_another_keys_id_is_not_accepted(folder, trust, tmp_path, signer):
    stranger = installation_signer(tmp_path / "stranger")
    forged = signature_file(stranger, (folder / "manifest.json").read_bytes()).replace(
        stranger.key_id.encode(), signer.key_id.encode()
    )
    (folder / "manifest.sig").write_bytes(forged)
    assert found(folder, trust) == {("manifest.json", "bad_signature")}


def test_nobody_is_trusted_without_keys(folder):
    assert found(folder, Trust({})) == {("manifest.sig", "unknown_key")}


def test_a_signature_from_another_package_does_not_fit(output, folder, trust):
    shutil.copy(output / "evidence" / str(OTHER) / "manifest.sig", folder / "manifest.sig")
    assert found(folder, trust) == {("manifest.json", "bad_signature")}


def test_a_manifest_from_another_package_does_not_fit_its_files(output, folder, trust):
    other = output / "evidence" / str(OTHER)
    flip(folder / "still_in_act.jpg", 30)
    for name in ("manifest.json", "manifest.sig"):
        shutil.copy(other / name, folder / name)
    assert ("still_in_act.jpg", "altered") in found(folder, trust)
    codes = {code for _, code in found(output, trust)}
    assert {"event_twice", "event_differs", "altered"} <= codes


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "/etc/passwd", "a/b.jpg", "..", ".", "", "a" * 5000, "x\u0000y"]
)
def test_a_path_in_a_manifest_is_refused_even_when_signed(folder, trust, name, signer):
    rewritten(folder, lambda raw: raw["files"][0].update(name=name), signer)
    assert ("manifest.json", "unparsable") in found(folder, trust)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", "overlay.json"])
def test_a_name_that_stands_twice_or_names_the_manifest_is_refused(folder, trust, name, signer):
    rewritten(folder, lambda raw: raw["files"][0].update(name=name), signer)
    assert ("manifest.json", "names_twice") in found(folder, trust)


def test_a_signed_manifest_written_in_another_way_is_refused(folder, trust, signer):
    raw = json.loads((folder / "manifest.json").read_bytes())
    data = json.dumps(raw, indent=1).encode()
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.sig").write_bytes(signature_file(signer, data))
    assert found(folder, trust) == {("manifest.json", "not_canonical")}


def test_a_manifest_that_names_another_signer_is_refused(folder, trust, signer):
    rewritten(folder, lambda raw: raw.update(signer="0" * 64), signer)
    assert found(folder, trust) == {("manifest.json", "wrong_signer")}


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{}", b"not json", b"\xff\xfe", b"[" * 200_000, b'{"a":1,"a":2}', b'{"format":NaN}'],
    ids=["empty", "null", "list", "object", "text", "no UTF-8", "deep", "twice", "NaN"],
)
def test_what_is_no_manifest_or_signature_is_named(folder, trust, data, signer):
    (folder / "manifest.json").write_bytes(data)
    (folder / "manifest.sig").write_bytes(signature_file(signer, data))
    assert ("manifest.json", "unparsable") in found(folder, trust)
    (folder / "manifest.sig").write_bytes(data)
    assert ("manifest.sig", "unparsable") in found(folder, trust)


def test_an_endless_manifest_is_not_read(folder, trust):
    with (folder / "manifest.json").open("wb") as file:
        file.truncate(1 << 33)
    assert ("manifest.json", "too_large") in found(folder, trust)


def test_a_path_that_is_not_there_is_a_bad_input(tmp_path, trust):
    for path in (tmp_path / "nothing", tmp_path / ("x" * 5000), tmp_path / "a\0b"):
        with pytest.raises(InputError, match="does not exist"):
            verify(path, trust)


def test_an_empty_folder_is_no_evidence(tmp_path, trust):
    assert {code for _, code in found(tmp_path, trust)} == {"empty"}


@pytest.mark.parametrize("content", [b"", b"text", b"\x00" * 100])
def test_a_file_that_is_none_of_these_is_named(tmp_path, trust, content):
    (tmp_path / "file.bin").write_bytes(content)
    assert found(tmp_path / "file.bin", trust) == {("file.bin", "not_evidence")}


@pytest.mark.parametrize("name", ["tracks.csv", "events.jsonl", "summary.json", "seal.json", "seal.sig"])
def test_each_table_of_an_output_is_sealed(output, trust, name):
    flip(output / name, 5)
    assert any(path.startswith(name.split(".", maxsplit=1)[0]) for path, _ in found(output, trust))
    (output / name).unlink()
    assert (name, "missing") in found(output, trust)


def test_a_package_that_is_gone_is_missing_from_output_and_evidence_folder(output, folder, trust):
    shutil.rmtree(folder)
    for path in (output, output / "evidence"):
        assert (f"evidence/{EVENT}", "missing") in found(path, trust)
        assert ("events.jsonl", "event_evidence_missing") in found(path, trust)


def test_a_package_nobody_sealed_is_surplus(output, trust, ring, signer):
    write_package(a_subject(UUID(int=8)), ring, output / "evidence", signer)
    assert found(output, trust) == {
        (f"evidence/{UUID(int=8)}", "surplus"),
        (f"evidence/{UUID(int=8)}", "no_event"),
    }


def test_an_output_without_its_seal_was_not_finished(output, trust):
    (output / "seal.json").unlink()
    (output / "seal.sig").unlink()
    for path in (output, output / "events.jsonl"):
        assert {("seal.json", "missing"), ("seal.sig", "missing")} <= found(path, trust)


def test_a_stray_file_is_surplus_wherever_it_lies(output, trust):
    (output / "notes.txt").write_text("x")
    (output / "evidence" / "notes.txt").write_text("x")
    assert found(output, trust) == {("notes.txt", "surplus"), ("evidence/notes.txt", "surplus")}


def test_an_output_without_evidence_folder_but_with_events_lacks_it(output, trust):
    shutil.rmtree(output / "evidence")
    assert ("events.jsonl", "event_evidence_missing") in found(output, trust)


def test_an_output_in_which_nothing_happened_is_intact(tmp_path, trust, signer):
    for name in ("events.jsonl", "tracks.csv", "summary.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "evidence").mkdir()
    seal_output(tmp_path, signer)
    assert verify(tmp_path, trust).ok
    assert verify(tmp_path / "evidence", trust).ok


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda event: event.update(kind="stop_line"), "event_differs"),
        (lambda event: event.update(camera="other"), "event_differs"),
        (lambda event: event.pop("evidence"), "event_without_evidence"),
        (lambda event: event.update(evidence="evidence/../../x"), "event_evidence_missing"),
        (lambda event: event.update(evidence=7), "event_evidence_missing"),
        (lambda event: event.pop("id"), "event_unparsable"),
    ],
)
def test_events_and_evidence_must_agree_even_when_sealed(output, trust, signer, change, code):
    lines = (output / "events.jsonl").read_text().splitlines()
    event = json.loads(lines[0])
    change(event)
    (output / "events.jsonl").write_text("\n".join([json.dumps(event), *lines[1:]]))
    seal_output(output, signer)
    assert ("events.jsonl", code) in found(output, trust)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda still: flip(still / "vehicle.jpg", 0), ("vehicle.jpg", "altered")),
        (lambda still: (still / "vehicle.jpg").unlink(), ("vehicle.jpg", "missing")),
        (lambda still: (still / "other.jpg").touch(), ("other.jpg", "surplus")),
        (lambda still: (still.parent / "else").mkdir(), ("", "surplus")),
    ],
)
def test_the_stills_of_passages_are_those_the_events_name(output, trust, change, reason):
    still = output / "passages" / str(UUID(int=9))
    change(still)
    path = f"passages/{still.name}/{reason[0]}" if reason[0] else "passages/else"
    assert found(output, trust) == {(path, reason[1])}


def test_a_ledger_export_is_checked_by_its_lines(tmp_path, trust, signer):
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(export([[append("case-1", None, {}, {})]], [], "2026-11-22T00:00:00Z", signer))
    assert verify(path, trust).ok
    flip(path, 40)
    assert next(reason.path for reason in verify(path, trust).reasons).startswith("ledger.jsonl:")
    path.write_bytes(b"")
    assert not verify(path, trust).ok


def test_every_reason_has_a_sentence_in_every_language():
    assert len({frozenset(sentences(language)) for language in LANGUAGES}) == 1
    assert "intact" in sentences("en")
    names = (
        "fault",
        "key",
        "line",
        "evidence",
        "event",
        "signer",
        "record",
        "seq",
        "tombstone",
        "count",
        "root",
        "day",
    )
    values = dict.fromkeys(names, "1")
    for language in LANGUAGES:
        for code in sentences(language):
            assert "{" not in sentence(language, code, values)


def test_a_reason_reads_in_kazakh(folder, trust):
    (folder / "clip.mp4").unlink()
    assert verify(folder, trust).reasons[0].text("kk") == "clip.mp4: файл жоқ"


def test_a_manifest_reads_back_to_the_same_bytes(folder):
    data = (folder / "manifest.json").read_bytes()
    assert read_manifest(data).to_bytes() == data


def test_packages_kept_by_month_are_verified_with_all_that_lies_between_them(folder, trust, tmp_path):
    store = tmp_path / "store"
    (store / "2026-11").mkdir(parents=True)
    shutil.move(folder, store / "2026-11" / folder.name)
    assert verify(store, trust) == Verdict((), 1)
    (store / "notes.txt").write_text("x")
    assert [reason.code for reason in verify(store, trust).reasons] == ["surplus"]
