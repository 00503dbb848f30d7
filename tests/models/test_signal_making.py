from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.signals.drawn import BURNING, draw_head
from models.signals.heads import BOX, CANVAS, EDGE, LABELS, on_canvas
from models.signals.mix import SHARE
from models.signals.vary import COLOURS, Canvas, cover, frame, frame_lamp, hidden, light_two, lit_place, put_out, seen
from vision.signal_input import SIZE, STATES, head_input, put_section, section_size

GREY = [np.full((20, 20, 3), 128, np.uint8)]


def drawn(state, seed):
    return draw_head(state, GREY, np.random.default_rng(seed))


def lit(state, seed):
    return Canvas(drawn(state, seed), state, COLOURS.index(state))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), state=st.sampled_from(sorted(BURNING)))
def test_a_drawn_head_is_a_canvas_and_the_same_for_the_same_seed(seed, state):
    picture = drawn(state, seed)
    assert picture.shape == (CANVAS[1], CANVAS[0], 3)
    np.testing.assert_array_equal(picture, drawn(state, seed))


@pytest.mark.parametrize("state", COLOURS)
def test_the_burning_lamp_of_a_drawn_head_is_mostly_found_in_its_place(state):
    places = [lit_place(drawn(state, seed), state) for seed in range(40)]
    assert set(places) <= {COLOURS.index(state), None}
    assert places.count(None) <= 10


@pytest.mark.parametrize("state", COLOURS)
def test_a_lamp_put_out_shines_no_longer(state):
    canvas = lit(state, 4)
    made = put_out(canvas, np.random.default_rng(1))
    assert made.state == "off"
    rows = slice(EDGE[1] + BOX[1] // 3 * canvas.lit + 8, EDGE[1] + BOX[1] // 3 * (canvas.lit + 1) - 8)
    assert made.picture[rows].max() < canvas.picture[rows].max()


def test_two_lamps_burn_where_red_was_copied_to_the_middle():
    made = light_two(lit("red", 4), np.random.default_rng(1))
    assert made.state == "red_yellow"
    middle = made.picture[CANVAS[1] // 2 - 8 : CANVAS[1] // 2 + 8, 24:48].reshape(-1, 3).mean(axis=0)
    assert middle[2] > middle[0] + 40


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), state=st.sampled_from(COLOURS))
def test_a_cover_hides_the_burning_lamp_or_leaves_it_wholly(seed, state):
    canvas = lit(state, seed % 7)
    made = cover(canvas, [np.full((30, 30, 3), (0, 255, 255), np.uint8)], np.random.default_rng(seed))
    top = round(EDGE[1] + BOX[1] / 3 * canvas.lit)
    centre = made.picture[top + 14 : top + 28, 30:42]
    unchanged = np.abs(centre.astype(int) - canvas.picture[top + 14 : top + 28, 30:42]).max() <= 1
    assert made.state == (state if unchanged else "unknown")


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_every_crop_has_the_networks_size(seed):
    rng = np.random.default_rng(seed)
    canvas = drawn("green", 3)
    for crop in (seen(frame(canvas, SIZE, rng), rng), hidden(frame(canvas, SIZE, rng), rng)):
        assert crop.shape == (SIZE[1], SIZE[0], 3)
        assert crop.dtype == np.uint8
    side = section_size()
    lamp = seen(frame_lamp(canvas, 2, side, rng), rng)
    assert put_section(lamp).shape == (SIZE[1], SIZE[0], 3)


@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (128, 48), (8, 4), (400, 160)])
def test_a_head_goes_upright_into_the_network(shape):
    crop = np.zeros((*shape, 3), np.uint8)
    long = int(np.argmax(shape))
    begin = [slice(None), slice(None)]
    begin[long] = slice(0, max(shape) // 3)
    crop[tuple(begin)] = (0, 0, 255)
    made = head_input(crop)
    assert made.shape == (SIZE[1], SIZE[0], 3)
    assert made[2, 12].tolist() == [0, 0, 255]
    assert made[-3, 12].tolist() == [0, 0, 0]


def test_a_lying_head_is_turned_upright_on_its_canvas():
    picture = np.zeros((60, 100, 3), np.uint8)
    picture[20:40, 20:40] = (0, 0, 255)  # the left third of a head that lies from 20 to 80
    canvas = on_canvas(picture, (20, 20, 80, 40))
    third = BOX[1] // 3
    assert canvas[EDGE[1] + third // 2, CANVAS[0] // 2, 2] == 255
    assert canvas[EDGE[1] + 2 * third, CANVAS[0] // 2, 2] == 0


def test_states_seen_by_eye_are_known_and_scenes_lie_in_one_part():
    rows = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    assert {row["state"] for row in rows} <= {state.value for state in STATES}
    parts = {}
    for row in rows:
        parts.setdefault(row["scene"], set()).add(row["part"])
    assert all(len(part) == 1 for part in parts.values())
    assert sum(row["part"] == "dev" for row in rows) >= 0.18 * len(rows)
    assert sum(SHARE.values()) == pytest.approx(1)
