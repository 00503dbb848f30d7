"""A camera for the bench, run by the system's python3 beside GStreamer: serves access units in a loop over RTSP.

    /usr/bin/python3 rtsp_camera.py UNITS SENT [shared]

UNITS: a line ``codec fps``, then for each unit four bytes big-endian length and the unit with start codes. The port is
told on stdout as ``ready PORT``; SENT gets a line ``number seconds`` for every unit, when it left. Each client has the
clip from its beginning, unless it is `shared`: then all see the same at the same moment, as of one camera.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402


def main() -> None:
    """Serve until killed."""
    units, sent = Path(sys.argv[1]), Path(sys.argv[2])
    head, _, body = units.read_bytes().partition(b"\n")
    codec, rate = head.decode().split()
    every: list[bytes] = []
    while body:
        size = int.from_bytes(body[:4], "big")
        every.append(body[4 : 4 + size])
        body = body[4 + size :]
    Gst.init(None)
    server: Any = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory: Any = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( appsrc name=source is-live=true format=time caps=video/x-{codec},stream-format=byte-stream,alignment=au"
        f" ! {codec}parse ! rtp{codec}pay name=pay0 pt=96 config-interval=0 )"
    )

    factory.set_shared(sys.argv[3:] == ["shared"])

    def configure(_: Any, media: Any) -> None:
        source, log, began, count = media.get_element().get_by_name("source"), sent.open("a"), time.monotonic(), 0

        def push() -> bool:
            """What is due, then again when the next one is: who asks more often takes from what is measured."""
            nonlocal count
            going = True
            while going and count <= (time.monotonic() - began) * int(rate):
                unit = Gst.Buffer.new_wrapped(every[count % len(every)])
                unit.pts = unit.dts = count * Gst.SECOND // int(rate)
                unit.duration = Gst.SECOND // int(rate)
                log.write(f"{count % len(every)} {time.time():.6f}\n")
                log.flush()
                count += 1
                going = source.emit("push-buffer", unit) == Gst.FlowReturn.OK
            if going:
                left_s = began + count / int(rate) - time.monotonic()
                GLib.timeout_add(max(1, math.ceil(left_s * 1000)), push)
            return bool(GLib.SOURCE_REMOVE)

        GLib.timeout_add(1, push)

    factory.connect("media-configure", configure)
    server.get_mount_points().add_factory("/cam", factory)
    if not server.attach(None):
        sys.exit("the port is taken")
    sys.stdout.write(f"ready {server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
