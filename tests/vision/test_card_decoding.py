from __future__ import annotations

import pytest

from qyran.errors import ConfigError
from vision.card_decoding import accelerator


def test_the_processor_needs_no_card():
    assert accelerator("cpu") is None


def test_a_card_that_is_not_there_is_told_in_one_sentence():
    try:
        found = accelerator("cuda")
    except ConfigError as error:
        refusal = str(error)
    else:
        pytest.skip(f"this machine has a card: {found}")
    assert refusal.startswith("QYRAN_DECODER=cuda needs a graphics card")
    assert refusal.endswith("set QYRAN_DECODER=cpu.")
