from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.data.fire import PARTS, read_split, source_of
from models.data.look_alikes import EFFECTS, clouds_noise, draw
from models.data.pasted_fire import glow, paste
from qyran.errors import ConfigError
from vision.classes import FIRE

SEEDS = st.integers(0, 2**32 - 1)


def street(seed: int = 0, height: int = 96, width: int = 160) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(40, 200, (height, width, 3), dtype=np.uint8)


def flame(height: int = 60, width: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A glowing block in the middle of a grey crop, and its alpha."""
    crop = np.full((height, width, 3), 90, np.uint8)
    crop[height // 4 :, width // 4 : 3 * width // 4] = (30, 150, 250)
    return crop, glow(crop)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("fire/train/images/0001.jpg", "fire-wrpgm"),
        ("fire_more/hotfire/images/a.jpg", "hotfire"),
        ("fire_more/neg_cis_cars/images/a.jpg", "neg_cis_cars"),
        ("signals/train/images/1.jpg", "signals"),
        ("plates/us_001.jpg", "plates_us_br"),
    ],
)
def test_a_picture_belongs_to_the_set_of_its_folder(file: str, source: str) -> None:
    assert source_of(file) == source


@pytest.mark.parametrize("line", ["fire/a.jpg", "fire/a.jpg\tholdout", "fire/a.jpg train"])
def test_a_split_line_without_a_known_part_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "split.tsv").write_text(f"fire/b.jpg\ttrain\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        read_split(tmp_path / "split.tsv")


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.tsv"):
        read_split(tmp_path / "none.tsv")


def test_pictures_kept_for_evaluation_never_train_or_choose() -> None:
    parts = {file: part for file, part in read_split().items() if source_of(file) == "neg_cis_cars"}
    assert len(parts) == 154
    assert set(parts.values()) == {"test"}
    assert not [file for file in read_split() if file.startswith(("plates/eu_", "plates_kz/", "plates_ru/"))]


def test_what_the_publisher_kept_for_validation_stays_there() -> None:
    split = read_split()
    assert {part for file, part in split.items() if file.startswith("fire/val/")} == {"val"}
    assert {part for file, part in split.items() if file.startswith("fire/train/")} == {"train", "dev"}


@pytest.mark.data
def test_a_clip_or_photograph_lies_in_one_part_alone(shared_data: Path) -> None:
    split = read_split()
    with (shared_data / "fire_more" / "groups.csv").open(encoding="utf-8", newline="") as stream:
        groups: dict[str, set[str]] = {}
        for row in csv.DictReader(stream):
            part = split[f"fire_more/{row['set']}/images/{row['file']}"]
            groups.setdefault(f"{row['set']}/{row['group']}", set()).add(part)
    assert all(len(parts) == 1 for parts in groups.values())
    assert set().union(*groups.values()) == PARTS


@pytest.mark.data
def test_every_fire_picture_is_in_the_split(shared_data: Path) -> None:
    folders = [*(shared_data / "fire_more").glob("*/images"), *(shared_data / "fire").glob("*/images")]
    on_disk = {str(path.relative_to(shared_data)) for folder in folders for path in folder.iterdir()}
    assert on_disk <= set(read_split())


@pytest.mark.parametrize("number", range(len(EFFECTS)))
def test_each_look_alike_changes_the_picture_and_keeps_its_shape(number: int) -> None:
    base = street().astype(np.float32)
    out = EFFECTS[number](base.copy(), np.random.default_rng(number))
    assert out.shape == base.shape
    assert np.isfinite(out).all()
    assert np.abs(out - base).mean() > 1


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_a_drawing_is_a_picture_and_the_same_for_the_same_seed(seed: int) -> None:
    first = draw(street(), np.random.default_rng(seed))
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, draw(street(), np.random.default_rng(seed)))


@settings(max_examples=20, deadline=None)
@given(seed=SEEDS, coarse=st.floats(0.02, 2.0))
def test_noise_fills_the_range_from_nothing_to_everything(seed: int, coarse: float) -> None:
    noise = clouds_noise(30, 50, np.random.default_rng(seed), coarse)
    assert (noise.min(), noise.max()) == pytest.approx((0, 1), abs=1e-5)


@pytest.mark.parametrize(("bgr", "glows"), [((128, 128, 128), False), ((200, 60, 30), False), ((30, 150, 250), True)])
def test_only_warm_light_is_cut_out(bgr: tuple[int, int, int], glows: bool) -> None:
    crop = np.full((40, 40, 3), bgr, np.uint8)
    assert (glow(crop)[20, 20] > 0.9) == glows


def test_a_cut_fades_at_the_edge_of_its_box() -> None:
    alpha = glow(np.full((100, 100, 3), (30, 150, 250), np.uint8))
    assert alpha[0].max() < 0.3
    assert alpha[50, 50] == pytest.approx(1.0)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_pasted_flames_lie_inside_the_picture_apart_from_each_other(seed: int) -> None:
    base = street(1, 300, 500)
    picture, boxes = paste(base, [flame(), flame(90, 120)], np.random.default_rng(seed))
    assert picture.shape == base.shape
    assert (boxes[:, 0] == FIRE).all()
    assert (boxes[:, 1:3] >= 0).all()
    assert (boxes[:, 3] <= 500).all()
    assert (boxes[:, 4] <= 300).all()
    assert (boxes[:, 3:] > boxes[:, 1:3]).all()
    for index, a in enumerate(boxes[:, 1:]):
        for b in boxes[index + 1 :, 1:]:
            assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
