"""Whether a series rises is judged by its slope's interval: noise and waves do not rise, a small leak does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.soak.slopes import BLOCKS, blocks, slope

EVERY_S, HOUR_S = 5.0, 3600.0
SECONDS = np.arange(0.0, HOUR_S, EVERY_S)
RNG = np.random.default_rng(7)
CONFIDENCE = 0.999


def waves(share: float, noise: float) -> np.ndarray:
    """Noise of which each sample keeps a share of the one before."""
    values = np.zeros(len(SECONDS))
    for n, step in enumerate(RNG.normal(0, noise, len(SECONDS))):
        values[n] = (share * values[n - 1] if n else 0.0) + step
    return values


@pytest.mark.parametrize(
    ("values", "flat"),
    [
        (np.full(len(SECONDS), 20.0), True),
        (400 + RNG.normal(0, 3.0, len(SECONDS)), True),
        (400 + waves(0.95, 1.0), True),
        (400 + RNG.normal(0, 3.0, len(SECONDS)) + 12 * SECONDS / HOUR_S, False),
        (400 + RNG.normal(0, 3.0, len(SECONDS)) - 12 * SECONDS / HOUR_S, False),
        (20 + np.floor(SECONDS / 300), False),
        (np.where(SECONDS > 1800, 21.0, 20.0) + np.where((SECONDS > 900) & (SECONDS < 950), 80.0, 0.0), True),
    ],
    ids=["still", "noise", "slow waves", "a leak", "a fall", "a file every five minutes", "one step and a peak"],
)
def test_a_rise_is_told_from_noise(values, flat):
    found = slope(SECONDS, values, confidence=CONFIDENCE)
    assert found.low <= found.per_hour <= found.high
    assert found.flat is flat


def test_a_leak_is_measured_in_units_an_hour():
    found = slope(SECONDS, 400 + 12 * SECONDS / HOUR_S + RNG.normal(0, 1.0, len(SECONDS)), confidence=CONFIDENCE)
    assert found.per_hour == pytest.approx(12, abs=1)
    assert found.points == BLOCKS


def test_too_few_samples_say_nothing():
    assert slope(SECONDS[:5], SECONDS[:5], confidence=CONFIDENCE) is None
    assert blocks(np.empty(0), np.empty(0))[0].size == 0


@given(rise=st.floats(-100, 100), level=st.floats(0, 1000))
def test_a_straight_line_has_its_own_slope(rise, level):
    found = slope(SECONDS, level + rise * SECONDS / HOUR_S, confidence=CONFIDENCE)
    assert found.per_hour == pytest.approx(rise, abs=1e-6)
