from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.kalman import AGILITY, MEASURED, START_SPEED, Motion, size, to_box, to_state

BOX = np.array([[100.0, 100, 160, 140]])


@given(st.integers(0, 500), st.integers(0, 500), st.integers(2, 300), st.integers(2, 300))
def test_a_box_is_a_state_is_a_box(x, y, w, h):
    box = np.array([[x, y, x + w, y + h]], float)
    np.testing.assert_allclose(to_box(to_state(box)), box)


def textbook(steps):
    """One coordinate followed by the matrix form of the filter; (seconds, measured x) pairs."""
    scale = size(to_state(BOX))[0]
    x = np.array([to_state(BOX)[0, 0], 0.0])
    p = np.diag([(MEASURED[0] * scale) ** 2, (START_SPEED[0] * scale) ** 2])
    observe = np.array([[1.0, 0.0]])
    for dt, z in steps:
        move = np.array([[1, dt], [0, 1]])
        q = AGILITY[0] * scale**2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        x, p = move @ x, move @ p @ move.T + q
        gain = p @ observe.T / (p[0, 0] + (MEASURED[0] * scale) ** 2)
        x, p = x + gain[:, 0] * (z - x[0]), (np.eye(2) - gain @ observe) @ p
    return x, p


@pytest.mark.parametrize("steps", [[(0.1, 140.0)], [(0.1, 140.0), (0.4, 170.0), (0.05, 171.0)]])
def test_the_array_form_equals_the_textbook_filter(steps):
    motion = Motion.born(BOX)
    for dt, z in steps:
        motion.predict(dt, np.zeros(1, np.bool_))
        motion.correct(np.array([0]), BOX + np.array((z - 130, 0, z - 130, 0)))
    x, p = textbook(steps)
    np.testing.assert_allclose((motion.at[0, 0], motion.rate[0, 0]), x)
    np.testing.assert_allclose((motion.var[0, 0], motion.cov[0, 0], motion.rate_var[0, 0]), (p[0, 0], p[0, 1], p[1, 1]))


@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=20), st.booleans())
def test_variances_stay_positive_and_the_covariance_possible(steps, seen):
    motion = Motion.born(np.repeat(BOX, 3, axis=0))
    for dt in steps:
        motion.predict(dt, np.full(3, not seen))
        if seen:
            motion.correct(np.array([0, 2]), np.repeat(BOX, 2, axis=0))
    assert (motion.var > 0).all()
    assert (motion.rate_var > 0).all()
    assert (motion.cov**2 <= motion.var * motion.rate_var * (1 + 1e-9)).all()


def test_two_short_steps_predict_as_one_long_one():
    one, two = Motion.born(BOX), Motion.born(BOX)
    for motion in (one, two):
        motion.rate[:] = 30.0, 10.0, 0.0, 0.0
    none = np.zeros(1, np.bool_)
    one.predict(0.4, none)
    two.predict(0.1, none)
    two.predict(0.3, none)
    for name in ("at", "rate", "var", "cov", "rate_var"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-9)


def test_an_unseen_velocity_fades_and_an_unseen_size_stays():
    motion = Motion.born(BOX)
    before = motion.at[:, 2:].copy()
    motion.rate[:] = 50.0
    motion.predict(1.0, np.ones(1, np.bool_))
    assert ((motion.rate[:, :2] > 0) & (motion.rate[:, :2] < 50)).all()
    np.testing.assert_array_equal(motion.at[:, 2:], before)
