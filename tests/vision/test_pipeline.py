from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from qyran.errors import CameraFileError, ConfigError
from tests.vision.worlds import boxes_at, detections
from vision.attributes import COLOURS, KINDS
from vision.camera import parse_camera
from vision.classes import FIRE_CLASSES, ROAD_CLASSES
from vision.gate import MotionGate
from vision.load import Thrift
from vision.pipeline import Pipeline, PipelineSettings
from vision.types import Detections, Frame, SignalState

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
WIDTH, HEIGHT, RATE_S = 400, 200, 0.125
POINTS = [
    {"picture": [x, y], "ground_m": [gx, gy]}
    for (x, y), (gx, gy) in zip(
        [(0.1, 0.9), (0.9, 0.9), (0.7, 0.3), (0.3, 0.3)], [(0, 0), (8, 0), (8, 40), (0, 40)], strict=True
    )
]


class Scripted:
    """A detector whose detections are written down, by call."""

    def __init__(self, classes, script):
        self.spec = SimpleNamespace(
            classes=classes, weights=SimpleNamespace(name="scripted.onnx"), long_side=640, stride=32
        )
        self.sides = []
        self.script = script
        self.calls = 0

    def detect(self, picture, min_score, long_side=None):
        self.sides.append(long_side)
        self.calls += 1
        found = self.script(self.calls - 1, picture.shape[1], picture.shape[0])
        return found.where(found.score >= min_score)


def frame(i, size=(WIDTH, HEIGHT)) -> Frame:
    picture = np.full((size[1], size[0], 3), 100, np.uint8)
    second = i * RATE_S
    return Frame(i, i * 11, second, START + timedelta(seconds=second), picture)


def camera(**parts):
    return parse_camera({"id": "c1", "name": "c", "stream": "x.mp4"} | parts, source="test")


def a_car_driving_down(call, width, height):
    return detections(boxes_at((width * 0.5, height * (0.3 + 0.05 * call)), (40, 24)))


def run(
    cam, n=12, script=a_car_driving_down, fire=None, settings=None, on_stage=None, sizes=None, heads=None, looks=None
):
    pipeline = Pipeline(cam, Scripted(ROAD_CLASSES, script), fire, settings, on_stage, heads=heads, looks=looks)
    return [pipeline.observe(frame(i, sizes[i] if sizes else (WIDTH, HEIGHT))) for i in range(n)]


def test_an_observation_carries_its_frames_identity():
    last = run(camera())[-1]
    assert (last.camera, last.index, last.pts, last.video_s) == ("c1", 11, 121, 11 * RATE_S)
    assert (last.width, last.height) == (WIDTH, HEIGHT)
    assert last.time == START + timedelta(seconds=11 * RATE_S)
    assert last.fire is None
    assert dict(last.signals) == {}


def test_tracks_and_passages_come_out():
    lines = [{"id": "count", "kind": "control", "points": [[0.0, 0.6], [1.0, 0.6]]}]
    history = run(camera(lines=lines))
    passages = [one for observation in history for one in observation.passages]
    assert [one.line for one in passages] == ["count"]
    assert passages[0].video_s == pytest.approx(6 * RATE_S, abs=0.02)
    assert history[-1].tracks.id.tolist() == [1]


def test_lines_of_other_kinds_make_no_passages():
    lines = [{"id": "stop", "kind": "stop", "points": [[0.0, 0.6], [1.0, 0.6]]}]
    assert not any(observation.passages for observation in run(camera(lines=lines)))


def test_with_a_calibration_tracks_have_a_place_and_a_speed_and_without_none():
    with_plane = run(camera(calibration={"points": POINTS}))[-1].tracks
    assert np.isfinite(with_plane.ground).all()
    assert np.isfinite(with_plane.speed_sigma_ms).all()
    assert with_plane.velocity_ms[0, 1] < 0  # towards the camera is south here
    without = run(camera())[-1].tracks
    assert np.isnan(without.ground).all()
    assert np.isnan(without.velocity_ms).all()


def test_an_expired_calibration_counts_as_none():
    cam = camera(calibration={"points": POINTS, "valid_until": START.date() - timedelta(days=1)})
    assert np.isnan(run(cam)[-1].tracks.ground).all()


def test_what_stands_in_a_masked_zone_is_ignored():
    zones = [{"id": "m", "kind": "mask", "points": [[0.4, 0.0], [0.6, 0.0], [0.6, 1.0], [0.4, 1.0]]}]
    assert all(len(observation.tracks) == 0 for observation in run(camera(zones=zones)))
    fire = Scripted(FIRE_CLASSES, lambda *_: detections([(190, 90, 210, 110), (10, 10, 30, 30)], class_id=1))
    seen = run(camera(zones=zones), fire=fire)[0].fire
    np.testing.assert_array_equal(seen.box, [(10, 10, 30, 30)])


@pytest.mark.parametrize(("every_s", "looks"), [(0.125, 16), (0.25, 8), (0.5, 4), (1.0, 2)])
def test_fire_is_looked_for_at_its_own_pace(every_s, looks):
    fire = Scripted(FIRE_CLASSES, lambda *_: Detections.empty())
    history = run(camera(), 16, fire=fire, settings=PipelineSettings(fire_every_s=every_s))
    assert fire.calls == looks
    assert sum(observation.fire is not None for observation in history) == looks


def looks_for_fire(thrift, found) -> list[float]:
    """Seconds of four at which fire is looked for, eight pictures a second, where the detector finds that much."""
    fire = Scripted(FIRE_CLASSES, lambda *_: detections([(10, 10, 30, 30)] * found, class_id=1))
    pipeline = Pipeline(camera(), Scripted(ROAD_CLASSES, a_car_driving_down), fire)
    pipeline.thrift = thrift
    return [i * RATE_S for i in range(32) if pipeline.observe(frame(i)).fire is not None]


@pytest.mark.parametrize("thrift", [Thrift.NONE, Thrift.SOME])
def test_fire_keeps_its_pace_while_there_are_looks_enough(thrift):
    assert looks_for_fire(thrift, 0) == pytest.approx(np.arange(0, 4, 0.5))


@pytest.mark.parametrize("thrift", [Thrift.MOST, Thrift.UTMOST])
def test_where_looks_are_short_fire_is_looked_for_less_while_nothing_could_burn(thrift):
    assert looks_for_fire(thrift, 0) == pytest.approx([0.0, 0.5, *np.arange(1.5, 4, 1.0)])
    assert looks_for_fire(thrift, 1) == pytest.approx(np.arange(0, 4, 0.5))


class AlwaysBlueVan:
    """A reader that sees a blue van in every crop."""

    accept = 0.5

    def read(self, crops):
        kind, colour = np.eye(len(KINDS), dtype=np.float32), np.eye(len(COLOURS), dtype=np.float32)
        return kind[[KINDS.index("van")] * len(crops)], colour[[COLOURS.index("blue")] * len(crops)]


def test_kind_and_colour_of_a_vehicle_are_said_once():
    history = run(camera(), looks=AlwaysBlueVan())
    said = [(look.track, look.kind, look.colour) for observation in history for look in observation.looks]
    assert said == [(1, "van", "blue")]
    assert run(camera())[-1].looks == ()


class AlwaysRed:
    """A reader that sees red in every head and green in every section."""

    def read_all(self, heads, sections=()):
        return [(SignalState.RED, 0.9)] * len(heads) + [(SignalState.GREEN, 0.8)] * len(sections)


def test_signal_heads_and_their_sections_are_read():
    signal = {"id": "s", "box": [0.1, 0.1, 0.2, 0.6], "sections": [{"arrow": "left", "box": [0, 0.4, 0.1, 0.6]}]}
    history = run(camera(signals=[signal]), heads=AlwaysRed())
    found = {name: reading.state for name, reading in history[-1].signals.items()}
    assert found == {"s": SignalState.RED, "s/left": SignalState.GREEN}


def test_a_camera_with_signals_needs_what_reads_them():
    with pytest.raises(ConfigError, match="c1 has signal heads"):
        run(camera(signals=[{"id": "s", "box": [0.1, 0.1, 0.2, 0.6]}]))


def test_a_new_picture_size_starts_anew_but_uses_no_id_again():
    sizes = [(WIDTH, HEIGHT)] * 6 + [(200, 100)] * 6
    history = run(camera(), sizes=sizes)
    assert history[5].tracks.id.tolist() == [1]
    assert history[-1].tracks.id.tolist() == [2]
    assert history[-1].width == 200


@pytest.mark.parametrize(
    ("size", "side"),
    [((320, 180), 416), ((500, 300), 512), ((640, 352), 640), ((1920, 1080), 640), ((1080, 1920), 640)],
)
def test_the_input_grows_with_the_picture_up_to_the_models_own_size(size, side):
    road = Scripted(ROAD_CLASSES, a_car_driving_down)
    Pipeline(camera(), road).observe(frame(0, size))
    assert road.sides == [side]


@pytest.mark.parametrize(
    ("detail", "size", "side"),
    [
        ("standard", (1920, 1080), 640),
        ("fine", (1920, 1080), 960),
        ("full", (1920, 1080), 1280),
        ("full", (704, 576), 704),  # never beyond its own pixels
        ("full", (320, 180), 416),
    ],
)
def test_a_camera_with_far_people_is_searched_in_more_detail(detail, size, side):
    road = Scripted(ROAD_CLASSES, a_car_driving_down)
    Pipeline(camera(detail=detail), road).observe(frame(0, size))
    assert road.sides == [side]


def test_stages_are_timed():
    told = []
    fire = Scripted(FIRE_CLASSES, lambda *_: Detections.empty())
    run(camera(), 1, fire=fire, on_stage=lambda stage, seconds: told.append((stage, seconds)))
    assert {stage for stage, _ in told} == {"detect", "fire", "plumes", "track", "signals", "view"}
    assert all(seconds >= 0 for _, seconds in told)


def test_exchanged_weights_are_refused():
    road, fire = Scripted(ROAD_CLASSES, a_car_driving_down), Scripted(FIRE_CLASSES, a_car_driving_down)
    with pytest.raises(ConfigError, match="no road model"):
        Pipeline(camera(), fire)
    with pytest.raises(ConfigError, match="no fire model"):
        Pipeline(camera(), road, road)


def test_another_version_of_the_camera_file_is_looked_by_from_the_next_frame_on_and_tracks_go_on():
    first, second = (
        [{"id": name, "kind": "control", "points": [[0.0, y], [1.0, y]]}] for name, y in (("a", 0.4), ("b", 0.7))
    )
    pipeline = Pipeline(camera(lines=first), Scripted(ROAD_CLASSES, a_car_driving_down))
    history = [pipeline.observe(frame(i)) for i in range(5)]
    pipeline.adopt(camera(lines=second, calibration={"points": POINTS}))
    history += [pipeline.observe(frame(i)) for i in range(5, 12)]
    assert [one.line for observation in history for one in observation.passages] == ["a", "b"]
    assert {track for observation in history for track in observation.tracks.id.tolist()} == {1}
    assert np.isfinite(history[-1].tracks.ground).all()


def test_a_version_that_cannot_be_used_changes_nothing():
    pipeline = Pipeline(camera(), Scripted(ROAD_CLASSES, a_car_driving_down))
    before = pipeline.camera
    signals = [{"id": "n", "box": [0.1, 0.1, 0.2, 0.2]}]
    crossed = [
        {**one, "picture": other["picture"]}
        for one, other in zip(POINTS, [*POINTS[1:3], POINTS[0], POINTS[3]], strict=True)
    ]
    for at in (None, 0):
        if at is not None:
            pipeline.observe(frame(at))
        with pytest.raises(ConfigError, match="no model was given that reads them"):
            pipeline.adopt(camera(signals=signals))
        with pytest.raises(CameraFileError, match="calibration"):
            pipeline.adopt(camera(calibration={"points": crossed}))
    assert pipeline.camera is before
    assert pipeline.observe(frame(1)).tracks.id.tolist() == [1]


def a_parked_car(call, width, height):
    return detections(boxes_at((width * 0.5, height * 0.5), (40, 24)))


def through_a_gate(script, n, fire=None, moves=None):
    """Observations of a pipeline with a gate, and the road detector it asked."""
    road = Scripted(ROAD_CLASSES, script)
    pipeline = Pipeline(camera(), road, fire, gate=MotionGate())
    seen = []
    for i in range(n):
        shown = frame(i)
        if moves is not None and moves(i):
            shown.picture[8 * i % 100 : 8 * i % 100 + 60, 20:120] += 80
        seen.append(pipeline.observe(shown))
    return seen, road, pipeline


def test_where_nothing_stirs_the_last_look_holds_and_a_look_comes_every_second():
    n = 80
    seen, road, pipeline = through_a_gate(a_parked_car, n)
    assert road.calls + pipeline.gated == n
    assert road.calls < n / 3
    parked = [observation.tracks for observation in seen[10:]]
    assert all(len(tracks) == 1 and tracks.seen.all() for tracks in parked)
    assert len({int(tracks.id[0]) for tracks in parked}) == 1
    assert len({tuple(tracks.box[0].round(2)) for tracks in parked}) == 1


def test_where_something_stirs_or_is_followed_every_picture_is_looked_at():
    _, stirred, _ = through_a_gate(a_parked_car, 24, moves=lambda i: True)
    assert stirred.calls == 24
    _, followed, _ = through_a_gate(a_car_driving_down, 10)
    assert followed.calls == 10


def test_a_gate_leaves_the_looks_for_fire_their_pace_and_repeats_nothing_that_burns():
    quiet = Scripted(FIRE_CLASSES, lambda *_: Detections.empty())
    seen, _, _ = through_a_gate(a_parked_car, 80, fire=quiet)
    looks = [observation for observation in seen if observation.fire is not None]
    assert len(looks) == len([o for o in run(camera(), 80, fire=quiet) if o.fire is not None])
    burns = Scripted(FIRE_CLASSES, lambda *_: detections([(10, 10, 30, 30)], class_id=0))
    seen, _, _ = through_a_gate(a_parked_car, 80, fire=burns)
    assert burns.calls == sum(observation.fire is not None for observation in seen)
