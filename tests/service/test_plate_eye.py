from __future__ import annotations

import numpy as np
import pytest

from qyran.errors import ConfigError
from service.detectors import ModelChoice
from service.plate_eye import OFF, plate_eye, plate_models


def test_plates_can_be_switched_off():
    models = ModelChoice(plates=OFF)
    assert plate_eye(models) is None
    assert plate_models(models) == {}


def test_the_shipped_models_look_at_a_vehicle_and_are_named_by_their_hash():
    eye = plate_eye()
    assert eye is not None
    assert eye.look(np.full((120, 160, 3), 127, np.uint8)) == []
    assert {name: len(digest) for name, digest in plate_models().items()} == {"plates": 64, "plate_reader": 64}


def test_a_model_that_finds_no_plates_is_refused():
    with pytest.raises(ConfigError, match="plates"):
        plate_eye(ModelChoice(plates="fire"))
