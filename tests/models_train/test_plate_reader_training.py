"""The whole path of the plate reader: draw, train, go on, export, read."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests run in .venv-train")

from models.plates.batches import batch  # noqa: E402
from models.plates.draw import draw_plate  # noqa: E402
from models.plates.export_reader import logistic, ship, threshold  # noqa: E402
from models.plates.open_reader import open_reader  # noqa: E402
from models.plates.pool import read_shard, write_shard  # noqa: E402
from models.plates.reader_net import CLASSES, STEPS, ReaderNet  # noqa: E402
from models.plates.seen import see  # noqa: E402
from models.plates.train_reader import PEAK, learning_rate, train  # noqa: E402
from models.plates.view import clean_view  # noqa: E402
from qyran.errors import ConfigError  # noqa: E402


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    rng = np.random.default_rng(1)
    write_shard(folder / "0000.npz", [see(rng, draw_plate(rng, own_face=True), clean_view(rng)) for _ in range(24)])
    return folder


@pytest.fixture(scope="module")
def shipped(pool, tmp_path_factory):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run")
    train(pool, folder, steps=2, size=8, plates=folder / "none", checked=4)
    train(pool, folder, steps=3, size=8, plates=folder / "none", checked=4)
    ship(folder, folder / "weights", folder / "none", development=4, test=4)
    return folder


def test_a_shard_gives_back_what_was_written(pool):
    samples = read_shard(pool / "0000.npz")
    assert len(samples) == 24
    for sample in samples:
        height, width = sample.picture.shape
        assert (sample.corners.min(0) >= 0).all()
        assert (sample.corners.max(0) <= (width, height)).all()
        assert sample.text


def test_a_batch_has_a_target_for_every_crop(pool):
    crops, targets, lengths, corners, known = batch(np.random.default_rng(2), read_shard(pool / "0000.npz"), 16)
    assert crops.shape == (16, 1, 48, 192)
    assert lengths.sum() == len(targets)
    assert ((targets >= 1) & (targets < CLASSES)).all()
    assert known.any()
    assert np.abs(corners[known]).max() < 2


def test_the_network_names_a_class_for_every_column_and_eight_numbers_of_corners():
    with torch.no_grad():
        output = ReaderNet().eval()(torch.zeros(2, 1, 48, 192))
    assert output.shape == (2, STEPS + 1, CLASSES)
    assert (output[:, -1, 8:] == 0).all()


def test_training_goes_on_from_its_checkpoint_and_the_export_reads(shipped):
    state = torch.load(shipped / "last.pt", weights_only=True)
    assert state["step"] == 3
    reader = open_reader(shipped / "weights" / "plate_reader.json")
    picture = np.random.default_rng(3).integers(0, 255, (120, 300, 3)).astype(np.uint8)
    (reading,) = reader.read(picture, np.array([[20, 20, 240, 80]], np.float32))
    assert 0 <= reading.score <= 1
    assert (shipped / "weights" / "plate_reader.onnx").stat().st_size < 6_000_000


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [("classes", ["A", "B"], "signs"), ("input", {"width": 100, "height": 32, "channels": 1}, "crops")],
)
def test_a_card_of_another_reader_is_refused(shipped, field, value, fault):
    card = json.loads((shipped / "weights" / "plate_reader.json").read_text(encoding="utf-8"))
    other = shipped / "weights" / f"other_{field}.json"
    other.write_text(json.dumps(card | {field: value}), encoding="utf-8")
    with pytest.raises(ConfigError, match=fault):
        open_reader(other)


def test_the_learning_rate_rises_and_falls():
    assert learning_rate(0, 1000) < learning_rate(299, 1000) == pytest.approx(PEAK)
    assert learning_rate(600, 1000) > learning_rate(900, 1000) > 0


def test_the_fit_finds_the_slope_and_never_turns_it_round():
    rng = np.random.default_rng(4)
    x = rng.normal(0, 2, 4000)
    right = (rng.random(4000) < 1 / (1 + np.exp(-(0.5 + 1.5 * x)))).astype(float)
    weights = logistic(np.stack([np.ones(4000), x, -x + rng.normal(0, 3, 4000)], 1), right)
    assert weights[0] == pytest.approx(0.5, abs=0.2)
    assert weights[1] == pytest.approx(1.5, abs=0.2)
    assert weights[2] >= 0


def test_the_threshold_leaves_hardly_any_wrong_reading():
    scores = np.linspace(0.5, 1.0, 5001)
    right = scores > 0.95
    assert threshold(scores, right) == pytest.approx(0.95, abs=0.001)
    assert threshold(scores, np.ones(5001, np.bool_)) == 0.9
