"""The small networks that look at crops: signal heads, and the kind and colour of vehicles.

They run in the camera's own process: a crop takes 0.1 ms, and the way to the inference process 0.2 to 0.3 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.classifiers import open_classifier
from service.detectors import shipped_crop_card
from vision.attributes import AttributeReader
from vision.signal_head import HeadReader

if TYPE_CHECKING:
    from service.detectors import CropName
    from vision.camera import Camera


def head_reader() -> HeadReader:
    """What reads signal heads, on one core whatever runs the detectors: a head costs less than its way to a GPU.

    Raises:
        ConfigError: its card or weights are missing, altered or made for another task.
    """
    return HeadReader(open_classifier("signals"))


def head_reader_for(camera: Camera) -> HeadReader | None:
    """The same for a camera, None where it has no signals."""
    return head_reader() if camera.signals else None


def attribute_reader() -> AttributeReader:
    """What tells kind and colour of vehicles, on one core.

    Raises:
        ConfigError: its card or weights are missing, altered or made for another task.
    """
    return AttributeReader(open_classifier("attributes"))


def crop_models(camera: Camera) -> dict[str, str]:
    """SHA-256 of the weights that look at crops of a camera, by name, for its evidence."""
    names: list[CropName] = ["signals", "attributes"] if camera.signals else ["attributes"]
    return {name: shipped_crop_card(name).sha256 for name in names}
