from __future__ import annotations

from datetime import UTC, datetime

import av
import cv2
import numpy as np
import pytest

from evidence.masked_copy import MASKED, Making, load_masked, read_masked, write_masked
from evidence.masker import FILL
from evidence.verify import verify
from tests.evidence.finders import a_masker

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
PERSON = (200.0, 40.0, 240.0, 140.0)
PLATE = (120.0, 100.0, 140.0, 108.0)


def making(signer, masker=None) -> Making:
    masker = masker or a_masker(people=[PERSON], vehicles=[(100.0, 60.0, 160.0, 120.0)], plates=[PLATE])
    return Making(masker, {"road": "c" * 64, "plates": "d" * 64}, signer, "0.1", NOW)


def pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_masked_pictures_name_their_originals_and_how_much_is_hidden(package, tmp_path, signer, trust):
    copy = write_masked(package, "pictures", tmp_path / "masked", making(signer))
    folder = tmp_path / "masked" / package.folder.name
    assert [one.name for one in copy.files] == [
        "still_before_line.jpg", "still_in_act.jpg", "still_plate.jpg", "still_plate_crop.jpg",
    ]  # fmt: skip
    assert copy.original_manifest_sha256 == package.sha256
    for entry in copy.files:
        assert entry.masked is True
        assert entry.original.sha256 == package.manifest.named(entry.name).sha256 != entry.sha256
    assert (copy.files[0].people, copy.files[0].windows, copy.files[0].plate_kept) == (1, 1, 1)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*(e.name for e in copy.files), MASKED, "masked.sig"]
    )
    assert verify(folder, trust).ok


def test_the_head_is_grey_in_every_masked_still(package, tmp_path, signer):
    write_masked(package, "pictures", tmp_path / "masked", making(signer))
    for name in ("still_before_line.jpg", "still_in_act.jpg"):
        picture = cv2.imread(str(tmp_path / "masked" / package.folder.name / name))
        assert np.abs(picture[45:85, 205:235].astype(int) - FILL).max() <= 8


def test_every_picture_of_the_masked_clip_is_masked_even_where_the_detector_saw_nobody(
    package, tmp_path, signer, trust
):
    masker = a_masker(people=[PERSON], plates=[PLATE], skip=frozenset(range(3, 200, 4)))
    copy = write_masked(package, "clip", tmp_path / "clips", making(signer, masker))
    (entry,) = copy.files
    shown = pictures(tmp_path / "clips" / package.folder.name / entry.name)
    original = package.manifest.named("clip.mp4")
    assert (len(shown), entry.pictures) == (len(original.video.frames), len(original.video.frames))
    assert all(np.abs(one[45:85, 205:235].astype(int) - FILL).max() <= 12 for one in shown)
    assert verify(tmp_path / "clips" / package.folder.name, trust).ok


def test_the_subjects_plate_stays_where_its_track_is_and_is_masked_elsewhere(package, tmp_path, signer):
    copy = write_masked(package, "clip", tmp_path / "clips", making(signer))
    (entry,) = copy.files
    shown = pictures(tmp_path / "clips" / package.folder.name / entry.name)
    kept = [bool(np.abs(one[102:106, 124:136].astype(int) - FILL).max() > 60) for one in shown]
    assert 0 < entry.plate_kept == sum(kept) < len(shown)


def test_a_copy_keeps_no_sound_and_says_that_it_is_one(package, tmp_path, signer):
    write_masked(package, "clip", tmp_path / "clips", making(signer))
    with av.open(str(tmp_path / "clips" / package.folder.name / "clip.mp4")) as clip:
        assert [stream.type for stream in clip.streams] == ["video"]
        assert "Masked copy" in clip.metadata["title"]


def test_making_a_copy_again_gives_the_one_that_is_there(package, tmp_path, signer):
    first = write_masked(package, "pictures", tmp_path, making(signer))
    assert write_masked(package, "pictures", tmp_path, making(signer, a_masker())) == first


def test_the_original_is_untouched(package, tmp_path, signer, trust):
    before = {path.name: path.read_bytes() for path in package.folder.iterdir()}
    write_masked(package, "pictures", tmp_path / "a", making(signer))
    write_masked(package, "clip", tmp_path / "b", making(signer))
    assert {path.name: path.read_bytes() for path in package.folder.iterdir()} == before


@pytest.mark.parametrize("name", ["still_in_act.jpg", "still_plate_crop.jpg", "masked.json", "masked.sig"])
def test_one_changed_byte_of_a_copy_is_found_and_named(package, tmp_path, signer, trust, name):
    write_masked(package, "pictures", tmp_path, making(signer))
    path = tmp_path / package.folder.name / name
    data = path.read_bytes()
    for at in range(0, len(data), max(1, len(data) // 23)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        verdict = verify(path.parent, trust)
        assert not verdict.ok
        assert any(name in reason.path or "masked.json" in reason.path for reason in verdict.reasons)
    path.write_bytes(data)
    assert verify(path.parent, trust).ok


def test_a_copy_is_read_back_as_it_was_written(package, tmp_path, signer):
    copy = write_masked(package, "pictures", tmp_path, making(signer))
    assert load_masked(tmp_path / package.folder.name) == copy == read_masked(copy.to_bytes())
