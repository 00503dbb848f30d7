from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import pytest

from qyran.errors import InputError
from service.sizing import SIZES, document, figures, sizing

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_figures_give():
    assert (ROOT / "docs/sizing.md").read_text(encoding="utf-8") == document()


def test_more_cameras_never_need_less():
    found = [dataclasses.asdict(sizing(count, figures())) for count in SIZES]
    for less, more in pairwise(found):
        assert all(less[name] <= more[name] for name in less if name != "cost")
        assert less["cost"]["sum"] < more["cost"]["sum"]


def test_figures_of_ones_own_change_what_they_are_about(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("[analysis]\ncameras_per_core = 8.0\n", encoding="utf-8")
    assert sizing(1000, figures(path)).analysis_cores * 2 == pytest.approx(
        sizing(1000, figures()).analysis_cores, abs=2
    )


@pytest.mark.parametrize(
    "text", ["[analysis]\nspeed = 1\n", "[moon]\nx = 1\n", "[analysis]\ncores_per_machine = -1\n", "="]
)
def test_a_figure_that_means_nothing_is_refused(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"own\.toml"):
        figures(path)
