"""Where each data set comes from and under which licence: the text of the model cards."""

from __future__ import annotations

from typing import Final

SOURCES: Final[dict[str, tuple[str, str, str]]] = {
    "coco": (
        "COCO 2017 train (cocodataset.org), through the Ultralytics YOLOv8n weights the training starts from",
        "annotations CC BY 4.0, pictures under their Flickr terms; weights AGPL-3.0",
        "COCO Consortium; Ultralytics",
    ),
    "road": ("Roboflow Universe finalproject-bqip3/atl-version-2 v12", "CC BY 4.0", "finalproject-bqip3 on Roboflow"),
    "manaus_cctv": ("Roboflow Universe tamaturgo/manaus_traffic v4, v5", "CC BY 4.0", "tamaturgo on Roboflow"),
    "rf100_vehicles_km39": ("Roboflow-100 vehicles-q0x2v", "CC BY 4.0", "Roboflow 100"),
    "bangkok_cctv": ("Roboflow Universe traffic/traffic-dataset-z21ak v1", "CC BY 4.0", "traffic on Roboflow"),
    "dashcam_ro": ("RobertLucian/license-plate-dataset", "MIT", "Robert Lucian Chiriac"),
    "plates_us_br": ("OpenALPR benchmarks, end to end, parts US and BR", "AGPL-3.0", "OpenALPR"),
    "fire-wrpgm": ("Roboflow Universe custom-thxhn/fire-wrpgm v8", "CC BY 4.0", "custom-thxhn on Roboflow"),
    "hotfire": ("Roboflow Universe hot-fire v9", "Public Domain as stated", "hot-fire on Roboflow"),
    "hotfire_neg": ("Roboflow Universe hot-fire v9", "Public Domain as stated", "hot-fire on Roboflow"),
    "continuous_fire": ("Roboflow Universe continuous_fire v6", "CC BY 4.0", "continuous_fire on Roboflow"),
    "nav_fire": ("Roboflow Universe fire-detection-qggmx v1", "CC BY 4.0", "fire-detection-qggmx on Roboflow"),
    "neg_dashcam_ro": ("RobertLucian/license-plate-dataset", "MIT", "Robert Lucian Chiriac"),
    "neg_cis_cars": (
        "dstaroff/russian-license-plate-recognition", "GPL-3.0 repository, pictures from the web", "dstaroff",
    ),
    "signals": ("Roboflow Universe wawan-pradana/cinta_v2 v1", "CC BY 4.0", "wawan-pradana on Roboflow"),
    "look_alikes": (
        "drawn by `models/data/look_alikes.py` over training pictures of the street sets", "as the pictures below it",
        "Qyran and the sets drawn over",
    ),
    "pasted_fire": (
        "flames of training photographs set into training pictures of streets by `models/data/pasted_fire.py`",
        "as the pictures it is made of", "Qyran and the sets it is made of",
    ),
    "plain": ("drawn by `models/data/plain.py`", "AGPL-3.0-or-later", "Qyran"),
    "rendered": ("scenes of this repository, `python -m scenarios`", "AGPL-3.0-or-later", "Qyran"),
}  # fmt: skip
"""Name of a set: source, licence, attribution."""

USED_FOR: Final = {"train": "training", "dev": "choice of thresholds", "val": "validation", "test": "evaluation"}
"""What a split of the prepared pictures is used for."""
