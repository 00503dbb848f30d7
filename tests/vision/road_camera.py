"""A road seen by one camera, for tests: places in metres, boxes of plain blocks in pixels."""

from __future__ import annotations

import numpy as np

from vision.road_plane import RoadPlane

WIDTH, HEIGHT = 1280, 720
FOCAL_PX, UP_M, DOWN = 800.0, 6.0, np.radians(20)
CAR_M = (4.55, 1.8, 1.5)
BUS_M = (11.5, 2.5, 3.15)
# Points that survey the plane.
CORNERS_M = np.array([[-4.0, 10], [4, 10], [6, 45], [-6, 45], [0, 20]])


def project(points):
    """Pixels [N, 2] of places [N, 2 or 3] in metres: right, ahead and up from the foot of the camera's pole."""
    points = np.asarray(points, float).reshape(-1, np.shape(points)[-1])
    x, y = points[:, 0], points[:, 1]
    below = UP_M - (points[:, 2] if points.shape[1] == 3 else 0.0)
    depth = y * np.cos(DOWN) + below * np.sin(DOWN)
    return np.stack(
        (
            WIDTH / 2 + FOCAL_PX * x / depth,
            HEIGHT / 2 + FOCAL_PX * (below * np.cos(DOWN) - y * np.sin(DOWN)) / depth,
        ),
        axis=1,
    )


def block_box(middle, ahead, size=CAR_M):
    """Box [4] around a vehicle whose plan has its middle there; tyres stand in from its ends, bumpers hang."""
    length, width, height = size
    inset, clearance = (0.85, 0.09) if size == CAR_M else (1.9, 0.14)
    ahead = np.asarray(ahead, float)
    left = np.array((-ahead[1], ahead[0]))
    corners = []
    for end in (-1, 1):
        for side in (-1, 1):
            beside = left * side * width / 2
            corners.append((*(middle + ahead * end * (length / 2 - inset) + beside), 0.0))
            corners += [(*(middle + ahead * end * length / 2 + 0.8 * beside), up) for up in (clearance, height / 2)]
            corners.append((*(middle + ahead * end * length / 4 + 0.75 * beside), height))
    pixels = project(np.array(corners))
    return np.concatenate((pixels.min(axis=0), pixels.max(axis=0)))


PLANE = RoadPlane.from_points(project(CORNERS_M), CORNERS_M)
