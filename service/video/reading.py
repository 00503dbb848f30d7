"""A camera's process without analysis: it reads, records and gives the camera live. For the bench and the tests."""

from __future__ import annotations

from service.settings import Settings
from service.video.capture import CameraVideo
from vision.archive import PacketRing
from vision.camera import parse_camera
from vision.stream import Stream, StreamSettings


def read_camera(camera_id: str, url: str, settings: Settings) -> None:
    """Read a camera until killed."""
    camera = parse_camera({"id": camera_id, "name": camera_id, "stream": url}, source="the call")
    with CameraVideo(camera_id, settings, live=True) as video:
        ring = PacketRing(taps=video.taps)
        with Stream(camera, StreamSettings(), ring=ring, on_status=video.status(lambda _: None)) as stream:
            for _ in video.passing(stream.frames(rate_hz=8.0)):
                pass
