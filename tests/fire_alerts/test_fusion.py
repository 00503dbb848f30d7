from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fire_alerts.fusion import Origin, Sign, Standing, standing

CAMERA, SENSOR = Sign(Origin.VIDEO, "cam-1"), Sign(Origin.SENSOR, "s-1")
FAULTY = Sign(Origin.SENSOR, "s-1", trusted=False)
SIGNS = st.lists(st.builds(Sign, st.sampled_from(Origin), st.sampled_from("abc"), st.booleans()))


@pytest.mark.parametrize(
    ("signs", "found"),
    [
        ([], Standing.RAISED),
        ([CAMERA], Standing.RAISED),
        ([SENSOR], Standing.RAISED),
        ([CAMERA, SENSOR], Standing.CONFIRMED),
        ([SENSOR, CAMERA], Standing.CONFIRMED),
        ([CAMERA, Sign(Origin.VIDEO, "cam-2")], Standing.RAISED),
        ([SENSOR, Sign(Origin.SENSOR, "s-2")], Standing.RAISED),
        ([CAMERA, FAULTY], Standing.RAISED),
        ([CAMERA, FAULTY, Sign(Origin.SENSOR, "s-2")], Standing.CONFIRMED),
    ],
)
def test_either_alone_raises_and_both_together_confirm(signs, found):
    assert standing(signs) is found


@given(signs=SIGNS, more=SIGNS)
def test_order_matters_not_doubt_confirms_nothing_and_more_signs_never_weaken(signs, more):
    assert standing(signs) is standing(reversed(signs))
    assert standing(signs) is standing(sign for sign in signs if sign.trusted)
    if standing(signs) is Standing.CONFIRMED:
        assert standing(signs + more) is Standing.CONFIRMED
