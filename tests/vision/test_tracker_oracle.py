"""Our tracker beside ByteTrack of the library `trackers`, where that is installed.

It asks for a second build of OpenCV (with windows), for which reason it is in no lock file of ours. To run the
comparison:

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install trackers scipy pytest hypothesis
    /tmp/oracle/bin/python -m pytest -p no:cacheprovider tests/vision/test_tracker_oracle.py
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.vision.worlds import boxes_at, detections
from vision.tracker import Tracker

WIDTH, HEIGHT, RATE_HZ = 1280, 720, 8.0


def roads():
    """Boxes and who they are of, look by look: vehicles that cross the picture at their own speeds, some missed."""
    rng = np.random.default_rng(11)
    start = np.stack((rng.uniform(-900, 1200, 40), np.repeat(np.arange(10) * 42 + 260.0, 4)), axis=1)
    speed = np.repeat(rng.uniform(60, 200, 10), 4)
    for i in range(60):
        feet = start + np.stack((speed, np.zeros(40)), axis=1) * i / RATE_HZ
        who = np.flatnonzero((feet[:, 0] > 40) & (feet[:, 0] < WIDTH - 40) & (rng.random(40) > 0.05))
        yield who, boxes_at(feet[who] + rng.normal(0, 1.0, (len(who), 2)), (54.0, 36.0))


def purity(pairs):
    """Share of (object, track) pairs that belong to the object's main track."""
    pairs = np.array(pairs)
    main = sum(np.unique(pairs[pairs[:, 0] == who, 1], return_counts=True)[1].max() for who in np.unique(pairs[:, 0]))
    return main / len(pairs)


def ours():
    tracker, pairs = Tracker(WIDTH, HEIGHT), []
    for i, (who, boxes) in enumerate(roads()):
        tracks = tracker.step(detections(boxes), i / RATE_HZ)
        seen = np.flatnonzero(tracks.seen)
        pairs += [(who[np.abs(boxes - tracks.box[row]).sum(axis=1).argmin()], tracks.id[row]) for row in seen]
    return pairs


def test_identities_are_kept_at_least_as_well_as_by_the_oracle():
    library = pytest.importorskip("trackers", reason="trackers is not installed; it brings a second build of OpenCV")
    supervision = pytest.importorskip("supervision")
    oracle, pairs = library.ByteTrackTracker(frame_rate=RATE_HZ), []
    for who, boxes in roads():
        n = len(boxes)
        seen = supervision.Detections(boxes, confidence=np.full(n, 0.9), class_id=np.zeros(n, int))
        found = oracle.update(seen)
        for box, track in zip(found.xyxy, found.tracker_id, strict=True):
            if track >= 0:
                pairs.append((who[np.abs(boxes - box).sum(axis=1).argmin()], track))
    mine = ours()
    assert purity(mine) >= purity(pairs)
    assert len(mine) >= 0.95 * len(pairs)


def test_identities_are_kept_on_crowded_lanes():
    assert purity(ours()) >= 0.99
