"""Two real machines of a real Ray cluster, and what becomes of their cameras: one is drained, and then one dies."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import av
import numpy as np
import pytest

from service.bench_video import rtsp
from service.settings import load_settings
from service.spool import Spool
from service.store.tables import CameraLog
from tests.vision.rtsp import need_server

ray = pytest.importorskip("ray", reason="Ray is absent; install the extra `cluster`")

CAMERAS = ("one", "two")
RATE = 5
CLOCKS = timedelta(seconds=2)


def a_clip(path):
    """Something that moves, small enough that looking at it costs little."""
    with av.open(str(path), "w", format="h264") as out:
        track = out.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "bf": "0", "tune": "zerolatency"})
        track.width, track.height, track.pix_fmt = 320, 180, "yuv420p"
        track.codec_context.gop_size = RATE
        for n in range(10 * RATE):
            picture = np.full((180, 320, 3), 90, np.uint8)
            picture[80:120, 5 * n : 5 * n + 40] = 200
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts = n
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return path


@pytest.mark.filterwarnings("ignore")
def test_the_cameras_of_a_machine_that_leaves_or_dies_are_watched_by_the_other(tmp_path):
    from service.cluster.trial import trial  # noqa: PLC0415 - needs Ray

    need_server()
    clip = a_clip(tmp_path / "clip.h264")
    with ExitStack() as stack:
        files = {}
        for camera in CAMERAS:
            (place := tmp_path / f"camera-{camera}").mkdir()
            url, _ = stack.enter_context(rtsp(clip, place, RATE, shared=True))
            files[camera] = f'id = "{camera}"\nname = "{camera}"\nstream = "{url}"\n'
        at = stack.enter_context(trial(tmp_path / "trial", files))

        def held_by() -> dict[str, str]:
            return {camera: lease.holder for camera, lease in at.leases().items()}

        def told(epoch) -> set[str]:
            """Cameras of which the store has what was seen under an epoch."""
            return {camera for camera, lease in at.leases().items() if lease.epoch >= epoch and up_since(camera, lease)}

        def up_since(camera, lease) -> bool:
            with at.store.read() as work:
                rows = work.session.query(CameraLog).filter_by(camera_id=camera, kind="up").all()
                return any(row.end >= lease.since - CLOCKS for row in rows)

        at.until(lambda: sorted(held_by().values()) == ["east", "west"], "Not every machine watches a camera.")
        moving = next(camera for camera, machine in held_by().items() if machine == "west")

        assert ray.get(at.placer.drain.remote("west", True))
        at.until(lambda: set(held_by().values()) == {"east"}, "West keeps its camera.")
        at.until(lambda: not at.standing()["machines"]["west"]["cameras"], "West does not end its process.")
        assert at.leases()[moving].epoch == 2

        assert ray.get(at.placer.drain.remote("west", False))
        at.until(lambda: sorted(held_by().values()) == ["east", "west"], "West gets no camera again.")
        dies = next(camera for camera, machine in held_by().items() if machine == "west")
        stays = ({*CAMERAS} - {dies}).pop()
        epochs = {camera: lease.epoch for camera, lease in at.leases().items()}

        at.kill("west")
        at.until(lambda: held_by() == dict.fromkeys(CAMERAS, "east"), "Nobody watches the camera of the dead machine.")
        found = {camera: lease.epoch for camera, lease in at.leases().items()}
        assert found == {stays: epochs[stays], dies: epochs[dies] + 1}
        at.until(lambda: dies in told(found[dies]), "The store hears nothing of the camera.")

        service = Spool(load_settings(home=tmp_path / "trial" / "service").spool_folder)
        reasons = [path.read_text() for path in service.folder.glob("aside/*/reason.txt")]
        assert all("lease_lost" in reason for reason in reasons), reasons
        assert Spool(at.homes["east"] / "spool").aside() == 0
