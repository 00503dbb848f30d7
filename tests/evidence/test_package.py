from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evidence.package as package_module
from evidence import whole
from evidence.annotate import annotated, annotated_still
from evidence.keys import trust_store
from evidence.overlay import drawn_parts
from evidence.package import load_package, write_package
from evidence.stills import LONGEST_S, clip_span
from evidence.subject import calibration_sha256
from evidence.verify import verify
from qyran.errors import IntegrityError
from tests.evidence.packages import START, a_finding, a_subject, a_video, ring_of
from vision.camera import parse_camera
from vision.finding import Moment


def decoded(path):
    with av.open(str(path)) as container:
        return container.streams.video[0].codec_context.name, [
            f.to_ndarray(format="gray") for f in container.decode(video=0)
        ]


def test_a_package_holds_clip_stills_overlay_and_signed_manifest(package, trust):
    assert sorted(path.name for path in package.folder.iterdir()) == [
        "clip.mp4", "manifest.json", "manifest.sig", "overlay.json", "still_before_line.jpg", "still_in_act.jpg",
        "still_plate.jpg", "still_plate_crop.jpg", "trace.json",
    ]  # fmt: skip
    assert verify(package.folder, trust).ok


def test_the_clip_is_the_original_packets_from_before_the_onset_to_after_the_decision(package):
    video = package.manifest.named("clip.mp4").video
    assert (video.wanted_start_s, video.wanted_end_s) == (1.0, 12.5)
    assert video.start_s <= 1.0
    assert video.end_s >= 12.5
    codec, pictures = decoded(package.folder / "clip.mp4")
    assert (codec, len(pictures)) == ("h264", len(video.frames))
    first = video.frames[0][0]
    assert abs(float(pictures[0][5, 5]) - (20 + first)) <= 3


def test_a_still_shows_the_frame_its_entry_names(package):
    for entry in package.stills:
        picture = cv2.imread(str(package.folder / entry.name))
        assert picture.shape == (entry.picture.height, entry.picture.width, 3)
        assert abs(float(picture[5, 5].mean()) - (20 + entry.picture.index)) <= 4
        assert (entry.picture.time - START).total_seconds() == pytest.approx(entry.picture.video_s, abs=1e-3)


def test_stills_are_numbered_in_the_order_of_the_findings_moments(package):
    assert [(s.picture.number, s.picture.moment) for s in package.stills] == [
        (1, "before_line"), (2, "in_act"), (3, "plate"),
    ]  # fmt: skip


def test_the_crop_of_the_plate_holds_the_box_and_some_surroundings(package):
    crop = package.manifest.named("still_plate_crop.jpg")
    assert crop.picture.crop == (102.0, 87.0, 148.0, 103.0)
    assert cv2.imread(str(package.folder / crop.name)).shape == (16, 46, 3)


def test_the_manifest_tells_finding_trace_marks_and_times(package):
    manifest = json.loads((package.folder / "manifest.json").read_bytes())
    assert manifest["finding"]["trace"] == [{"code": "red_when_crossed", "values": {"line": "stop-n", "seconds": 2.5}}]
    assert manifest["finding"]["speed_ms"] is None
    assert manifest["finding"]["speed_certified"] is False
    assert manifest["marks"] == {"demo": True, "development_key": True}
    assert manifest["decided"].startswith("2026-11-22T04:30:07.5")
    assert manifest["onset"].startswith("2026-11-22T04:30:06")


def test_the_overlay_is_a_layer_of_its_own(package):
    layer = json.loads((package.folder / "overlay.json").read_bytes())
    assert layer["picture"] == [320, 180]
    assert layer["frames"][0] == {"index": 60, "pts": 61440, "video_s": 6.0, "box": [100, 60, 160, 120], "seen": True}
    assert layer["drawn"] == {"line:stop-n": [[0.1, 0.6], [0.9, 0.6]]}


def test_at_the_end_of_a_file_the_clip_closes_with_what_exists(tmp_path, ring, signer, trust):
    finding = a_finding(onset_s=12.0, video_s=13.5, moments=(Moment("onset", 12.0), Moment("decision", 13.5)))
    package = write_package(a_subject(finding=finding), ring, tmp_path, signer)
    assert package.manifest.named("clip.mp4").video.end_s == pytest.approx(13.9)
    assert verify(package.folder, trust).ok


def test_a_codec_no_browser_plays_gets_a_viewing_copy_that_says_so(tmp_path, signer, trust):
    ring = ring_of(a_video(tmp_path / "hevc.mp4", "libx265"))
    package = write_package(a_subject(), ring, tmp_path / "evidence", signer)
    assert decoded(package.folder / "clip.mp4")[0] == "hevc"
    codec, pictures = decoded(package.folder / "view.mp4")
    assert codec == "h264"
    entry = package.manifest.named("view.mp4")
    assert (entry.role, entry.video.copy_of, len(entry.video.frames)) == ("viewing_copy", "clip.mp4", len(pictures))
    assert package.playable == "view.mp4"
    assert verify(package.folder, trust).ok


def test_a_moment_that_is_gone_is_a_gap_and_no_other_picture(tmp_path, ring, signer):
    finding = a_finding(moments=(Moment("before_line", 500.0), Moment("in_act", 7.0)))
    package = write_package(a_subject(finding=finding), ring, tmp_path, signer)
    assert [(gap.moment, gap.reason) for gap in package.manifest.gaps] == [("before_line", "not_held")]
    assert [still.name for still in package.stills] == ["still_in_act.jpg"]


def test_two_moments_of_one_name_keep_both_stills(tmp_path, ring, signer):
    finding = a_finding(moments=(Moment("wide", 6.0), Moment("wide", 7.0)))
    package = write_package(a_subject(finding=finding), ring, tmp_path, signer)
    assert [still.name for still in package.stills] == ["still_wide.jpg", "still_wide_2.jpg"]


def test_values_from_numpy_are_written_as_plain_numbers(tmp_path, ring, signer, trust):
    box = tuple(np.array([1, 2, 30, 40], np.float32))
    finding = a_finding(score=np.float32(0.5), box=box, moments=(Moment("decision", np.float64(7.0), box),))
    package = write_package(a_subject(finding=finding), ring, tmp_path, signer)
    assert verify(package.folder, trust).ok


def test_writing_an_events_package_again_gives_the_one_that_is_there(package, ring, signer):
    again = write_package(a_subject(software="9.9"), ring, package.folder.parent, signer)
    assert again.sha256 == package.sha256
    assert again.manifest.software.version == "0.1"


@pytest.mark.parametrize(
    ("module", "step"), [(package_module, "write_stills"), (package_module, "write_overlay"), (whole, "_sync")]
)
def test_a_failure_on_the_way_leaves_no_package(tmp_path, ring, signer, monkeypatch, module, step):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(module, step, fail)
    with pytest.raises(OSError, match="disk full"):
        write_package(a_subject(), ring, tmp_path / "evidence", signer)
    assert list((tmp_path / "evidence").iterdir()) == []
    monkeypatch.undo()
    assert write_package(a_subject(), ring, tmp_path / "evidence", signer).folder.is_dir()


WRITES_FOR_EVER = """
import sys
from pathlib import Path
from uuid import UUID
from evidence.keys import installation_signer
from evidence.package import write_package
from tests.evidence.packages import a_subject, a_video, ring_of
home = Path(sys.argv[1])
ring, signer = ring_of(a_video(home / "video.mp4")), installation_signer(home)
for number in range(10_000):
    package = write_package(a_subject(UUID(int=number)), ring, home / "evidence", signer)
    sys.stdout.write(package.folder.name + "\\n")
    sys.stdout.flush()
"""


def test_a_kill_at_any_moment_leaves_whole_packages_only(tmp_path):
    command = [sys.executable, "-c", WRITES_FOR_EVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(package_module.__file__).parents[1]) as writer:
        told = [writer.stdout.readline().decode().strip() for _ in range(3)]
        writer.kill()
    verdict = verify(tmp_path / "evidence", trust_store(tmp_path))
    assert verdict.ok
    assert set(told) <= {path.name for path in (tmp_path / "evidence").iterdir()}


def test_what_a_kill_left_half_made_is_made_anew(tmp_path, ring, signer, trust):
    half = tmp_path / ".evidence.partial" / str(a_subject().event_id)
    half.mkdir(parents=True)
    (half / "still_old.jpg").write_bytes(b"half")
    package = write_package(a_subject(), ring, tmp_path / "evidence", signer)
    assert verify(package.folder, trust).ok


@given(st.floats(0, 1e5), st.floats(0, 1e3))
def test_a_clip_is_bounded_and_always_holds_the_decision(onset, lasted):
    start, end = clip_span(onset, onset + lasted)
    assert 0 <= start <= onset + lasted <= end
    assert end - start <= LONGEST_S + 1e-6
    assert lasted + 10 > LONGEST_S or start == max(0, onset - 5)


def test_a_file_outside_the_manifest_is_not_given_out(package):
    with pytest.raises(IntegrityError):
        package.file("../../etc/passwd")


def test_a_folder_without_manifest_is_no_package(tmp_path):
    with pytest.raises(IntegrityError):
        load_package(tmp_path)


def test_an_annotated_picture_leaves_the_original_alone(package):
    picture = np.zeros((90, 160, 3), np.uint8)
    drawn = annotated(picture, [(10, 10, 60, 60)], {"zone:x": [(0, 0), (1, 0), (1, 1)]})
    assert not picture.any()
    assert drawn[10, 30].any()
    before = (package.folder / "still_in_act.jpg").read_bytes()
    shown = cv2.imdecode(np.frombuffer(annotated_still(package, "still_in_act.jpg"), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (180, 320, 3)
    assert tuple(shown[60, 130] > 100) != tuple(shown[30, 30] > 100)
    assert (package.folder / "still_in_act.jpg").read_bytes() == before


CAMERA = {
    "id": "a", "name": "a", "stream": "a.mp4",
    "lines": [{"id": "stop-n", "kind": "stop", "points": [[0.1, 0.6], [0.9, 0.6]]}],
    "zones": [{"id": "z", "kind": "lane", "points": [[0, 0], [1, 0], [1, 1]]}],
    "signals": [{"id": "n", "box": [0.8, 0.1, 0.9, 0.2], "stop_line": "stop-n"}],
}  # fmt: skip


def test_only_the_parts_a_finding_names_are_drawn():
    parts = drawn_parts(parse_camera(CAMERA, source="x"), a_finding(signal="n"))
    assert parts == {
        "line:stop-n": [(0.1, 0.6), (0.9, 0.6)],
        "signal:n": [(0.8, 0.1), (0.9, 0.1), (0.9, 0.2), (0.8, 0.2)],
    }


def test_the_hash_of_a_calibration_changes_with_it():
    def points(x):
        return {"points": [{"picture": [p, q], "ground_m": [p * x, q]} for p in (0, 1) for q in (0, 1)]}

    def camera(**more):
        return parse_camera({**CAMERA, **more}, source="x")

    assert calibration_sha256(camera()) is None
    one, two = camera(calibration=points(1.0)), camera(calibration=points(2.0))
    assert calibration_sha256(one) == calibration_sha256(camera(calibration=points(1.0)))
    assert calibration_sha256(one) != calibration_sha256(two)


def test_packages_of_several_events_lie_side_by_side(tmp_path, ring, signer, trust):
    for number in range(3):
        write_package(a_subject(UUID(int=number)), ring, tmp_path / "evidence", signer)
    verdict = verify(tmp_path / "evidence", trust)
    assert (verdict.ok, verdict.checked) == (True, 3)
