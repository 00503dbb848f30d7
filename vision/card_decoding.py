"""Decoding on a graphics card (NVDEC), where there is one: an option for live streams, off unless it is chosen."""

from __future__ import annotations

from typing import Final, Literal

import av
from av.codec.hwaccel import HWAccel

from qyran.errors import ConfigError

DecoderName = Literal["cpu", "cuda"]
_PROBED: Final = "h264"
"""Every card that decodes anything decodes this."""


def accelerator(decoder: DecoderName) -> HWAccel | None:
    """What decodes beside the processor, None for the processor alone.

    Pictures come back to the machine's memory. A stream of a codec that the card does not know is decoded by the
    processor.

    Raises:
        ConfigError: this machine has no such card, or its driver does not answer.
    """
    if decoder == "cpu":
        return None
    try:
        card = HWAccel(decoder, allow_software_fallback=True)
        card.create(av.Codec(_PROBED, "r"))
    except (av.FFmpegError, OSError, ValueError, RuntimeError, NotImplementedError):
        raise ConfigError(
            f"QYRAN_DECODER={decoder} needs a graphics card that decodes video and its driver, and none answers on "
            "this machine; set QYRAN_DECODER=cpu."
        ) from None
    return card
