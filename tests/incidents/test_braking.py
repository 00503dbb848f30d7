"""The least braking by which somebody came to rest, of looks made by hand with the noise of a detector."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.braking import NOISE_PX, braking_of
from incidents.halt import BRAKED_MS2
from incidents.ways import Sample

LOOK_S = 0.125
STARTS_S = 3.0  # of braking
DRY_MS2 = 8.5  # full braking on dry asphalt
BOX = (0.0, 0.0, 10.0, 10.0)


def way_of(speed, brake, *, coarse=0.2, noise_px=0.0, seed=0, bend_m=0.0, phase_s=0.0, without=()):
    """Looks at somebody who drives steadily, brakes evenly, and rests for two seconds."""
    noise = np.random.default_rng(seed)
    samples = []
    for k in range(int((STARTS_S + speed / brake + 2.2) / LOOK_S)):
        at_s = k * LOOK_S + phase_s
        if any(begin <= at_s < end for begin, end in without):
            continue
        driven = min(at_s - STARTS_S, speed / brake)
        gone = speed * driven - brake * max(driven, 0.0) ** 2 / 2
        left = speed * speed / brake / 2 - gone
        aside = bend_m * min(left / 10, 1.0) ** 2
        place = (aside, left + float(noise.normal()) * noise_px * coarse)
        samples.append(Sample(at_s, place, coarse, coarse / 3, BOX, inside=True, feet=True, score=0.9))
    return tuple(samples)


@given(speed=st.floats(6.0, 18.0), brake=st.floats(3.5, 9.0), phase_s=st.floats(0.0, LOOK_S))
def test_it_is_never_more_than_the_braking_there_was(speed, brake, phase_s):
    braking = braking_of(way_of(speed, brake, phase_s=phase_s))
    assert braking is None or braking.ms2 <= brake + 0.5


@given(speed=st.floats(6.0, 16.0), seed=st.integers(0, 2**32), coarse=st.sampled_from([0.1, 0.2, 0.3]))
def test_full_braking_is_kept_by_nobody_whatever_the_noise(speed, seed, coarse):
    braking = braking_of(way_of(speed, DRY_MS2, coarse=coarse, noise_px=NOISE_PX * 0.9, seed=seed))
    assert braking is None or braking.ms2 < BRAKED_MS2 + 0.6


@pytest.mark.parametrize(
    ("speed", "coarse", "least"),
    [(14.0, 0.1, 20.0), (10.0, 0.2, 12.0), (8.0, 0.3, 9.0)],
)
def test_who_stops_within_a_metre_is_known_from_afar_too(speed, coarse, least):
    told = [
        braking_of(way_of(speed, speed * speed / 2, coarse=coarse, noise_px=NOISE_PX * 0.9, seed=seed))
        for seed in range(20)
    ]
    assert sum(one is not None and one.ms2 >= least for one in told) >= 18


def test_when_and_from_which_speed_it_braked():
    braking = braking_of(way_of(12.0, 12.0))
    assert braking is not None
    assert braking.began_s == pytest.approx(STARTS_S, abs=0.15)
    assert np.hypot(*braking.velocity) == pytest.approx(12.0, abs=0.5)


def test_looks_that_are_missing_make_it_less_sure_and_no_harder():
    whole = braking_of(way_of(12.0, 12.0))
    gaps = braking_of(way_of(12.0, 12.0, without=[(STARTS_S, STARTS_S + 0.6)]))
    assert whole is not None
    assert gaps is not None
    assert gaps.ms2 <= whole.ms2


@pytest.mark.parametrize(
    ("way", "why"),
    [
        (way_of(10.0, 8.0, bend_m=9.0), "the way bends"),
        (way_of(10.0, 8.0, without=[(1.0, 4.0)]), "it was hidden all the while"),
        (way_of(10.0, 8.0)[-10:], "it was seen only at rest"),
    ],
)
def test_looks_that_do_not_tell(way, why):
    assert braking_of(way) is None, why
