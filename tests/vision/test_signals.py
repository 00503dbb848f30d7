from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.classifiers import open_classifier
from vision.camera import Signal
from vision.signal_head import HeadReader
from vision.signals import SignalHead, SignalReader
from vision.types import SignalState as S

RATE_S = 0.125


def watch(timeline, until_s, rate_s=RATE_S, misread=()):
    """Readings (second, reading) of a head whose raw state follows [(from second, state), ...]."""
    head = SignalHead()
    found = []
    for i in range(int(until_s / rate_s) + 1):
        second = i * rate_s
        state = [s for since, s in timeline if since <= second][-1]
        if i in misread:
            state = misread[i]
        found.append((second, head.step(second, state, 0.0 if state == S.UNKNOWN else 0.9)))
    return found


def states(found):
    """Distinct states in order, with the second from which each is said to hold."""
    out = []
    for _, reading in found:
        if not out or out[-1][0] != reading.state:
            out.append((reading.state, reading.since_s))
    return out


def blinking(colour, start_s, until_s, dark=S.OFF, period_s=1.0):
    return [(t, s) for k in np.arange(start_s, until_s, period_s) for t, s in ((k, colour), (k + period_s / 2, dark))]


def test_a_whole_cycle_is_followed_with_its_times():
    timeline = [(0, S.RED), (5, S.RED_YELLOW), (6, S.GREEN), (12, S.YELLOW), (15, S.RED)]
    found = states(watch(timeline, 20))[1:]
    assert [state for state, _ in found] == [S.RED, S.RED_YELLOW, S.GREEN, S.YELLOW, S.RED]
    np.testing.assert_allclose([since for _, since in found], [0, 5, 6, 12, 15], atol=RATE_S)


def test_a_state_is_said_within_half_a_second():
    found = watch([(0, S.GREEN), (5, S.RED)], 8)
    first = next(second for second, reading in found if reading.state == S.RED)
    assert 5 < first <= 5.5


@pytest.mark.parametrize("wrong", [S.RED, S.YELLOW, S.UNKNOWN, S.OFF])
def test_one_misread_picture_changes_nothing(wrong):
    found = watch([(0, S.GREEN)], 8, misread={20: wrong, 40: wrong})
    assert states(found)[1:] == [(S.GREEN, 0.0)]


@pytest.mark.parametrize("dark", [S.OFF, S.UNKNOWN])
@pytest.mark.parametrize("rate_s", [0.04, 0.125, 0.2])
@pytest.mark.parametrize("colour", [S.GREEN, S.YELLOW])
def test_blinking_is_seen_and_so_is_its_end(colour, rate_s, dark):
    timeline = [(0, S.RED), (4, S.GREEN), *blinking(colour, 8, 14, dark), (14, S.YELLOW), (17, S.RED)]
    found = [state for state, _ in states(watch(timeline, 22, rate_s))[1:]]
    assert S.FLASHING in found
    assert [s for s in found if s not in {S.FLASHING, colour}][-1] == S.RED
    assert S.OFF not in found
    assert S.UNKNOWN not in found


def test_night_mode_is_flashing_throughout():
    found = watch(blinking(S.YELLOW, 0, 30), 29)
    assert {reading.state for second, reading in found if second > 3} == {S.FLASHING}


def test_a_dark_head_is_off_after_a_while_and_not_at_once():
    found = watch([(0, S.GREEN), (5, S.OFF)], 9)
    off = next(second for second, reading in found if reading.state == S.OFF)
    assert 6.4 <= off <= 7.0
    assert states(found)[-1][1] == pytest.approx(5, abs=RATE_S)


def test_a_covered_head_is_unknown_soon_and_says_nothing_of_before():
    found = watch([(0, S.RED), (5, S.UNKNOWN), (9, S.GREEN)], 12)
    assert [state for state, _ in states(found)] == [S.UNKNOWN, S.RED, S.UNKNOWN, S.GREEN]
    unknown = next(second for second, reading in found if second > 1 and reading.state == S.UNKNOWN)
    assert unknown <= 6.0
    assert all(reading.score == 0 for _, reading in found if reading.state == S.UNKNOWN)


def test_green_then_yellow_then_red_is_not_blinking():
    timeline = [(0, S.GREEN), (1, S.YELLOW), (2, S.RED), (3, S.RED_YELLOW), (4, S.GREEN), (5, S.YELLOW), (6, S.RED)]
    assert S.FLASHING not in {reading.state for _, reading in watch(timeline, 8)}


@pytest.fixture(scope="module")
def reader():
    return HeadReader(open_classifier("signals"))


def street():
    """A grey picture with a head that shows red in the west and one that shows green in the east."""
    picture = np.full((200, 400, 3), 120, np.uint8)
    for left, top, lit in ((40, 20, 0), (340, 20, 2)):
        picture[top : top + 60, left : left + 24] = 30
        for place, colour in enumerate([(30, 30, 235), (30, 190, 245), (120, 220, 40)]):
            shown = colour if place == lit else (46, 52, 50)
            cv2.circle(picture, (left + 12, top + 10 + 20 * place), 8, shown, -1, cv2.LINE_AA)
    return picture


WEST = {"id": "west", "box": (0.1, 0.1, 0.16, 0.4)}
EAST = {"id": "east", "box": (0.85, 0.1, 0.91, 0.4)}


def test_heads_are_read_from_their_place_in_the_picture(reader):
    heads = SignalReader([Signal(**WEST), Signal(**EAST)], 400, 200, reader)
    for i in range(6):
        found = heads.step(street(), i * RATE_S)
    assert {name: reading.state for name, reading in found.items()} == {"west": S.RED, "east": S.GREEN}
    assert all(0 < reading.score <= 1 and reading.since_s == 0 for reading in found.values())


def test_a_section_with_an_arrow_is_read_beside_its_head(reader):
    section = {"arrow": "right", "box": (0.16, 0.3, 0.22, 0.4)}
    heads = SignalReader([Signal(**WEST, sections=[section])], 400, 200, reader)
    shown = []
    for i in range(40):
        picture = street()
        picture[60:80, 64:88] = 30
        lit = i * RATE_S >= 2
        cv2.circle(picture, (76, 70), 8, (120, 220, 40) if lit else (46, 52, 50), -1, cv2.LINE_AA)
        shown.append(heads.step(picture, i * RATE_S))
    assert {state: reading.state for state, reading in shown[-1].items()} == {"west": S.RED, "west/right": S.GREEN}
    assert shown[-1]["west/right"].since_s == pytest.approx(2, abs=RATE_S)
    assert shown[15]["west/right"].state == S.OFF


def test_a_lorry_before_the_head_makes_it_unknown(reader):
    heads = SignalReader([Signal(**WEST)], 400, 200, reader)
    for i in range(24):
        picture = street()
        if i >= 8:
            picture[:, :200] = (168, 172, 170)
        found = heads.step(picture, i * RATE_S)
    assert found["west"].state == S.UNKNOWN
